import { type Algorithm, type AlgorithmKind, type Effects, nextOf, type Place } from './algorithm.ts'

export type TokenRingMessage = { readonly kind: 'token' }

/** Nobody wants in: so long each member keeps the token, or an idle ring would keep all processors busy. */
const restMillis = 5

/**
 * The classic token ring (Le Lann, Distributed Systems - Towards a Formal Approach, IFIP 1977): whoever has the token may enter,
 * and hands it to its neighbour after that, or where it does not want to. 1 to n messages an entry, and some while nobody enters.
 * A token that was lost with its holder is made again by the next epoch.
 */
class TokenRing implements Algorithm<TokenRingMessage> {
  readonly #place: Place
  readonly #effects: Effects<TokenRingMessage>
  #isHere: boolean
  #state: 'out' | 'waiting' | 'inside' = 'out'

  constructor(place: Place, effects: Effects<TokenRingMessage>) {
    this.#place = place
    this.#effects = effects
    this.#isHere = (place.holder ?? place.members[0]) === place.self
    if (place.holder === place.self) this.#state = 'inside'
    else if (this.#isHere) this.#rest()
  }

  request(): void {
    this.#state = 'waiting'
    if (this.#isHere) this.#enter()
  }

  release(): void {
    this.#state = 'out'
    this.#pass()
  }

  receive(): void {
    if (this.#isHere) return
    this.#isHere = true
    if (this.#state === 'waiting') this.#enter()
    else this.#rest()
  }

  tick(): void {
    if (this.#isHere && this.#state === 'out') this.#pass()
  }

  #enter(): void {
    this.#state = 'inside'
    this.#effects.enter()
  }

  #rest(): void {
    if (this.#place.members.length > 1) this.#effects.wake(restMillis)
  }

  #pass(): void {
    if (this.#place.members.length === 1) return
    this.#isHere = false
    this.#effects.send(nextOf(this.#place), { kind: 'token' })
  }
}

export const tokenRing: AlgorithmKind<TokenRingMessage> = {
  name: 'token-ring',
  needsFifo: false,
  accepts: (message): message is TokenRingMessage => message.kind === 'token',
  create: (place, effects) => new TokenRing(place, effects),
}
