import { nextStep } from '../api/texts.ts'
import { Failure } from '../core/failure.ts'

/** 0 done, 1 refused by the rules, 2 usage, 3 not reachable or no quorum (PRODUCT, Command line). */
export type ExitCode = 0 | 1 | 2 | 3

/** What a person reads instead of a stack trace: one sentence, and how to go on. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: string
  readonly exit: ExitCode
  readonly hint: string | undefined
  readonly data: unknown

  constructor(exit: ExitCode, code: string, message: string, hint?: string, data?: unknown) {
    super(message)
    this.exit = exit
    this.code = code
    this.hint = hint
    this.data = data
  }
}

export const usageError = (message: string, hint?: string): CliError => new CliError(2, 'usage', message, hint)

/** Whatever was thrown, as something to tell. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  if (isApiError(error)) return fromApi(error)
  if (error instanceof Failure) {
    return new CliError(
      3,
      error.code,
      error.message,
      nextStep(error.code),
      Object.keys(error.facts).length > 0 ? error.facts : undefined,
    )
  }
  if (error instanceof Error && error.name === 'Unreachable') {
    return new CliError(3, 'not-reachable', error.message, 'Start one with `gavelring peer`, or name its folder with --profile.')
  }
  const text = error instanceof Error ? error.message : String(error)
  return new CliError(3, 'failed', `That did not work: ${text}`, 'Run the peer with --log-format json and look at its log.')
}

/** An `ORPCError`, known by its form: this module is loaded also where nobody speaks to a peer. */
type ApiError = Error & { readonly code: string; readonly status: number; readonly data: unknown }

function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'status' in error && 'data' in error
}

/** Statuses of answers that the rules give (`api/errors`): unknown, not now, too large, rejected in the log. */
const refusalStatuses: ReadonlySet<number> = new Set([404, 409, 413, 422])

function fromApi({ code, status, message, data }: ApiError): CliError {
  if (code === 'input-invalid') return new CliError(2, 'usage', message, undefined, data)
  // A route that an older peer does not have is no refusal: oRPC's own codes are in capitals. A room that is not found is out of reach.
  const isRefused = refusalStatuses.has(status) && code !== code.toUpperCase() && code !== 'room-not-found'
  return new CliError(isRefused ? 1 : 3, code, message, nextStep(code), data)
}
