import type { Instant, PeerId } from '../core/ids.ts'
import { numberMax } from '../core/limits.ts'
import type { Block } from './block.ts'
import type { Ring } from './ring.ts'
import { timeAheadNote, timing } from './timing.ts'

/** What time it is in the room: the median of its members' clocks (PROTOCOL, section 3). */
export class RoomClock {
  readonly #ring: Ring
  /** Milliseconds since 1970 minus monotonic milliseconds, fixed at start. */
  readonly #base: number
  /** When the head of the log got here. */
  #headAt: number

  constructor(ring: Ring, wallClock: { readonly at: number; readonly now: number }) {
    this.#ring = ring
    this.#base = wallClock.at - wallClock.now
    this.#headAt = wallClock.now
  }

  /** Milliseconds since 1970 on this peer's own clock: the wall clock at its start, carried on by the monotonic one. */
  ownTime(now = this.#ring.out.now): number {
    return Math.max(0, Math.floor(this.#base + now))
  }

  /**
   * Own clock plus the median of the offsets to the members, its own 0 included; of an even number the earlier middle
   * value. `undefined` until more than half of the view is measured: one clock that is an hour off must not carry a room
   * away just because the others are not known yet.
   */
  #measured(now: number): number | undefined {
    const { epochs, peers } = this.#ring
    const offsets = [0]
    const others = epochs.otherMembers
    for (const member of others) {
      const { clockOffset } = peers.of(member)
      if (clockOffset !== undefined) offsets.push(clockOffset)
    }
    if (2 * offsets.length <= others.length + 1) return undefined
    offsets.sort((a, b) => a - b)
    return this.ownTime(now) + Math.floor(offsets[(offsets.length - 1) >> 1] as number)
  }

  /** The time that a block would carry at `now`: never before the head's plus what has passed here since that came. */
  blockTime(now = this.#ring.out.now): Instant {
    const carried = Math.floor(this.#ring.log.head.time + Math.max(0, now - this.#headAt))
    return Math.min(numberMax, Math.max(carried, this.#measured(now) ?? 0)) as Instant
  }

  /** A block is at the head of the log: names its author where it is far ahead of the room. */
  blockCame(block: Block): void {
    const { out, self } = this.#ring
    this.#headAt = out.now
    if (block.author === self) return
    const clock = this.#measured(out.now)
    if (clock !== undefined && block.time > clock + timeAheadNote) {
      out.note('time-ahead', { author: block.author, index: block.index, millis: block.time - clock })
    }
  }

  /** A status carried the sender's own clock; half a round trip has passed since. */
  clockSeen(peer: PeerId, wallClock: number): void {
    const { peers } = this.#ring
    peers.update(peer, { clockOffset: wallClock + peers.of(peer).roundTrip / 2 - this.ownTime() })
  }

  pingMembers(): void {
    const { epochs, peers, out, due } = this.#ring
    due.arm('ping', out.now + timing.pingEvery)
    // Members only: others need no answer, and get none.
    if (!epochs.isInView) return
    for (const member of epochs.otherMembers) peers.update(member, { pingedAt: out.now })
    out.send(epochs.otherMembers, { kind: 'ping', nonce: Math.floor(out.now) })
  }

  onPing(from: PeerId, nonce: number): void {
    this.#ring.out.send([from], { kind: 'pong', nonce, wallClock: this.ownTime() })
  }

  onPong(from: PeerId, nonce: number, wallClock: number): void {
    const { peers, out } = this.#ring
    const { pingedAt } = peers.of(from)
    if (nonce !== Math.floor(pingedAt)) return
    peers.update(from, { roundTrip: out.now - pingedAt })
    this.clockSeen(from, wallClock)
  }
}
