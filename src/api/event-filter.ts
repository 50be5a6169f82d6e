import type { AccountId, AuctionId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import type { PeerEvent } from '../peer/peer.ts'
import type { EventKind } from './views.ts'

/** What one subscriber wants to hear of, in its own words (content-based subscription): all that is named here has to fit. */
export interface EventFilter {
  /** Any of these: kinds of events, or of what happened to the market. */
  readonly kinds?: readonly EventKind[] | undefined
  /** About this auction. */
  readonly auction?: AuctionId | undefined
  /** This account is in it, on whichever side. */
  readonly account?: AccountId | undefined
  /** It carries an amount, and that is at least so much. */
  readonly least?: Cents | undefined
}

/**
 * The test for it, looked at on the peer, so that what nobody asked for goes nowhere. Of an operation that was refused, or only
 * announced, what it asked for counts: who listens to an auction hears of bids there that came to nothing.
 */
export function createEventFilter({ kinds, auction, account, least }: EventFilter): (event: PeerEvent) => boolean {
  const wanted = kinds && new Set<string>(kinds)
  const isOfKind = (event: PeerEvent): boolean =>
    wanted === undefined || wanted.has(event.kind) || (event.kind === 'market' && wanted.has(event.event.kind))
  if (auction === undefined && account === undefined && least === undefined) return isOfKind
  return (event) => {
    if (!isOfKind(event)) return false
    const facts = factsOf(event)
    if (facts === undefined) return false
    if (auction !== undefined && facts.auction !== auction) return false
    if (account !== undefined && !accountFields.some((field) => facts[field] === account)) return false
    if (least === undefined) return true
    return amountFields.some((field) => Number(facts[field] ?? 0) >= least)
  }
}

/** Fields of market events and operations that name an account, or the amount that it is about. */
const accountFields = ['account', 'by', 'from', 'to', 'winner', 'payee'] as const
const amountFields = ['amount', 'price'] as const

type Facts = Readonly<Record<string, unknown>>

function factsOf(event: PeerEvent): Facts | undefined {
  switch (event.kind) {
    case 'market':
      return { ...event.event }
    case 'rejected':
    case 'announced':
      return event.asked && { ...event.asked }
    default:
      return undefined
  }
}
