import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

/** So many that compiling the code, which is most of the work of the first seeds, is little of the whole. */
const seeds = 300

interface Rate {
  readonly stepsPerSecond: number
  /** Of all cores together: compiling and collecting garbage have threads of their own. Other programs matter less to it. */
  readonly stepsPerCpuSecond: number
}

/** Ring steps a second of the simulator in one process of one job, with all checks on, and the rate without them beside it. */
export async function measureSimulator(runs: number): Promise<object> {
  const checked: Rate[] = []
  const unchecked: Rate[] = []
  for (let run = 0; run < runs; run++) {
    const start = String(1 + run * 1_000)
    checked.push(rateOf(['--start', start]))
    unchecked.push(rateOf(['--no-checkers', '--start', start]))
  }
  return { unit: 'steps/s', seeds, ...medians(checked), withoutCheckers: medians(unchecked), runs: { checked, unchecked } }
}

function rateOf(flags: readonly string[]): Rate {
  const script = fileURLToPath(new URL('../test/sim/main.ts', import.meta.url))
  const text = execFileSync(
    process.execPath,
    [script, '--runs', String(seeds), '--peers', '5', '--jobs', '1', '--json', ...flags],
    { encoding: 'utf8' },
  )
  const { stepsPerSecond, stepsPerCpuSecond } = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Rate
  return { stepsPerSecond, stepsPerCpuSecond }
}

const medians = (rates: readonly Rate[]): Rate => ({
  stepsPerSecond: median(rates.map(({ stepsPerSecond }) => stepsPerSecond)),
  stepsPerCpuSecond: median(rates.map(({ stepsPerCpuSecond }) => stepsPerCpuSecond)),
})
