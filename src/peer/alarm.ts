import type { Clock } from './ports.ts'

export interface Alarm {
  /** Rings once at this monotonic time, and not at any time set before. */
  set(time: number): void
  cancel(): void
}

/**
 * One timer for a time that changes with every step. Moving it later costs nothing: the timer goes off early, sees that
 * it is not time yet, and is set again.
 */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let due = Number.POSITIVE_INFINITY
  let timer: { readonly at: number; readonly cancel: () => void } | undefined

  const arm = (): void => {
    if (due === Number.POSITIVE_INFINITY || (timer !== undefined && timer.at <= due)) return
    timer?.cancel()
    timer = { at: due, cancel: clock.at(due, wake) }
  }

  const wake = (): void => {
    timer = undefined
    if (clock.monotonic() < due) arm()
    else {
      due = Number.POSITIVE_INFINITY
      ring()
    }
  }

  return {
    set(time) {
      due = time
      arm()
    },
    cancel() {
      timer?.cancel()
      timer = undefined
      due = Number.POSITIVE_INFINITY
    },
  }
}
