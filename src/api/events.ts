import { currencyOf } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { Peer, PeerEvent } from '../peer/peer.ts'
import { toEvent } from './to-view.ts'
import type { EventView } from './views.ts'

/** Events that wait for one listener. Streams have no backpressure (STACK, oRPC): a slower one is resynchronised. */
const waitingMax = 1_000

/** {@link tellEvents} to so many listeners at once; one more is a `Failure`, `streams-exhausted`. */
export function createEventDoor(
  peer: Peer,
  streamsMax: number,
): (after: number, signal: AbortSignal | undefined) => AsyncGenerator<EventView> {
  let streams = 0
  return (after, signal) => {
    if (streams >= streamsMax) throw new Failure('streams-exhausted', `${streamsMax} streams of events are open already.`)
    streams++
    const release = once(() => streams--)
    // A stream that nobody has read from yet ends without running: then only the signal tells.
    if (signal?.aborted) release()
    signal?.addEventListener('abort', release, { once: true })
    return endingWith(tellEvents(peer, after, signal), release)
  }
}

/**
 * The peer's events after number `after`, without an end. A listener that is too slow, that comes back too late, or
 * that comes back after the peer was started anew, gets a `gap` and then what the peer still keeps.
 */
export async function* tellEvents(peer: Peer, after: number, signal: AbortSignal | undefined): AsyncGenerator<EventView> {
  let told = after
  let waiting: PeerEvent[] = []
  let isBehind = true
  let wake: () => void = () => {}
  const listen = (event: PeerEvent): void => {
    if (isBehind) return
    waiting.push(event)
    if (waiting.length > waitingMax) {
      waiting = []
      isBehind = true
    }
    wake()
  }
  const stopListening = peer.subscribe(listen)
  const onAbort = (): void => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!isAborted(signal)) {
      let batch = waiting
      waiting = []
      if (isBehind) {
        isBehind = false
        const recent = peer.recentEvents()
        const newest = recent.at(-1)?.number ?? 0
        // A number from an earlier start of the peer says nothing about this one's.
        const isRestarted = newest < told
        if (isRestarted) told = 0
        batch = recent.filter((event) => event.number > told)
        const first = batch[0]
        if (isRestarted || (first !== undefined && first.number > told + 1)) yield gapBefore(first)
      }
      for (const event of batch) {
        told = event.number
        yield toEvent(event, currencyOf(peer.rules().currency))
      }
      if (batch.length > 0 || isBehind || isAborted(signal)) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        if (waiting.length > 0) resolve()
      })
    }
  } finally {
    stopListening()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function* endingWith<T>(stream: AsyncGenerator<T>, onEnd: () => void): AsyncGenerator<T> {
  try {
    yield* stream
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

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

function gapBefore(event: PeerEvent | undefined): EventView {
  return { kind: 'gap', number: (event?.number ?? 1) - 1, at: event?.at ?? 0 }
}
