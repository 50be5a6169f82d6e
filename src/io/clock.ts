import type { Clock } from '../peer/ports.ts'

export function createClock(): Clock {
  return {
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    at(time, task) {
      const arm = (): NodeJS.Timeout => setTimeout(fire, Math.min(Math.max(0, Math.ceil(time - performance.now())), delayMax))
      // Node's timers count whole milliseconds of a clock of their own, and may fire one or two too early.
      const fire = (): void => {
        if (performance.now() < time) timer = arm()
        else task()
      }
      let timer = arm()
      return () => clearTimeout(timer)
    },
    soon(task) {
      setImmediate(task)
    },
  }
}

/** setTimeout fires at once for more than 2^31 - 1 ms. */
const delayMax = 2 ** 31 - 1
