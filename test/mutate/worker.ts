import { performance } from 'node:perf_hooks'
import { createVitest } from 'vitest/node'

// A process that holds one Vitest and runs single test files against changed code, until it is killed.

/** `path`: the source file that reads as `text`; absolute, as `test` is. */
export interface Job {
  readonly path: string | undefined
  readonly text: string
  readonly test: string
}

export interface JobResult {
  /** The first test that failed, or the error beside the tests; `undefined`: all passed. */
  readonly failed: string | undefined
  readonly millis: number
}

let current: Pick<Job, 'path' | 'text'> = { path: undefined, text: '' }

const vitest = await createVitest(
  'test',
  {
    watch: false,
    reporters: [{}],
    maxWorkers: 1,
    pool: 'forks',
    // Changed code must come into no cache, and none may hide it.
    fsModuleCache: false,
    // A mutant that fills the memory is to die before the machine does.
    execArgv: ['--max-old-space-size=512'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    silent: true,
  },
  { plugins: [{ name: 'mutant', enforce: 'pre', load: (id) => (id === current.path ? current.text : undefined) }] },
)
await vitest.standalone()

process.on('message', (job: Job) => {
  void run(job).then((result) => process.send?.(result))
})
// Whoever asked is gone, perhaps in the midst of a run.
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function run({ path, text, test }: Job): Promise<JobResult> {
  const begin = performance.now()
  if (current.path !== undefined) vitest.invalidateFile(current.path)
  current = { path, text }
  if (path !== undefined) vitest.invalidateFile(path)
  const specifications = vitest.getModuleSpecifications(test)
  if (specifications.length === 0) throw new Error(`no test file: ${test}`)
  // What was there of earlier runs would be answered again.
  vitest.state.filesMap.clear()
  vitest.state.errorsSet.clear()
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
  let failed = unhandledErrors.length > 0 ? `an error beside the tests: ${String(unhandledErrors[0])}` : undefined
  if (testModules.length !== 1) throw new Error(`${testModules.length} test files ran in place of ${test}`)
  for (const module of testModules) {
    if (module.ok()) continue
    const [first] = module.children.allTests('failed')
    failed = first?.fullName ?? `${module.relativeModuleId} could not be loaded`
  }
  return { failed, millis: performance.now() - begin }
}
