import type { Algorithm, AlgorithmKind, Effects, MutexMessage, Place } from './algorithm.ts'
import type { MutexEvent } from './participant.ts'

/** Where the token of the room's own ring is, as this peer holds it: the fencing token. It only grows. */
export interface RoomToken {
  /** As text. */
  readonly epoch: string
  readonly turn: number
}

export const roomRingName = 'room'

/** Where the peer has the room's token just now; `undefined`: it has not. */
export type TokenHere = () => RoomToken | undefined

/**
 * The room's own token ring, looked at as one more algorithm. It asks for nothing: whoever wants in waits until the ring gives this
 * peer its token, once around an idle ring or sooner where there is work, and is out at the latest when the ring hands it on. One entry
 * a turn. Nobody says anything here, so what orders the entries is the token alone, and each is told with its place.
 */
class RoomRing implements Algorithm<MutexMessage> {
  readonly #isAlone: boolean
  readonly #effects: Effects<MutexMessage>
  readonly #tokenHere: TokenHere
  #isWaiting = false
  #used: RoomToken | undefined

  constructor({ members }: Place, effects: Effects<MutexMessage>, tokenHere: TokenHere) {
    // There the token rests for ever.
    this.#isAlone = members.length === 1
    this.#effects = effects
    this.#tokenHere = tokenHere
  }

  request(): void {
    this.#isWaiting = true
    this.tick()
  }

  release(): void {}

  receive(): void {}

  /** The token has moved. */
  tick(): void {
    const token = this.#tokenHere()
    if (!this.#isWaiting || token === undefined) return
    if (isSameToken(token, this.#used) && !this.#isAlone) return
    this.#isWaiting = false
    this.#used = token
    this.#effects.enter({ kind: 'token', epoch: token.epoch, turn: token.turn })
  }
}

/** On a real room only: a simulated one has no ring. `tokenHere` must be true whenever it is asked; after each move of the token tell the part. */
export const roomRing = (tokenHere: TokenHere): AlgorithmKind => ({
  name: roomRingName,
  needsFifo: false,
  accepts: (_message): _message is MutexMessage => false,
  create: (place, effects) => new RoomRing(place, effects, tokenHere),
})

/** Somebody's own algorithm of that name is none. */
export const isRoomRing = ({ algorithm, sha256 }: { readonly algorithm: string; readonly sha256?: string }): boolean =>
  algorithm === roomRingName && sha256 === undefined

export const isSameToken = (one: RoomToken, other: RoomToken | undefined): boolean =>
  other !== undefined && one.turn === other.turn && one.epoch === other.epoch

/** The place of the token with which somebody entered, as text; `undefined`: it says none. */
export function fenceOf(message: MutexEvent['message']): string | undefined {
  if (message?.kind !== 'token' || !('epoch' in message && 'turn' in message)) return undefined
  const { epoch, turn } = message
  return typeof epoch === 'string' && typeof turn === 'number' ? `${epoch} ${turn}` : undefined
}
