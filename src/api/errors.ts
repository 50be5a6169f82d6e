import { z } from 'zod'
import type { RejectionCode } from '../market/outcome.ts'

/**
 * Every refusal that a client can see. Two answers stay apart (ARCHITECTURE, A bid's way): a *rejection* stands in the
 * log, `receipt` says where, and it is final; a *failure* is the world's no. Of these `unsettled` may still happen:
 * ask again with the same request id.
 */

/** Where the answer stands in the log. */
export const receipt = z.object({
  operation: z.string(),
  block: z.object({ index: z.int(), epoch: z.string(), turn: z.int(), time: z.int() }),
})

const cents = z.int()
const account = z.string()
const auction = z.string()

const rejection = <Shape extends z.ZodRawShape>(message: string, numbers: Shape) => ({
  status: 422,
  message,
  data: z.object({ ...numbers, receipt }),
})

/** The rules say no, in the order in which the market checks them. */
export const rejections = {
  malformed: rejection('The operation cannot be read.', { detail: z.string() }),
  'request-reused': rejection('This request id was used before, for something else.', {}),
  'account-taken': rejection('An account of this id exists, or existed.', { account }),
  'account-unknown': rejection('There is no such account.', { account }),
  'account-closed': rejection('The account is closed.', { account }),
  'not-owner': rejection('The account belongs to another peer.', { account }),
  'not-host': rejection('Only the peer that founded the room may do this.', {}),
  'auction-unknown': rejection('There is no such auction.', { auction }),
  'auction-closed': rejection('The auction has ended.', { auction, at: z.int() }),
  'auction-open': rejection('The auction has not ended yet.', { auction, until: z.int() }),
  'auction-has-bids': rejection('Somebody has bid already.', { auction, bids: z.int() }),
  'own-lot': rejection('This account is paid by the auction: it cannot bid there.', {}),
  'bid-too-low': rejection('The bid is too low.', { minimum: cents }),
  'room-limit': rejection('The room cannot hold that much money.', { available: cents }),
  'account-not-empty': rejection('The account still has money.', { available: cents, held: cents }),
  'account-in-use': rejection('An open auction pays into the account.', { auction }),
  'funds-short': rejection('The account has not enough money.', { available: cents }),
} satisfies Record<RejectionCode, unknown>

/** A refusal that needs no log: the words could not be read. `code` is the parser's, `field` a path such as `amount`. */
export const inputInvalid = {
  'input-invalid': {
    status: 400,
    message: 'The request cannot be read.',
    data: z.object({ field: z.string(), code: z.string() }),
  },
}

/** The world says no, to an operation. */
export const failures = {
  unsettled: { status: 504, message: 'Not committed before the deadline; it may still happen.' },
  'no-quorum': { status: 503, message: 'Too few members are reachable.' },
  voided: { status: 409, message: 'The operation was withdrawn before it was written.' },
  'disk-full': { status: 507, message: 'The disk is full.' },
  'disk-failed': { status: 500, message: 'The disk failed.' },
  stopping: { status: 503, message: 'The peer is stopping.' },
}

export const operationErrors = { ...inputInvalid, ...rejections, ...failures }

/** To a question: nothing of it is in the log. */
export const unknownAccount = {
  'account-unknown': { status: 404, message: 'There is no such account.', data: z.object({ account }) },
}
export const unknownAuction = {
  'auction-unknown': { status: 404, message: 'There is no such auction.', data: z.object({ auction }) },
}
export const notPending = {
  'not-pending': { status: 409, message: 'Nothing of this id is waiting: it is written already, or never was.' },
}
export const refoundErrors = {
  'quorum-held': { status: 409, message: 'The room has its quorum, or had it a moment ago: there is no need for a new one.' },
  'room-too-large': { status: 409, message: 'What this room holds does not fit into the first block of a new one.' },
  'disk-full': failures['disk-full'],
  'disk-failed': failures['disk-failed'],
  stopping: failures.stopping,
}
