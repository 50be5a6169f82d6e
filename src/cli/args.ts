import { parseArgs } from 'node:util'
import type { Flags } from '../app/flags.ts'
import { profileOption, timeoutOption } from './client.ts'
import type { Command, Option } from './command.ts'
import { usageError } from './errors.ts'
import { meantText } from './nearest.ts'

const jsonOption: Option = { name: 'json', text: 'print JSON for programs' }
const helpOption: Option = { name: 'help', short: 'h', text: 'print this help' }

/** Its own, then what every command has that is like it. */
export function optionsOf(command: Command): readonly Option[] {
  const speaks = command.options.includes(profileOption) && !command.options.includes(timeoutOption)
  return [...command.options, ...(speaks ? [timeoutOption] : []), jsonOption, helpOption]
}

export interface ParsedArgs {
  readonly flags: Flags
  readonly operands: readonly string[]
}

/** Throws a usage error that names the first thing that is wrong. */
export function parseCommandArgs(command: Command, args: readonly string[]): ParsedArgs {
  const { flags, operands } = parse(command, args)
  if (flags.help === true) return { flags, operands }
  const hint = helpHint(command)
  const required = command.operands.filter((name) => !name.endsWith('?'))
  const missing = required[operands.length]
  if (missing !== undefined) throw usageError(`\`gavelring ${command.name}\` needs ${missing}.`, hint)
  const takesMany = command.operands.at(-1)?.includes('…') === true
  const extra = takesMany ? undefined : operands[command.operands.length]
  if (extra !== undefined) throw usageError(`\`gavelring ${command.name}\` does not know what to do with "${extra}".`, hint)
  return { flags, operands }
}

export const helpHint = (command: Command): string => `See \`gavelring ${command.name} --help\`.`

/**
 * A value is whatever follows its flag, also where it begins with `-` (`--memo -10%`), unless it is a flag of this very command:
 * then it was forgotten. After `--` there are no flags.
 */
function parse(command: Command, args: readonly string[]): ParsedArgs {
  const options = optionsOf(command)
  const hint = helpHint(command)
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options.map((option) => [option.name, configOf(option)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const flags: Record<string, string | string[] | boolean> = {}
  const operands: string[] = []
  const isFlag = (text: string | undefined): boolean =>
    options.some((option) => text !== undefined && spellings(option).includes(text))
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined || token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      operands.push(token.value)
      continue
    }
    const option = options.find(({ name }) => name === token.name)
    if (option === undefined) throw unknownFlag(command, args[token.index]?.split('=', 1)[0] ?? token.rawName, options)
    const { value } = option
    if (value === undefined && token.value !== undefined) throw usageError(`--${option.name} takes no value.`, hint)
    let given: string | true = token.value ?? true
    if (value?.endsWith('?') && token.value === undefined) {
      const next = tokens[at + 1]
      if (next?.kind === 'positional' && next.index === token.index + 1 && option.isValue?.(next.value) === true) {
        given = next.value
        at++
      }
    } else if (value !== undefined && (given === true || (token.inlineValue !== true && isFlag(given)))) {
      throw usageError(`--${option.name} needs a value: ${value}.`, hint)
    }
    const known = flags[option.name]
    if (option.many === true) flags[option.name] = [...(Array.isArray(known) ? known : []), String(given)]
    else if (known !== undefined && value !== undefined) throw usageError(`--${option.name} is given twice.`, hint)
    else flags[option.name] = given
  }
  return { flags, operands }
}

/** A value that may be left out is looked for by this module: to `parseArgs` the flag is a switch. */
function configOf({ short, value }: Option): { type: 'boolean' | 'string'; short?: string } {
  return { type: value === undefined || value.endsWith('?') ? 'boolean' : 'string', ...(short !== undefined && { short }) }
}

const spellings = ({ name, short }: Option): string[] => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]

function unknownFlag(command: Command, typed: string, options: readonly Option[]): Error {
  if (/^-[\d.]/.test(typed)) {
    return usageError(
      `${typed}: amounts and numbers have no sign here. Text that begins with - stands after --.`,
      helpHint(command),
    )
  }
  const meant = meantText(typed, options.flatMap(spellings))
  return usageError(`\`gavelring ${command.name}\` has no flag ${typed}.${meant}`, helpHint(command))
}
