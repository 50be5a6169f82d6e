import type { Instant, PeerId } from '../core/ids.ts'
import type { Block } from './block.ts'
import { note, otherMembers, peerState, type Ring, sendTo } from './state.ts'
import { timeAheadNote, timing } from './timing.ts'

/** Milliseconds since 1970 on this peer's own clock: the wall clock at its start, carried on by the monotonic one. */
export const ownClock = (ring: Ring): number => Math.floor(ring.roomClock.base + ring.now)

/**
 * The room clock: own clock plus the median of the offsets to the members, its own 0 included; of an even number the
 * earlier middle value (PROTOCOL, section 3). `undefined` until more than half of the view is measured: one clock that is
 * an hour off must not carry a room away just because the others are not known yet.
 */
export function measuredRoomClock(ring: Ring): number | undefined {
  const offsets = [0]
  const others = otherMembers(ring)
  for (const member of others) {
    const offset = ring.peers.get(member)?.offset
    if (offset !== undefined) offsets.push(offset)
  }
  if (2 * offsets.length <= others.length + 1) return undefined
  offsets.sort((a, b) => a - b)
  return ownClock(ring) + Math.floor(offsets[(offsets.length - 1) >> 1] as number)
}

/** The time that a block would carry now: never before the head's, plus what has passed here since that came. */
export function blockTime(ring: Ring): Instant {
  const carried = Math.floor(ring.log.head.time + Math.max(0, ring.now - ring.roomClock.headAt))
  return Math.max(carried, measuredRoomClock(ring) ?? 0) as Instant
}

export function blockTimeSeen(ring: Ring, block: Block): void {
  ring.roomClock.headAt = ring.now
  if (block.author === ring.self) return
  const clock = measuredRoomClock(ring)
  if (clock !== undefined && block.time > clock + timeAheadNote) {
    note(ring, 'time-ahead', { author: block.author, index: block.index, millis: block.time - clock })
  }
}

/** A status carried the sender's own clock; half a round trip has passed since. */
export function clockSeen(ring: Ring, peer: PeerId, wallClock: number): void {
  const state = peerState(ring, peer)
  state.offset = wallClock + state.roundTrip / 2 - ownClock(ring)
}

export function pingMembers(ring: Ring): void {
  ring.due.ping = ring.now + timing.pingEvery
  const others = otherMembers(ring)
  for (const member of others) peerState(ring, member).pingedAt = ring.now
  sendTo(ring, others, { kind: 'ping', nonce: Math.floor(ring.now) })
}

export function onPong(ring: Ring, from: PeerId, nonce: number, wallClock: number): void {
  const state = peerState(ring, from)
  if (nonce !== Math.floor(state.pingedAt)) return
  state.roundTrip = ring.now - state.pingedAt
  clockSeen(ring, from, wallClock)
}
