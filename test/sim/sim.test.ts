import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type RunResult, runSeed } from './run.ts'
import { scenarios } from './scenarios.ts'

/** Fresh ones are drawn anew in every run of the tests; a failure names its seed, and `npm run sim -- SEED` replays it. */
const freshStart = Date.now() % 1_000_000_000
const freshCount = 150
const fixedCount = 250

interface Room {
  readonly seed: number
  /** `undefined`: the seed draws it. */
  readonly peers: number | undefined
}

const kept: readonly Room[] = readFileSync(new URL('./seeds.txt', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => /^(\d+)(?: --peers (\d+))?/.exec(line))
  .filter((found) => found !== null)
  .map(([, seed, peers]) => ({ seed: Number(seed), peers: peers === undefined ? undefined : Number(peers) }))

async function explore(rooms: readonly Room[]): Promise<readonly RunResult[]> {
  const failed: RunResult[] = []
  for (const { seed, peers } of rooms) {
    const result = await runSeed(seed, { peers, checked: true })
    if (result.violation !== undefined) failed.push(result)
  }
  return failed
}

const range = (start: number, count: number): Room[] =>
  Array.from({ length: count }, (_, i) => ({ seed: start + i, peers: undefined }))

describe('simulated rooms keep S1 to S5, and get going again', () => {
  it('the kept seeds', async () => {
    expect(kept.length).toBeGreaterThan(0)
    expect(await explore(kept)).toEqual([])
  })

  it(`fixed seeds 1 to ${fixedCount}`, async () => {
    expect(await explore(range(1, fixedCount))).toEqual([])
  })

  it(`fresh seeds from ${freshStart} on`, async () => {
    process.stdout.write(`simulator: fresh seeds ${freshStart} to ${freshStart + freshCount - 1}\n`)
    expect(await explore(range(freshStart, freshCount))).toEqual([])
  })

  it.each(Object.entries(scenarios))('the kept scenario %s', (_name, play) => {
    play()
  })

  it('one seed gives the same run twice', async () => {
    const lines = async (): Promise<string[]> => {
      const written: string[] = []
      await runSeed(7, { peers: undefined, checked: true, write: (line) => written.push(line) })
      return written
    }
    const first = await lines()
    expect(first.length).toBeGreaterThan(100)
    expect(await lines()).toEqual(first)
  })
})
