import type { AccountSummary } from '../../src/api/views.ts'
import type { RosterLine } from './roster.ts'

/** One operation of a line. */
export type Step =
  | { readonly kind: 'open'; readonly account: string; readonly holder: string }
  | { readonly kind: 'deposit'; readonly account: string; readonly cents: number }

/** What a line comes to, and why it comes to nothing. */
export type Plan =
  | { readonly kind: 'open' | 'open-deposit' | 'deposit'; readonly steps: readonly [Step, ...Step[]] }
  | { readonly kind: 'there' | 'waits' | 'closed' }
  | { readonly kind: 'not-yours'; readonly owner: string }

export interface PlanRules {
  /** This peer, which is the host. */
  readonly self: string
  readonly deposits: 'open' | 'host'
  /** Accounts that are not there are opened here; they belong to this peer then. */
  readonly opensMissing: boolean
}

/** `account`: as it is now; `undefined`: there is none of that id. */
export function planLine(
  line: RosterLine,
  account: Pick<AccountSummary, 'owner' | 'closed'> | undefined,
  { self, deposits, opensMissing }: PlanRules,
): Plan {
  const pay: readonly Step[] = line.cents === undefined ? [] : [{ kind: 'deposit', account: line.account, cents: line.cents }]
  if (account === undefined) {
    if (!opensMissing) return { kind: 'waits' }
    const open: Step = { kind: 'open', account: line.account, holder: line.holder }
    return { kind: pay.length === 0 ? 'open' : 'open-deposit', steps: [open, ...pay] }
  }
  if (account.closed) return { kind: 'closed' }
  const [first] = pay
  if (first === undefined) return { kind: 'there' }
  // In a room of open deposits only an account's owner deposits into it.
  return account.owner === self || deposits === 'host'
    ? { kind: 'deposit', steps: [first] }
    : { kind: 'not-yours', owner: account.owner }
}

/**
 * The request id of a step, from what it does alone: whoever starts the same roster again, after a restart or on another page, asks
 * for the same, and it is done once. `round`: deposits are paid once in each. `attempt`: after so many refusals, which would
 * otherwise be given again.
 */
export async function requestIdOf(step: Step, round: number, attempt: number): Promise<string> {
  const what =
    step.kind === 'open' ? ['open', step.account, step.holder, attempt] : ['deposit', step.account, step.cents, round, attempt]
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(what)))
  return `roster-${[...new Uint8Array(hash).subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
