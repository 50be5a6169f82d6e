import type { Peer } from '../peer/peer.ts'
import type { Seat } from './seat.ts'

/**
 * One stream out of those of all peers that a seat has, one after the other, from `first` on: a listener stays while the seat goes
 * from room to room, and hears nothing while it is in none. Without an end; `signal` is the listener hanging up.
 */
export async function* acrossRooms<T>(
  seat: Seat,
  first: Peer,
  signal: AbortSignal | undefined,
  tell: (peer: Peer, isFirst: boolean, signal: AbortSignal) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  let changed = new AbortController()
  let peer: Peer | undefined = first
  const stopWatching = seat.onChange(() => {
    if (seat.peer !== peer) changed.abort()
  })
  const onHangUp = (): void => changed.abort()
  signal?.addEventListener('abort', onHangUp, { once: true })
  try {
    for (let isFirst = true; signal?.aborted !== true; ) {
      if (peer === undefined) await aborted(changed.signal)
      else {
        yield* tell(peer, isFirst, changed.signal)
        isFirst = false
      }
      changed = new AbortController()
      peer = seat.peer
    }
  } finally {
    stopWatching()
    signal?.removeEventListener('abort', onHangUp)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
