import { ORPCError } from '@orpc/client'
import { ValidationError } from '@orpc/contract'
import type { Currency } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { ParseError } from '../core/result.ts'
import type { Operation } from '../market/operation.ts'
import type { Rejection } from '../market/outcome.ts'
import type { Receipt } from '../peer/peer.ts'
import { failures, inputInvalid, rejections, unknownAccount, unknownAuction, unknownBidder, unknownBlock } from './errors.ts'
import { failureWords, rejectionText } from './texts.ts'
import { toRejection } from './to-view.ts'

/**
 * What the rules refuse, as the contract's error of the same code: in words, with the facts, and where it stands in the log.
 * Without a receipt it was not written at all: this peer knew the answer.
 */
export function refuseRejected(
  rejection: Rejection,
  currency: Currency,
  what: Operation['kind'],
  receipt?: Receipt,
): ORPCError<string, unknown> {
  const view = toRejection(rejection, currency)
  const { code, ...facts } = view
  const data = { ...facts, ...(receipt && { receipt: { operation: receipt.id, block: receipt.block } }) }
  return new ORPCError(code, { status: 422, message: rejectionText(view, what), data })
}

/** The peer's `Failure` as an error of the same code; anything else is a bug, and goes on as it is. */
export function refuseFailed(error: unknown): unknown {
  if (!(error instanceof Failure)) return error
  return new ORPCError(error.code, { status: failureWords[error.code].status, message: error.message })
}

export function refuseVoided(): ORPCError<string, unknown> {
  return new ORPCError('voided', failures.voided)
}

export function refuseUnknownAccount(account: string): ORPCError<string, unknown> {
  const { status } = unknownAccount['account-unknown']
  return new ORPCError('account-unknown', { status, message: `There is no account ${account}.`, data: { account } })
}

/** `auction` as it was asked for: an id, `3` or `last`. By an operation (`rejections`) or by a question (`unknownAuction`). */
export function refuseUnknownAuction(auction: string, by: 'operation' | 'question'): ORPCError<string, unknown> {
  const { status } = (by === 'operation' ? rejections : unknownAuction)['auction-unknown']
  const message = auction === 'last' ? 'There are no auctions yet.' : `There is no lot ${auction}.`
  return new ORPCError('auction-unknown', { status, message, data: { auction } })
}

export function refuseUnknownBidder(auction: string, account: string): ORPCError<string, unknown> {
  return new ORPCError('bidder-unknown', { ...unknownBidder['bidder-unknown'], data: { account, auction } })
}

/** `last`: the last committed block that is here. */
export function refuseUnknownBlock(index: number, last: number): ORPCError<string, unknown> {
  const message = `There is no committed block ${index}: the last one is ${last}.`
  return new ORPCError('block-unknown', { ...unknownBlock['block-unknown'], message, data: { index, last } })
}

/** A word that only the room can read, as an amount of its currency. */
export function refuseField(field: string, { code, message }: ParseError): ORPCError<string, unknown> {
  return new ORPCError('input-invalid', { status: inputInvalid['input-invalid'].status, message, data: { field, code } })
}

/** A request whose words cannot be read: the first thing that is wrong, by field, with the parser's own code. */
export function refuseInput(error: unknown): unknown {
  const isInput = error instanceof ORPCError && error.code === 'BAD_REQUEST' && error.cause instanceof ValidationError
  if (!isInput) return error
  const issue = (error.cause as ValidationError).issues[0] as InputIssue | undefined
  const field = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  const code = issue?.params?.code ?? issue?.code ?? 'invalid'
  return refuseField(field, { code, message: issue?.message ?? inputInvalid['input-invalid'].message })
}

interface InputIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[]
  readonly code?: string
  readonly params?: { readonly code?: string }
}
