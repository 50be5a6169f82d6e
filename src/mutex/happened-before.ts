import { eventsIn, type RunEvent, type RunStep } from './run-steps.ts'

/**
 * Whether `b` can know of `a` (Lamport 1978), by their vector times (Fidge 1988, Mattern 1989). False both ways: neither can, they
 * are concurrent.
 */
export const happenedBefore = (a: RunEvent, b: RunEvent): boolean => a.number !== b.number && a.own <= knownOf(b, a.peer)

/** What an event can know of, and what can know of it: numbers of events, without its own. */
export interface Cones {
  readonly past: ReadonlySet<number>
  readonly future: ReadonlySet<number>
}

/** Of one event of the run; `undefined`: none has that number. */
export function conesOf(steps: readonly RunStep[], number: number): Cones | undefined {
  const events = eventsIn(steps)
  const chosen = events.find((event) => event.number === number)
  if (chosen === undefined) return undefined
  const known = new Map(chosen.vector.map(({ peer, count }) => [peer, count]))
  const past = events.filter((event) => event.number !== number && event.own <= (known.get(event.peer) ?? 0))
  const future = events.filter((event) => happenedBefore(chosen, event))
  return { past: new Set(past.map((event) => event.number)), future: new Set(future.map((event) => event.number)) }
}

const knownOf = ({ vector }: RunEvent, peer: string): number => vector.find((entry) => entry.peer === peer)?.count ?? 0
