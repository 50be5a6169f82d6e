import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { type RunStep, stepsOfTrial } from '../../src/mutex/run-steps.ts'
import { rehearse, settingOf, type Trouble } from './rooms.ts'

export const quiet: Trouble = { isLossy: false, changesViews: false }
export const rough: Trouble = { isLossy: true, changesViews: true }

export const algorithmNamed = (name: string): AlgorithmKind => {
  const kind = algorithms.find((one) => one.name === name)
  if (kind === undefined) throw new Error(`there is no ${name}`)
  return kind
}

/** A real run of a built-in algorithm. */
export function stepsOf(name: string, seed: number, peers: number, trouble: Trouble = quiet): readonly RunStep[] {
  return stepsOfTrial(rehearse(settingOf(algorithmNamed(name), seed, peers, trouble)).events)
}
