import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import {
  bidderErrors,
  inputInvalid,
  notPending,
  operationErrors,
  refoundErrors,
  streamErrors,
  unknownAccount,
  unknownAuction,
  unknownBidder,
} from './errors.ts'
import { joinErrors, joinInput } from './rooms.ts'
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
  bidderView,
  eventView,
  exportedBlock,
  judgedBlock,
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

const lotInput = z.object({
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

const bidderInput = z.object({
  auction: auctionText,
  account: accountText,
  /** Over the least bid, drawn evenly from this range. Absent: it bids the least that leads, and no more. */
  raise: z.object({ least: amountText, most: amountText }).optional(),
  paceMillis: z.int().min(50, 'The pace is at least 50 ms.').max(3_600_000, 'The pace is at most an hour.').default(3_000),
  /** Never bids more than this. */
  maximum: amountText,
})

/** Which lot it was, however it was named. */
const settledOnLot = settled.extend({ auction: z.string(), number: z.int() })

const onAuction = operationInput.extend({ auction: auctionText })
/** How long an auction stands still, unless it is resumed earlier: an hour. */
const pauseMillisUsual = 3_600_000

export const contract = {
  status: question.route({ method: 'GET', path: '/status' }).output(statusView),
  peers: question.route({ method: 'GET', path: '/peers' }).output(z.array(peerView)),
  /** Makes a new room, with a new id, out of this peer's committed state (PROTOCOL, section 5). `force`: although there is a quorum. */
  refound: oc
    .errors(refoundErrors)
    .route({ method: 'POST', path: '/refound' })
    .input(z.object({ force: z.boolean().default(false) }).default({ force: false }))
    .output(z.object({ room: z.string() })),

  room: {
    /** What others need to come into this room, its code included. `status` has the same without the code. */
    link: question.route({ method: 'GET', path: '/room/link' }).output(z.object({ link: z.string() })),
    /**
     * Moves to another room of this name: by a join link, an address, the first digits of the room's id, or the room's name where
     * only one other is in sight. `force`: although something was done in the room that is here; its log is kept as an archive.
     */
    join: question
      .errors(joinErrors)
      .route({ method: 'POST', path: '/room/join' })

      .input(joinInput)
      .output(z.object({ room: z.string(), archive: z.string().optional() })),
    /** Leaves the room in good order, and stops; the answer comes before that. */
    leave: question.route({ method: 'POST', path: '/room/leave' }).output(z.object({ room: z.string() })),
  },

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
    .input(
      operationInput
        .extend({ from: accountText, to: accountText, amount: amountText, memo: memoText.default('') })
        .refine(({ from, to }) => from !== to, {
          path: ['to'],
          message: 'Money goes from one account to another: these two are the same account.',
          params: { code: 'same-account' },
        }),
    )
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
      .output(settledOnLot.extend({ endsAt: z.int() })),
    list: question.route({ method: 'GET', path: '/auctions' }).output(z.array(auctionView)),
    show: question
      .errors(unknownAuction)
      .route({ method: 'GET', path: '/auctions/{auction}' })
      .input(z.object({ auction: auctionText }))
      .output(auctionDetail),
    bid: operation
      .route({ method: 'POST', path: '/auctions/{auction}/bids' })
      .input(onAccount.extend({ auction: auctionText, amount: amountText }))
      .output(settledOnLot),
    cancel: operation
      .route({ method: 'POST', path: '/auctions/{auction}/cancel' })
      .input(onAuction.extend({ reason: reasonText.default('') }))
      .output(settledOnLot),
    /** The end is so much later. By the seller or the host. */
    extend: operation
      .route({ method: 'POST', path: '/auctions/{auction}/extend' })
      .input(onAuction.extend({ millis: spanMillis }))
      .output(settledOnLot),
    /** The countdown stands still, and bids are refused, for so long at most. By the seller or the host. */
    pause: operation
      .route({ method: 'POST', path: '/auctions/{auction}/pause' })
      .input(onAuction.extend({ millis: spanMillis.default(pauseMillisUsual) }))
      .output(settledOnLot),
    resume: operation.route({ method: 'POST', path: '/auctions/{auction}/resume' }).input(onAuction).output(settledOnLot),
  },

  bidders: {
    /** An automatic bidder, run by this peer until the auction ends, after a restart too. It replaces one for the same account. */
    start: question
      .errors(bidderErrors)
      .route({ method: 'POST', path: '/auctions/{auction}/bidders' })
      .input(bidderInput)
      .output(bidderView),
    list: question.route({ method: 'GET', path: '/bidders' }).output(z.array(bidderView)),
    stop: question
      .errors({ ...unknownAuction, ...unknownBidder })
      .route({ method: 'POST', path: '/auctions/{auction}/bidders/stop' })
      .input(z.object({ auction: auctionText, account: accountText }))
      .output(z.object({ auction: z.string(), account: z.string() })),
  },

  log: {
    /** The newest committed blocks, oldest first. */
    tail: question
      .route({ method: 'GET', path: '/log/tail' })
      .input(z.object({ count: z.int().min(1).max(1_000).default(20) }))
      .output(z.array(judgedBlock)),
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
    .errors(streamErrors)
    .route({ method: 'GET', path: '/events' })
    .input(z.object({ after: z.int().min(0).default(0) }))
    .output(eventIterator(eventView)),
}
