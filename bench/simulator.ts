import { execFileSync } from 'node:child_process'
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
const explored = 2_000

/** The same rate of `npm run sim -- --runs 2000`, which draws the first of its seeds. */
export async function measureExploring(runs: number): Promise<object> {
  const cores = availableParallelism()
  const rates: Rate[] = []
  for (let run = 0; run < runs; run++) rates.push(rate(['--runs', String(explored), '--jobs', String(cores)]))
  return { unit: 'steps/s', seeds: explored, cores, ...medians(rates), runs: rates }
}

const rateOf = (start: number, jobs: number, flags: readonly string[]): Rate =>
  rate(['--runs', String(seeds * jobs), '--start', String(start), '--peers', '5', '--jobs', String(jobs), ...flags])

/** Throws where a seed breaks a rule. */
function rate(flags: readonly string[]): Rate {
  const script = fileURLToPath(new URL('../test/sim/main.ts', import.meta.url))
  const text = execFileSync(process.execPath, [...nodeFlags, script, ...flags, '--json'], { encoding: 'utf8' })
  const { start, stepsPerSecond, stepsPerCpuSecond } = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Rate
  return { start, stepsPerSecond, stepsPerCpuSecond }
}

const medians = (rates: readonly Rate[]): Omit<Rate, 'start'> => ({
  stepsPerSecond: median(rates.map(({ stepsPerSecond }) => stepsPerSecond)),
  stepsPerCpuSecond: median(rates.map(({ stepsPerCpuSecond }) => stepsPerCpuSecond)),
})
