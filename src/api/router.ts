import { implement } from '@orpc/server'
import type { AuctionId } from '../core/ids.ts'
import type { Lot, Operation } from '../market/operation.ts'
import type { Peer, Receipt } from '../peer/peer.ts'
import { contract } from './contract.ts'
import { tellEvents } from './events.ts'
import { refuseFailed, refuseInput, refuseRejected, refuseUnknownAccount, refuseUnknownAuction, refuseVoided } from './refuse.ts'
import { toAccount, toAccountDetail, toAuction, toAuctionDetail, toBlock, toOperation, toStatus } from './to-view.ts'
import type { ExportedBlock, Settled } from './views.ts'

/** One answer of `log.read` is about this long at most. */
const readBytesMax = 1024 * 1024

/** The contract, answered by one peer. Handlers get parsed, branded values; what is refused comes back by its code. */
export function createRouter(peer: Peer) {
  const submit = (input: SubmitInput, operation: Operation): Promise<Settled> => settle(peer, input, operation)
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

    accounts: {
      open: api.accounts.open.handler(({ input }) =>
        submit(input, { kind: 'open-account', account: input.account, holder: input.holder }),
      ),
      list: api.accounts.list.handler(() => peer.accounts().map(toAccount)),
      show: api.accounts.show.handler(({ input }) => {
        const account = peer.account(input.account)
        if (account === undefined) throw refuseUnknownAccount(input.account)
        return toAccountDetail(account)
      }),
      close: api.accounts.close.handler(({ input }) => submit(input, { kind: 'close-account', account: input.account })),
    },

    deposit: api.deposit.handler(({ input }) => submit(input, { kind: 'deposit', account: input.account, amount: input.amount })),
    withdraw: api.withdraw.handler(({ input }) =>
      submit(input, { kind: 'withdraw', account: input.account, amount: input.amount }),
    ),
    transfer: api.transfer.handler(({ input }) =>
      submit(input, { kind: 'transfer', from: input.from, to: input.to, amount: input.amount, memo: input.memo }),
    ),

    pending: {
      list: api.pending.list.handler(() =>
        peer.pending().map(({ id, written, operation }) => ({ operation: id, written, what: toOperation(operation) })),
      ),
      void: api.pending.void.handler(({ input }) => {
        peer.voidPending(input.operation)
        return { operation: input.operation }
      }),
    },

    auctions: {
      start: api.auctions.start.handler(async ({ input }) => {
        const settled = await submit(input, { kind: 'start-auction', ...toLot(input) })
        const started = settled.events.find((event) => event.kind === 'auction-started')
        if (started === undefined) throw new Error('an auction was started without saying so')
        return { ...settled, auction: started.auction, endsAt: started.endsAt }
      }),
      list: api.auctions.list.handler(() => peer.auctions().map(toAuction)),
      show: api.auctions.show.handler(({ input }) => toAuctionDetail(auctionOf(peer, input.auction))),
      bid: api.auctions.bid.handler(({ input }) =>
        submit(input, { kind: 'bid', auction: input.auction, account: input.account, amount: input.amount }),
      ),
      cancel: api.auctions.cancel.handler(({ input }) =>
        submit(input, { kind: 'cancel-auction', auction: input.auction, reason: input.reason }),
      ),
    },

    bidders: {
      start: api.bidders.start.handler(({ input }) => {
        auctionOf(peer, input.auction)
        if (peer.account(input.account) === undefined) throw refuseUnknownAccount(input.account)
        peer.startBidder(input)
        return { auction: input.auction, account: input.account }
      }),
    },

    log: {
      tail: api.log.tail.handler(async ({ input }) => {
        const from = Math.max(0, peer.status().commit.index + 1 - input.count)
        return (await peer.log(from, input.count)).map((block) => toBlock(block))
      }),
      read: api.log.read.handler(async ({ input }) => {
        const blocks = await peer.log(input.from, input.count)
        return withinAnswer(blocks.map((block) => toBlock(block)))
      }),
      proofs: api.log.proofs.handler(() => peer.proofs().map((proof) => ({ ...proof, blocks: [...proof.blocks] }))),
    },

    events: api.events.handler(({ input, signal }) => tellEvents(peer, input.after, signal)),
  })
}

type SubmitInput = { readonly requestId?: string | undefined; readonly deadlineMillis: number }

async function settle(peer: Peer, input: SubmitInput, operation: Operation): Promise<Settled> {
  const request = input.requestId as Parameters<Peer['submit']>[0]['request']
  const receipt: Receipt = await peer.submit({ request, operation }, input.deadlineMillis)
  const { outcome } = receipt
  if ('voided' in outcome) throw refuseVoided()
  if (!outcome.accepted) throw refuseRejected(outcome.rejection, receipt)
  return { operation: receipt.id, block: receipt.block, events: [...outcome.events] }
}

function auctionOf(peer: Peer, id: AuctionId) {
  const auction = peer.auction(id)
  if (auction === undefined) throw refuseUnknownAuction(id)
  return auction
}

type LotInput = Omit<Lot, 'picture' | 'softClose' | 'reserve' | 'buyNow'> & {
  readonly picture?: Uint8Array | undefined
  readonly reserve?: Lot['reserve'] | undefined
  readonly buyNow?: Lot['buyNow'] | undefined
  readonly softClose?: { readonly windowMillis: number; readonly extensionMillis: number; readonly capMillis: number } | undefined
}

function toLot(input: LotInput): Lot {
  const { item, description, payee, startingPrice, increment, reserve, buyNow, durationMillis, softClose } = input
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
