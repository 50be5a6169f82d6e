import { type Currency, currencyOf } from '../core/currency.ts'
import type { AuctionId, Instant } from '../core/ids.ts'
import { formatMoney } from '../core/money.ts'
import { pauseAt } from '../market/auctions.ts'
import { decodeSubmission } from '../market/codec.ts'
import type { Operation } from '../market/operation.ts'
import type { MarketEvent, Rejection } from '../market/outcome.ts'
import type { AccountView, AuctionView, Bid } from '../market/types.ts'
import type { Bidder, Peer, PeerEvent, PeerStatus, RingInfo } from '../peer/peer.ts'
import { bounds, first, newest } from './bounds.ts'
import { toMoney, withMoney } from './money.ts'
import { type RejectionView, rejectionText } from './texts.ts'
import type {
  AccountDetail,
  AccountSummary,
  AuctionDetail,
  AuctionSummary,
  BidderSummary,
  EventView,
  ExportedBlock,
  MarketEventView,
  RingView,
  StatusView,
} from './views.ts'

/** From what the peer holds to what the contract promises. */

type Block = Awaited<ReturnType<Peer['log']>>[number]

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** `gateway`: where thin clients are served. */
export function toStatus(status: PeerStatus, gateway?: string): StatusView {
  const { room, members, reachable, addresses, otherRooms, notices } = status
  return {
    ...status,
    room: { id: room.id, name: room.name, founded: room.founded, hasCode: room.hasCode, ...rulesView(room.rules) },
    otherRooms: first(otherRooms, bounds.otherRooms),
    notices: newest(notices, bounds.notices),
    members: first(members, bounds.members),
    reachable: first(reachable, bounds.members),
    addresses: first(addresses, bounds.addresses),
    ...(gateway !== undefined && { gateway }),
  }
}

export function toRing(ring: RingInfo): RingView {
  const { members, requests, suspected, turns } = ring
  return {
    ...ring,
    members: first(members, bounds.members),
    requests: first(requests, bounds.members),
    suspected: first(suspected, bounds.members),
    turns: newest(turns, bounds.turns),
  }
}

const rulesView = ({ currency, deposits, founder }: PeerStatus['room']['rules']) => ({
  currency,
  decimals: currencyOf(currency).decimals,
  deposits,
  founder,
})

export function toAccount(account: AccountView, currency: Currency): AccountSummary {
  const { id, holder, owner, closed } = account
  const [available, held] = [toMoney(account.available, currency), toMoney(account.held, currency)]
  return { account: id, holder, owner, available, held, closed }
}

/** Of an entry that posts a hold nothing that is available changes: what was paid is what the auction was won for. */
export function toAccountDetail(
  account: AccountView,
  currency: Currency,
  auctionOf: (id: AuctionId) => AuctionView | undefined,
): AccountDetail {
  // The market cuts it only now and then.
  const history = newest(account.history, bounds.history).map((entry) => {
    const auction = entry.auction && auctionOf(entry.auction)
    const amount = entry.kind === 'paid' ? (auction?.leader?.amount ?? 0) : Math.abs(entry.change)
    return { ...withMoney({ ...entry, amount }, ['amount', 'change', 'available', 'held'], currency), lot: auction?.number }
  })
  return { ...toAccount(account, currency), history }
}

/** `time`: the room's, which tells whether it is paused. */
export function toAuction(auction: AuctionView, currency: Currency, time: Instant): AuctionSummary {
  const { id, number, lot, seller, startedAt, endsAt, leader, bids, ended } = auction
  const pause = pauseAt(auction, time)
  return {
    auction: id,
    number,
    item: lot.item,
    payee: lot.payee,
    seller,
    startedAt,
    endsAt,
    paused: pause && { ...pause, leftMillis: endsAt - pause.until },
    leader: leader && toBid(leader, currency),
    bids,
    minimum: toMoney(auction.minimum, currency),
    ended,
  }
}

export function toAuctionDetail(auction: AuctionView, currency: Currency, time: Instant): AuctionDetail {
  const { lot, firstEnd, recentBids } = auction
  const soft = lot.softClose
  return {
    ...toAuction(auction, currency, time),
    description: lot.description,
    startingPrice: toMoney(lot.startingPrice, currency),
    increment: toMoney(lot.increment, currency),
    reserve: lot.reserve === undefined ? undefined : toMoney(lot.reserve, currency),
    buyNow: lot.buyNow === undefined ? undefined : toMoney(lot.buyNow, currency),
    durationMillis: lot.durationMillis,
    firstEnd,
    softClose: soft && { windowMillis: soft.window, extensionMillis: soft.extension, capMillis: soft.cap },
    picture: base64url(lot.picture),
    recentBids: newest(recentBids, bounds.recentBids).map((bid) => toBid(bid, currency)),
  }
}

const toBid = (bid: Bid, currency: Currency) => withMoney(bid, ['amount'], currency)

/** `auction`: the one that it bids in. */
export function toBidder(bidder: Bidder, { number, lot, leader }: AuctionView, currency: Currency): BidderSummary {
  const { auction, account, paceMillis } = bidder
  const { least, most } = bidder.raise
  return {
    auction,
    number,
    item: lot.item,
    account,
    maximum: toMoney(bidder.maximum, currency),
    raise: most === 0 ? undefined : { least: toMoney(least, currency), most: toMoney(most, currency) },
    paceMillis,
    leads: leader?.account === account,
  }
}

export const toMarketEvent = (event: MarketEvent, currency: Currency): MarketEventView =>
  withMoney(event, ['amount', 'price'], currency)

export function toEvent(event: PeerEvent, currency: Currency): EventView {
  if (event.kind === 'market') return { ...event, event: toMarketEvent(event.event, currency) }
  if (event.kind === 'members') return { ...event, members: [...event.members] }
  if (event.kind !== 'rejected' && event.kind !== 'announced') return event
  const { asked, ...rest } = event
  const what = asked?.kind ?? 'malformed'
  if (rest.kind === 'announced') return { ...rest, what }
  const { rejection, ...place } = rest
  return { ...place, what, code: rejection.code, text: rejectionText(toRejection(rejection, currency), asked?.kind) }
}

export const toRejection = (rejection: Rejection, currency: Currency): RejectionView =>
  withMoney(rejection, ['minimum', 'available', 'held'], currency) as RejectionView

/** An operation as JSON; of a picture only its size. Amounts as they were signed, or with the currency, where it is told. */
export function toOperation(operation: Operation, currency?: Currency): Record<string, unknown> {
  const told = currency === undefined ? operation : withMoney(operation, ['amount', ...prices], currency)
  if (operation.kind !== 'start-auction') return { ...told }
  const { picture: _, ...rest } = told as Extract<Operation, { kind: 'start-auction' }>
  return { ...rest, pictureBytes: operation.picture.length }
}

const prices = ['startingPrice', 'increment', 'reserve', 'buyNow']

/** An operation as the log has it, its amounts as text in place of minor units: `12.50 EUR`. */
export function withMoneyText(operation: Readonly<Record<string, unknown>>, currency: Currency): Record<string, unknown> {
  const told = { ...operation }
  for (const field of ['amount', ...prices]) {
    const cents = told[field]
    if (typeof cents === 'number') told[field] = formatMoney(cents, currency)
  }
  return told
}

export function toBlock(block: Block): ExportedBlock {
  const { index, turn, author, lamport, time, prevHash, hash, checkpoint, body } = block
  const epoch = `${block.epoch.number}.${block.epoch.initiator.slice(-6)}`
  const bytes = base64url(block.bytes)
  return {
    index,
    epoch,
    turn,
    author,
    lamport,
    time,
    prevHash,
    hash,
    checkpoint,
    kind: body.kind,
    content: toContent(block),
    bytes,
  }
}

function toContent({ body, author }: Block): ExportedBlock['content'] {
  switch (body.kind) {
    case 'genesis':
      return { ...body.genesis, salt: base64url(body.genesis.salt) }
    case 'state':
      return { bytes: body.part.length, left: body.left }
    case 'view':
      return { members: body.members, ...(body.lost.length > 0 && { lost: body.lost.map(({ peer }) => peer) }) }
    case 'ops':
      return body.ops.map((bytes, offset) => {
        const decoded = decodeSubmission(bytes)
        const operation = `${author}/${body.incarnation}/${body.firstSequence + offset}`
        if ('malformed' in decoded) return { operation, kind: 'malformed' }
        const { request } = decoded.value
        return { operation, ...(request !== undefined && { requestId: request }), ...toOperation(decoded.value.operation) }
      })
  }
}
