import { currencyOf } from '../core/currency.ts'
import type { Peer, PeerEvent } from '../peer/peer.ts'
import { acrossRooms } from './across-rooms.ts'
import { createEventFilter, type EventFilter } from './event-filter.ts'
import type { Seat } from './seat.ts'
import { toEvent } from './to-view.ts'
import type { EventView } from './views.ts'

/** Events that wait for one listener. Streams have no backpressure (STACK, oRPC): a slower one is resynchronised. */
const waitingMax = 1_000

/** Where a listener goes on, and what it wants to hear of. */
export interface EventsAsked {
  /** The last number that it was told; 0: none. */
  readonly after: number
  /** Of the start of the peer that numbered it; `undefined`: it does not say. */
  readonly start?: string | undefined
  /** `undefined`: everything. */
  readonly filter?: EventFilter | undefined
}

/** {@link tellEvents} of whatever peer the seat has, from `peer` on. */
export const followEvents = (
  seat: Seat,
  peer: Peer,
  asked: EventsAsked,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventView> =>
  acrossRooms(seat, peer, signal, (now, isFirst, until) =>
    // The numbers of one peer mean nothing to the next one.
    tellEvents(now, isFirst ? asked : { ...asked, start: '' }, until),
  )

/**
 * Which start of the peer this is, then its events after number `after`, without an end. A listener that is too slow, that comes
 * back too late, or that comes back after the peer was started anew, gets a `gap` and then what the peer still keeps.
 */
export async function* tellEvents(
  peer: Peer,
  { after, start, filter = {} }: EventsAsked,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventView> {
  const isWanted = createEventFilter(filter)
  let isOtherStart = start !== undefined && start !== peer.start
  let told = after
  let waiting: PeerEvent[] = []
  let isBehind = true
  let wake: () => void = () => {}
  const listen = (event: PeerEvent): void => {
    if (isBehind || !isWanted(event)) return
    waiting.push(event)
    if (waiting.length > waitingMax) {
      waiting = []
      isBehind = true
    }
    wake()
  }
  const stopListening = peer.subscribe(listen, { isForEyes: isForEyes(filter) })
  const onAbort = (): void => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    yield { kind: 'opened', number: isOtherStart ? 0 : told, at: peer.status().time, start: peer.start }
    while (!isAborted(signal)) {
      let batch = waiting
      waiting = []
      if (isBehind) {
        isBehind = false
        const recent = peer.recentEvents()
        const newest = recent.at(-1)?.number ?? 0
        // A number from an earlier start of the peer says nothing about this one's.
        const isRestarted = isOtherStart || newest < told
        isOtherStart = false
        if (isRestarted) told = 0
        const missed = recent.filter((event) => event.number > told)
        const first = missed[0]
        if (isRestarted || (first !== undefined && first.number > told + 1)) yield gapBefore(first)
        batch = missed.filter(isWanted)
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

/** What is announced, and the ring's steps, are made only for those who want to hear of them. */
const isForEyes = ({ kinds }: EventFilter): boolean =>
  kinds === undefined || kinds.some((kind) => kind === 'announced' || kind === 'note')

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

function gapBefore(event: PeerEvent | undefined): EventView {
  return { kind: 'gap', number: (event?.number ?? 1) - 1, at: event?.at ?? 0 }
}
