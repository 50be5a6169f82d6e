import type { EventView, MarketEventView } from '../api/views.ts'
import { durationText, timeText } from './format.ts'

/** What happened to the market, as a sentence without a full stop. `lot`: how an auction is called, its id unless told. */
export function describeEvent(
  event: MarketEventView,
  lot: (auction: string) => string = (auction) => `auction ${auction}`,
): string {
  switch (event.kind) {
    case 'account-opened':
      return `${event.account} was opened for ${event.holder}`
    case 'account-closed':
      return `${event.account} was closed`
    case 'moved':
      return `${movedText(event)}${event.memo && ` (${event.memo})`}`
    case 'held':
      return `${event.account}: ${event.amount.text} held`
    case 'released':
      return `${event.account}: ${event.amount.text} free again`
    case 'auction-started':
      return `${event.item} is offered, ${lot(event.auction)}`
    case 'bid-accepted':
      return `${event.account} leads with ${event.amount.text}`
    case 'outbid':
      return `${event.by} outbid ${event.account}`
    case 'auction-extended':
      return `the end is later: ${timeText(event.endsAt)}`
    case 'auction-paused':
      return `paused, until ${timeText(event.until)} at most`
    case 'auction-resumed':
      return `goes on, until ${timeText(event.endsAt)}`
    case 'auction-ended':
      return event.winner === undefined || event.price === undefined
        ? `${endingText(event.why)}${event.reason && ` (${event.reason})`}`
        : `sold to ${event.winner} for ${event.price.text}`
    case 'pace-set':
      return `the ring’s pace is ${durationText(event.millis)} now`
    case 'experiment-started':
      return `experiment ${event.experiment} of the lab begins, in section ${event.section}`
    case 'experiment-ended':
      return `experiment ${event.experiment} of the lab ${event.what === 'result' ? 'is done' : 'was stopped'}`
  }
}

/** How an auction ended without a winner. */
export function endingText(why: Extract<MarketEventView, { kind: 'auction-ended' }>['why']): string {
  switch (why) {
    case 'sold':
      return 'sold'
    case 'unsold':
      return 'ended: nobody bid'
    case 'reserve-not-met':
      return 'ended: the reserve was not met'
    case 'cancelled':
      return 'called off'
  }
}

/** An operation that the rules refused, with the reason. */
export const refusedText = ({ what, text }: Extract<EventView, { kind: 'rejected' }>): string => `refused, ${what}: ${text}`

function movedText({ from, to, amount }: Extract<MarketEventView, { kind: 'moved' }>): string {
  if (from === 'issuer') return `${amount.text} went into ${to}`
  return to === 'issuer' ? `${amount.text} came out of ${from}` : `${amount.text} went from ${from} to ${to}`
}
