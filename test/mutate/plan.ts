/** What is run against the mutants of one folder of `src`. */
export interface Plan {
  /** Folders with test files, below `test`. */
  readonly tests: readonly string[]
  /** Seeds of the simulator, in a process of its own after the tests; 0: it does not concern this folder. */
  readonly seeds: number
}

export const plans: Readonly<Record<string, Plan>> = {
  core: { tests: ['core', 'market'], seeds: 0 },
  market: { tests: ['market'], seeds: 0 },
  mutex: { tests: ['mutex'], seeds: 0 },
  ring: { tests: ['ring'], seeds: 60 },
  peer: { tests: ['peer'], seeds: 60 },
}
