import type { Clock } from '../../src/peer/ports.ts'

/** A clock that a test moves. */
export function createTestClock() {
  let now = 0
  let timers: { readonly at: number; readonly task: () => void }[] = []
  const clock: Clock = {
    monotonic: () => now,
    wall: () => now,
    at(at, task) {
      const timer = { at, task }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    soon: (task) => task(),
  }
  const moveTo = (time: number): void => {
    for (let next = dueBefore(time); next !== undefined; next = dueBefore(time)) {
      const timer = next
      timers = timers.filter((other) => other !== timer)
      now = Math.max(now, timer.at)
      timer.task()
    }
    now = time
  }
  const dueBefore = (time: number) => timers.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)[0]
  return { clock, moveTo, timers: () => timers.length }
}
