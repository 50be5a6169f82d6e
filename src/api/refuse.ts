import { ORPCError } from '@orpc/client'
import { ValidationError } from '@orpc/contract'
import { Failure } from '../core/failure.ts'
import { formatCents } from '../core/money.ts'
import type { Rejection } from '../market/outcome.ts'
import type { Receipt } from '../peer/peer.ts'
import { failures, inputInvalid, notPending, refoundErrors, rejections, unknownAccount, unknownAuction } from './errors.ts'

/** What the market refused, as the contract's error of the same code: the numbers, and where it stands in the log. */
export function refuseRejected(rejection: Rejection, receipt: Receipt): ORPCError<string, unknown> {
  const { code, ...numbers } = rejection
  const data = { ...numbers, receipt: { operation: receipt.id, block: receipt.block } }
  return new ORPCError(code, { status: 422, message: explain(rejection), data })
}

/** The peer's `Failure` as the contract's error of the same code; anything else is a bug, and goes on as it is. */
export function refuseFailed(error: unknown): unknown {
  if (!(error instanceof Failure)) return error
  const status = failureStatus[error.code]
  return status === undefined ? error : new ORPCError(error.code, { status, message: error.message })
}

export function refuseVoided(): ORPCError<string, unknown> {
  return new ORPCError('voided', failures.voided)
}

export function refuseUnknownAccount(account: string): ORPCError<string, unknown> {
  const { status, message } = unknownAccount['account-unknown']
  return new ORPCError('account-unknown', { status, message, data: { account } })
}

export function refuseUnknownAuction(auction: string): ORPCError<string, unknown> {
  const { status, message } = unknownAuction['auction-unknown']
  return new ORPCError('auction-unknown', { status, message, data: { auction } })
}

/** A request whose words cannot be read: the first thing that is wrong, by field, with the parser's own code. */
export function refuseInput(error: unknown): unknown {
  const isInput = error instanceof ORPCError && error.code === 'BAD_REQUEST' && error.cause instanceof ValidationError
  if (!isInput) return error
  const issue = (error.cause as ValidationError).issues[0] as InputIssue | undefined
  const field = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  const code = issue?.params?.code ?? issue?.code ?? 'invalid'
  const { status, message } = inputInvalid['input-invalid']
  return new ORPCError('input-invalid', { status, message: issue?.message ?? message, data: { field, code } })
}

interface InputIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[]
  readonly code?: string
  readonly params?: { readonly code?: string }
}

const failureStatus: Readonly<Partial<Record<string, number>>> = Object.fromEntries(
  Object.entries({ ...failures, ...notPending, ...refoundErrors }).map(([code, { status }]) => [code, status]),
)

/** The rule's sentence, with the numbers that explain it. */
function explain(rejection: Rejection): string {
  const { message } = rejections[rejection.code]
  switch (rejection.code) {
    case 'bid-too-low':
      return `${message} It must be at least ${formatCents(rejection.minimum)}.`
    case 'funds-short':
      return `${message} It has ${formatCents(rejection.available)} available.`
    case 'room-limit':
      return `${message} There is room for ${formatCents(rejection.available)}.`
    case 'account-not-empty':
      return `${message} It has ${formatCents(rejection.available)} available and ${formatCents(rejection.held)} held.`
    case 'auction-closed':
      return `${message} It ended at ${new Date(rejection.at).toISOString()}.`
    case 'auction-open':
      return `${message} It ends at ${new Date(rejection.until).toISOString()}.`
    case 'malformed':
      return `${message} Reason: ${rejection.detail}.`
    default:
      return message
  }
}
