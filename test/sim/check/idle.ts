import type { Output } from '../../../src/ring/types.ts'
import { Violation } from '../violation.ts'
import type { ReadEpoch } from './blocks.ts'
import { isSameEpoch } from './chain.ts'

/** What may still be on its way after the last thing that was wanted. */
const calmAfter = 2_500
/** Hops that a calm room may make in the time of one `idleHop`, beside one for each member that it has just taken in. */
const hopsMost = 4

/**
 * Where nobody wants anything the token rests: it once ran 2,272 hops in 6 s, unseen, since nothing was lost by that. Turns
 * are counted wherever they are passed on, those that a holder hands to itself, too.
 */
export class IdleCheck {
  #idleHop: number
  /** When something was last submitted, appended, or asked of the ring. */
  #busyAt = 0
  #epoch: ReadEpoch = { number: 0, initiator: '' }
  #turn = 0
  readonly #turns: { readonly at: number; readonly turn: number }[] = []

  constructor(idleHop: number) {
    this.#idleHop = idleHop
  }

  busy(now: number): void {
    this.#busyAt = now
  }

  /** The room is at rest only once everybody has gone at the new pace for a while. */
  paced(now: number, idleHop: number): void {
    this.#idleHop = idleHop
    this.#busyAt = now
    this.#turns.length = 0
  }

  /** The highest turn of an epoch that was seen after a step. */
  seen(now: number, epoch: ReadEpoch, turn: number): void {
    if (!isSameEpoch(epoch, this.#epoch)) {
      this.#epoch = epoch
      this.#turn = turn
      this.#busyAt = now
      this.#turns.length = 0
      return
    }
    if (turn <= this.#turn) return
    this.#turn = turn
    if (now - this.#busyAt < calmAfter) return
    this.#turns.push({ at: now, turn })
    const since = now - this.#idleHop
    while ((this.#turns[0] as { at: number }).at < since) this.#turns.shift()
    const hops = turn - (this.#turns[0] as { turn: number }).turn
    if (hops > hopsMost) throw new Violation('L1', `the token makes ${hops} hops in ${this.#idleHop} ms of a room at rest`)
  }

  output(now: number, output: Output): void {
    switch (output.kind) {
      case 'persist':
        if (output.blocks.length > 0) this.#busyAt = now
        return
      case 'send':
      case 'gossip': {
        const { kind } = output.message
        if (kind === 'request' || kind === 'prepare' || kind === 'install' || kind === 'want') this.#busyAt = now
      }
    }
  }
}
