import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { inputInvalid, notPending, operationErrors, refoundErrors, unknownAccount, unknownAuction } from './errors.ts'
import {
  accountText,
  amountText,
  auctionText,
  descriptionText,
  memoText,
  nameText,
  operationInput,
  operationText,
  pictureText,
  reasonText,
  spanMillis,
} from './schemas.ts'
import {
  accountDetail,
  accountView,
  auctionDetail,
  auctionView,
  blockView,
  eventView,
  exportedBlock,
  peerView,
  pendingView,
  proofView,
  settled,
  statusView,
} from './views.ts'

/**
 * Everything that a door of the peer can be asked, with all that it can answer. One contract, several doors
 * (ARCHITECTURE): WebSocket and message port speak it as it is, HTTP through the routes named here.
 */

const question = oc.errors(inputInvalid)
const operation = oc.errors(operationErrors)

/** An amount and the account that it goes to or comes from. */
const onAccount = operationInput.extend({ account: accountText })

export const lotInput = z
  .object({
    item: nameText,
    description: descriptionText.default(''),
    picture: pictureText.optional(),
    /** The seller's account that is paid. */
    payee: accountText,
    startingPrice: amountText,
    increment: amountText,
    reserve: amountText.optional(),
    buyNow: amountText.optional(),
    durationMillis: spanMillis.default(30_000),
    softClose: z.object({ windowMillis: spanMillis, extensionMillis: spanMillis, capMillis: spanMillis }).optional(),
  })
  .refine((lot) => lot.reserve === undefined || lot.reserve >= lot.startingPrice, {
    path: ['reserve'],
    message: 'The reserve is at least the starting price.',
  })
  .refine((lot) => lot.buyNow === undefined || lot.buyNow >= (lot.reserve ?? lot.startingPrice), {
    path: ['buyNow'],
    message: 'The buy-now price is at least the reserve and the starting price.',
  })

export const bidderInput = z
  .object({
    auction: auctionText,
    account: accountText,
    /** Over the least bid, drawn evenly from this range. */
    raise: z.object({ least: amountText, most: amountText }),
    paceMillis: z.int().min(50, 'The pace is at least 50 ms.').max(3_600_000, 'The pace is at most an hour.'),
    /** Never bids more than this. */
    maximum: amountText,
  })
  .refine((bidder) => bidder.raise.least <= bidder.raise.most, {
    path: ['raise'],
    message: 'A range goes from the lesser amount to the greater.',
  })

export const contract = {
  status: question.route({ method: 'GET', path: '/status' }).output(statusView),
  peers: question.route({ method: 'GET', path: '/peers' }).output(z.array(peerView)),
  /** Makes a new room, with a new id, out of this peer's committed state (PROTOCOL, section 5). `force`: although there is a quorum. */
  refound: oc
    .errors(refoundErrors)
    .route({ method: 'POST', path: '/refound' })
    .input(z.object({ force: z.boolean().default(false) }).default({ force: false }))
    .output(z.object({ room: z.string() })),

  accounts: {
    open: operation
      .route({ method: 'POST', path: '/accounts' })
      .input(onAccount.extend({ holder: nameText }))
      .output(settled),
    list: question.route({ method: 'GET', path: '/accounts' }).output(z.array(accountView)),
    show: question
      .errors(unknownAccount)
      .route({ method: 'GET', path: '/accounts/{account}' })
      .input(z.object({ account: accountText }))
      .output(accountDetail),
    close: operation.route({ method: 'POST', path: '/accounts/{account}/close' }).input(onAccount).output(settled),
  },

  deposit: operation
    .route({ method: 'POST', path: '/accounts/{account}/deposit' })
    .input(onAccount.extend({ amount: amountText }))
    .output(settled),
  withdraw: operation
    .route({ method: 'POST', path: '/accounts/{account}/withdraw' })
    .input(onAccount.extend({ amount: amountText }))
    .output(settled),
  transfer: operation
    .route({ method: 'POST', path: '/transfers' })
    .input(operationInput.extend({ from: accountText, to: accountText, amount: amountText, memo: memoText.default('') }))
    .output(settled),

  pending: {
    list: question.route({ method: 'GET', path: '/pending' }).output(z.array(pendingView)),
    void: question
      .errors(notPending)
      .route({ method: 'POST', path: '/pending/void' })
      .input(z.object({ operation: operationText }))
      .output(z.object({ operation: z.string() })),
  },

  auctions: {
    start: operation
      .route({ method: 'POST', path: '/auctions' })
      .input(z.intersection(lotInput, operationInput))
      .output(settled.extend({ auction: z.string(), endsAt: z.int() })),
    list: question.route({ method: 'GET', path: '/auctions' }).output(z.array(auctionView)),
    show: question
      .errors(unknownAuction)
      .route({ method: 'GET', path: '/auctions/{auction}' })
      .input(z.object({ auction: auctionText }))
      .output(auctionDetail),
    bid: operation
      .route({ method: 'POST', path: '/auctions/{auction}/bids' })
      .input(onAccount.extend({ auction: auctionText, amount: amountText }))
      .output(settled),
    cancel: operation
      .route({ method: 'POST', path: '/auctions/{auction}/cancel' })
      .input(operationInput.extend({ auction: auctionText, reason: reasonText.default('') }))
      .output(settled),
  },

  bidders: {
    /** An automatic bidder, run by this peer until the auction ends. */
    start: question
      .errors({ ...unknownAuction, ...unknownAccount })
      .route({ method: 'POST', path: '/auctions/{auction}/bidders' })
      .input(bidderInput)
      .output(z.object({ auction: z.string(), account: z.string() })),
  },

  log: {
    /** The newest committed blocks, oldest first. */
    tail: question
      .route({ method: 'GET', path: '/log/tail' })
      .input(z.object({ count: z.int().min(1).max(1_000).default(20) }))
      .output(z.array(blockView)),
    /** Committed blocks from `from` on, with their bytes: as many as fit an answer, none after the last. */
    read: question
      .route({ method: 'GET', path: '/log' })
      .input(z.object({ from: z.int().min(0), count: z.int().min(1).max(1_000).default(100) }))
      .output(z.array(exportedBlock)),
    /** Proof of members' faults that this peer keeps. */
    proofs: question.route({ method: 'GET', path: '/log/proofs' }).output(z.array(proofView)),
  },

  /** Events after number `after` (0: all that are still kept), then each as it happens. */
  events: question
    .route({ method: 'GET', path: '/events' })
    .input(z.object({ after: z.int().min(0).default(0) }))
    .output(eventIterator(eventView)),
}

export type Contract = typeof contract
