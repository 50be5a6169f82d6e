import type { PeerId } from '../core/ids.ts'

/**
 * One algorithm for distributed mutual exclusion, on one peer, in one epoch of the room's view. Whoever is dead is taken out
 * by the room: then an epoch begins, and with it a new instance. So within an epoch all members take part, and every message
 * comes in the end, exactly once, see `participant.ts`.
 */
export interface Algorithm<M> {
  /** Wants in. `time`: Lamport time of the wish, later than that of everything this peer has heard of. Never while it waits or is inside. */
  request(time: number): void
  /** Is done inside. */
  release(): void
  /** What makes no sense here changes nothing: a plug-in of somebody else may run on the other laptop. */
  receive(from: PeerId, message: M): void
  /** The time that {@link Effects.wake} named has come. */
  tick?(): void
}

/** What an algorithm can do to the world. */
export interface Effects<M> {
  /** To another member. */
  send(to: PeerId, message: M): void
  /** This peer is inside from here on, until `release`. `by`: what lets it in, where no message of the algorithm does; told with the entry. */
  enter(by?: MutexMessage): void
  /** Wants `tick` in so many milliseconds; what was wanted before no longer is. */
  wake(inMillis: number): void
}

/** Where an instance begins. */
export interface Place {
  readonly self: PeerId
  /** In ring order. */
  readonly members: readonly PeerId[]
  /** Who is inside as the epoch begins, and will release as if it had entered in it. */
  readonly holder: PeerId | undefined
}

/** What an algorithm says: plain data, so that it can be shown, held back and written down. */
export interface MutexMessage {
  readonly kind: string
  readonly [field: string]: Datum | readonly Datum[]
}

type Datum = string | number | boolean

/** An algorithm by its name: what a host chooses from. */
export interface AlgorithmKind<M extends MutexMessage = MutexMessage> {
  readonly name: string
  /** Messages from one peer to another must arrive in the order in which they were sent. */
  readonly needsFifo: boolean
  /** Messages that choose somebody for all entries to come, and count for none. */
  readonly isOverhead?: (message: M) => boolean
  /** Whether this has the form of one of its messages: it comes from another laptop. */
  accepts(message: MutexMessage): message is M
  create(place: Place, effects: Effects<M>): Algorithm<M>
}

/** A wish to enter: by Lamport time, and of two at the same time that of the peer with the lesser id comes first. */
export interface Wish {
  readonly time: number
  readonly peer: PeerId
}

/** Below 0: `a` comes first. A total order that extends happened-before (Lamport 1978). */
export function compareWishes(a: Wish, b: Wish): number {
  return a.time - b.time || (a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0)
}

export const othersOf = ({ self, members }: Place): readonly PeerId[] => members.filter((member) => member !== self)

export const nextOf = ({ self, members }: Place): PeerId => members[(members.indexOf(self) + 1) % members.length] ?? self

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
