import type { Clock } from '../peer/ports.ts'

export function createClock(): Clock {
  return {
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    at(time, task) {
      const timer = setTimeout(task, Math.min(Math.max(0, time - performance.now()), delayMax))
      return () => clearTimeout(timer)
    },
  }
}

/** setTimeout fires at once for more than 2^31 - 1 ms: whoever waits that long is woken early, and asks again. */
const delayMax = 2 ** 31 - 1
