import { type AuctionId, auctionId, type Instant, type PeerId, parseAuctionId } from '../core/ids.ts'
import { auctionMillisMax } from '../core/limits.ts'
import type { Cents } from '../core/money.ts'
import { type Account, type Bank, findOpen, hold, type Place, post, release } from './bank.ts'
import type { Lot, Operation } from './operation.ts'
import type { MarketEvent, Rejection } from './outcome.ts'
import type { AuctionView, Bid } from './types.ts'

/** Bids of an auction that are remembered: for people, no rule looks at them. */
export const recentBidsMax = 50

/** One English auction. Only functions of this file change it. */
export interface Auction extends AuctionView {
  firstEnd: Instant
  endsAt: Instant
  paused: AuctionView['paused']
  leader: AuctionView['leader']
  bids: number
  readonly recentBids: Bid[]
  minimum: Cents
  ended: AuctionView['ended']
}

export interface Auctions {
  readonly byId: Map<AuctionId, Auction>
  readonly open: Set<AuctionId>
}

export const createAuctions = (): Auctions => ({ byId: new Map(), open: new Set() })

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

/** The id of an auction is made from the operation that starts it. */
export interface Start {
  readonly incarnation: number
  readonly sequence: number
}

export function startAuction(
  bank: Bank,
  auctions: Auctions,
  place: Place,
  start: Start,
  operation: Of<'start-auction'>,
  events: MarketEvent[],
): Rejection | undefined {
  const payee = findOpen(bank, operation.payee)
  if ('code' in payee) return payee
  if (payee.owner !== place.author) return { code: 'not-owner', account: payee.id }
  const id = auctionId(place.author, start.incarnation, start.sequence)
  // No honest peer gets so far; but an auction that nobody can name would never be closed, and hold its money for ever.
  if (!parseAuctionId(id).ok) return { code: 'malformed', detail: 'its incarnation is too large for the id of an auction' }
  if (auctions.byId.has(id)) return { code: 'malformed', detail: 'another peer whose id ends alike has used this auction id' }
  const { kind: _kind, ...lot } = operation
  const endsAt = later(place.time, lot.durationMillis)
  addAuction(bank, auctions, createAuction(id, auctions.byId.size + 1, lot, place.author, place.time, endsAt))
  events.push({ kind: 'auction-started', auction: id, item: lot.item, endsAt })
  return undefined
}

export function createAuction(
  id: AuctionId,
  number: number,
  lot: Lot,
  seller: PeerId,
  startedAt: Instant,
  firstEnd: Instant,
): Auction {
  const times = { startedAt, firstEnd, endsAt: firstEnd, paused: undefined }
  const bidding = { leader: undefined, bids: 0, recentBids: [], minimum: lot.startingPrice }
  return { id, number, lot, seller, ...times, ...bidding, ended: undefined }
}

/** Puts an auction where bids, closing and its payee find it. */
export function addAuction(bank: Bank, auctions: Auctions, auction: Auction): void {
  auctions.byId.set(auction.id, auction)
  if (auction.ended !== undefined) return
  auctions.open.add(auction.id)
  bank.accounts.get(auction.lot.payee)?.payeeOf.add(auction.id)
}

/** Holds the new leader's money and releases the old one's, in one operation; at buy-now it closes at once. */
export function bid(
  bank: Bank,
  auctions: Auctions,
  place: Place,
  operation: Of<'bid'>,
  events: MarketEvent[],
): Rejection | undefined {
  const account = findOpen(bank, operation.account)
  if ('code' in account) return account
  if (account.owner !== place.author) return { code: 'not-owner', account: account.id }
  const auction = findRunning(auctions, operation.auction, place.time)
  if ('code' in auction) return auction
  const pause = pauseAt(auction, place.time)
  if (pause !== undefined) return { code: 'auction-paused', auction: auction.id, until: pause.until }
  const { lot, leader } = auction
  if (account.id === lot.payee) return { code: 'own-lot' }
  if (operation.amount < auction.minimum) return { code: 'bid-too-low', minimum: auction.minimum }
  const amount = Math.min(operation.amount, lot.buyNow ?? operation.amount) as Cents
  // A leader who raises needs only the difference.
  const already = leader?.account === account.id ? leader.amount : 0
  if (account.available < amount - already) return { code: 'funds-short', available: account.available }
  hold(bank, account, place, amount - already, auction.id)
  events.push({ kind: 'held', account: account.id, auction: auction.id, amount: (amount - already) as Cents })
  if (leader !== undefined && leader.account !== account.id) releaseLeader(bank, auction, place, events)
  auction.leader = { account: account.id, amount, at: place.time }
  auction.bids++
  auction.recentBids.push(auction.leader)
  if (auction.recentBids.length > recentBidsMax) auction.recentBids.shift()
  auction.minimum = minimumAfter(lot, amount)
  extend(auction, place.time)
  events.push({ kind: 'bid-accepted', auction: auction.id, account: account.id, amount, endsAt: auction.endsAt })
  if (leader !== undefined && leader.account !== account.id) {
    events.push({ kind: 'outbid', auction: auction.id, account: leader.account, by: account.id, amount })
  }
  if (amount === lot.buyNow) end(bank, auctions, auction, place, 'sold', '', events)
  return undefined
}

/** By the seller before the first bid; by the host with a reason after it; by nobody from the end on. */
export const cancelAuction = governed<Of<'cancel-auction'>>((auction, { reason }, place, events, bank, auctions) => {
  const { id, bids } = auction
  const isHost = place.author === bank.rules.founder
  if (bids > 0 && !isHost) return { code: 'auction-has-bids', auction: id, bids }
  if (bids > 0 && reason === '') {
    return { code: bank.rules.version < 2 ? 'auction-has-bids' : 'reason-needed', auction: id, bids }
  }
  end(bank, auctions, auction, place, 'cancelled', reason, events)
  return undefined
})

/** The announced end moves, and with it the one that a soft close has moved. An auction may be this long at most, pauses and all. */
export const extendAuction = governed<Of<'extend-auction'>>((auction, { millis }, _place, events) => {
  const latest = later(auction.startedAt, auctionMillisMax)
  if (later(auction.firstEnd, millis) > latest) return { code: 'auction-too-long', auction: auction.id, latest }
  postpone(auction, millis)
  events.push({ kind: 'auction-extended', auction: auction.id, endsAt: auction.endsAt })
  return undefined
})

/** All of the pause is put onto the end at once, so that whoever closes auctions needs to know of no pauses. */
export const pauseAuction = governed<Of<'pause-auction'>>((auction, { millis }, { time }, events) => {
  const before = pauseAt(auction, time)
  if (before !== undefined) return { code: 'auction-paused', auction: auction.id, until: before.until }
  const until = later(time, millis)
  auction.paused = { at: time, until }
  postpone(auction, until - time)
  events.push({ kind: 'auction-paused', auction: auction.id, until, endsAt: auction.endsAt })
  return undefined
})

/** Takes back what is left of the pause. */
export const resumeAuction = governed<Of<'resume-auction'>>((auction, _operation, { time }, events) => {
  const pause = pauseAt(auction, time)
  if (pause === undefined) return { code: 'auction-not-paused', auction: auction.id }
  // Never more than was put on, whatever the time of this block.
  postpone(auction, Math.max(pause.at, time) - pause.until)
  auction.paused = undefined
  events.push({ kind: 'auction-resumed', auction: auction.id, endsAt: auction.endsAt })
  return undefined
})

/** By any peer, at or after the end: pays the seller from the hold, or releases it where the reserve was not met. Exactly once. */
export function closeAuction(
  bank: Bank,
  auctions: Auctions,
  place: Place,
  operation: Of<'close-auction'>,
  events: MarketEvent[],
): Rejection | undefined {
  const auction = auctions.byId.get(operation.auction)
  if (auction === undefined) return { code: 'auction-unknown', auction: operation.auction }
  if (auction.ended !== undefined) return { code: 'auction-closed', auction: auction.id, at: auction.ended.at }
  if (place.time < auction.endsAt) return { code: 'auction-open', auction: auction.id, until: auction.endsAt }
  const { leader, lot } = auction
  const why = leader === undefined ? 'unsold' : leader.amount < (lot.reserve ?? 0) ? 'reserve-not-met' : 'sold'
  end(bank, auctions, auction, place, why, '', events)
  return undefined
}

/** The least bid is the leader's and the increment, but never above buy-now. */
export function minimumAfter(lot: Lot, leading: number): Cents {
  return Math.min(leading + lot.increment, lot.buyNow ?? Number.MAX_SAFE_INTEGER) as Cents
}

/** A rule about an auction that runs, for those who may govern it: its seller, and the host. */
function governed<On extends Operation & { readonly auction: AuctionId }>(
  rule: (
    auction: Auction,
    operation: On,
    place: Place,
    events: MarketEvent[],
    bank: Bank,
    auctions: Auctions,
  ) => Rejection | undefined,
) {
  return (bank: Bank, auctions: Auctions, place: Place, operation: On, events: MarketEvent[]): Rejection | undefined => {
    const known = auctions.byId.get(operation.auction)
    const isOther = known !== undefined && known.seller !== place.author && bank.rules.founder !== place.author
    if (isOther) return { code: 'not-owner', account: known.lot.payee }
    const auction = findRunning(auctions, operation.auction, place.time)
    return 'code' in auction ? auction : rule(auction, operation, place, events, bank, auctions)
  }
}

/** Open, and its end not reached: bids count by block time. */
function findRunning(auctions: Auctions, id: AuctionId, time: Instant): Auction | Rejection {
  const auction = auctions.byId.get(id)
  if (auction === undefined) return { code: 'auction-unknown', auction: id }
  if (auction.ended !== undefined) return { code: 'auction-closed', auction: id, at: auction.ended.at }
  return time >= auction.endsAt ? { code: 'auction-closed', auction: id, at: auction.endsAt } : auction
}

/** The pause in which it stands still at this time. */
export function pauseAt({ paused }: AuctionView, time: Instant): AuctionView['paused'] {
  return paused !== undefined && time < paused.until ? paused : undefined
}

/** Moves both ends; `millis` below 0: back. */
function postpone(auction: Auction, millis: number): void {
  auction.firstEnd = later(auction.firstEnd, millis)
  auction.endsAt = later(auction.endsAt, millis)
}

/** Soft close: a late bid moves the end, at most to the first end + cap. */
function extend(auction: Auction, time: Instant): void {
  const { softClose } = auction.lot
  if (softClose === undefined || auction.endsAt - time > softClose.window) return
  const latest = later(auction.firstEnd, softClose.cap)
  auction.endsAt = Math.max(auction.endsAt, Math.min(later(time, softClose.extension), latest)) as Instant
}

/** Block time is its author's word: even an absurd one must not leave the integers that the codec can write. */
function later(time: Instant, millis: number): Instant {
  return Math.min(time + millis, Number.MAX_SAFE_INTEGER) as Instant
}

function end(
  bank: Bank,
  auctions: Auctions,
  auction: Auction,
  place: Place,
  why: 'sold' | 'unsold' | 'reserve-not-met' | 'cancelled',
  reason: string,
  events: MarketEvent[],
): void {
  const { leader } = auction
  const payee = bank.accounts.get(auction.lot.payee)
  if (leader !== undefined && why === 'sold') {
    post(bank, bank.accounts.get(leader.account) as Account, payee as Account, place, leader.amount, auction.id)
    events.push({ kind: 'moved', from: leader.account, to: auction.lot.payee, amount: leader.amount, memo: auction.lot.item })
  } else if (leader !== undefined) {
    releaseLeader(bank, auction, place, events)
  }
  const sold = why === 'sold' ? leader : undefined
  auction.ended = { why, at: place.time, reason }
  auction.paused = undefined
  auctions.open.delete(auction.id)
  payee?.payeeOf.delete(auction.id)
  events.push({ kind: 'auction-ended', auction: auction.id, why, winner: sold?.account, price: sold?.amount, reason })
}

function releaseLeader(bank: Bank, auction: Auction, place: Place, events: MarketEvent[]): void {
  const { leader } = auction
  if (leader === undefined) return
  release(bank, bank.accounts.get(leader.account) as Account, place, leader.amount, auction.id)
  events.push({ kind: 'released', account: leader.account, auction: auction.id, amount: leader.amount })
}
