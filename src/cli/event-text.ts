import { type EventView, formatCents } from '../api/views.ts'
import { printable } from './output.ts'

type MarketEvent = Extract<EventView, { kind: 'market' }>['event']

/** What happened to the market, as a sentence without a full stop. */
export function describeEvent(event: MarketEvent): string {
  switch (event.kind) {
    case 'account-opened':
      return `${event.account} was opened for ${printable(event.holder)}`
    case 'account-closed':
      return `${event.account} was closed`
    case 'moved':
      return `${formatCents(event.amount)} went from ${event.from} to ${event.to}${event.memo && ` (${printable(event.memo)})`}`
    case 'held':
      return `${event.account}: ${formatCents(event.amount)} held`
    case 'released':
      return `${event.account}: ${formatCents(event.amount)} free again`
    case 'auction-started':
      return `${printable(event.item)} is offered, auction ${event.auction}`
    case 'bid-accepted':
      return `${event.account} leads with ${formatCents(event.amount)}`
    case 'outbid':
      return `${event.by} outbid ${event.account}`
    case 'auction-ended':
      return event.winner === undefined || event.price === undefined
        ? `the auction ended: ${event.why}${event.reason && ` (${printable(event.reason)})`}`
        : `sold to ${event.winner} for ${formatCents(event.price)}`
  }
}
