import type { PeerId } from '../core/ids.ts'
import {
  type Algorithm,
  type AlgorithmKind,
  compareWishes,
  type Effects,
  isCount,
  othersOf,
  type Place,
  type Wish,
} from './algorithm.ts'

export type LamportQueueMessage =
  | { readonly kind: 'request'; readonly time: number }
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'release' }

/**
 * Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, CACM 21(7), 1978: everybody keeps the queue of all
 * wishes, and the first of it enters once all others have acknowledged its wish. 3(n-1) messages an entry.
 */
class LamportQueue implements Algorithm<LamportQueueMessage> {
  readonly #place: Place
  readonly #effects: Effects<LamportQueueMessage>
  readonly #queue = new Map<PeerId, Wish>()
  readonly #missing = new Set<PeerId>()
  #isWaiting = false

  constructor(place: Place, effects: Effects<LamportQueueMessage>) {
    this.#place = place
    this.#effects = effects
    // It was first, and still is.
    if (place.holder !== undefined) this.#queue.set(place.holder, { time: -1, peer: place.holder })
  }

  request(time: number): void {
    const { self } = this.#place
    this.#isWaiting = true
    this.#queue.set(self, { time, peer: self })
    for (const peer of othersOf(this.#place)) {
      this.#missing.add(peer)
      this.#effects.send(peer, { kind: 'request', time })
    }
    this.#enterIfFirst()
  }

  release(): void {
    this.#queue.delete(this.#place.self)
    for (const peer of othersOf(this.#place)) this.#effects.send(peer, { kind: 'release' })
  }

  receive(from: PeerId, message: LamportQueueMessage): void {
    switch (message.kind) {
      case 'request':
        this.#queue.set(from, { time: message.time, peer: from })
        this.#effects.send(from, { kind: 'acknowledge' })
        return
      case 'acknowledge':
        // What it wished before this has come, since nothing overtakes anything.
        this.#missing.delete(from)
        return this.#enterIfFirst()
      case 'release':
        this.#queue.delete(from)
        return this.#enterIfFirst()
    }
  }

  #enterIfFirst(): void {
    if (!this.#isWaiting || this.#missing.size > 0) return
    const [first] = [...this.#queue.values()].sort(compareWishes)
    if (first?.peer !== this.#place.self) return
    this.#isWaiting = false
    this.#effects.enter()
  }
}

export const lamportQueue: AlgorithmKind<LamportQueueMessage> = {
  name: 'lamport',
  // Else an acknowledgement could overtake an earlier wish of its sender, and two would think themselves first.
  needsFifo: true,
  accepts: (message): message is LamportQueueMessage =>
    message.kind === 'acknowledge' || message.kind === 'release' || (message.kind === 'request' && isCount(message.time)),
  create: (place, effects) => new LamportQueue(place, effects),
}
