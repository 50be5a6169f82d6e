import { Failure } from '../core/failure.ts'
import { refuseFailed } from './refuse.ts'

/** Streams of one door, so many at once: each may last, and costs memory or time. */
export interface Streams {
  /** How many are open. */
  readonly count: number
  /** The stream, until it ends or `signal` hangs it up. One more than there may be throws a `Failure`: `streams-exhausted`. */
  open<T>(make: () => AsyncGenerator<T>, signal: AbortSignal | undefined): AsyncGenerator<T>
}

export function createStreams(streamsMax: number): Streams {
  let streams = 0
  return {
    get count() {
      return streams
    },
    open(make, signal) {
      if (streams >= streamsMax) throw new Failure('streams-exhausted', `${streamsMax} streams are open already.`)
      streams++
      const release = once(() => streams--)
      // A stream that nobody has read from yet ends without running: then only the signal tells.
      if (signal?.aborted) release()
      signal?.addEventListener('abort', release, { once: true })
      return endingWith(make(), release)
    },
  }
}

async function* endingWith<T>(stream: AsyncGenerator<T>, onEnd: () => void): AsyncGenerator<T> {
  try {
    yield* stream
  } catch (error) {
    // The procedure itself has answered long ago: this is past where its errors become the contract's (`routes/api`).
    throw refuseFailed(error)
  } finally {
    onEnd()
  }
}

function once(task: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) task()
    isDone = true
  }
}
