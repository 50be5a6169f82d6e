import { ORPCError } from '@orpc/client'
import { doorErrors } from './errors.ts'
import { mayDo, type ProcedureName, type Role, roleNeeded } from './procedures.ts'

/** Who asks, as the door that let it in knows it. */
export interface Caller {
  readonly role: Role
  /** Id of its token; `undefined`: the owner. */
  readonly token?: string
  /** Counts one call. `undefined`: it may; else seconds to wait. Absent: it is not limited, or was counted at the door. */
  readonly take?: () => number | undefined
}

/** What a door tells the procedures of one call. */
export interface CallContext extends Caller {
  /** Looked at by whoever measures; filled when somebody asks for it. */
  readonly meter?: Meter
  /** Told where the list goes on: the words of the question that change. */
  readonly goesOn?: (changes: Readonly<Record<string, string | number>>) => void
  /** `Idempotency-Key`, where one came. */
  readonly idempotencyKey?: string
}

export interface Meter {
  /** Absent: nobody measures. */
  called?: (procedure: string, millis: number, error: unknown) => void
}

/** Whoever sits at the peer. */
export const owner: Caller = { role: 'owner' }

/** Throws `role-needed` or `rate-limited`. */
export function admit(caller: Caller, procedure: string): void {
  const seconds = caller.take?.()
  if (seconds !== undefined) throw refuseRate(seconds)
  const needed = roleNeeded[procedure as ProcedureName]
  if (!mayDo(caller.role, needed)) throw refuseRole(needed, caller.role)
}

function refuseRole(needed: Role, role: Role): ORPCError<string, unknown> {
  const make = needed === 'owner' ? 'the token of the profile folder (api-token)' : `a token of the role ${needed}`
  const message = `This token is of the role ${role}, and this needs ${make}.`
  return new ORPCError('role-needed', { ...doorErrors['role-needed'], message, data: { needed, role } })
}

function refuseRate(retryAfterSeconds: number): ORPCError<string, unknown> {
  return new ORPCError('rate-limited', {
    ...doorErrors['rate-limited'],
    message: rateText(retryAfterSeconds),
    data: { retryAfterSeconds },
  })
}

export const rateText = (seconds: number): string =>
  `Too many requests: ask again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`
