import { eventsIn, type RunEvent, type RunStep } from './run-steps.ts'

/** A message from one peer to another: one end is missing where it has not come, or was not told. */
export interface Flight {
  readonly sent: RunEvent | undefined
  readonly received: RunEvent | undefined
}

/**
 * The messages of a run, in the order of their first ends. A receipt names no sending, so they are joined in two passes. Where it
 * brought news of its sender, the sender's entry of the vector time is the number of that sending; where a later message of that
 * peer was faster, it is the oldest sending left that says the same.
 */
export function flightsIn(steps: readonly RunStep[]): readonly Flight[] {
  const events = eventsIn(steps)
  const sendings = new Map<string, RunEvent[]>()
  const byNumber = new Map<string, RunEvent>()
  for (const event of events) {
    if (event.what !== 'sent') continue
    listAt(sendings, wayOf(event.peer, event.other)).push(event)
    byNumber.set(`${event.peer} ${event.own}`, event)
  }
  const origins = new Map<RunEvent, RunEvent>()
  const taken = new Set<RunEvent>()
  const join = (received: RunEvent, sent: RunEvent | undefined): void => {
    if (sent === undefined || taken.has(sent)) return
    taken.add(sent)
    origins.set(received, sent)
  }
  const left: RunEvent[] = []
  const before = new Map<string, RunEvent>()
  for (const event of events) {
    if (event.what === 'received' && event.other !== undefined) {
      const count = knownOf(event, event.other)
      const isNews = count > knownOf(before.get(event.peer), event.other)
      const exact = isNews ? byNumber.get(`${event.other} ${count}`) : undefined
      if (exact?.other === event.peer && isSame(exact, event)) join(event, exact)
      else left.push(event)
    }
    before.set(event.peer, event)
  }
  for (const received of left) {
    const way = sendings.get(wayOf(received.other ?? '', received.peer)) ?? []
    const count = knownOf(received, received.other)
    // Those that are taken already are at the front, but for a few.
    while (way[0] !== undefined && taken.has(way[0])) way.shift()
    const sent = way.find((one) => one.own > count || (!taken.has(one) && isSame(one, received)))
    if (sent !== undefined && sent.own <= count) join(received, sent)
  }
  return events.flatMap((event): Flight[] => {
    if (event.what === 'sent') return taken.has(event) ? [] : [{ sent: event, received: undefined }]
    return event.what === 'received' ? [{ sent: origins.get(event), received: event }] : []
  })
}

const knownOf = (event: RunEvent | undefined, peer: string | undefined): number =>
  event?.vector.find((entry) => entry.peer === peer)?.count ?? 0

const wayOf = (from: string, to: string | undefined): string => `${from} ${to ?? ''}`

const isSame = (sent: RunEvent, received: RunEvent): boolean =>
  sent.epoch === received.epoch && JSON.stringify(sent.message) === JSON.stringify(received.message)

function listAt<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
