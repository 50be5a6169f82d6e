import { z } from 'zod'
import type { FailureCode } from '../core/failure.ts'
import type { RejectionCode } from '../market/outcome.ts'
import { money } from './money.ts'
import { roles } from './procedures.ts'
import { failureWords } from './texts.ts'

/**
 * Every refusal that a client can see. Two answers stay apart (ARCHITECTURE, A bid's way): a *rejection* is the rules', and
 * final; a *failure* is the world's no. Of these `unsettled` may still happen: ask again with the same request id.
 */

/** Where the answer stands in the log. */
export const receipt = z.object({
  operation: z.string(),
  block: z.object({ index: z.int(), epoch: z.string(), turn: z.int(), time: z.int() }),
})

const account = z.string()
const auction = z.string()

/** Without `receipt` it was refused at the door, and nothing of it is in the log. */
const rejection = <Shape extends z.ZodRawShape>(message: string, facts: Shape) => ({
  status: 422,
  message,
  data: z.object({ ...facts, receipt: receipt.optional() }),
})

/** The rules say no, in the order in which the market checks them. The words with the facts in them are in `texts.ts`. */
export const rejections = {
  malformed: rejection('The operation cannot be read.', { detail: z.string() }),
  'request-reused': rejection('This request id was used before, for something else.', {}),
  'account-taken': rejection('An account of this id exists, or existed.', { account }),
  'account-unknown': rejection('There is no such account.', { account }),
  'account-closed': rejection('The account is closed.', { account }),
  'not-owner': rejection('It belongs to another peer.', { account }),
  'not-host': rejection('Only the peer that founded the room may do this.', {}),
  'auction-unknown': rejection('There is no such auction.', { auction }),
  'auction-closed': rejection('The auction has ended.', { auction, at: z.int() }),
  'auction-open': rejection('The auction has not ended yet.', { auction, until: z.int() }),
  'auction-paused': rejection('The auction is paused.', { auction, until: z.int() }),
  'auction-not-paused': rejection('The auction is not paused.', { auction }),
  'auction-too-long': rejection('An auction lasts 30 days at most.', { auction, latest: z.int() }),
  'auction-has-bids': rejection('Somebody has bid already.', { auction, bids: z.int() }),
  'reason-needed': rejection('Somebody has bid already: the host has to say why.', { auction, bids: z.int() }),
  'own-lot': rejection('This account is paid by the auction: it cannot bid there.', {}),
  'bid-too-low': rejection('The bid is too low.', { minimum: money }),
  'room-limit': rejection('The room cannot hold that much money.', { available: money }),
  'experiment-running': rejection('Another experiment runs there.', { section: z.string(), experiment: z.int() }),
  'experiment-unknown': rejection('No such experiment runs.', { experiment: z.int() }),
  'account-not-empty': rejection('The account still has money.', { available: money, held: money }),
  'account-in-use': rejection('An open auction pays into the account.', { auction }),
  'funds-short': rejection('The account has not enough money.', { available: money }),
} satisfies Record<RejectionCode, unknown>

/** A refusal that needs no log: the words could not be read. `code` is the parser's, `field` a path such as `amount`. */
export const inputInvalid = {
  'input-invalid': {
    status: 400,
    message: 'The request cannot be read.',
    data: z.object({ field: z.string(), code: z.string() }),
  },
}

/** Of any procedure, before it is looked at. */
export const doorErrors = {
  'role-needed': {
    status: 403,
    message: 'The token is not good for this.',
    data: z.object({ needed: z.enum(roles), role: z.enum(roles) }),
  },
  'rate-limited': {
    status: 429,
    message: 'Too many requests.',
    data: z.object({ retryAfterSeconds: z.int() }),
  },
}

export const failureCodes = Object.keys(failureWords) as FailureCode[]

/** Of the failures those that a route names. */
export function failuresOf<const Code extends FailureCode>(...codes: readonly Code[]) {
  const entries = codes.map((code) => [code, { status: failureWords[code].status, message: failureWords[code].text }])
  return Object.fromEntries(entries) as Record<Code, { readonly status: number; readonly message: string }>
}

export const voided = { voided: { status: 409, message: 'The operation was withdrawn before it was written.' } }

/** The world says no, to an operation. */
export const failures = {
  ...failuresOf('unsettled', 'no-quorum', 'no-room', 'disk-full', 'disk-failed', 'operation-too-large', 'called-off', 'stopping'),
  ...voided,
}

export const operationErrors = { ...doorErrors, ...inputInvalid, ...rejections, ...failures }

/** What a bidder may be refused for, before it bids. */
export const bidderErrors = pick(
  rejections,
  'account-unknown',
  'account-closed',
  'not-owner',
  'auction-unknown',
  'auction-closed',
  'own-lot',
  'bid-too-low',
)

/** To a question: nothing of it is in the log. */
export const unknownAccount = {
  'account-unknown': { status: 404, message: 'There is no such account.', data: z.object({ account }) },
}
export const unknownAuction = {
  'auction-unknown': { status: 404, message: 'There is no such auction.', data: z.object({ auction }) },
}
export const unknownBidder = {
  'bidder-unknown': {
    status: 404,
    message: 'No bidder of this peer bids there for this account.',
    data: z.object({ account, auction }),
  },
}
export const unknownBlock = {
  'block-unknown': {
    status: 404,
    message: 'There is no such committed block.',
    data: z.object({ index: z.int(), last: z.int() }),
  },
}
/** Everything that is asked of a room. */
export const noRoom = failuresOf('no-room')
export const diskErrors = failuresOf('disk-full', 'disk-failed')
export const unknownFrame = {
  'frame-unknown': {
    status: 404,
    message: 'This message is not kept any more. Watch the ring, and ask for a newer one.',
  },
}
export const notPending = failuresOf('not-pending')
export const streamErrors = failuresOf('streams-exhausted')
/** Of a stream that reads the log. */
export const readErrors = failuresOf('streams-exhausted', 'store-damaged', 'disk-failed', 'stopping')
/** Of one that reads the log that keeps this peer out of its room. */
export const salvageErrors = { ...readErrors, ...failuresOf('not-damaged', 'room-not-found', 'store-version', 'disk-full') }
/** The catalogue is files of this peer. */
export const catalogueErrors = failuresOf('disk-full', 'disk-failed')
export const refoundErrors = failuresOf('quorum-held', 'room-too-large', 'store-damaged', 'disk-full', 'disk-failed', 'stopping')

function pick<Value extends object, Name extends keyof Value>(value: Value, ...names: readonly Name[]): Pick<Value, Name> {
  return Object.fromEntries(names.map((name) => [name, value[name]])) as Pick<Value, Name>
}
