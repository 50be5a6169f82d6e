import type { PeerId } from '../core/ids.ts'
import type { MessageOf } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { sameEpoch } from './view.ts'

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
    const { own, epochs, due, out } = this.#ring
    if (own.unwritten === 0 || !epochs.isActive || this.#own > this.#served) return
    this.#own++
    this.#wait = timing.wantRepeatFirst
    due.arm('want', out.now + this.#wait)
    if (!this.#isBitSet) this.#send()
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
