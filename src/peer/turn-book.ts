import type { Instant, PeerId } from '../core/ids.ts'
import { compareEpochs, type Epoch } from '../ring/view.ts'

/** Who had the token in one turn. */
export interface Turn {
  readonly epoch: Epoch
  readonly turn: number
  readonly holder: PeerId
  /** When that was known here, on the room clock. */
  readonly at: Instant
  /** What was written in it; `undefined`: nothing, as far as is known. */
  readonly block: number | undefined
}

/** So many turns are remembered. */
export const turnsMax = 50

/** The newest turns of the token, in their order, however they became known. */
export interface TurnBook {
  /** `isSure`: this peer did it itself, or a signed block says so; else it is the holder's word, which changes nothing that is known. */
  add(turn: Turn, isSure: boolean): void
  /** Oldest first. */
  readonly newest: readonly Turn[]
}

export function createTurnBook(): TurnBook {
  const turns: Turn[] = []
  return {
    add(turn, isSure) {
      let place = turns.length
      while (place > 0 && order(turns[place - 1], turn) > 0) place--
      const known = turns[place - 1]
      if (known !== undefined && order(known, turn) === 0) {
        if (isSure) turns[place - 1] = { ...known, holder: turn.holder, block: turn.block ?? known.block }
        return
      }
      turns.splice(place, 0, turn)
      if (turns.length > turnsMax) turns.shift()
    },
    get newest() {
      return turns
    },
  }
}

function order(a: Turn | undefined, b: Turn): number {
  return a === undefined ? -1 : compareEpochs(a.epoch, b.epoch) || a.turn - b.turn
}
