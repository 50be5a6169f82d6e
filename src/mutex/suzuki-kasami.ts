import type { PeerId } from '../core/ids.ts'
import { type Algorithm, type AlgorithmKind, type Effects, isCount, othersOf, type Place } from './algorithm.ts'

/** `served`: for each member, in ring order, the number of its wish that was served last; `queue`: who is to have the token next. */
export type SuzukiKasamiMessage =
  | { readonly kind: 'request'; readonly number: number }
  | { readonly kind: 'token'; readonly served: readonly number[]; readonly queue: readonly PeerId[] }

/**
 * Suzuki and Kasami, A Distributed Mutual Exclusion Algorithm, ACM TOCS 3(4), 1985: a wish goes to everybody, and the token to
 * whom it serves next. n messages an entry, or none where the token is here already.
 */
class SuzukiKasami implements Algorithm<SuzukiKasamiMessage> {
  readonly #place: Place
  readonly #effects: Effects<SuzukiKasamiMessage>
  /** The number of each member's newest wish that was heard of. */
  readonly #wished: number[]
  #token: { readonly served: number[]; readonly queue: PeerId[] } | undefined
  #state: 'out' | 'waiting' | 'inside'

  constructor(place: Place, effects: Effects<SuzukiKasamiMessage>) {
    const { self, members, holder } = place
    this.#place = place
    this.#effects = effects
    this.#wished = members.map(() => 0)
    this.#state = holder === self ? 'inside' : 'out'
    if ((holder ?? members[0]) === self) this.#token = { served: members.map(() => 0), queue: [] }
  }

  request(): void {
    this.#state = 'waiting'
    const number = this.#wishOf(this.#place.self) + 1
    this.#note(this.#place.self, number)
    if (this.#token !== undefined) return this.#enter()
    for (const peer of othersOf(this.#place)) this.#effects.send(peer, { kind: 'request', number })
  }

  release(): void {
    this.#state = 'out'
    const { self, members } = this.#place
    const token = this.#token
    if (token === undefined) return
    token.served[members.indexOf(self)] = this.#wishOf(self)
    for (const peer of members) if (this.#isUnserved(peer) && !token.queue.includes(peer)) token.queue.push(peer)
    this.#giveOn()
  }

  receive(from: PeerId, message: SuzukiKasamiMessage): void {
    if (message.kind === 'request') {
      this.#note(from, message.number)
      if (this.#token !== undefined && this.#state === 'out' && this.#isUnserved(from)) {
        this.#token.queue.push(from)
        this.#giveOn()
      }
      return
    }
    if (this.#token !== undefined || message.served.length !== this.#wished.length) return
    this.#token = { served: [...message.served], queue: [...message.queue] }
    if (this.#state === 'waiting') this.#enter()
  }

  #enter(): void {
    this.#state = 'inside'
    this.#effects.enter()
  }

  #giveOn(): void {
    const token = this.#token
    const next = token?.queue.shift()
    if (token === undefined || next === undefined) return
    this.#token = undefined
    this.#effects.send(next, { kind: 'token', served: token.served, queue: token.queue })
  }

  #wishOf(peer: PeerId): number {
    return this.#wished[this.#place.members.indexOf(peer)] ?? 0
  }

  /** An older wish that comes late says nothing new. */
  #note(peer: PeerId, number: number): void {
    const at = this.#place.members.indexOf(peer)
    if (at >= 0) this.#wished[at] = Math.max(this.#wished[at] ?? 0, number)
  }

  #isUnserved(peer: PeerId): boolean {
    const served = this.#token?.served[this.#place.members.indexOf(peer)]
    return served !== undefined && this.#wishOf(peer) === served + 1
  }
}

export const suzukiKasami: AlgorithmKind<SuzukiKasamiMessage> = {
  name: 'suzuki-kasami',
  // Wishes have numbers.
  needsFifo: false,
  accepts: (message): message is SuzukiKasamiMessage =>
    (message.kind === 'request' && isCount(message.number)) ||
    (message.kind === 'token' &&
      Array.isArray(message.served) &&
      message.served.every(isCount) &&
      Array.isArray(message.queue) &&
      message.queue.every((peer) => typeof peer === 'string')),
  create: (place, effects) => new SuzukiKasami(place, effects),
}
