import { implement } from '@orpc/server'
import { currencyOf } from '../core/currency.ts'
import type { AuctionId, Instant } from '../core/ids.ts'
import { type Cents, parseAmount } from '../core/money.ts'
import type { Lot, Operation } from '../market/operation.ts'
import type { AuctionView } from '../market/types.ts'
import type { Peer, Receipt } from '../peer/peer.ts'
import { type AuctionRef, findAuction, refText } from './auction-ref.ts'
import { contract } from './contract.ts'
import { createEventDoor } from './events.ts'
import { toJudgedBlock } from './judged-block.ts'
import {
  refuseFailed,
  refuseField,
  refuseInput,
  refuseRejected,
  refuseUnknownAccount,
  refuseUnknownAuction,
  refuseUnknownBidder,
  refuseVoided,
} from './refuse.ts'
import {
  toAccount,
  toAccountDetail,
  toAuction,
  toAuctionDetail,
  toBidder,
  toBlock,
  toMarketEvent,
  toOperation,
  toStatus,
} from './to-view.ts'
import type { ExportedBlock, Settled } from './views.ts'

/** How long leaving in good order may take, in milliseconds. */
const leaveMillis = 5_000
/** One answer of `log.read` is about this long at most. */
const readBytesMax = 1024 * 1024

/** The contract, answered by one peer. Handlers get parsed, branded values; what is refused comes back by its code. */
export function createRouter(peer: Peer, streamsMax: number) {
  const tellEvents = createEventDoor(peer, streamsMax)
  const submit = (input: SubmitInput, operation: Operation): Promise<Settled> => settle(peer, input, operation)
  const currency = () => currencyOf(peer.rules().currency)
  const time = (): Instant => peer.status().time
  const amountOf = (text: string, field = 'amount'): Cents => readAmount(peer, text, field)
  const submitOnLot = async <On extends Operation & { readonly auction: AuctionId }>(input: SubmitInput, operation: On) => {
    const settled = await submit(input, operation)
    return { ...settled, auction: operation.auction, number: numberOf(peer, operation.auction) }
  }
  const idOf = (ref: AuctionRef): AuctionId => idOfRef(peer, ref)
  const api = implement(contract).use(async ({ next }) => {
    try {
      return await next()
    } catch (error) {
      throw refuseInput(refuseFailed(error))
    }
  })

  return api.router({
    status: api.status.handler(() => toStatus(peer.status())),
    peers: api.peers.handler(() => [...peer.peers()]),
    refound: api.refound.handler(async ({ input }) => ({ room: await peer.refound(input) })),

    room: {
      link: api.room.link.handler(() => ({ link: peer.link() })),
      join: api.room.join.handler(({ input }) => peer.join(input.to, input)),
      leave: api.room.leave.handler(() => {
        const { id } = peer.status().room
        // The API goes with the peer: whoever asked is answered first.
        void peer.stop(leaveMillis)
        return { room: id }
      }),
    },

    accounts: {
      open: api.accounts.open.handler(({ input }) =>
        submit(input, { kind: 'open-account', account: input.account, holder: input.holder }),
      ),
      list: api.accounts.list.handler(() => peer.accounts().map((account) => toAccount(account, currency()))),
      show: api.accounts.show.handler(({ input }) => {
        const account = peer.account(input.account)
        if (account === undefined) throw refuseUnknownAccount(input.account)
        return toAccountDetail(account, currency(), (id) => peer.auction(id))
      }),
      close: api.accounts.close.handler(({ input }) => submit(input, { kind: 'close-account', account: input.account })),
    },

    deposit: api.deposit.handler(({ input }) =>
      submit(input, { kind: 'deposit', account: input.account, amount: amountOf(input.amount) }),
    ),
    withdraw: api.withdraw.handler(({ input }) =>
      submit(input, { kind: 'withdraw', account: input.account, amount: amountOf(input.amount) }),
    ),
    transfer: api.transfer.handler(({ input }) =>
      submit(input, { kind: 'transfer', from: input.from, to: input.to, amount: amountOf(input.amount), memo: input.memo }),
    ),

    pending: {
      list: api.pending.list.handler(() =>
        peer
          .pending()
          .map(({ id, written, operation }) => ({ operation: id, written, what: toOperation(operation, currency()) })),
      ),
      void: api.pending.void.handler(({ input }) => {
        peer.voidPending(input.operation)
        return { operation: input.operation }
      }),
    },

    auctions: {
      start: api.auctions.start.handler(async ({ input }) => {
        const settled = await submit(input, { kind: 'start-auction', ...toLot(input, amountOf) })
        const started = settled.events.find((event) => event.kind === 'auction-started')
        if (started === undefined) throw new Error('an auction was started without saying so')
        const number = numberOf(peer, started.auction as AuctionId)
        return { ...settled, auction: started.auction, number, endsAt: started.endsAt }
      }),
      list: api.auctions.list.handler(() => {
        const now = time()
        return peer.auctions().map((auction) => toAuction(auction, currency(), now))
      }),
      show: api.auctions.show.handler(({ input }) => toAuctionDetail(auctionOf(peer, input.auction), currency(), time())),
      bid: api.auctions.bid.handler(({ input }) =>
        submitOnLot(input, { kind: 'bid', auction: idOf(input.auction), account: input.account, amount: amountOf(input.amount) }),
      ),
      cancel: api.auctions.cancel.handler(({ input }) =>
        submitOnLot(input, { kind: 'cancel-auction', auction: idOf(input.auction), reason: input.reason }),
      ),
      extend: api.auctions.extend.handler(({ input }) =>
        submitOnLot(input, { kind: 'extend-auction', auction: idOf(input.auction), millis: input.millis }),
      ),
      pause: api.auctions.pause.handler(({ input }) =>
        submitOnLot(input, { kind: 'pause-auction', auction: idOf(input.auction), millis: input.millis }),
      ),
      resume: api.auctions.resume.handler(({ input }) =>
        submitOnLot(input, { kind: 'resume-auction', auction: idOf(input.auction) }),
      ),
    },

    bidders: {
      start: api.bidders.start.handler(({ input }) => {
        const { account, paceMillis } = input
        const bidder = { auction: idOf(input.auction), account, paceMillis, ...toStrategy(input, amountOf) }
        const rejection = peer.startBidder(bidder)
        if (rejection !== undefined) throw refuseRejected(rejection, currency(), 'bid')
        return toBidder(bidder, auctionOf(peer, { id: bidder.auction }), currency())
      }),
      list: api.bidders.list.handler(() =>
        peer.bidders().flatMap((bidder) => {
          const auction = peer.auction(bidder.auction)
          return auction === undefined ? [] : [toBidder(bidder, auction, currency())]
        }),
      ),
      stop: api.bidders.stop.handler(({ input }) => {
        const { id } = auctionOf(peer, input.auction)
        if (!peer.stopBidder(id, input.account)) throw refuseUnknownBidder(id, input.account)
        return { auction: id, account: input.account }
      }),
    },

    log: {
      tail: api.log.tail.handler(async ({ input }) => {
        const from = Math.max(0, peer.status().commit.index + 1 - input.count)
        return (await peer.log(from, input.count)).map((block) => toJudgedBlock(block, peer.verdicts(block), currency()))
      }),
      read: api.log.read.handler(async ({ input }) => {
        const blocks = await peer.log(input.from, input.count)
        return withinAnswer(blocks.map((block) => toBlock(block)))
      }),
      proofs: api.log.proofs.handler(() => peer.proofs().map((proof) => ({ ...proof, blocks: [...proof.blocks] }))),
    },

    events: api.events.handler(({ input, signal }) => tellEvents(input.after, signal)),
  })
}

type SubmitInput = { readonly requestId?: string | undefined; readonly deadlineMillis: number }

async function settle(peer: Peer, input: SubmitInput, operation: Operation): Promise<Settled> {
  const request = input.requestId as Parameters<Peer['submit']>[0]['request']
  const receipt: Receipt = await peer.submit({ request, operation }, input.deadlineMillis)
  const { outcome } = receipt
  if ('voided' in outcome) throw refuseVoided()
  const currency = currencyOf(peer.rules().currency)
  if (!outcome.accepted) throw refuseRejected(outcome.rejection, currency, operation.kind, receipt)
  const events = outcome.events.map((event) => toMarketEvent(event, currency))
  return { operation: receipt.id, block: receipt.block, events }
}

/** In the currency of the room that the peer is in now. */
function readAmount(peer: Peer, text: string, field: string): Cents {
  const amount = parseAmount(text, currencyOf(peer.rules().currency))
  if (!amount.ok) throw refuseField(field, amount.error)
  return amount.value
}

function auctionOf(peer: Peer, ref: AuctionRef, by: 'operation' | 'question' = 'question'): AuctionView {
  const auction = ref !== 'last' && 'id' in ref ? peer.auction(ref.id) : findAuction(ref, peer.auctions())
  if (auction === undefined) throw refuseUnknownAuction(refText(ref), by)
  return auction
}

/** Of an auction that an operation was about: it is there, unless the peer has moved to another room since. */
const numberOf = (peer: Peer, id: AuctionId): number => peer.auction(id)?.number ?? 0

/** An id goes into the log also where this peer does not know it: others may. */
const idOfRef = (peer: Peer, ref: AuctionRef): AuctionId =>
  ref !== 'last' && 'id' in ref ? ref.id : auctionOf(peer, ref, 'operation').id

type ReadAmount = (text: string, field: string) => Cents

interface StrategyInput {
  readonly raise?: { readonly least: string; readonly most: string } | undefined
  readonly maximum: string
}

function toStrategy({ raise, maximum }: StrategyInput, amountOf: ReadAmount) {
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

function toLot(input: LotInput, amountOf: ReadAmount): Lot {
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

function withinAnswer(blocks: readonly ExportedBlock[]): ExportedBlock[] {
  const answer: ExportedBlock[] = []
  let bytes = 0
  for (const block of blocks) {
    bytes += block.bytes.length
    if (answer.length > 0 && bytes > readBytesMax) break
    answer.push(block)
  }
  return answer
}
