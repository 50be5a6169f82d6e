import { describe, expect, it } from 'vitest'
import { createBudget, createOutcasts } from '../../src/io/transport/budget.ts'

describe('what a stranger may send over a stream', () => {
  it('is a burst, then so much a second, and a pause for the rest', () => {
    let now = 0
    const budget = createBudget('ring', () => now)
    expect(budget.spend(1_000, 0)).toBe(0)
    expect(budget.spend(1, 0)).toBe(2)
    expect(budget.spend(499, 0)).toBe(1_000)
    now = 1_000
    expect(budget.spend(0, 0)).toBe(0)
    expect(budget.spend(250, 0)).toBe(500)
  })

  it('is counted in bytes too: less for what may be blocks', () => {
    expect(createBudget('ring', () => 0).spend(0, 1_001 * 4_096)).toBe(2)
    expect(createBudget('bulk', () => 0).spend(0, 1_001 * 4_096)).toBe(0)
    expect(createBudget('bulk', () => 0).spend(0, 1_001 * 40_960)).toBe(2)
  })

  it('is never followed by a pause so long that a stream would pass for dead', () => {
    expect(createBudget('ring', () => 0).spend(6_000, 0)).toBe(2_000)
  })

  it('is a flood where it is thousands of frames over', () => {
    expect(createBudget('ring', () => 0).spend(6_001, 0)).toBe(Number.POSITIVE_INFINITY)
  })

  it('is no more after a long silence than the burst', () => {
    let now = 0
    const budget = createBudget('ring', () => now)
    now = 3_600_000
    expect(budget.spend(1_001, 0)).toBe(2)
  })
})

describe('who says too much by gossip', () => {
  const floodOf = (outcasts: ReturnType<typeof createOutcasts>, messages: number): boolean =>
    Array.from({ length: messages }, () => outcasts.heard('X')).some((tooMuch) => tooMuch)

  it('is out for 10 s, then for twice as long, and the others are not', () => {
    let now = 0
    const outcasts = createOutcasts(() => now)
    expect(floodOf(outcasts, 1_000)).toBe(false)
    expect(outcasts.isOut('X')).toBe(false)
    expect(floodOf(outcasts, 1)).toBe(true)
    now = 9_999
    expect([outcasts.isOut('X'), outcasts.isOut('Y')]).toEqual([true, false])
    now = 10_000
    expect(outcasts.isOut('X')).toBe(false)
    expect(floodOf(outcasts, 1_500)).toBe(true)
    now = 29_999
    expect(outcasts.isOut('X')).toBe(true)
  })

  it('or floods a stream is out as long', () => {
    let now = 0
    const outcasts = createOutcasts(() => now)
    outcasts.cast('X')
    outcasts.cast('X')
    now = 9_999
    expect(outcasts.isOut('X')).toBe(true)
    now = 10_000
    expect(outcasts.isOut('X')).toBe(false)
  })

  it('is nobody who says what a learner says', () => {
    let now = 0
    const outcasts = createOutcasts(() => now)
    for (; now < 600_000; now += 200) expect(outcasts.heard('X')).toBe(false)
  })
})
