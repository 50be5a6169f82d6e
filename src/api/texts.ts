import type { FailureCode } from '../core/failure.ts'
import type { Cents } from '../core/money.ts'
import type { Operation } from '../market/operation.ts'
import type { Rejection, RejectionCode } from '../market/outcome.ts'
import type { Money } from './money.ts'

/**
 * Every no in words for people: one line a code, which the compiler demands. `text` says what happened, `next` what to do.
 * The command line loads this module for its hints, so it imports nothing but types.
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
  'not-host': () => 'In this room only the host, the peer that founded it, deposits.',
  'auction-unknown': ({ auction }) => `There is no lot ${auction}.`,
  'auction-closed': ({ at }) => `The auction has ended, at ${instantText(at)}.`,
  'auction-open': ({ until }) => `The auction has not ended yet: it ends at ${instantText(until)}.`,
  'auction-paused': ({ until }) => `The auction is paused, until ${instantText(until)} at most.`,
  'auction-not-paused': () => 'The auction is not paused.',
  'auction-too-long': ({ latest }) => `An auction lasts 30 days at most: this one ends by ${instantText(latest)}.`,
  'auction-has-bids': ({ bids }) =>
    `There ${bids === 1 ? 'is a bid' : `are ${bids} bids`} already: only the host may call the auction off now, and has to say why.`,
  'reason-needed': ({ bids }) =>
    `There ${bids === 1 ? 'is a bid' : `are ${bids} bids`} already: who calls the auction off has to say why.`,
  'own-lot': () => 'This account is paid by the auction: it cannot bid there.',
  'bid-too-low': ({ minimum }) => `The bid is too low: it must be at least ${minimum.text}.`,
  'room-limit': ({ available }) => `The room cannot hold that much money: there is room for ${available.text}.`,
  'account-not-empty': ({ available, held }) => `The account still has money: ${available.text} available and ${held.text} held.`,
  'account-in-use': ({ auction }) => `An open auction, ${auction}, pays into the account.`,
  'funds-short': ({ available }) => `The account has not enough money: ${available.text} is available.`,
}

/** By the seller or the host: it is not about an account's owner. */
const governing: ReadonlySet<Operation['kind']> = new Set(['cancel-auction', 'extend-auction', 'pause-auction', 'resume-auction'])

/** The world says no. Where a text that is more exact comes with a `Failure`, that is told. */
export const failureWords: Readonly<Record<FailureCode, Words & { readonly status: number }>> = {
  'profile-in-use': {
    status: 409,
    text: 'Another peer runs with this folder.',
    next: 'Stop the other peer, or give this one a folder of its own with --profile.',
  },
  'profile-exposed': {
    status: 500,
    // The way out depends on what is wrong: the failure itself says it.
    text: 'Others can read the folder of the peer.',
  },
  'permission-denied': {
    status: 500,
    text: 'The file or folder may not be read or written.',
    next: 'Choose a folder that you may write with --profile.',
  },
  'path-missing': { status: 500, text: 'The folder is not there.', next: 'Make it, or choose another one.' },
  'path-taken': { status: 500, text: 'Something else stands where the file or folder belongs.', next: 'Choose another place.' },
  'name-too-long': { status: 500, text: 'The path is too long.', next: 'Choose a shorter one.' },
  'file-busy': { status: 500, text: 'Another program has the file.', next: 'Close the other program, then try again.' },
  'files-exhausted': {
    status: 500,
    text: 'Too many files are open.',
    next: 'Close other programs, or raise the limit (ulimit -n).',
  },
  'port-in-use': {
    status: 500,
    text: 'Another program has the port.',
    next: 'Choose another port: --http 127.0.0.1:0 and --listen …/tcp/0 take any that is free.',
  },
  'address-invalid': { status: 400, text: 'This is no address.', next: 'Addresses look like 192.168.1.20:4001.' },
  'key-damaged': {
    status: 500,
    text: 'The key of the peer cannot be read.',
    next: 'Restore the key file from a copy, or start with a new folder: --profile.',
  },
  'store-damaged': {
    status: 500,
    text: 'The log on disk is damaged.',
    next: 'Fetch the log anew from the other members: start the peer with --refetch.',
  },
  'store-version': {
    status: 500,
    text: 'Another version of gavelring wrote the log on disk.',
    next: 'Use the version of gavelring that wrote it, or a newer one.',
  },
  'disk-full': { status: 507, text: 'The disk is full.', next: 'Make room on the disk, then start the peer again.' },
  'disk-read-only': { status: 500, text: 'The disk cannot be written.', next: 'Choose a folder on another disk with --profile.' },
  'disk-failed': { status: 500, text: 'The disk failed.', next: 'Look after the disk, then start the peer again.' },
  'room-not-found': {
    status: 404,
    text: 'The room was not found.',
    next: 'Name the room with --room and --code, its folder with --profile, or a peer of it with --bootstrap.',
  },
  'other-room': { status: 409, text: 'This is another room.', next: 'See `gavelring status`.' },
  'other-code': { status: 409, text: 'The room has another code.', next: 'Ask the host for the code, and start with --code.' },
  'room-has-history': {
    status: 409,
    text: 'Something was done in this room: it is not left just so.',
    next: 'Keep a copy with `gavelring log export`, then do it with --force.',
  },
  'peer-version': { status: 409, text: 'The other peer has another version.', next: 'Use the same version of gavelring on all.' },
  'no-quorum': {
    status: 503,
    text: 'Too few members are reachable.',
    next: 'It goes on by itself when enough members are back; `gavelring status` names them.',
  },
  'quorum-held': { status: 409, text: 'The room has its quorum, or had it a moment ago: there is no need for a new one.' },
  unsettled: {
    status: 504,
    text: 'Not committed before the deadline; it may still happen.',
    next: 'It may still happen: look with `gavelring pending list`, or ask again with the same --request-id.',
  },
  'not-pending': {
    status: 409,
    text: 'Nothing of this id is waiting: it is written already, or never was.',
    next: 'See `gavelring pending list`.',
  },
  'operation-too-large': { status: 413, text: 'The operation is too large.', next: 'Take a smaller picture or shorter texts.' },
  'room-too-large': {
    status: 409,
    text: 'What this room holds does not fit into the first block of a new one.',
    next: 'Keep the log with `gavelring log export`, and found an empty room.',
  },
  'streams-exhausted': { status: 429, text: 'As many streams of events are open as can be.', next: 'Close one of them.' },
  stopping: {
    status: 503,
    text: 'The peer is stopping.',
    next: 'Start the peer again, then ask again with the same --request-id.',
  },
}

const nextAfterRejection: Readonly<Partial<Record<RejectionCode, string>>> = {
  'request-reused': 'Leave --request-id out, or take a new one.',
  'account-unknown': 'See `gavelring account list`.',
  'auction-unknown': 'See `gavelring auction list`.',
  'not-owner': 'See `gavelring account list` for who owns what.',
  'auction-paused': 'Bids count again once it is resumed.',
  'reason-needed': 'Say it with --reason TEXT.',
}

/** What to do about a code, of whatever kind; `undefined`: the text says it, or there is nothing to do. */
export function nextStep(code: string): string | undefined {
  return (failureWords as Readonly<Record<string, Words | undefined>>)[code]?.next ?? nextAfterRejection[code as RejectionCode]
}

/** `2026-11-25T05:49:13+01:00`: local, and exact wherever it is read. */
export function instantText(millis: number): string {
  const at = new Date(millis)
  if (Number.isNaN(at.getTime())) return 'no time'
  const offset = -at.getTimezoneOffset()
  const two = (count: number): string => String(count).padStart(2, '0')
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${new Date(millis + offset * 60_000).toISOString().slice(0, 19)}${zone}`
}
