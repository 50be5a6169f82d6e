import type { PeerId } from '../core/ids.ts'
import type { Algorithm, AlgorithmKind, Effects, MutexMessage, Place } from './algorithm.ts'
import { type BullyMessage, bully, type Election, type ElectionKind, type RingElectionMessage, ringElection } from './election.ts'

type EntryMessage = { readonly kind: 'request' | 'grant' | 'release' }

export type CoordinatorMessage<E> = EntryMessage | E

/**
 * The centralized algorithm (Tanenbaum and van Steen, Distributed Systems, Mutual exclusion): one member lets everybody in, one
 * after the other. 3 messages an entry, none for the coordinator's own. It is chosen when somebody first wants in, and again in
 * each epoch; who was inside as that began still is.
 */
class Coordinator<E extends MutexMessage> implements Algorithm<CoordinatorMessage<E>> {
  readonly #place: Place
  readonly #effects: Effects<CoordinatorMessage<E>>
  readonly #election: Election<E>
  #state: 'out' | 'waiting' | 'inside'
  #coordinator: PeerId | undefined
  /** Who was inside from the beginning has left, and nobody is there yet to be told. */
  #owesRelease = false
  // Of the coordinator itself.
  #granted: PeerId | undefined
  readonly #queue: PeerId[] = []

  constructor(place: Place, effects: Effects<CoordinatorMessage<E>>, election: ElectionKind<E>) {
    this.#place = place
    this.#effects = effects
    this.#state = place.holder === place.self ? 'inside' : 'out'
    this.#granted = place.holder
    this.#election = election.create(place, {
      send: (to, message) => effects.send(to, message),
      chosen: (peer) => this.#follow(peer),
    })
  }

  request(): void {
    this.#state = 'waiting'
    if (this.#coordinator === undefined) this.#election.start()
    else this.#tell('request')
  }

  release(): void {
    this.#state = 'out'
    if (this.#coordinator === undefined) this.#owesRelease = true
    else this.#tell('release')
  }

  receive(from: PeerId, message: CoordinatorMessage<E>): void {
    switch (message.kind) {
      case 'request':
        this.#queue.push(from)
        return this.#grantNext()
      case 'release':
        if (this.#granted !== from) return
        this.#granted = undefined
        return this.#grantNext()
      case 'grant':
        if (this.#state !== 'waiting' || from !== this.#coordinator) return
        this.#state = 'inside'
        return this.#effects.enter()
      default:
        // Of the four kinds the three above are taken.
        return this.#election.receive(from, message as E)
    }
  }

  #follow(peer: PeerId): void {
    if (this.#coordinator !== undefined) return
    this.#coordinator = peer
    if (this.#owesRelease) this.#tell('release')
    this.#owesRelease = false
    if (this.#state === 'waiting') this.#tell('request')
  }

  /** What the coordinator says to itself is no message. */
  #tell(kind: EntryMessage['kind'], peer = this.#coordinator): void {
    if (peer === this.#place.self) this.receive(peer, { kind })
    else if (peer !== undefined) this.#effects.send(peer, { kind })
  }

  #grantNext(): void {
    if (this.#granted !== undefined || this.#coordinator !== this.#place.self) return
    this.#granted = this.#queue.shift()
    if (this.#granted !== undefined) this.#tell('grant', this.#granted)
  }
}

const isEntry = ({ kind }: MutexMessage): boolean => kind === 'request' || kind === 'grant' || kind === 'release'

function coordinatedBy<E extends MutexMessage>(
  name: string,
  election: ElectionKind<E>,
  isElection: (message: MutexMessage) => boolean,
): AlgorithmKind<CoordinatorMessage<E>> {
  return {
    name,
    // A wish that overtakes the release before it waits for that.
    needsFifo: false,
    isOverhead: (message) => !isEntry(message),
    accepts: (message): message is CoordinatorMessage<E> => isEntry(message) || isElection(message),
    create: (place, effects) => new Coordinator(place, effects, election),
  }
}

export const centralized: AlgorithmKind<CoordinatorMessage<BullyMessage>> = coordinatedBy('centralized', bully, ({ kind }) =>
  ['election', 'alive', 'coordinator'].includes(kind),
)

export const centralizedByRing: AlgorithmKind<CoordinatorMessage<RingElectionMessage>> = coordinatedBy(
  'centralized-chang-roberts',
  ringElection,
  ({ kind, peer }) => ['candidate', 'chosen'].includes(kind) && typeof peer === 'string',
)
