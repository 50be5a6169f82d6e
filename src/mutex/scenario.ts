import type { RunStep } from './run-steps.ts'

/** A story with a sting: what always happens, shown by running it. */
export interface Scenario {
  readonly name: string
  readonly summary: string
  /** Simulated rooms answer at once; real peers and real sockets need their time. */
  run(seed: number): ScenarioOutcome | Promise<ScenarioOutcome>
}

export interface ScenarioOutcome {
  /** What happened, side by side. */
  readonly parts: readonly ScenarioPart[]
  /** What the scenario says always happens, and whether it has in this very run. */
  readonly claims: readonly Claim[]
}

export interface ScenarioPart {
  readonly title: string
  readonly lines: readonly string[]
  /** Of a simulated run: for its diagram. */
  readonly steps?: readonly RunStep[]
}

export interface Claim {
  readonly text: string
  readonly holds: boolean
}
