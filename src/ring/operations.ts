import type { PeerId } from '../core/ids.ts'
import type { Domain, MessageOf } from './message.ts'
import type { Ring } from './ring.ts'
import { type RingLimits, timing } from './timing.ts'
import { sameEpoch } from './view.ts'

interface Waiting {
  bytes: Uint8Array
  readonly domain: Domain
  /** Was in a block once: it can no longer be withdrawn. */
  written: boolean
}

/**
 * This peer's operations of this incarnation that are not committed yet, in the order of their sequence. Which of them
 * stand in its log follows the log: a dropped tail puts them back, under the same ids (PROTOCOL, section 5).
 */
export class OwnOperations {
  readonly #limits: RingLimits
  #waiting: Waiting[] = []
  /** Sequence of the first in `#waiting`. */
  #first = 1
  /** Sequence of the next one to write: those before it are in the log. */
  #next = 1

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  get unwritten(): number {
    return this.#first + this.#waiting.length - this.#next
  }

  get entries(): readonly { sequence: number; written: boolean; bytes: Uint8Array }[] {
    return this.#waiting.map(({ bytes, written }, offset) => ({ sequence: this.#first + offset, written, bytes }))
  }

  submit(domain: Domain, ops: readonly Uint8Array[]): void {
    for (const bytes of ops) this.#waiting.push({ bytes, domain, written: false })
  }

  /** False where it was in a block already, or is not waiting. */
  withdraw(sequence: number, replacement: Uint8Array): boolean {
    const waiting = this.#waiting[sequence - this.#first]
    if (waiting === undefined || waiting.written || sequence < this.#next) return false
    waiting.bytes = replacement
    return true
  }

  /** The operations of the next block: as many as fit. Marks them written; {@link placed} moves past them. */
  nextBatch(): { readonly firstSequence: number; readonly ops: readonly Uint8Array[] } {
    const ops: Uint8Array[] = []
    let bytes = 0
    for (let i = this.#next - this.#first; i < this.#waiting.length && ops.length < this.#limits.blockOps; i++) {
      const waiting = this.#waiting[i] as Waiting
      bytes += waiting.bytes.length
      // The first always fits: an auction with its picture may be larger than what is left beside others.
      if (bytes > this.#limits.blockBytes && ops.length > 0) break
      waiting.written = true
      ops.push(waiting.bytes)
    }
    return { firstSequence: this.#next, ops }
  }

  /** The first unwritten ones, of the domain of the very first, for eyes: at most `opsMax` and `bytesMax`. */
  announcement(
    opsMax: number,
    bytesMax: number,
  ): { readonly domain: Domain; readonly ops: readonly { sequence: number; bytes: Uint8Array }[] } {
    const start = this.#next - this.#first
    const domain = this.#waiting[start]?.domain ?? 'bank'
    const ops: { sequence: number; bytes: Uint8Array }[] = []
    let bytes = 0
    for (let i = start; i < this.#waiting.length && ops.length < opsMax; i++) {
      const waiting = this.#waiting[i] as Waiting
      bytes += waiting.bytes.length
      if (bytes > bytesMax) break
      if (waiting.domain === domain) ops.push({ sequence: this.#first + i, bytes: waiting.bytes })
    }
    return { domain, ops }
  }

  /**
   * Whether a block of this peer and this incarnation holds the very bytes that wait at that place: what is one's own is
   * told by bytes, not by numbers (PROTOCOL, section 5). What is committed already waits nowhere: it is in no later block.
   * Rule 5-bytes [S3]
   */
  isOwn(firstSequence: number, ops: readonly Uint8Array[]): boolean {
    return ops.every((bytes, offset) => {
      const waiting = this.#waiting[firstSequence + offset - this.#first]
      return waiting?.written === true && sameBytes(waiting.bytes, bytes)
    })
  }

  /** One of our own blocks of this incarnation was appended to the log. */
  placed(firstSequence: number, count: number): void {
    this.#next = Math.max(this.#next, firstSequence + count)
  }

  /** One of our own blocks of this incarnation was dropped from the log. */
  dropped(firstSequence: number): void {
    this.#next = Math.max(this.#first, Math.min(this.#next, firstSequence))
  }

  /** One of our own blocks of this incarnation is committed. */
  committed(firstSequence: number, count: number): void {
    const done = firstSequence + count - this.#first
    if (done <= 0) return
    this.#waiting.splice(0, done)
    this.#first += done
    this.#next = Math.max(this.#next, this.#first)
  }
}

/** REQUEST of token-based mutual exclusion: who wants the token, counted anew in each epoch (PROTOCOL, section 2.1). */
export class Asking {
  readonly #ring: Ring
  /** Newest request of each other peer. */
  readonly #requested = new Map<PeerId, number>()
  /** This peer's last one, and the last that a turn of its own served. */
  #own = 0
  #served = 0
  #wait = 0
  /** Our want bit was set in the token when it left: it comes back without our asking. */
  #isBitSet = false

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** This peer's last request. */
  get own(): number {
    return this.#own
  }

  /** The last request heard of another peer. */
  requestOf(peer: PeerId): number {
    return this.#requested.get(peer) ?? 0
  }

  enterEpoch(): void {
    // Rule 2.1-requests [L]
    this.#requested.clear()
    this.#own = 0
    this.#served = 0
    this.#isBitSet = false
  }

  onWant(from: PeerId, { epoch, request }: MessageOf<'want'>): void {
    if (sameEpoch(epoch, this.#ring.token.epoch) && request > this.requestOf(from)) this.#requested.set(from, request)
  }

  /** One for all that waits, unless the token knows already. */
  ask(): void {
    const { own, epochs, due, out, counting } = this.#ring
    if (own.unwritten === 0 || !epochs.isActive || this.#own > this.#served) return
    this.#own++
    this.#wait = timing.wantRepeatFirst
    due.arm('want', out.now + this.#wait)
    if (this.#isBitSet) return
    this.#send()
    // In the same packet: in one of its own it would leave 2 ms later, under load for nearly every block.
    if (due.takeEarly('commitTell')) counting.tell()
  }

  /** Again, with a back-off, until it is served. */
  repeat(): void {
    const { own, epochs, out, due, token } = this.#ring
    if (token.holding !== undefined || own.unwritten === 0 || !epochs.isActive) return
    this.#wait = Math.min(this.#wait * 2, timing.wantRepeatMost)
    due.arm('want', out.now + this.#wait)
    this.#send()
  }

  /** The token leaves our hands, with our want bit set or not. Answers the request that this turn has served. */
  serve(isBitSet: boolean): number {
    this.#served = this.#own
    this.#isBitSet = isBitSet
    return this.#own
  }

  #send(): void {
    const { epochs, out } = this.#ring
    out.send(epochs.otherMembers, { kind: 'want', epoch: epochs.promised, request: this.#own })
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, at) => byte === b[at]))
}
