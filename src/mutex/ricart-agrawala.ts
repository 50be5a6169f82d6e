import type { PeerId } from '../core/ids.ts'
import { type Algorithm, type AlgorithmKind, compareWishes, type Effects, isCount, othersOf, type Place } from './algorithm.ts'

export type RicartAgrawalaMessage = { readonly kind: 'request'; readonly time: number } | { readonly kind: 'reply' }

/**
 * Ricart and Agrawala, An Optimal Algorithm for Mutual Exclusion in Computer Networks, CACM 24(1), 1981: whoever wants in asks
 * everybody, and enters when all have replied; who is inside, or asked earlier, replies when it is done. 2(n-1) messages an entry.
 */
class RicartAgrawala implements Algorithm<RicartAgrawalaMessage> {
  readonly #place: Place
  readonly #effects: Effects<RicartAgrawalaMessage>
  #state: 'out' | 'waiting' | 'inside'
  #time = 0
  readonly #missing = new Set<PeerId>()
  readonly #deferred = new Set<PeerId>()

  constructor(place: Place, effects: Effects<RicartAgrawalaMessage>) {
    this.#place = place
    this.#effects = effects
    this.#state = place.holder === place.self ? 'inside' : 'out'
  }

  request(time: number): void {
    this.#state = 'waiting'
    this.#time = time
    for (const peer of othersOf(this.#place)) {
      this.#missing.add(peer)
      this.#effects.send(peer, { kind: 'request', time })
    }
    this.#enterIfAllReplied()
  }

  release(): void {
    this.#state = 'out'
    for (const peer of this.#deferred) this.#effects.send(peer, { kind: 'reply' })
    this.#deferred.clear()
  }

  receive(from: PeerId, message: RicartAgrawalaMessage): void {
    if (message.kind === 'reply') {
      if (this.#missing.delete(from)) this.#enterIfAllReplied()
    } else if (this.#comesBefore({ time: message.time, peer: from })) this.#deferred.add(from)
    else this.#effects.send(from, { kind: 'reply' })
  }

  #comesBefore(wish: { readonly time: number; readonly peer: PeerId }): boolean {
    if (this.#state === 'inside') return true
    return this.#state === 'waiting' && compareWishes({ time: this.#time, peer: this.#place.self }, wish) < 0
  }

  #enterIfAllReplied(): void {
    if (this.#state !== 'waiting' || this.#missing.size > 0) return
    this.#state = 'inside'
    this.#effects.enter()
  }
}

export const ricartAgrawala: AlgorithmKind<RicartAgrawalaMessage> = {
  name: 'ricart-agrawala',
  // A peer has one wish at a time, and a reply to it from each: nothing depends on what overtakes what.
  needsFifo: false,
  accepts: (message): message is RicartAgrawalaMessage =>
    message.kind === 'reply' || (message.kind === 'request' && isCount(message.time)),
  create: (place, effects) => new RicartAgrawala(place, effects),
}
