import type { PeerId } from '../core/ids.ts'
import type { Algorithm, AlgorithmKind, Effects, MutexMessage, Place } from './algorithm.ts'
import type { MutexEvent, VectorTime } from './participant.ts'

/** Where the token of the room's own ring is, as this peer holds it: the fencing token. It only grows. */
export interface RoomToken {
  /** As text. */
  readonly epoch: string
  readonly turn: number
}

/** What the token of the room's ring has done at this peer. */
export type TokenMove =
  /** `from`: who handed it on, where anybody did. */
  | { readonly kind: 'came'; readonly place: RoomToken; readonly from: PeerId | undefined }
  /** `hop`: it was handed on, and is there with that place. Otherwise it is lost. */
  | { readonly kind: 'left'; readonly hop: { readonly to: PeerId; readonly place: RoomToken } | undefined }

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
    this.#effects.enter(tokenMessage(token))
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

export const tokenMessage = ({ epoch, turn }: RoomToken) => ({ kind: 'token', epoch, turn })

/** The place of the token with which somebody entered, or that it came with, as text; `undefined`: it says none. */
export function fenceOf(message: MutexEvent['message']): string | undefined {
  if (message?.kind !== 'token' || !('epoch' in message && 'turn' in message)) return undefined
  const { epoch, turn } = message
  return typeof epoch === 'string' && typeof turn === 'number' ? `${epoch} ${turn}` : undefined
}

interface Times {
  readonly lamport: number
  readonly vector: VectorTime
}

/**
 * The ring's token carries no times of the lab. Whoever has the events of all peers in order joins both ends of a hop by the token's
 * place, as if it did: Lamport times (1978) and vector times (Fidge 1988, Mattern 1989) of a run are true then, and alike for all who
 * have the same events.
 */
export class TokenTimes {
  readonly #newest = new Map<PeerId, Times>()
  readonly #hops = new Map<string, Times>()

  /** The event with its times. Events of one peer in their order, and the token's coming after its being handed on. */
  joined(peer: PeerId, event: MutexEvent): MutexEvent {
    const place = event.what === 'sent' || event.what === 'received' ? fenceOf(event.message) : undefined
    const before = this.#newest.get(peer)
    const hop = event.what === 'received' && place !== undefined ? this.#hops.get(place) : undefined
    const vector: Record<PeerId, number> = { ...event.vector }
    for (const known of [before, hop])
      for (const [other, count] of Object.entries(known?.vector ?? {}))
        if (other !== peer) vector[other as PeerId] = Math.max(vector[other as PeerId] ?? 0, count)
    const times = { lamport: Math.max(event.lamport, (before?.lamport ?? 0) + 1, (hop?.lamport ?? 0) + 1), vector }
    this.#newest.set(peer, times)
    if (event.what === 'sent' && place !== undefined) keepNewest(this.#hops.set(place, times))
    return { ...event, ...times }
  }
}

const placesMax = 10_000

/** Of what is kept for each place of the token the oldest goes. */
export function keepNewest(places: Map<string, unknown> | Set<string>): void {
  for (const oldest of places.keys()) {
    if (places.size <= placesMax) return
    places.delete(oldest)
  }
}
