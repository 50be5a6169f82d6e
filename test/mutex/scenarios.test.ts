import { describe, expect, it } from 'vitest'
import { simulatedScenarios } from '../../src/mutex/scenarios.ts'

const seeds = Array.from({ length: 40 }, (_, seed) => seed)

describe('scenarios that always bite', () => {
  it.each(simulatedScenarios.map((scenario) => [scenario.name, scenario] as const))('%s: for every seed', async (_, scenario) => {
    for (const seed of seeds) {
      const { claims, parts } = await scenario.run(seed)
      expect(claims.length).toBeGreaterThan(1)
      expect([seed, claims.filter(({ holds }) => !holds).map(({ text }) => text)]).toEqual([seed, []])
      for (const { lines, steps } of parts) expect([lines.length > 0, (steps?.length ?? 0) > 0]).toEqual([true, true])
    }
  })

  it('the same seed gives the same story, another one another', async () => {
    for (const scenario of simulatedScenarios) {
      const tell = async (seed: number) => JSON.stringify((await scenario.run(seed)).parts)
      expect(await tell(3)).toBe(await tell(3))
      expect(await tell(3)).not.toBe(await tell(4))
    }
  })
})
