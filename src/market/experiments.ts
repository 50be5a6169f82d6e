import { experimentsMax } from '../core/limits.ts'
import type { Place } from './bank.ts'
import type { Operation } from './operation.ts'
import type { MarketEvent, Rejection } from './outcome.ts'
import type { RoomRules } from './types.ts'

/** The lab's experiments, as far as the whole room must agree on them. Only this file changes it. */
export interface Experiments {
  /** How many there have been: the first has number 1. */
  count: number
  /** Those that run, by the section that their peers enter, in the order in which they began. */
  readonly running: Map<string, RunningExperiment>
}

export interface RunningExperiment {
  readonly number: number
  /** Where its set-up stands. */
  readonly block: number
}

export const createExperiments = (): Experiments => ({ count: 0, running: new Map() })

/** One for each section, and {@link experimentsMax} at once. The host alone begins and ends them. */
export function recordExperiment(
  experiments: Experiments,
  { founder }: RoomRules,
  place: Place,
  { what, section, experiment }: Extract<Operation, { kind: 'record-experiment' }>,
  events: MarketEvent[],
): Rejection | undefined {
  if (place.author !== founder) return { code: 'not-host' }
  const { running } = experiments
  const own = running.get(section)
  if (what === 'setup') {
    if (own !== undefined) return { code: 'experiment-running', section, experiment: own.number }
    const [oldest] = running
    if (oldest !== undefined && running.size >= experimentsMax)
      return { code: 'experiment-running', section: oldest[0], experiment: oldest[1].number }
    const number = ++experiments.count
    running.set(section, { number, block: place.index })
    events.push({ kind: 'experiment-started', experiment: number, section })
    return undefined
  }
  if (own === undefined || own.number !== experiment) return { code: 'experiment-unknown', experiment }
  running.delete(section)
  events.push({ kind: 'experiment-ended', experiment, section, what })
  return undefined
}
