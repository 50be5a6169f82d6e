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
  /** Absolute paths of what the test file imports, directly or through others; a changed file that is not there cannot fail it. */
  readonly imports: readonly string[]
  readonly millis: number
}

let current: Pick<Job, 'path' | 'text'> = { path: undefined, text: '' }

const vitest = await createVitest(
  'test',
  {
    watch: false,
    reporters: [{}],
    maxWorkers: 1,
    // One failure tells all: the rest could only wait for what does not come.
    bail: 1,
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
  return { failed, imports: importsOf(test), millis: performance.now() - begin }
}

function importsOf(test: string): readonly string[] {
  const found = new Set<string>()
  const graphs = vitest.projects.flatMap(({ vite }) => Object.values(vite.environments).map(({ moduleGraph }) => moduleGraph))
  for (const graph of graphs) {
    const rest = [...(graph.getModulesByFile(test) ?? [])]
    const seen = new Set(rest)
    for (let module = rest.pop(); module !== undefined; module = rest.pop()) {
      if (module.file !== null) found.add(module.file)
      for (const imported of module.importedModules) {
        if (seen.has(imported)) continue
        seen.add(imported)
        rest.push(imported)
      }
    }
  }
  return [...found]
}
