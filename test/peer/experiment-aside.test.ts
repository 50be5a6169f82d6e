import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { ToldEvent } from '../../src/mutex/witness.ts'
import { Aside, fewMessages } from '../../src/peer/experiment-aside.ts'

const ana = 'ana' as PeerId

const messageOf = (number: number): ToldEvent => ({
  number,
  at: number,
  event: {
    ...{ what: 'sent', epoch: 1, peer: ana, message: undefined, purpose: 'entry' },
    ...{ lamport: number, vector: { [ana]: number } },
  },
})

function asideOf(count: number, isInHurry = false): Aside {
  const aside = new Aside(0, isInHurry)
  for (let number = 1; number <= count; number++) aside.add(messageOf(number))
  return aside
}

describe('messages that are kept aside', () => {
  it('are told at once where they are few, up to the newest event', () => {
    const aside = asideOf(3)
    const batch = aside.take(5, false, 0)
    expect([batch?.after, batch?.events.map(({ number }) => number), batch?.through]).toEqual([0, [1, 2, 3], 5])
    expect(aside.take(5, false, 0)).toEqual({ after: 5, events: [], through: 5 })
  })

  it('wait where they are many, and then come in order, a few each time, none of them twice', () => {
    const count = 3 * fewMessages
    const aside = asideOf(count)
    expect([aside.take(count, false, 0), aside.count]).toEqual([undefined, count])
    let after = 0
    for (let times = 0; times < 3; times++) {
      const batch = aside.take(count, false, 0)
      expect(batch?.after).toBe(after)
      expect(batch?.events.map(({ number }) => number)).toEqual(Array.from({ length: fewMessages }, (_, at) => after + at + 1))
      after = batch?.through ?? 0
    }
    expect([after, aside.count]).toEqual([count, 0])
  })

  it('are many sooner where nobody ever pauses', () => {
    expect([asideOf(6).take(6, false, 0)?.through, asideOf(6, true).take(6, false, 0)]).toEqual([6, undefined])
    expect(asideOf(5, true).take(5, false, 0)?.through).toBe(5)
  })

  it('come sooner once it is over, and also then not all at once', () => {
    const aside = asideOf(20_000)
    const first = aside.take(20_000, true, 100_000)
    const second = aside.take(20_000, true, 100_000)
    expect(first?.events.length).toBeGreaterThan(fewMessages)
    expect(first?.events.length).toBeLessThan(2_000)
    expect(second?.after).toBe(first?.through)
    expect(asideOf(20_000).take(20_000, true, 800_000)?.events.length, 'of many peers less each').toBeLessThan(400)
  })

  it('are no more than so many, and what is left out shows in the numbers', () => {
    const aside = asideOf(60_000)
    expect(aside.count).toBe(50_000)
    let [told, through] = [0, 0]
    while (aside.count > 0) {
      const batch = aside.take(60_000, true, 50_000)
      told += batch?.events.length ?? 0
      through = batch?.through ?? 0
    }
    expect([told, through]).toEqual([50_000, 60_000])
  })

  it('of a life that is over are told no more', () => {
    const aside = asideOf(10)
    aside.restart(100)
    aside.add(messageOf(101))
    expect(aside.take(102, false, 0)).toMatchObject({ after: 100, events: [{ number: 101 }], through: 102 })
  })
})
