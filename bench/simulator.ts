import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

/** Ring steps a second of the simulator on one core, without checkers, and the rate with them beside it. */
export async function measureSimulator(runs: number): Promise<object> {
  const without: number[] = []
  const withCheckers: number[] = []
  for (let run = 0; run < runs; run++) {
    without.push(stepsPerSecond(['--no-checkers', '--start', String(1 + run * 1_000)]))
    withCheckers.push(stepsPerSecond(['--start', String(1 + run * 1_000)]))
  }
  return { unit: 'steps/s', stepsPerSecond: median(without), withCheckers: median(withCheckers), runs: { without, withCheckers } }
}

function stepsPerSecond(flags: readonly string[]): number {
  const script = fileURLToPath(new URL('../test/sim/main.ts', import.meta.url))
  const text = execFileSync(process.execPath, [script, '--runs', '200', '--peers', '5', '--jobs', '1', '--json', ...flags], {
    encoding: 'utf8',
  })
  const { stepsPerSecond: rate } = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as { stepsPerSecond: number }
  return rate
}
