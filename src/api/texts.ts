import type { FailureCode } from '../core/failure.ts'
import type { Cents } from '../core/money.ts'
import { type LocalTime, timeText } from '../core/time-text.ts'
import type { Operation } from '../market/operation.ts'
import type { Rejection, RejectionCode } from '../market/outcome.ts'
import type { Money } from './money.ts'

/**
 * Every no in words for people: one line a code, which the compiler demands. `text` says what happened, `next` what to do.
 * The command line loads this module for its hints, so it imports next to nothing but types.
 */
interface Words {
  readonly text: string
  readonly next?: string
}

/** A rejection as it leaves: amounts with their currency. */
export type RejectionView = Rejection extends infer Each
  ? Each extends Rejection
    ? { readonly [Field in keyof Each]: Each[Field] extends Cents ? Money : Each[Field] }
    : never
  : never

type Facts<Code extends RejectionCode> = Omit<Extract<RejectionView, { readonly code: Code }>, 'code'>

/** `what` was refused; absent: nobody knows any more. */
export function rejectionText(rejection: RejectionView, what?: Operation['kind']): string {
  const text = rejectionTexts[rejection.code] as (facts: RejectionView, what?: Operation['kind']) => string
  return text(rejection, what)
}

const rejectionTexts: { readonly [Code in RejectionCode]: (facts: Facts<Code>, what?: Operation['kind']) => string } = {
  malformed: ({ detail }) => `The operation cannot be read: ${detail}.`,
  'request-reused': () => 'This request id was used before, for something else.',
  'account-taken': ({ account }) => `There is an account ${account}, or there was one: ids are never used again.`,
  'account-unknown': ({ account }) => `There is no account ${account}.`,
  'account-closed': ({ account }) => `The account ${account} is closed.`,
  'not-owner': ({ account }, what) =>
    what !== undefined && governing.has(what)
      ? 'Only the seller and the host may do this.'
      : `The account ${account} belongs to another peer.`,
  'not-host': (_, what) =>
    what === 'set-pace'
      ? 'Only the host, the peer that founded the room, sets the pace.'
      : what === 'record-experiment'
        ? 'Only the host, the peer that founded the room, runs experiments.'
        : 'In this room only the host, the peer that founded it, deposits.',
  'auction-unknown': ({ auction }) => `There is no lot ${auction}.`,
  'auction-closed': ({ at }) => `The auction has ended, at ${instantText(at)}.`,
  'auction-open': ({ until }) => `The auction has not ended yet: it ends at ${instantText(until)}.`,
  'auction-paused': ({ until }) => `The auction is paused, until ${instantText(until)} at most.`,
  'auction-not-paused': () => 'The auction is not paused.',
  'auction-too-long': ({ latest }) => `An auction lasts 30 days at most: this one ends by ${instantText(latest)}.`,
  'auction-has-bids': ({ bids }) => `${bidsText(bids)}: only the host may call the auction off now, and has to say why.`,
  'reason-needed': ({ bids }) => `${bidsText(bids)}: who calls the auction off has to say why.`,
  'own-lot': () => 'This account is paid by the auction: it cannot bid there.',
  'bid-too-low': ({ minimum }) => `The bid is too low: it must be at least ${minimum.text}.`,
  'room-limit': ({ available }) => `The room cannot hold that much money: there is room for ${available.text}.`,
  'experiment-running': ({ section, experiment }) => `Experiment ${experiment} runs in section ${section}: stop it first.`,
  'experiment-unknown': ({ experiment }) => `No experiment ${experiment} runs in this room.`,
  'account-not-empty': ({ available, held }) => `The account still has money: ${available.text} available and ${held.text} held.`,
  'account-in-use': ({ auction }) => `An open auction, ${auction}, pays into the account.`,
  'funds-short': ({ available }) => `The account has not enough money: ${available.text} is available.`,
}

const bidsText = (bids: number): string => `There ${bids === 1 ? 'is a bid' : `are ${bids} bids`} already`

/** By the seller or the host: it is not about an account's owner. */
const governing: ReadonlySet<Operation['kind']> = new Set(['cancel-auction', 'extend-auction', 'pause-auction', 'resume-auction'])

const no = (status: number, text: string, next?: string): Words & { readonly status: number } => ({
  status,
  text,
  ...(next !== undefined && { next }),
})

/** The world says no, with its status in HTTP. Where a text that is more exact comes with a `Failure`, that is told. */
export const failureWords: Readonly<Record<FailureCode, Words & { readonly status: number }>> = {
  'profile-in-use': no(
    409,
    'Another peer runs with this folder.',
    'Stop the other peer, or give this one a folder of its own with --profile.',
  ),
  // The way out depends on what is wrong: the failure itself says it.
  'profile-exposed': no(500, 'Others can read the folder of the peer.'),
  'permission-denied': no(
    500,
    'The file or folder may not be read or written.',
    'Take it over with chown, if it should be yours, or choose a folder that you may write with --profile.',
  ),
  'path-missing': no(500, 'The folder is not there.', 'Make it, or choose another one with --profile.'),
  'path-taken': no(500, 'Something else stands where the file or folder belongs.', 'Choose another place.'),
  'name-too-long': no(500, 'The path is too long.', 'Choose a shorter one.'),
  'file-busy': no(500, 'Another program has the file.', 'Close the other program, then try again.'),
  'files-exhausted': no(500, 'Too many files are open.', 'Close other programs, or raise the limit (ulimit -n).'),
  'sync-unsupported': no(
    500,
    'This file system cannot make sure that what is written is kept.',
    'Choose a folder on a disk of this machine with --profile.',
  ),
  'locks-unsupported': no(500, 'This file system keeps no locks.', 'Choose a folder on a disk of this machine with --profile.'),
  'port-in-use': no(
    500,
    'Another program has the port.',
    'Choose another port: --http 127.0.0.1:0 and --listen …/tcp/0 take any that is free.',
  ),
  'address-invalid': no(400, 'This is no address.', 'Addresses look like 192.168.1.20:4001.'),
  'key-damaged': no(
    500,
    'The key of the peer cannot be read.',
    'Restore the key file from a copy, or start with a new folder: --profile.',
  ),
  'store-damaged': no(
    500,
    'The log on disk is damaged.',
    'Start the peer again when another member is in reach. Where they are gone for good, `gavelring log export` keeps what is whole, and `gavelring refound` goes on from there.',
  ),
  'log-gone': no(
    500,
    'The log of this room is gone from the folder of the peer.',
    'Start it where another member is in reach, and it fetches the log from there; or bring a backup into an empty folder with `gavelring restore`. A new room of this name is founded with --create.',
  ),
  'store-version': no(
    500,
    'Another version of gavelring wrote the log on disk.',
    'Use the version of gavelring that wrote it, or a newer one.',
  ),
  'not-damaged': no(409, 'No damaged log keeps this peer out of a room.', 'See `gavelring status`.'),
  'disk-full': no(507, 'The disk is full.', 'Make room on the disk, then start the peer again.'),
  'disk-read-only': no(500, 'The disk cannot be written.', 'Choose a folder on another disk with --profile.'),
  'disk-failed': no(500, 'The disk failed.', 'Look after the disk, then start the peer again.'),
  'room-not-found': no(
    404,
    'The room was not found.',
    'Name the room with --room and --code, its folder with --profile, or a peer of it with --bootstrap.',
  ),
  'other-room': no(409, 'This is another room.', 'See `gavelring status`.'),
  'other-code': no(409, 'The room has another code.', 'Ask the host for the code, and start with --code.'),
  'room-has-history': no(
    409,
    'Something was done in this room: it is not left just so.',
    'Keep a copy with `gavelring log export`, then do it with --force.',
  ),
  'room-ambiguous': no(
    409,
    'Several rooms of this name are in sight.',
    'Name one by the first digits of its id: `gavelring join ID`.',
  ),
  'room-known': no(
    409,
    'A room of this name is kept here already.',
    'Go back to it with `gavelring join NAME`, or give the new room another name.',
  ),
  'no-room': no(
    409,
    'In no room yet: create or join one.',
    'Enter one with `gavelring join`; `gavelring status` says where this peer is.',
  ),
  'called-off': no(409, 'Entering the room was called off.'),
  'peer-version': no(409, 'The other peer has another version.', 'Use the same version of gavelring on all.'),
  'no-quorum': no(
    503,
    'Too few members are reachable.',
    'It goes on by itself when enough members are back; `gavelring status` names them. Where they are gone for good: `gavelring refound`.',
  ),
  'quorum-held': no(409, 'The room has its quorum, or had it a moment ago: there is no need for a new one.'),
  unsettled: no(
    504,
    'Not committed before the deadline; it may still happen.',
    'It may still happen: look with `gavelring pending list`, or ask again with the same --request-id.',
  ),
  'not-pending': no(409, 'Nothing of this id is waiting: it is written already, or never was.', 'See `gavelring pending list`.'),
  'operation-too-large': no(413, 'The operation is too large.', 'Take a smaller picture or shorter texts.'),
  'room-too-large': no(
    409,
    'What this room holds is more than a new one can begin with.',
    'Keep the log with `gavelring log export`, and found an empty room.',
  ),
  'streams-exhausted': no(429, 'As many streams are open as can be.', 'Close one of them.'),
  stopping: no(503, 'The peer is stopping.', 'Start the peer again, then ask again with the same --request-id.'),
}

const nextAfterRejection: Readonly<Partial<Record<RejectionCode, string>>> = {
  'request-reused': 'Leave --request-id out, or take a new one.',
  'account-unknown': 'See `gavelring account list`.',
  'auction-unknown': 'See `gavelring auction list`.',
  'not-owner': 'See `gavelring account list` for who owns what.',
  'auction-paused': 'Bids count again once it is resumed.',
  'reason-needed': 'Say it with --reason TEXT.',
  'experiment-running': 'Stop it with `gavelring lab stop NUMBER`, or choose another section with --section.',
  'experiment-unknown': 'See `gavelring lab show`.',
}

/** What to do about a code, of whatever kind; `undefined`: the text says it, or there is nothing to do. */
export function nextStep(code: string): string | undefined {
  return (failureWords as Readonly<Record<string, Words | undefined>>)[code]?.next ?? nextAfterRejection[code as RejectionCode]
}

/** `05:49:13+01:00`, with its date where that is not today’s: as it is on this machine, where the answer is read too. `now`: what today is. */
export function instantText(millis: number, now = Date.now()): string {
  return timeText(local(millis), local(now))
}

const local = (millis: number): LocalTime => ({ millis, offsetMinutes: -new Date(millis).getTimezoneOffset() })
