import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { mutationNames } from './mutations.ts'
import { scenarios } from './scenarios.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
/** Each mutation must make one of so many seeds fail; most need fewer than ten. */
const seedsMax = 1_500
/** Chance meets these hardly ever, or not at all: no seed is asked to find them, and their scenarios do. */
const rare: readonly string[] = [
  'installedGuard',
  'installRecheck',
  'allConfigs',
  'commitHash',
  'cutRaise',
  'viewCount',
  'forgotVoid',
  'noCheckpoint',
]

function simulate(flags: readonly string[]): { readonly status: number | null; readonly text: string } {
  const run = spawnSync(process.execPath, [main, ...flags], { encoding: 'utf8' })
  return { status: run.status, text: `${run.stdout}${run.stderr}` }
}

describe('the checkers bite: each rule that is broken in the code makes a run fail', () => {
  it.each(mutationNames.filter((name) => !rare.includes(name)))('%s, by seeds', (name) => {
    const { status, text } = simulate(['--runs', String(seedsMax), '--start', '1', '--stop', '--mutate', name])
    // Exit code 1 alone could be a crash of the simulator: the violation must be named.
    expect(text).toMatch(/(?:seed \d+|scenario \w+): (?:S[1-5]|L[12]|bug) /)
    expect(status).toBe(1)
  })

  it.each(Object.keys(scenarios))('%s, by its scenario', (name) => {
    const { status, text } = simulate(['--scenario', name, '--mutate', name])
    expect(text).toMatch(/scenario \w+: (?:S[1-5]|L[12]|bug) /)
    expect(status).toBe(1)
  })

  it('whatever seeds are not asked for has a mutation and a scenario of its name', () => {
    for (const name of rare) {
      expect(mutationNames).toContain(name)
      expect(Object.keys(scenarios)).toContain(name)
    }
  })

  it('a mutation whose snippet is gone from the code is an error, not a pass', async () => {
    const { applyMutation } = await import('./mutations.ts')
    expect(() => applyMutation('noSuchRule')).toThrow('no mutation')
  })
})

describe('npm run sim', () => {
  it.each([[['--bogus']], [['--runs', '0']], [['--runs', 'many']], [['12', '13']], [[]], [['--mutate', 'nothing', '1']]])(
    'refuses %j with its usage',
    (flags) => {
      const { status, text } = simulate(flags)
      expect(status).toBe(2)
      expect(text).toContain('usage: npm run sim')
    },
  )

  it('replays a seed with a line for everything that happens', () => {
    const { status, text } = simulate(['3'])
    expect(status).toBe(0)
    expect(text).toMatch(/ A start +incarnation 1/)
    expect(text).toContain('everything heals')
  })
})
