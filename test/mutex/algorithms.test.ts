import { describe, expect, it } from 'vitest'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { resultsOf } from '../../src/mutex/results.ts'
import { entriesIn, overlapsIn, rehearse, settingOf, type Trouble } from './rooms.ts'

const seeds = Array.from({ length: 25 }, (_, index) => index + 1)

function rooms(algorithm: AlgorithmKind, trouble: Trouble) {
  return seeds.map((seed) => {
    const setting = settingOf(algorithm, seed, 1 + (seed % 7), trouble)
    return { seed, setting, rehearsal: rehearse(setting) }
  })
}

describe.each(algorithms.map((algorithm) => [algorithm.name, algorithm] as const))('%s', (name, algorithm) => {
  it('lets everybody in, one at a time, and sends what the theory says', () => {
    for (const { seed, setting, rehearsal } of rooms(algorithm, { isLossy: false, changesViews: false })) {
      const { members, entries } = setting
      const { messages, expected, violations } = resultsOf(name, members, entries, rehearsal.events)
      expect(overlapsIn(rehearsal), `seed ${seed}`).toEqual([])
      expect(violations, `seed ${seed}`).toEqual([])
      for (const member of members) expect(entriesIn(rehearsal, member), `seed ${seed}`).toBe(entries)
      expect(messages.entry, `seed ${seed}`).toBeGreaterThanOrEqual(expected?.least ?? Number.NaN)
      expect(messages.entry, `seed ${seed}`).toBeLessThanOrEqual(expected?.most ?? Number.NaN)
    }
  })

  it('is safe, and everybody gets in, where messages are lost, come twice and overtake each other', () => {
    for (const { seed, setting, rehearsal } of rooms(algorithm, { isLossy: true, changesViews: false })) {
      expect(overlapsIn(rehearsal), `seed ${seed}`).toEqual([])
      for (const member of setting.members) expect(entriesIn(rehearsal, member), `seed ${seed}`).toBe(setting.entries)
    }
  })

  it('is safe, and everybody who is there gets in, where peers crash, are dropped and come again', () => {
    for (const { seed, setting, rehearsal } of rooms(algorithm, { isLossy: true, changesViews: true })) {
      expect(overlapsIn(rehearsal), `seed ${seed}`).toEqual([])
      expect(resultsOf(name, setting.members, setting.entries, rehearsal.events).violations, `seed ${seed}`).toEqual([])
      expect(rehearsal.waiting, `seed ${seed}`).toEqual([])
    }
  })
})
