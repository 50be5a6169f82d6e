import type { AccountSummary, AuctionDetail, AuctionSummary } from '../../src/api/views.ts'

/** Milliseconds until the end, by the room's clock; while it is paused, what will be left when it goes on. */
export function leftOf({ paused, endsAt }: AuctionSummary, now: number): number {
  return paused === undefined ? Math.max(0, endsAt - now) : paused.leftMillis
}

/** The lot that an address names: by its id, by its number, or as the `last` that was started. */
export function lotAt<Lot extends Pick<AuctionSummary, 'auction' | 'number'>>(
  place: string,
  lots: readonly Lot[] | undefined = [],
): Lot | undefined {
  if (place === 'last')
    return lots.reduce<Lot | undefined>((last, lot) => (last && last.number > lot.number ? last : lot), undefined)
  return lots.find(({ auction, number }) => auction === place || [`${number}`, `#${number}`].includes(place))
}

/** Before the end, in milliseconds. */
const [onceMillis, twiceMillis] = [10_000, 5_000]

/** What an auctioneer calls out when the time of a bid is nearly over; nothing while it is paused, or nobody has bid. */
export function callOf(lot: AuctionSummary, now: number): 'once' | 'twice' | undefined {
  if (lot.ended !== undefined || lot.paused !== undefined || lot.leader === undefined) return undefined
  const left = leftOf(lot, now)
  if (left <= 0 || left > onceMillis) return undefined
  return left > twiceMillis ? 'once' : 'twice'
}

/** Open first, the one that ends soonest on top; then what has ended, the newest first. */
export function splitLots(lots: readonly AuctionSummary[]): {
  readonly open: readonly AuctionSummary[]
  readonly ended: readonly AuctionSummary[]
} {
  const endOf = ({ ended, endsAt }: AuctionSummary): number => ended?.at ?? endsAt
  return {
    open: lots.filter(({ ended }) => ended === undefined).sort((a, b) => a.endsAt - b.endsAt || a.number - b.number),
    ended: lots.filter(({ ended }) => ended !== undefined).sort((a, b) => endOf(b) - endOf(a) || b.number - a.number),
  }
}

/** What the bid buttons offer: the least, and two and five increments more; never above buy-now, and none twice. */
export function offersOf({ minimum, increment, buyNow }: AuctionDetail): readonly number[] {
  const most = buyNow?.cents ?? Number.POSITIVE_INFINITY
  const offers = [0, 2, 5].map((steps) => Math.min(most, minimum.cents + steps * increment.cents))
  return [...new Set(offers)]
}

export function ownAccounts(
  accounts: readonly AccountSummary[] | undefined,
  self: string | undefined,
): readonly AccountSummary[] {
  return (accounts ?? []).filter(({ owner, closed }) => owner === self && !closed)
}
