import { ORPCError } from '@orpc/client'
import { Unreachable } from '../api/client.ts'
import { rejections } from '../api/errors.ts'
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
  if (error instanceof ORPCError) return fromApi(error)
  if (error instanceof Failure) {
    return new CliError(
      3,
      error.code,
      error.message,
      hints[error.code],
      Object.keys(error.facts).length > 0 ? error.facts : undefined,
    )
  }
  if (error instanceof Unreachable) return new CliError(3, 'not-reachable', error.message, hints['not-reachable'])
  const text = error instanceof Error ? error.message : String(error)
  return new CliError(3, 'failed', `That did not work: ${text}`, 'Run the peer with --log-format json and look at its log.')
}

function fromApi(error: ORPCError<string, unknown>): CliError {
  const { code, message, data } = error
  if (code === 'input-invalid') return new CliError(2, 'usage', message, undefined, data)
  const isRefused = code in rejections || refusals.has(code)
  return new CliError(isRefused ? 1 : 3, code, message, hints[code], data)
}

/** Beside the market's rejections. */
const refusals = new Set(['voided', 'not-pending', 'quorum-held'])

const hints: Readonly<Record<string, string>> = {
  'not-reachable': 'Start one with `gavelring peer`, or name its folder with --profile.',
  'no-quorum': 'It goes on by itself when enough members are back; `gavelring status` names them.',
  unsettled: 'It may still happen: look with `gavelring pending list`, or ask again with the same --request-id.',
  stopping: 'Start the peer again, then ask again with the same --request-id.',
  'profile-in-use': 'Stop the other peer, or give this one a folder of its own with --profile.',
  'profile-unwritable': 'Choose a folder that you may write with --profile.',
  'port-in-use': 'Choose another port: --http 127.0.0.1:0 and --listen …/tcp/0 take any that is free.',
  'address-invalid': 'Addresses look like /ip4/192.168.1.20/tcp/4001.',
  'key-damaged': 'Restore the key file from a copy, or start with a new folder: --profile.',
  'store-damaged': 'Fetch the log anew from the other members: start the peer with --refetch.',
  'store-version': 'Use the version of gavelring that wrote it, or a newer one.',
  'disk-full': 'Make room on the disk, then start the peer again.',
  'disk-failed': 'Look after the disk, then start the peer again.',
  'room-not-found': 'Name the room with --room and --code, its folder with --profile, or a peer of it with --bootstrap.',
  'account-unknown': 'See `gavelring account list`.',
  'auction-unknown': 'See `gavelring auction list`.',
  'not-owner': 'Only the peer that opened the account may do this.',
}
