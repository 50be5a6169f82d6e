import type { PeerId } from '../core/ids.ts'
import { epochLeapMax, leapMax } from '../core/limits.ts'
import { isAskedBy } from './attempts.ts'
import { type Block, isSignedByAuthor } from './block.ts'
import type { Message, MessageOf } from './message.ts'
import type { Ring } from './ring.ts'
import { compareEpochs, sameEpoch } from './view.ts'

/** What becomes of a message before anything of it is taken over (PROTOCOL, section 3, Whom a peer obeys). */
export type Hearing =
  /** `isOfferOnly`: of a status nothing counts but that there is something to catch up on. `fault`: named for it all the same. */
  | {
      readonly kind: 'obeyed'
      readonly movesClock: boolean
      readonly isOfferOnly: boolean
      readonly fault: string | undefined
    }
  /** It may be honest and late, or this peer may be behind: it changes nothing, and is held against nobody. */
  | { readonly kind: 'ignored' }
  /** It does not fit: counted, and its sender named. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isStranger: boolean }

const ignored: Hearing = { kind: 'ignored' }

/**
 * Numbers first, then the sender. Only a voter, somebody in a config of our log, moves the Lamport clock: its number may
 * be ahead by a bounded leap. A peer that takes no part yet hears offers to catch up from a room that is far ahead of it.
 */
export function hear(ring: Ring, from: PeerId, lamport: number, message: Message): Hearing {
  const { log, epochs } = ring
  const isVoter = log.isVoter(from)
  // Measured from the log, not from the clock: or two frames could take it so far that no block could follow. The clock
  // follows by half a leap at most, which leaves room for what we send ourselves.
  const isLamportLeap = lamport - log.head.lamport > leapMax
  const leap = isLamportLeap ? 'its Lamport time leaps' : leapOf(ring, from, message)
  // Who was away while the room's numbers grew must still hear of it; but of a room that it is active in, only from voters.
  const isOffer = (message.kind === 'status' || message.kind === 'fetched') && (isVoter || !epochs.isActive)
  if (leap !== undefined && !isOffer) return { kind: 'refused', reason: leap, isStranger: false }
  if (leap !== undefined) {
    const fault = epochs.isActive && message.kind === 'status' ? leap : undefined
    return { kind: 'obeyed', movesClock: false, isOfferOnly: true, fault }
  }
  const standing = message.kind === 'prepare' ? standingOf(ring, from, message) : undefined
  if (standing === 'forger') {
    return { kind: 'refused', reason: 'a view that it shows is not signed by its author', isStranger: false }
  }
  if (standing === 'known' || isEntitled(ring, from, message, isVoter)) {
    return {
      kind: 'obeyed',
      isOfferOnly: !isVoter,
      fault: undefined,
      movesClock: isVoter && 2 * (lamport - log.head.lamport) <= leapMax,
    }
  }
  // A peer that is behind may not know its members yet; who was one may not know yet that it is none any more.
  if (!epochs.isActive || log.wasMember(from) || standing === 'former' || isLate(ring, message)) return ignored
  return { kind: 'refused', reason: 'its sender is not a member', isStranger: true }
}

/** A number that is further ahead of all that this peer knows than it can honestly be. Rule 3-numbers [L] */
function leapOf(ring: Ring, from: PeerId, message: Message): string | undefined {
  const { epochs, token, asking } = ring
  const farthest = epochs.highest + epochLeapMax
  if ('epoch' in message && message.epoch.number > farthest) return 'its epoch leaps'
  switch (message.kind) {
    case 'token':
    case 'token-ack':
    case 'status':
      // Turns of another epoch are counted anew: nothing is known of them.
      if (sameEpoch(message.epoch, token.epoch) && message.turn - token.highestTurn(message.epoch) > leapMax)
        return 'its turn leaps'
      if (message.kind === 'status' && message.promised.number > farthest) return 'its epoch leaps'
      if (message.kind !== 'token' || !sameEpoch(message.epoch, token.epoch)) return undefined
      return isOneAbove(message.served, Math.max(asking.requestOf(from), asking.own) + leapMax) ? 'a request leaps' : undefined
    case 'want':
    case 'announce':
      return message.request - asking.requestOf(from) > leapMax ? 'its request leaps' : undefined
    case 'agree':
    case 'refuse':
      return message.promised.number > farthest ? 'its epoch leaps' : undefined
    case 'request':
      // Half of it: the epoch that is made for it must be no leap for those that are a little behind.
      return 2 * (message.above.number - epochs.highest) > epochLeapMax ? 'its epoch leaps' : undefined
    default:
      return undefined
  }
}

function isOneAbove(numbers: readonly number[], most: number): boolean {
  for (const number of numbers) if (number > most) return true
  return false
}

/** The table: who is obeyed in what. Rule 3-senders [S1] [S2] [S3] */
function isEntitled(ring: Ring, from: PeerId, message: Message, isVoter: boolean): boolean {
  const { log, faults } = ring
  switch (message.kind) {
    // Whoever knows the room code.
    case 'request':
    case 'fetch':
    case 'fetched':
    case 'status':
    case 'evidence':
      return true
    // A member of the installed view.
    case 'want':
    case 'announce':
    case 'token':
    case 'token-ack':
    case 'blocks':
    case 'durable':
    case 'committed':
    case 'ping':
    case 'pong':
      return log.installedView.members.includes(from)
    case 'pre-vote':
    case 'agree':
      return isVoter && !faults.isLiar(from)
    // Whom its sender shows to be known: {@link standingOf}.
    case 'prepare':
      return false
    case 'promise':
    case 'refuse':
    case 'installed':
      return isAskedBy(ring, from, message.epoch)
    case 'install':
    case 'activated':
      return message.epoch.initiator === from && sameEpoch(message.epoch, ring.epochs.promised)
  }
}

/**
 * What a `Prepare` shows of its sender. `known`: it is obeyed. `former`: it may not know yet that it is no member any more. `forger`: a
 * view that it needs is not signed by its author, whatever else there is. Signatures cost most, and whoever knows the code can send 128
 * views in a frame: only those are looked at that would make it known, and the first false one ends it.
 */
type Standing = 'known' | 'former' | 'forger' | 'none'

function standingOf(ring: Ring, from: PeerId, message: MessageOf<'prepare'>): Standing {
  const { log, crypto, faults } = ring
  if (message.epoch.initiator !== from || faults.isLiar(from)) return 'none'
  if (log.isVoter(from)) return 'known'
  const links = linksTo(ring, from, message)
  if (links !== undefined) return links.every((block) => isSignedByAuthor(block, crypto)) ? 'known' : 'forger'
  const shown = formerViewOf(ring, from, message)
  if (shown === undefined) return 'none'
  return isSignedByAuthor(shown, crypto) ? 'former' : 'forger'
}

/**
 * The initiator is in a config of our log; or in one of its own, each proposed by somebody who stands in ours or in one before. These
 * are the views that lead from ours to it, none of them without need, first things first; `undefined`: none do. Whoever is too far
 * behind to know that catches up first.
 */
function linksTo({ log }: Ring, initiator: PeerId, { views }: MessageOf<'prepare'>): readonly Block[] | undefined {
  const known = new Set(log.configs.flatMap(({ members }) => members))
  const namedIn = new Map<PeerId, Block>()
  for (const block of views) {
    // A view that is not above our committed one can no longer win: who was a member once is none for ever.
    if (compareEpochs(block.epoch, log.committedView.epoch) <= 0) continue
    if (block.body.kind !== 'view' || !known.has(block.author)) continue
    for (const member of block.body.members) {
      if (known.has(member)) continue
      known.add(member)
      namedIn.set(member, block)
    }
  }
  const links: Block[] = []
  for (let link = namedIn.get(initiator); link !== undefined; link = namedIn.get(link.author)) links.unshift(link)
  return links.length > 0 ? links : undefined
}

/** A view in which it stood, made by a member that is still known; the first of them, as an honest peer shows no other than true ones. */
function formerViewOf({ log }: Ring, initiator: PeerId, { views }: MessageOf<'prepare'>): Block | undefined {
  return views.find(
    ({ author, body }) =>
      body.kind === 'view' && author !== initiator && log.wasMember(author) && body.members.includes(initiator),
  )
}

/** An answer to an attempt of ours that is over, or what members say in an epoch that this peer does not know, can be honest. */
function isLate(ring: Ring, message: Message): boolean {
  const { self, log } = ring
  switch (message.kind) {
    case 'promise':
    case 'refuse':
    case 'installed':
      return message.epoch.initiator === self
    case 'prepare':
    case 'install':
    case 'activated':
      return false
    case 'ping':
    case 'pong':
    case 'pre-vote':
    case 'agree':
      // Whoever was a member before this peer's last start may not know yet that it is none.
      return true
    default:
      return 'epoch' in message && !sameEpoch(message.epoch, log.installedView.epoch)
  }
}
