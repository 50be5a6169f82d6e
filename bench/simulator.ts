import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from '../test/sim/jobs.ts'
import { median } from './statistics.ts'

/** For each process: so many that compiling the code, which ends with the first 200 seeds or so, is little of the whole, as in 20,000. */
const seeds = 400

interface Rate {
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

function rateOf(start: number, jobs: number, flags: readonly string[]): Rate {
  const script = fileURLToPath(new URL('../test/sim/main.ts', import.meta.url))
  const seedFlags = ['--runs', String(seeds * jobs), '--start', String(start), '--peers', '5', '--jobs', String(jobs)]
  const text = execFileSync(process.execPath, [...nodeFlags, script, ...seedFlags, '--json', ...flags], { encoding: 'utf8' })
  const { stepsPerSecond, stepsPerCpuSecond } = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Rate
  return { stepsPerSecond, stepsPerCpuSecond }
}

const medians = (rates: readonly Rate[]): Rate => ({
  stepsPerSecond: median(rates.map(({ stepsPerSecond }) => stepsPerSecond)),
  stepsPerCpuSecond: median(rates.map(({ stepsPerCpuSecond }) => stepsPerCpuSecond)),
})
