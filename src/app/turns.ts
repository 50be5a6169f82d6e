import { Failure } from '../core/failure.ts'

/** Changes of one thing, one after the other: a new one calls the one before it off. */
export interface Turns {
  /** `task` begins when the one before has ended, and looks at `signal` wherever it waits. Rejects with `called-off` where it never began. */
  take<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Whether nothing has been asked for since the task with this signal. */
  isLatest(signal: AbortSignal): boolean
  /** Calls off what is under way. */
  callOff(): void
  /** Resolves when what is under way has ended, however. */
  settled(): Promise<void>
}

export function createTurns(): Turns {
  let calling = new AbortController()
  let last: Promise<void> = Promise.resolve()
  return {
    take(task) {
      calling.abort()
      calling = new AbortController()
      const { signal } = calling
      const turn = last.then(() => {
        refuseAborted(signal)
        return task(signal)
      })
      last = turn.then(
        () => {},
        () => {},
      )
      return turn
    },
    isLatest: (signal) => calling.signal === signal,
    callOff: () => calling.abort(),
    settled: () => last,
  }
}

export const calledOff = (): Failure => new Failure('called-off', 'Entering the room was called off.')

export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw calledOff()
}
