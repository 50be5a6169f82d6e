import { describe, expect, it } from 'vitest'
import { createWork } from '../../src/peer/driver.ts'
import { createTestClock } from './test-clock.ts'

describe('a room', () => {
  it('is busy from twenty operations in a second on, however they come', () => {
    const { clock, moveTo } = createTestClock()
    const work = createWork(clock)
    expect(work.isBusy()).toBe(false)
    work.did(12)
    moveTo(999)
    work.did(7)
    expect(work.isBusy()).toBe(false)
    work.did(1)
    expect(work.isBusy()).toBe(true)
  })

  it('that was busy in the last second is so in this one, whatever is done in it, and then no longer', () => {
    const { clock, moveTo } = createTestClock()
    const work = createWork(clock)
    work.did(20)
    const seen = [1_000, 1_500, 1_999, 2_000, 2_500, 3_000].map((time) => {
      moveTo(time)
      work.did(1)
      return work.isBusy()
    })
    expect(seen).toEqual([true, true, true, false, false, false])
  })

  it('in which nothing was done for two seconds is quiet, however much was done before', () => {
    for (const [pause, isBusy] of [
      [1_999, true],
      [2_000, false],
      [60_000, false],
    ] as const) {
      const { clock, moveTo } = createTestClock()
      const work = createWork(clock)
      work.did(500)
      moveTo(pause)
      expect([pause, work.isBusy()]).toEqual([pause, isBusy])
      // Nor does it come back.
      moveTo(pause + 1_000)
      expect(work.isBusy()).toBe(false)
    }
  })

  it('counts each second for itself: nineteen operations in each of many make none busy', () => {
    const { clock, moveTo } = createTestClock()
    const work = createWork(clock)
    for (let time = 0; time < 20_000; time += 1_000) {
      moveTo(time)
      work.did(19)
      expect(work.isBusy()).toBe(false)
    }
  })
})
