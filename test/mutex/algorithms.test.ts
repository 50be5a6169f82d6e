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

describe('a simulated room', () => {
  it('lets nothing through where a link is cut, and everybody in once it is whole again', () => {
    const algorithm = algorithms.find(({ name }) => name === 'ricart-agrawala') as AlgorithmKind
    const setting = settingOf(algorithm, 5, 3, { isLossy: false, changesViews: false })
    const [from, to] = setting.members
    if (from === undefined || to === undefined) throw new Error('there are three')
    const until = 3_000
    const rehearsal = rehearse({ ...setting, faults: [{ at: 0, kind: 'cut', peer: from, to, until }] })
    const heard = (peer: string, other: string) =>
      rehearsal.events.flatMap((event) =>
        event.kind === 'mutex' && event.event.what === 'received' && event.peer === peer && event.event.peer === other
          ? [event.at]
          : [],
      )
    expect(Math.min(...heard(to, from))).toBeGreaterThanOrEqual(until)
    expect(Math.min(...heard(from, to)), 'it is cut one way').toBeLessThan(until)
    for (const member of setting.members) expect(entriesIn(rehearsal, member)).toBe(setting.entries)
  })
})
