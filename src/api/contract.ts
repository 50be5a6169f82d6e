import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { logLevels } from '../core/log-events.ts'
import { bounds } from './bounds.ts'
import { catalogueFull, catalogueLot, lotFields, lotIdText, unknownLot } from './catalogue.ts'
import {
  bidderErrors,
  catalogueErrors,
  diskErrors,
  doorErrors,
  inputInvalid,
  noRoom,
  notPending,
  operationErrors,
  readErrors,
  refoundErrors,
  rejections,
  salvageErrors,
  streamErrors,
  unknownAccount,
  unknownAuction,
  unknownBidder,
  unknownBlock,
  unknownFrame,
} from './errors.ts'
import {
  absentView,
  algorithmView,
  experimentNumber,
  heldText,
  labState,
  labStep,
  lateVote,
  recordedView,
  seriesAlgorithms,
  seriesFields,
  settingFields,
  stepAct,
  stepErrors,
  unknownAlgorithm,
  unknownExperiment,
  voteFields,
} from './lab.ts'
import { pageBlocksMax, pageItemsMax } from './page-size.ts'
import { createErrors, createInput, finding, joinErrors, joinInput, roomsView } from './rooms.ts'
import {
  accountText,
  amountText,
  auctionText,
  eventsInput,
  memoText,
  nameText,
  operationInput,
  operationText,
  paceMillis,
  pageInput,
  reasonText,
  spanMillis,
} from './schemas.ts'
import { madeToken, newToken, tokenIdText, tokensFull, tokenView, unknownToken } from './tokens.ts'
import {
  accountDetail,
  accountView,
  auctionDetail,
  auctionView,
  bidderView,
  eventView,
  exportedBlock,
  exportStep,
  foundBlocksMax,
  frameDetail,
  judgedBlock,
  logEntry,
  logFound,
  logPage,
  peerView,
  pendingView,
  proofView,
  ringStep,
  ringView,
  salvageStep,
  settled,
  statusView,
  verifyStep,
} from './views.ts'

/**
 * Everything that a door of the peer can be asked, with all that it can answer. One contract, several doors
 * (ARCHITECTURE): WebSocket and message port speak it as it is, HTTP through the routes named here.
 */

/** Needs no room. */
const anywhere = oc.errors({ ...doorErrors, ...inputInvalid })
const question = anywhere.errors(noRoom)
const operation = oc.errors(operationErrors)

/** A list that can grow, or what was asked for of it; what comes next is asked for behind its last entry. */
const inPages = <Item extends z.ZodType>(item: Item) => z.array(item).max(pageItemsMax)

const onAccount = operationInput.extend({ account: accountText })
/** An amount, and the account that it goes to or comes from. */
const overTheCounter = (what: string) =>
  operation
    .route({ method: 'POST', path: `/accounts/{account}/${what}` })
    .input(onAccount.extend({ amount: amountText }))
    .output(settled)

const lotInput = lotFields.extend({
  /** The seller's account that is paid. */
  payee: accountText,
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

const logLevelView = z.object({ level: z.enum(logLevels, `A level is one of ${logLevels.join(', ')}.`) })

/** Which lot it was, however it was named. */
const settledOnLot = settled.extend({ auction: z.string(), number: z.int() })

const onExperiment = operationInput.extend({ experiment: experimentNumber })
/** `absent`: who cannot take part. */
const begunExperiment = settled.extend({ experiment: z.int(), absent: z.array(absentView).max(bounds.members) })

const onCatalogue = z.object({ id: lotIdText })
const onLot = <Fields extends z.ZodRawShape>(what: string, fields: Fields) =>
  operation
    .route({ method: 'POST', path: `/auctions/{auction}/${what}` })
    .input(operationInput.extend({ auction: auctionText }).extend(fields))
    .output(settledOnLot)
/** How long an auction stands still, unless it is resumed earlier: an hour. */
const pauseMillisUsual = 3_600_000

export const contract = {
  status: question.route({ method: 'GET', path: '/status' }).output(statusView),
  peers: question.route({ method: 'GET', path: '/peers' }).input(pageInput).output(inPages(peerView)),
  ring: {
    show: question.route({ method: 'GET', path: '/ring' }).output(ringView),
    /** How long the token rests where nobody wants it, for every peer of the room, also after restarts. By the host. */
    pace: operation
      .route({ method: 'POST', path: '/ring/pace' })
      .input(operationInput.extend({ millis: paceMillis }))
      .output(settled),
    /** What the ring does from now on: token, requests, messages, blocks. As long as somebody reads this, the room records for it. */
    watch: question.errors(streamErrors).route({ method: 'GET', path: '/ring/watch' }).output(eventIterator(ringStep)),
    /** One message in full, by the id of its step: the newest 2,000 of this peer's own, in short those of others. */
    frame: question
      .errors(unknownFrame)
      .route({ method: 'GET', path: '/ring/frames/{id}' })
      .input(z.object({ id: z.string().max(200, 'The id of a message has at most 200 characters.') }))
      .output(frameDetail),
  },

  /** Which rooms there are, and the way into one and out of it. Only the last three need a room. */
  rooms: {
    /** In which room this peer is, or why it is in none; those in sight, of whatever name; those that it has been in. */
    list: anywhere.route({ method: 'GET', path: '/rooms' }).output(roomsView),
    /** Founds a room, and leaves the one that this peer is in before. The code comes back, since it may have been made here. */
    create: anywhere
      .errors(createErrors)
      .route({ method: 'POST', path: '/rooms' })
      .input(createInput)
      .output(z.object({ room: z.string(), link: z.string(), code: z.string() })),
    /**
     * Enters a room, by a join link, an address, the first digits of the room's id, or its name where only one of it is in sight, and
     * leaves the one that this peer is in before. `archive`: where the log of another room of its name, which was here, is kept.
     */
    join: anywhere
      .errors(joinErrors)
      .route({ method: 'POST', path: '/rooms/join' })
      .input(joinInput)
      .output(z.object({ room: z.string(), archive: z.string().optional() })),
    /** Calls entering a room off. */
    cancel: anywhere.route({ method: 'POST', path: '/rooms/cancel' }).output(z.object({})),
    /** Leaves the room in good order. `stay`: the peer goes on in no room; else it stops after the answer. Absent: it was in none. */
    leave: anywhere
      .route({ method: 'POST', path: '/rooms/leave' })
      .input(z.object({ stay: z.boolean().default(false) }).default({ stay: false }))
      .output(z.object({ room: z.string().optional() })),
    /** The person's name from now on, for everybody. */
    rename: anywhere
      .errors(diskErrors)
      .route({ method: 'POST', path: '/rooms/name' })
      .input(z.object({ name: nameText }))
      .output(z.object({ name: z.string() })),
    /** What others need to come into this room, its code included. `status` has the same without the code. */
    link: question.route({ method: 'GET', path: '/rooms/link' }).output(z.object({ link: z.string() })),
    /**
     * Makes a new room, with a new id, out of this peer's committed state (PROTOCOL, section 5). `force`: although there is a quorum.
     * `archive`: where the log of the room before is kept. `resubmitted`: operations that waited there, and now do in the new one.
     */
    refound: question
      .errors(refoundErrors)
      .route({ method: 'POST', path: '/rooms/refound' })
      .input(z.object({ force: z.boolean().default(false) }).default({ force: false }))
      .output(z.object({ room: z.string(), archive: z.string().optional(), resubmitted: z.int() })),
  },

  /** How much this process writes into its log, from now on and until it ends. */
  logLevel: {
    show: anywhere.route({ method: 'GET', path: '/log-level' }).output(logLevelView),
    set: anywhere.route({ method: 'POST', path: '/log-level' }).input(logLevelView).output(logLevelView),
  },

  /** What is good and bad about the network here, for whoever does not find the others; takes up to 10 s. */
  diagnosis: anywhere.route({ method: 'GET', path: '/diagnosis' }).output(z.array(finding).max(bounds.findings)),

  accounts: {
    open: operation
      .route({ method: 'POST', path: '/accounts' })
      .input(onAccount.extend({ holder: nameText }))
      .output(settled),
    list: question.route({ method: 'GET', path: '/accounts' }).input(pageInput).output(inPages(accountView)),
    show: question
      .errors(unknownAccount)
      .route({ method: 'GET', path: '/accounts/{account}' })
      .input(z.object({ account: accountText }))
      .output(accountDetail),
    close: operation.route({ method: 'POST', path: '/accounts/{account}/close' }).input(onAccount).output(settled),
  },

  deposit: overTheCounter('deposit'),
  withdraw: overTheCounter('withdraw'),
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
    list: question.route({ method: 'GET', path: '/pending' }).input(pageInput).output(inPages(pendingView)),
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
    list: question.route({ method: 'GET', path: '/auctions' }).input(pageInput).output(inPages(auctionView)),
    show: question
      .errors(unknownAuction)
      .route({ method: 'GET', path: '/auctions/{auction}' })
      .input(z.object({ auction: auctionText }))
      .output(auctionDetail),
    bid: onLot('bids', { account: accountText, amount: amountText }),
    cancel: onLot('cancel', { reason: reasonText.default('') }),
    /** The end is so much later. By the seller or the host. */
    extend: onLot('extend', { millis: spanMillis }),
    /** The countdown stands still, and bids are refused, for so long at most. By the seller or the host. */
    pause: onLot('pause', { millis: spanMillis.default(pauseMillisUsual) }),
    resume: onLot('resume', {}),
  },

  /** The lots that the host of an evening means to offer, in order; this peer keeps them, through restarts and whatever the room. */
  catalogue: {
    list: question.route({ method: 'GET', path: '/catalogue' }).input(pageInput).output(inPages(catalogueLot)),
    /** Puts a lot last. Its amounts are read in the currency of the room that is here now. */
    add: question
      .errors({ ...catalogueErrors, ...catalogueFull })
      .route({ method: 'POST', path: '/catalogue' })
      .input(lotFields)
      .output(z.object({ id: z.string() })),
    /** base64url; empty: none. */
    picture: question
      .errors({ ...catalogueErrors, ...unknownLot })
      .route({ method: 'GET', path: '/catalogue/{id}/picture' })
      .input(onCatalogue)
      .output(z.object({ picture: z.string() })),
    remove: question
      .errors({ ...catalogueErrors, ...unknownLot })
      .route({ method: 'POST', path: '/catalogue/{id}/remove' })
      .input(onCatalogue)
      .output(z.object({})),
    /** Before another one; without one to the end. */
    move: question
      .errors({ ...catalogueErrors, ...unknownLot })
      .route({ method: 'POST', path: '/catalogue/{id}/move' })
      .input(onCatalogue.extend({ before: lotIdText.optional() }))
      .output(z.object({})),
    /** Starts the auction. The lot leaves the catalogue once that is committed, and is started once, however often that is asked. */
    start: operation
      .errors({ ...catalogueErrors, ...unknownLot })
      .route({ method: 'POST', path: '/catalogue/{id}/start' })
      .input(onCatalogue.extend({ payee: accountText, deadlineMillis: operationInput.shape.deadlineMillis }))
      .output(settledOnLot.extend({ endsAt: z.int() })),
  },

  bidders: {
    /** An automatic bidder, run by this peer until the auction ends, after a restart too. It replaces one for the same account. */
    start: question
      .errors(bidderErrors)
      .route({ method: 'POST', path: '/auctions/{auction}/bidders' })
      .input(bidderInput)
      .output(bidderView),
    list: question.route({ method: 'GET', path: '/bidders' }).input(pageInput).output(inPages(bidderView)),
    stop: question
      .errors({ ...unknownAuction, ...unknownBidder })
      .route({ method: 'POST', path: '/auctions/{auction}/bidders/stop' })
      .input(z.object({ auction: auctionText, account: accountText }))
      .output(z.object({ auction: z.string(), account: z.string() })),
  },

  log: {
    /** The newest committed blocks, oldest first: as many as fit an answer. */
    tail: question
      .route({ method: 'GET', path: '/log/tail' })
      .input(z.object({ count: z.int().min(1).max(pageItemsMax).default(20) }))
      .output(inPages(judgedBlock)),
    /** Committed blocks from `from` on, with their bytes: as many as fit an answer, none after the last. */
    read: question
      .route({ method: 'GET', path: '/log' })
      .input(z.object({ from: z.int().min(0), count: z.int().min(1).max(pageItemsMax).default(100) }))
      .output(inPages(exportedBlock)),
    /** Committed blocks from `from` on, with what became of them: as many as fit an answer. */
    page: question
      .route({ method: 'GET', path: '/log/page' })
      .input(z.object({ from: z.int().min(0), count: z.int().min(1).max(pageBlocksMax) }))
      .output(logPage),
    /**
     * Committed blocks before `before` in which the text stands: an id, a name, a memo, an amount, a kind. One call looks at
     * 5,000 blocks at most; going on before `lookedTo`, and stopping, are the client's.
     */
    search: question
      .route({ method: 'GET', path: '/log/search' })
      .input(
        z.object({
          text: z.string().trim().min(1).max(200),
          before: z.int().min(0).optional(),
          count: z.int().min(1).max(foundBlocksMax).default(50),
        }),
      )
      .output(logFound),
    /** Checks the whole log as `gavelring log verify` does, on the peer; it ends when the client hangs up. */
    verify: question.errors(readErrors).route({ method: 'GET', path: '/log/verify' }).output(eventIterator(verifyStep)),
    /**
     * The committed log as a file, piece by piece. `jsonl`: what `gavelring log verify` can check anywhere. `csv`: an operation a
     * row, with what became of it, for spreadsheets.
     */
    export: question
      .errors(readErrors)
      .route({ method: 'GET', path: '/log/export' })
      .input(z.object({ format: z.enum(['jsonl', 'csv']) }))
      .output(eventIterator(exportStep)),
    /**
     * What is whole of the damaged log that keeps this peer out of its room (`rooms.list`: `failed` with `store-damaged`), as a file,
     * piece by piece, each block checked on the way. Nothing on the disk is changed.
     */
    salvage: anywhere
      .errors(salvageErrors)
      .route({ method: 'GET', path: '/log/salvage' })
      .input(z.object({ format: z.enum(['jsonl', 'csv']) }))
      .output(eventIterator(salvageStep)),
    entry: question
      .errors(unknownBlock)
      .route({ method: 'GET', path: '/log/{index}' })
      .input(z.object({ index: z.int().min(0) }))
      .output(logEntry),
    /** Proof of members' faults that this peer keeps. */
    proofs: question.route({ method: 'GET', path: '/log/proofs' }).output(z.array(proofView).max(bounds.proofs)),
  },

  /** Tokens for programs that may do less than the owner (`procedures.ts`). They stay through restarts, whatever the room. */
  tokens: {
    create: anywhere
      .errors({ ...diskErrors, ...tokensFull })
      .route({ method: 'POST', path: '/tokens' })
      .input(newToken)
      .output(madeToken),
    list: anywhere.route({ method: 'GET', path: '/tokens' }).output(z.array(tokenView).max(bounds.tokens)),
    /** Whoever came in with it is hung up on. */
    revoke: anywhere
      .errors({ ...diskErrors, ...unknownToken })
      .route({ method: 'POST', path: '/tokens/{id}/revoke' })
      .input(z.object({ id: tokenIdText }))
      .output(z.object({ id: z.string() })),
  },

  /** The algorithms lab on the room. Whoever is not the host's peer is refused what begins, ends or moves an experiment: `not-host`. */
  lab: {
    /** What is built in, and what the members have of their own: they are asked, for a second at most. */
    algorithms: question
      .route({ method: 'GET', path: '/lab/algorithms' })
      .output(z.object({ algorithms: z.array(algorithmView).max(bounds.algorithms) })),
    /** All members take part, unless the algorithm is somebody's own: then those who have the same file. */
    start: operation
      .errors(unknownAlgorithm)
      .route({ method: 'POST', path: '/lab/experiments' })
      .input(operationInput.extend(settingFields.shape))
      .output(begunExperiment),
    /** What has come of it until now goes into the log. It ends a series, too. */
    stop: operation.route({ method: 'POST', path: '/lab/experiments/{experiment}/stop' }).input(onExperiment).output(settled),
    /** Once more with the same setting, seed included, as it stands in the log. */
    repeat: operation
      .errors(unknownAlgorithm)
      .route({ method: 'POST', path: '/lab/experiments/{experiment}/repeat' })
      .input(onExperiment)
      .output(begunExperiment),
    /** One after the other, each once the one before has its result. Absent: a coordinator, Ricart and Agrawala, a token ring. */
    series: operation
      .errors(unknownAlgorithm)
      .route({ method: 'POST', path: '/lab/series' })
      .input(
        seriesFields.extend({ algorithms: seriesAlgorithms.optional(), deadlineMillis: operationInput.shape.deadlineMillis }),
      )
      .output(settled.extend({ experiment: z.int(), algorithms: z.array(z.string()).max(bounds.series) })),
    state: question.route({ method: 'GET', path: '/lab' }).output(labState),
    /**
     * A state, then the events of an experiment from number `after` on, with its state again after each change, until it is over. The
     * first 100,000 are kept; what comes later only counts in the figures.
     */
    events: question
      .errors({ ...streamErrors, ...unknownExperiment })
      .route({ method: 'GET', path: '/lab/experiments/{experiment}/events' })
      .input(z.object({ experiment: experimentNumber, after: z.int().min(0).default(0) }))
      .output(eventIterator(labStep)),
    /** Lets the next waiting message go, or this one; or not. It closes the open round of votes. */
    step: question
      .errors({ 'not-host': rejections['not-host'], ...unknownExperiment, ...stepErrors })
      .route({ method: 'POST', path: '/lab/experiments/{experiment}/step' })
      .input(z.object({ experiment: experimentNumber, act: stepAct.default('release'), message: heldText.optional() }))
      .output(z.object({ message: z.string(), round: z.int() })),
    /** Who enters next, as this peer thinks: its last vote of a round counts. */
    predict: question
      .errors({ ...unknownExperiment, ...lateVote })
      .route({ method: 'POST', path: '/lab/experiments/{experiment}/predict' })
      .input(voteFields)
      .output(z.object({})),
    /** What the log has of experiments, the newest first: one call looks at 5,000 blocks at most. */
    results: question
      .route({ method: 'GET', path: '/lab/results' })
      .input(z.object({ before: z.int().min(0).optional(), count: z.int().min(1).max(100).default(50) }))
      .output(z.object({ recorded: z.array(recordedView).max(bounds.recorded), lookedTo: z.int(), isWhole: z.boolean() })),
  },

  /** Which start of the peer this is, then events after number `after` (0: all that are still kept), then each as it happens. */
  events: question
    .errors({ ...streamErrors, ...unknownAuction })
    .route({ method: 'GET', path: '/events' })
    .input(eventsInput.default({ after: 0 }))
    .output(eventIterator(eventView)),
}
