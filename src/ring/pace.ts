import type { Ring } from './ring.ts'
import { timing } from './timing.ts'

/** How long a token rests where nobody wants it (PROTOCOL, section 2.6): a room can change that while it runs. */
export class RingPace {
  readonly #ring: Ring
  #idleHop: number
  /** The slowest that was left behind of late: whoever has not heard of the change still rests the token for so long. */
  #left = { idleHop: 0, until: Number.NEGATIVE_INFINITY }

  constructor(ring: Ring, idleHop: number) {
    this.#ring = ring
    this.#idleHop = idleHop
  }

  /** How long this peer rests the token, in milliseconds. */
  get idleHop(): number {
    return this.#idleHop
  }

  /**
   * How long another member may rest it, in milliseconds. After a change to a faster pace that is still the one before for
   * as long as a token is waited for, or a holder that hears of it a little later would be suspected.
   */
  get idleHopElsewhere(): number {
    return this.#ring.out.now < this.#left.until ? Math.max(this.#left.idleHop, this.#idleHop) : this.#idleHop
  }

  set(idleHop: number): void {
    if (idleHop === this.#idleHop) return
    const { out } = this.#ring
    const before = this.idleHopElsewhere
    this.#left = { idleHop: before, until: out.now + timing.tokenTimeout + before }
    this.#idleHop = idleHop
    out.note('pace', { idleHop })
  }
}
