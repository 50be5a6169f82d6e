import type { Environment, Flags } from '../app/flags.ts'
import type { Terminal } from './terminal.ts'

export interface Option {
  /** Without dashes. */
  readonly name: string
  readonly short?: string
  /** What stands for its value in help texts; absent: a switch. With `?` at its end it may be left out. */
  readonly value?: string
  /** Of a value that may be left out: whether the word behind the flag is one, and no operand. */
  readonly isValue?: (word: string) => boolean
  readonly many?: boolean
  readonly text: string
}

/**
 * One command: its help text and what it does. Help and completion load them all, so their modules import only what is light:
 * zod, oRPC and the peer itself come with `await import(…)` where they run.
 */
export interface Command {
  /** As typed: `account open`. */
  readonly name: string
  readonly summary: string
  /** Names of the arguments; all are required, unless they end with `?`. The last may end with `…`: as many as come. */
  readonly operands: readonly string[]
  readonly options: readonly Option[]
  readonly examples: readonly string[]
  /** More than the summary, for `--help`. */
  readonly details?: string
  /** Resolves with the exit code, or throws a `CliError`. */
  run(call: Call): Promise<number>
}

/** A command as it was typed. */
export interface Call {
  readonly operands: readonly string[]
  readonly flags: Flags
  readonly env: Environment
  readonly json: boolean
  readonly terminal: Terminal
}

/** An operand that the parser has made sure of. */
export function operand(call: Call, index: number): string {
  return call.operands[index] ?? ''
}

export function textFlag(call: Call, name: string): string | undefined {
  const value = call.flags[name]
  return typeof value === 'string' ? value : undefined
}
