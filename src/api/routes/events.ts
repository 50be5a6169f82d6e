import { type EventsAsked, followEvents } from '../events.ts'
import type { Seat } from '../seat.ts'
import type { Streams } from '../streams.ts'
import { api } from './api.ts'
import type { Desk } from './desk.ts'

export const createEventRoutes = (desk: Desk, seat: Seat, streams: Streams) => ({
  events: api.events.handler(({ input, signal }) => {
    const { after, start, filter = {} } = input
    const { kinds = input.kind, auction = input.auction, account = input.account, least = input.least } = filter
    const asked: EventsAsked = {
      after,
      start,
      filter: {
        kinds: typeof kinds === 'string' ? [kinds] : kinds,
        // An id may be of an auction that this peer has not heard of yet.
        auction: auction === undefined || (auction !== 'last' && 'id' in auction) ? auction?.id : desk.auction(auction).id,
        account,
        least: least === undefined ? undefined : desk.amount(least, filter.least === undefined ? 'least' : 'filter.least'),
      },
    }
    return streams.open(() => followEvents(seat, desk.peer, asked, signal), signal)
  }),
})
