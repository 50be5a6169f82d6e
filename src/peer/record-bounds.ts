import type { PeerId } from '../core/ids.ts'
import { epochLeapMax, leapMax } from '../core/limits.ts'
import type { ReplicaView } from '../ring/types.ts'
import { sameEpoch } from '../ring/view.ts'
import type { FrameRecord } from './lab-frame.ts'
import { recording } from './recording.ts'
import type { RingSteps } from './ring-steps.ts'

/** How far the numbers in a record may be from this peer's own (PROTOCOL, section 3, Whom a peer obeys). */
export interface RecordBounds {
  readonly epoch: number
  readonly lamport: number
  readonly block: number
  readonly turn: number
}

/** `share` of the leap: what a peer itself writes down has to be within the bounds of others, whose numbers differ a little. */
export function boundsOf({ installed, promised, lamport, head, turnSeen }: ReplicaView, share: number): RecordBounds {
  const leap = share * leapMax
  return {
    epoch: Math.max(installed.number, promised.number) + share * epochLeapMax,
    lamport: lamport + leap,
    block: head.index + leap,
    turn: turnSeen + leap,
  }
}

/** No honest peer says so, whatever its clocks. `by`: who says it. */
export function isLie(by: PeerId, seen: FrameRecord, bounds: RecordBounds): boolean {
  if (otherEnd(seen) === by || seen.lamport > bounds.lamport || (seen.epoch?.number ?? 0) > bounds.epoch) return true
  if ((seen.block ?? 0) > bounds.block || (seen.turn ?? 0) > bounds.turn) return true
  if (seen.way === 'sent' || seen.arrivedLamport === undefined) return false
  return seen.arrivedLamport <= seen.lamport || seen.arrivedLamport > bounds.lamport
}

/**
 * What is said of the token, and of who wants it: only members have to do with it, and a lie about its turn would keep the true ones
 * from being told.
 */
export function isBelieved(
  by: PeerId,
  seen: FrameRecord,
  { members, installed, turnSeen }: ReplicaView,
  turnTold: RingSteps['turnTold'],
): boolean {
  const { message, epoch, turn = 0, wanting } = seen
  if ((message !== 'token' && message !== 'want') || epoch === undefined || !sameEpoch(epoch, installed)) return false
  if (![by, otherEnd(seen), ...wanting].every((peer) => peer !== undefined && members.includes(peer))) return false
  const told = turnTold !== undefined && sameEpoch(turnTold.epoch, epoch) ? turnTold.turn : 0
  return turn <= Math.max(told, turnSeen) + recording.turnSlack
}

const otherEnd = (seen: FrameRecord): PeerId | undefined => (seen.way === 'sent' ? seen.to : seen.from)
