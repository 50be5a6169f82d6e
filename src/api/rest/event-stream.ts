import { withEventMeta } from '@orpc/server'
import type { EventView } from '../views.ts'
import { withAmountTexts } from './amounts.ts'
import { type Interceptor, isRecord } from './interceptor.ts'

/** How long a browser waits before it comes back, in milliseconds. */
const retryMillis = 1_000

/**
 * Events as server-sent events: each has an id, of which start of the peer and which number, and `Last-Event-ID` goes on behind it,
 * without loss or doubles. Where that cannot be, a `gap` is told first. An id that is none counts as one of another start.
 */
export const resumeEvents: Interceptor = async ({ next, ...options }) => {
  const { path, input, lastEventId } = options
  if (path.join('.') !== 'events') return next()
  const stream = await next(
    lastEventId === undefined ? options : { ...options, input: { ...(isRecord(input) ? input : {}), ...placeOf(lastEventId) } },
  )
  return withIds(stream as AsyncIterable<EventView>)
}

function placeOf(lastEventId: string): { readonly start: string; readonly after: number } {
  const [, start, number] = /^([\w ]{1,64})\.(\d{1,15})$/.exec(lastEventId) ?? []
  return start === undefined ? { start: '', after: 0 } : { start, after: Number(number) }
}

async function* withIds(events: AsyncIterable<EventView>): AsyncGenerator<object> {
  let start = ''
  for await (const event of events) {
    if (event.kind === 'opened') start = event.start
    const told = event.kind === 'market' ? { ...event, event: withAmountTexts(event.event) } : event
    yield withEventMeta({ ...told }, { id: `${start}.${event.number}`, ...(event.kind === 'opened' && { retry: retryMillis }) })
  }
}
