import type { Peer, PeerEvent } from '../peer/peer.ts'
import type { EventView } from './views.ts'

/**
 * The peer's events after number `after`, without an end. The only buffer is the peer's own, which is bounded: a
 * listener that is too slow for it, or that comes back after a restart, gets a `gap` and then what is still there
 * (STACK, oRPC: streams have no backpressure).
 */
export async function* tellEvents(peer: Peer, after: number, signal: AbortSignal | undefined): AsyncGenerator<EventView> {
  const bell = createBell()
  const unsubscribe = peer.subscribe(bell.ring)
  signal?.addEventListener('abort', bell.ring)
  let told = after
  try {
    while (!isAborted(signal)) {
      const recent = peer.recentEvents()
      const newest = recent.at(-1)
      // A number from an earlier start of the peer says nothing about this one's.
      const restarted = newest === undefined ? told > 0 : newest.number < told
      if (restarted) told = 0
      const fresh = recent.filter((event) => event.number > told)
      const first = fresh[0]
      if (restarted || (first !== undefined && first.number > told + 1)) yield gapBefore(first ?? newest)
      for (const event of fresh) {
        told = event.number
        yield event as EventView
      }
      if (!isAborted(signal)) await bell.rung()
    }
  } finally {
    unsubscribe()
    signal?.removeEventListener('abort', bell.ring)
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

/** Rung once or often since the last look: both mean one more look. */
function createBell() {
  let hasRung = false
  let wake: () => void = () => {}
  return {
    ring: (): void => {
      hasRung = true
      wake()
    },
    async rung(): Promise<void> {
      if (!hasRung) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      hasRung = false
    },
  }
}

function gapBefore(event: PeerEvent | undefined): EventView {
  return { kind: 'gap', number: (event?.number ?? 1) - 1, at: event?.at ?? 0 }
}
