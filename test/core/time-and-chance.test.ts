import { describe, expect, it } from 'vitest'
import { assert, assertNever, Bug } from '../../src/core/assert.ts'
import { createLamportClock } from '../../src/core/lamport.ts'
import { numberMax } from '../../src/core/limits.ts'
import { createRandom } from '../../src/core/random.ts'

describe('a Lamport clock', () => {
  it('grows with each event of its own', () => {
    const clock = createLamportClock(7)
    expect(clock.time).toBe(7)
    expect(clock.advance()).toBe(8)
    expect(clock.advance()).toBe(9)
    expect(clock.time).toBe(9)
  })

  it.each([
    [5, 11],
    [10, 11],
    [11, 12],
    [40, 41],
  ])('at 10 that hears of %i is at %i', (heard, after) => {
    const clock = createLamportClock(10)
    clock.observe(heard)
    expect(clock.time).toBe(after)
  })

  it('stands still at the last number that a frame can carry', () => {
    const clock = createLamportClock(numberMax - 1)
    expect([clock.advance(), clock.advance()]).toEqual([numberMax, numberMax])
    clock.observe(numberMax)
    expect(clock.time).toBe(numberMax)
  })

  it('goes back where it is ahead, and only there', () => {
    const clock = createLamportClock(10)
    clock.goBackTo(12)
    expect(clock.time).toBe(10)
    clock.goBackTo(7)
    expect(clock.time).toBe(7)
  })
})

describe('chance with a seed', () => {
  it('is the same for the same seed, for ever: kept seeds stay what they are', () => {
    const random = createRandom(1)
    expect([random.below(1_000), random.below(1_000), random.below(1_000)]).toEqual([546, 459, 247])
    expect(createRandom(2).next()).not.toBe(createRandom(1).next())
    const zero = createRandom(0)
    expect([zero.below(2 ** 32), zero.below(2 ** 32)]).toEqual([2_693_262_067, 11_749_833])
  })

  it('stays within its bounds, and comes everywhere', () => {
    const random = createRandom(42)
    const drawn = Array.from({ length: 2_000 }, () => random.below(5))
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4]))
    const shares = Array.from({ length: 2_000 }, () => random.next())
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...shares)).toBeLessThan(1)
    expect(shares.filter((share) => share < 0.5).length).toBeGreaterThan(900)
    expect(shares.filter((share) => share < 0.5).length).toBeLessThan(1_100)
  })

  it('never happens with a probability of 0, and always with 1', () => {
    const random = createRandom(3)
    for (let i = 0; i < 100; i++) expect([random.chance(0), random.chance(1)]).toEqual([false, true])
    const hits = Array.from({ length: 1_000 }, () => random.chance(0.2)).filter(Boolean).length
    expect(hits).toBeGreaterThan(150)
    expect(hits).toBeLessThan(250)
  })
})

describe('an invariant', () => {
  it('that holds is nothing, and one that breaks is a bug with its name', () => {
    expect(() => assert(true, 'fine')).not.toThrow()
    expect(() => assert(false, 'it broke')).toThrow(Bug)
    expect(() => assert(undefined, 'it broke')).toThrow('it broke')
    expect(() => assertNever('x' as never)).toThrow('unexpected variant: "x"')
  })
})
