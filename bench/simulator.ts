import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from '../test/sim/jobs.ts'
import { median } from './statistics.ts'

/** For each process: so many that compiling the code, which ends with the first 200 seeds or so, is little of the whole, as in 20,000. */
const seeds = 400

interface Rate {
  /** The first seed. */
  readonly start: number
  readonly stepsPerSecond: number
  /** Of all cores together: compiling and collecting garbage have threads of their own. Other programs matter less to it. */
  readonly stepsPerCpuSecond: number
}

/**
 * Ring steps a second of the simulator with all checks on: in one process, and in as many as there are cores, as
 * `npm run sim` runs it; and in one process without the checks beside it.
 */
export async function measureSimulator(runs: number): Promise<object> {
  const cores = availableParallelism()
  const one: Rate[] = []
  const all: Rate[] = []
  const unchecked: Rate[] = []
  for (let run = 0; run < runs; run++) {
    const start = 1 + run * 10_000
    one.push(rateOf(start, 1, []))
    all.push(rateOf(start, cores, []))
    unchecked.push(rateOf(start, 1, ['--no-checkers']))
  }
  return {
    unit: 'steps/s',
    seeds,
    cores,
    onOneCore: medians(one),
    onAllCores: medians(all),
    withoutCheckers: medians(unchecked),
    runs: { onOneCore: one, onAllCores: all, withoutCheckers: unchecked },
  }
}

/** So many at once, as somebody who looks for faults runs them: with as many peers as each seed draws, on all cores. */
const explored = 4_000

/**
 * What `npm run sim -- --runs 4000` finds, `runs` times, and its rate: each run draws the first of its seeds, so that they are
 * others every time. `violations`: a line for each seed that broke a rule.
 */
export async function measureExploring(runs: number): Promise<object> {
  const cores = availableParallelism()
  const found: Found[] = []
  for (let run = 0; run < runs; run++) found.push(explore(['--runs', String(explored), '--jobs', String(cores)]))
  const sum = (of: (one: Found) => number): number => found.reduce((total, one) => total + of(one), 0)
  return {
    unit: 'steps/s',
    cores,
    seeds: sum((one) => one.runs),
    steps: sum((one) => one.steps),
    blocks: sum((one) => one.blocks),
    epochs: sum((one) => one.epochs),
    violations: found.flatMap((one) => one.violations),
    ...medians(found),
    runs: found.map(({ start, runs, steps, stepsPerSecond, stepsPerCpuSecond }) => ({
      start,
      seeds: runs,
      steps,
      stepsPerSecond,
      stepsPerCpuSecond,
    })),
  }
}

function rateOf(start: number, jobs: number, flags: readonly string[]): Rate {
  const found = explore([
    '--runs',
    String(seeds * jobs),
    '--start',
    String(start),
    '--peers',
    '5',
    '--jobs',
    String(jobs),
    ...flags,
  ])
  if (found.violations.length > 0) throw new Error(found.violations.join('\n'))
  return { start, stepsPerSecond: found.stepsPerSecond, stepsPerCpuSecond: found.stepsPerCpuSecond }
}

/** What the simulator says of many seeds, `--json`. */
interface Found extends Rate {
  readonly runs: number
  readonly steps: number
  readonly blocks: number
  readonly epochs: number
  readonly violations: readonly string[]
}

/** Throws where the simulator ends without having said what it found. */
function explore(flags: readonly string[]): Found {
  const script = fileURLToPath(new URL('../test/sim/main.ts', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, script, ...flags, '--json'], { encoding: 'utf8' })
  const last = stdout.trim().split('\n').at(-1)
  if (last === undefined || !last.startsWith('{')) throw new Error(`the simulator said nothing: ${stderr}`)
  return JSON.parse(last) as Found
}

const medians = (rates: readonly Rate[]): Omit<Rate, 'start'> => ({
  stepsPerSecond: median(rates.map(({ stepsPerSecond }) => stepsPerSecond)),
  stepsPerCpuSecond: median(rates.map(({ stepsPerCpuSecond }) => stepsPerCpuSecond)),
})
