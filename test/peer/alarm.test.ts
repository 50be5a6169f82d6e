import { describe, expect, it } from 'vitest'
import { createAlarm } from '../../src/peer/driver.ts'
import type { Clock } from '../../src/peer/ports.ts'
import { createTestClock } from './test-clock.ts'

describe('an alarm', () => {
  it('rings once, at the time that was set last, sooner or later than the one before', () => {
    const { clock, moveTo, timers } = createTestClock()
    const rang: number[] = []
    const alarm = createAlarm(clock, () => rang.push(clock.monotonic()))
    alarm.set(100)
    alarm.set(300)
    alarm.set(200)
    moveTo(1_000)
    alarm.set(1_500)
    alarm.set(1_200)
    moveTo(2_000)
    expect(rang).toEqual([200, 1_200])
    expect(timers()).toBe(0)
  })

  it('keeps one timer, however often it is set', () => {
    const { clock, timers } = createTestClock()
    const alarm = createAlarm(clock, () => {})
    for (let time = 1_000; time > 0; time--) alarm.set(time)
    for (let time = 1; time < 1_000; time++) alarm.set(time)
    expect(timers()).toBe(1)
  })

  it('that is moved later, or to never, sets no timer anew', () => {
    const { clock } = createTestClock()
    let calls = 0
    const counted: Clock = {
      ...clock,
      at(at, task) {
        calls++
        return clock.at(at, task)
      },
    }
    const alarm = createAlarm(counted, () => {})
    alarm.set(Number.POSITIVE_INFINITY)
    expect(calls).toBe(0)
    for (let time = 100; time < 200; time++) alarm.set(time)
    alarm.set(Number.POSITIVE_INFINITY)
    expect(calls).toBe(1)
    alarm.set(99)
    expect(calls).toBe(2)
  })

  it('that is called off, or set to never, does not ring', () => {
    const { clock, moveTo } = createTestClock()
    const rang: number[] = []
    const alarm = createAlarm(clock, () => rang.push(clock.monotonic()))
    alarm.set(100)
    alarm.set(Number.POSITIVE_INFINITY)
    moveTo(500)
    alarm.set(600)
    alarm.cancel()
    moveTo(900)
    expect(rang).toEqual([])
  })
})
