import type { AuctionId } from '../../core/ids.ts'
import type { Lot } from '../../market/operation.ts'
import type { AuctionView } from '../../market/types.ts'
import { pageOf, refuseCursor } from '../page.ts'
import { refuseField, refuseRejected, refuseUnknownBidder } from '../refuse.ts'
import { toAuction, toAuctionDetail, toBidder } from '../to-view.ts'
import { bidderCursor } from '../whole-lists.ts'
import { api } from './api.ts'
import type { Desk, SettleInput } from './desk.ts'

/** Auctions, and the automatic bidders of this peer. */
export const createAuctionRoutes = (desk: Desk) => ({
  auctions: {
    start: api.auctions.start.handler(({ input }) => startAuction(desk, input, toLot(input, desk.amount))),
    list: api.auctions.list.handler(({ input, context }) => {
      const now = desk.time()
      return pageOf(desk.peer.auctions(), input, context, ({ id }) => id).map((auction) =>
        toAuction(auction, desk.currency(), now),
      )
    }),
    show: api.auctions.show.handler(({ input }) => toAuctionDetail(desk.auction(input.auction), desk.currency(), desk.time())),
    bid: api.auctions.bid.handler(({ input }) => {
      const { account } = input
      const auction = desk.auctionId(input.auction)
      return desk.settleOnLot(input, { kind: 'bid', auction, account, amount: desk.amount(input.amount) })
    }),
    cancel: api.auctions.cancel.handler(({ input }) =>
      desk.settleOnLot(input, { kind: 'cancel-auction', auction: desk.auctionId(input.auction), reason: input.reason }),
    ),
    extend: api.auctions.extend.handler(({ input }) =>
      desk.settleOnLot(input, { kind: 'extend-auction', auction: desk.auctionId(input.auction), millis: input.millis }),
    ),
    pause: api.auctions.pause.handler(({ input }) =>
      desk.settleOnLot(input, { kind: 'pause-auction', auction: desk.auctionId(input.auction), millis: input.millis }),
    ),
    resume: api.auctions.resume.handler(({ input }) =>
      desk.settleOnLot(input, { kind: 'resume-auction', auction: desk.auctionId(input.auction) }),
    ),
  },

  bidders: {
    start: api.bidders.start.handler(({ input }) => {
      const { account, paceMillis } = input
      const bidder = { auction: desk.auctionId(input.auction), account, paceMillis, ...toStrategy(input, desk.amount) }
      const rejection = desk.peer.startBidder(bidder)
      if (rejection !== undefined) throw refuseRejected(rejection, desk.currency(), 'bid')
      return toBidder(bidder, desk.auction({ id: bidder.auction }), desk.currency())
    }),
    list: api.bidders.list.handler(({ input, context }) => {
      const known = desk.peer.bidders().flatMap((bidder) => {
        const auction = desk.peer.auction(bidder.auction)
        return auction === undefined ? [] : [{ bidder, auction, account: bidder.account, number: auction.number }]
      })
      const behind = input.cursor === undefined ? undefined : placeOf(input.cursor, (id) => desk.peer.auction(id))
      const page = pageOf(
        known.sort(byPlace),
        input,
        context,
        ({ bidder }) => bidderCursor(bidder),
        (one) => behind !== undefined && byPlace(one, behind) > 0,
      )
      return page.map(({ bidder, auction }) => toBidder(bidder, auction, desk.currency()))
    }),
    stop: api.bidders.stop.handler(({ input }) => {
      const { id } = desk.auction(input.auction)
      if (!desk.peer.stopBidder(id, input.account)) throw refuseUnknownBidder(id, input.account)
      return { auction: id, account: input.account }
    }),
  },
})

/** Of a lot that is offered now. */
export async function startAuction(desk: Desk, input: SettleInput, lot: Lot) {
  const settled = await desk.settle(input, { kind: 'start-auction', ...lot })
  const started = settled.events.find((event) => event.kind === 'auction-started')
  if (started === undefined) throw new Error('an auction was started without saying so')
  const number = desk.lotNumber(started.auction as AuctionId)
  return { ...settled, auction: started.auction, number, endsAt: started.endsAt }
}

/** Where a bidder stands in the list: by lots, and by accounts within one. It is known also of one that has ended meanwhile. */
interface Place {
  readonly number: number
  readonly account: string
}

const byPlace = (a: Place, b: Place): number =>
  a.number - b.number || (a.account < b.account ? -1 : a.account > b.account ? 1 : 0)

function placeOf(cursor: string, auctionOf: (id: AuctionId) => AuctionView | undefined): Place {
  const [id = '', account] = cursor.split('/')
  const auction = auctionOf(id as AuctionId)
  if (auction === undefined || account === undefined) throw refuseCursor()
  return { number: auction.number, account }
}

interface StrategyInput {
  readonly raise?: { readonly least: string; readonly most: string } | undefined
  readonly maximum: string
}

function toStrategy({ raise, maximum }: StrategyInput, amountOf: Desk['amount']) {
  const range = { least: 0, most: 0 }
  if (raise !== undefined) {
    range.least = amountOf(raise.least, 'raise.least')
    range.most = amountOf(raise.most, 'raise.most')
  }
  if (range.least > range.most) {
    throw refuseField('raise', { code: 'range-reversed', message: 'A range goes from the lesser amount to the greater.' })
  }
  return { raise: range, maximum: amountOf(maximum, 'maximum') }
}

type LotInput = Omit<Lot, 'picture' | 'softClose' | 'startingPrice' | 'increment' | 'reserve' | 'buyNow'> & {
  readonly startingPrice: string
  readonly increment: string
  readonly picture?: Uint8Array | undefined
  readonly reserve?: string | undefined
  readonly buyNow?: string | undefined
  readonly softClose?: { readonly windowMillis: number; readonly extensionMillis: number; readonly capMillis: number } | undefined
}

/** A lot as the market has it; throws what is wrong with its amounts. */
export function toLot(input: LotInput, amountOf: Desk['amount']): Lot {
  const { item, description, payee, durationMillis, softClose } = input
  const startingPrice = amountOf(input.startingPrice, 'startingPrice')
  const increment = amountOf(input.increment, 'increment')
  const reserve = input.reserve === undefined ? undefined : amountOf(input.reserve, 'reserve')
  const buyNow = input.buyNow === undefined ? undefined : amountOf(input.buyNow, 'buyNow')
  if (reserve !== undefined && reserve < startingPrice) {
    throw refuseField('reserve', { code: 'reserve-too-low', message: 'The reserve is at least the starting price.' })
  }
  if (buyNow !== undefined && buyNow < (reserve ?? startingPrice)) {
    const message = 'The buy-now price is at least the starting price and the reserve.'
    throw refuseField('buyNow', { code: 'buy-now-too-low', message })
  }
  return {
    item,
    description,
    picture: input.picture ?? new Uint8Array(),
    payee,
    startingPrice,
    increment,
    reserve,
    buyNow,
    durationMillis,
    softClose: softClose && {
      window: softClose.windowMillis,
      extension: softClose.extensionMillis,
      cap: softClose.capMillis,
    },
  }
}
