import type { Settled } from '../api/views.ts'
import type { Call } from './command.ts'
import { type CliError, type ExitCode, toCliError } from './errors.ts'

/** One of many operations that a person wants with one line. */
export interface Each {
  /** What a refusal is named by: `bob`, `line 3: bob`. */
  readonly label: string
  /** For programs. */
  readonly facts: Readonly<Record<string, string | number>>
  run(): Promise<Settled>
  done(settled: Settled): string
}

/** At once: a block takes many, but the answers come in the order of the list. */
const atOnce = 16

/**
 * Does them all. One that is refused is named, and the others go on: exit code 1 then. Where the peer cannot be reached or
 * commits nothing, the rest is left alone: whoever asks again with the same words goes on from there.
 */
export async function tellEach(call: Call, all: readonly Each[]): Promise<ExitCode> {
  const told: unknown[] = []
  let exit: ExitCode = 0
  let stopped: CliError | undefined
  for (let at = 0; at < all.length && stopped === undefined; at += atOnce) {
    const some = all.slice(at, at + atOnce)
    const answers = await Promise.allSettled(some.map((one) => one.run()))
    for (const [index, one] of some.entries()) {
      const answer = answers[index] as PromiseSettledResult<Settled>
      if (answer.status === 'fulfilled') {
        told.push({ ...one.facts, ...answer.value })
        if (!call.json) call.terminal.line(one.done(answer.value))
        continue
      }
      const { code, message, hint, data, ...error } = toCliError(answer.reason)
      told.push({
        ...one.facts,
        error: { code, message, ...(hint !== undefined && { hint }), ...(data !== undefined && { data }) },
      })
      if (!call.json) call.terminal.note(`${one.label}: ${message}`)
      if (error.exit === 3) stopped ??= toCliError(answer.reason)
      exit = 1
    }
  }
  if (call.json) call.terminal.json(told)
  if (stopped === undefined) return exit
  if (!call.json && told.length < all.length) call.terminal.note(`${all.length - told.length} more were not tried.`)
  return 3
}
