import type { Output } from '../../../src/ring/types.ts'
import { epochName, letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'
import type { ReadEpoch } from './blocks.ts'
import { isSameEpoch } from './chain.ts'

interface Waiting {
  readonly epoch: ReadEpoch
  /** Turns of each other member since. */
  readonly turns: Map<number, number>
}

/** Who holds the token: at most one in an epoch (S1); and between two turns of a waiting member every other has at most one (L2). */
export class TurnCheck {
  readonly #last = new Map<number, { epoch: ReadEpoch; turn: number }>()
  readonly #waiting = new Map<number, Waiting>()

  stepped(peer: SimPeer, peers: readonly SimPeer[]): void {
    const view = peer.machine?.view
    const turn = view?.holding
    if (view === undefined || turn === undefined) return
    const epoch = view.installed
    if (!this.#take(peer, epoch, turn)) return
    for (const other of peers) {
      const its = other === peer || other.doubtful !== undefined ? undefined : other.machine?.view
      if (its?.holding !== undefined && its.active && view.active && isSameEpoch(its.installed, epoch)) {
        throw new Violation(
          'S1',
          `${letterOf(peer.index)} and ${letterOf(other.index)} both hold the token of ${epochName(epoch)}`,
        )
      }
    }
  }

  /** A member that passes the token with its want bit set waits from then on, and everybody can know. */
  output(peer: SimPeer, output: Output): void {
    if (output.kind !== 'send' || output.message.kind !== 'token') return
    const { epoch, turn, wants } = output.message
    // A token that is repeated, or passed on by one that was seen with it, is no new turn.
    this.#take(peer, epoch, turn - 1)
    if (this.#last.get(peer.index)?.turn !== turn - 1) return
    const place = peer.machine?.view.members.indexOf(peer.id) ?? -1
    if (wants[place] === true) this.#waiting.set(peer.index, { epoch, turns: new Map() })
  }

  /** Notes a turn. False where it was noted already. */
  #take(peer: SimPeer, epoch: ReadEpoch, turn: number): boolean {
    const last = this.#last.get(peer.index)
    if (last !== undefined && turn <= last.turn && isSameEpoch(last.epoch, epoch)) return false
    this.#last.set(peer.index, { epoch, turn })
    this.#waiting.delete(peer.index)
    for (const [member, waiting] of this.#waiting) {
      if (!isSameEpoch(waiting.epoch, epoch)) continue
      const turns = (waiting.turns.get(peer.index) ?? 0) + 1
      waiting.turns.set(peer.index, turns)
      if (turns > 1)
        throw new Violation(
          'L2',
          `${letterOf(peer.index)} has ${turns} turns of ${epochName(epoch as never)} while ${letterOf(member)} waits`,
        )
    }
    return true
  }

  ended(peer: SimPeer): void {
    this.#last.delete(peer.index)
    this.#waiting.delete(peer.index)
  }
}
