import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Flags } from '../app/config.ts'
import type { Command, Option } from './command.ts'
import { usageError } from './errors.ts'

/** What every command has. */
export const commonOptions: readonly Option[] = [
  { name: 'json', text: 'print JSON for programs' },
  { name: 'help', short: 'h', text: 'print this help' },
]

export interface ParsedArgs {
  readonly flags: Flags
  readonly operands: readonly string[]
}

/** Throws a usage error that names the first thing that is wrong. */
export function parseCommandArgs(command: Command, args: readonly string[]): ParsedArgs {
  const { values, positionals } = parse(command, args)
  if (values.help === true) return { flags: values, operands: positionals }
  const hint = helpHint(command)
  const required = command.operands.filter((name) => !name.endsWith('?'))
  const missing = required[positionals.length]
  if (missing !== undefined) throw usageError(`\`gavelring ${command.name}\` needs ${missing}.`, hint)
  const extra = positionals[command.operands.length]
  if (extra !== undefined) throw usageError(`\`gavelring ${command.name}\` does not know what to do with "${extra}".`, hint)
  return { flags: values, operands: positionals }
}

export const helpHint = (command: Command): string => `See \`gavelring ${command.name} --help\`.`

function parse(command: Command, args: readonly string[]): { readonly values: Flags; readonly positionals: readonly string[] } {
  const options = [...command.options, ...commonOptions].map(({ name, short, value, many }) => [
    name,
    {
      type: value === undefined ? ('boolean' as const) : ('string' as const),
      multiple: many === true,
      ...(short !== undefined && { short }),
    },
  ])
  const signed = args.find((arg) => /^-[\d.]/.test(arg))
  if (signed !== undefined) throw usageError(`${signed}: amounts and numbers have no sign here.`, helpHint(command))
  try {
    const config: ParseArgsConfig = {
      args: [...args],
      options: Object.fromEntries(options),
      allowPositionals: true,
      strict: true,
    }
    const { values, positionals } = parseArgs(config)
    return { values: values as Flags, positionals }
  } catch (error) {
    throw usageError(sentence(error), helpHint(command))
  }
}

/** The first sentence of what parseArgs says: the rest is about how to write programs. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const first = text.split(/(?<=[^.])\. |\n/)[0] ?? text
  return first.endsWith('.') ? first : `${first}.`
}
