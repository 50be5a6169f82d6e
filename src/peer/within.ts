import type { Clock } from './ports.ts'

/** Resolves with the task, or when the time is over. */
export function within(clock: Clock, millis: number, task: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.at(clock.monotonic() + millis, resolve)
    void task.finally(() => {
      cancel()
      resolve()
    })
  })
}
