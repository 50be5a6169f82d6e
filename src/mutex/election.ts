import type { PeerId } from '../core/ids.ts'
import { nextOf, othersOf, type Place } from './algorithm.ts'

/** Chooses one member for all. */
export interface Election<M> {
  /** This peer needs somebody chosen. Where that is under way already, nothing happens. */
  start(): void
  receive(from: PeerId, message: M): void
}

export interface ElectionEffects<M> {
  send(to: PeerId, message: M): void
  /** At most once. */
  chosen(peer: PeerId): void
}

/** The choice between them. */
export interface ElectionKind<M> {
  readonly name: string
  create(place: Place, effects: ElectionEffects<M>): Election<M>
}

export type BullyMessage = { readonly kind: 'election' | 'alive' | 'coordinator' }

/**
 * The bully algorithm (Garcia-Molina, Elections in a Distributed Computing System, IEEE TC 31(1), 1982): whoever needs a coordinator
 * asks all with a greater id; who is asked says that it lives, and asks in turn; the greatest says that it is the one. There
 * silence tells who is dead; here the room does, by an epoch without it, so nothing is decided by waiting.
 */
class Bully implements Election<BullyMessage> {
  readonly #place: Place
  readonly #effects: ElectionEffects<BullyMessage>
  #hasStarted = false

  constructor(place: Place, effects: ElectionEffects<BullyMessage>) {
    this.#place = place
    this.#effects = effects
  }

  start(): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    const { self } = this.#place
    const others = othersOf(this.#place)
    const greater = others.filter((peer) => peer > self)
    for (const peer of greater) this.#effects.send(peer, { kind: 'election' })
    if (greater.length > 0) return
    for (const peer of others) this.#effects.send(peer, { kind: 'coordinator' })
    this.#effects.chosen(self)
  }

  receive(from: PeerId, { kind }: BullyMessage): void {
    if (kind === 'coordinator') {
      this.#hasStarted = true
      this.#effects.chosen(from)
    } else if (kind === 'election') {
      this.#effects.send(from, { kind: 'alive' })
      this.start()
    }
  }
}

export const bully: ElectionKind<BullyMessage> = { name: 'bully', create: (place, effects) => new Bully(place, effects) }

export type RingElectionMessage = { readonly kind: 'candidate' | 'chosen'; readonly peer: PeerId }

/**
 * Chang and Roberts, An Improved Algorithm for Decentralized Extrema-Finding in Circular Configurations of Processes, CACM 22(5),
 * 1979: ids go round the ring, each member lets only greater ones pass, and whose own comes back is chosen.
 */
class RingElection implements Election<RingElectionMessage> {
  readonly #place: Place
  readonly #effects: ElectionEffects<RingElectionMessage>
  #takesPart = false

  constructor(place: Place, effects: ElectionEffects<RingElectionMessage>) {
    this.#place = place
    this.#effects = effects
  }

  start(): void {
    const { self, members } = this.#place
    if (members.length === 1) return this.#effects.chosen(self)
    if (this.#takesPart) return
    this.#takesPart = true
    this.#pass({ kind: 'candidate', peer: self })
  }

  receive(_from: PeerId, message: RingElectionMessage): void {
    const { self, members } = this.#place
    const { kind, peer } = message
    if (!members.includes(peer)) return
    if (kind === 'chosen') {
      this.#takesPart = true
      if (peer === self) return
      this.#effects.chosen(peer)
      this.#pass(message)
    } else if (peer > self) {
      this.#takesPart = true
      this.#pass(message)
    } else if (peer < self) this.start()
    else {
      this.#effects.chosen(self)
      this.#pass({ kind: 'chosen', peer: self })
    }
  }

  #pass(message: RingElectionMessage): void {
    this.#effects.send(nextOf(this.#place), message)
  }
}

export const ringElection: ElectionKind<RingElectionMessage> = {
  name: 'chang-roberts',
  create: (place, effects) => new RingElection(place, effects),
}
