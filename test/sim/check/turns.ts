import type { Output } from '../../../src/ring/types.ts'
import { epochName, letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'

interface Waiting {
  readonly epoch: string
  /** Turns of each other member since. */
  readonly turns: Map<number, number>
}

/** Who holds the token: at most one in an epoch (S1); and between two turns of a waiting member every other has at most one (L2). */
export class TurnCheck {
  readonly #held = new Map<number, string>()
  readonly #waiting = new Map<number, Waiting>()

  stepped(peer: SimPeer, peers: readonly SimPeer[]): void {
    const view = peer.replica?.view
    const turn = view?.holding
    if (view === undefined || turn === undefined) {
      this.#held.delete(peer.index)
      return
    }
    const epoch = epochName(view.installed)
    const held = `${epoch} ${turn}`
    if (this.#held.get(peer.index) === held) return
    this.#held.set(peer.index, held)
    for (const other of peers) {
      const its = other === peer ? undefined : other.replica?.view
      if (its?.holding !== undefined && its.active && view.active && epochName(its.installed) === epoch) {
        throw new Violation('S1', `${letterOf(peer.index)} and ${letterOf(other.index)} both hold the token of ${epoch}`)
      }
    }
    this.#waiting.delete(peer.index)
    for (const [member, waiting] of this.#waiting) {
      if (waiting.epoch !== epoch) continue
      const turns = (waiting.turns.get(peer.index) ?? 0) + 1
      waiting.turns.set(peer.index, turns)
      if (turns > 1) throw new Violation('L2', `${letterOf(peer.index)} has ${turns} turns of ${epoch} while ${letterOf(member)} waits`)
    }
  }

  /** A member that passes the token with its want bit set waits from then on, and everybody can know. */
  output(peer: SimPeer, output: Output): void {
    if (output.kind !== 'send' || output.message.kind !== 'token') return
    const { message } = output
    const place = peer.replica?.view.members.indexOf(peer.id) ?? -1
    if (message.wants[place] !== true || message.turn <= (peer.replica?.view.turnSeen ?? 0)) return
    this.#waiting.set(peer.index, { epoch: epochName(message.epoch), turns: new Map() })
  }

  ended(peer: SimPeer): void {
    this.#held.delete(peer.index)
    this.#waiting.delete(peer.index)
  }
}
