import type { Environment } from '../app/flags.ts'
import { programVersion } from '../app/version.ts'
import { parseCommandArgs } from './args.ts'
import type { Command } from './command.ts'
import { commandWords, loadAllCommands, loadCommands } from './commands.ts'
import { type CliError, toCliError, usageError } from './errors.ts'
import { helpOf, helpOfGroup, overview } from './help.ts'
import { meantText } from './nearest.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** Runs one command line; resolves with the exit code, and never rejects. */
export async function main(
  args: readonly string[],
  env: Environment = process.env,
  terminal: Terminal = createTerminal(env),
): Promise<number> {
  try {
    const exitCode = await dispatch(args, env, terminal)
    await terminal.flushed()
    if (terminal.failure !== undefined) throw terminal.failure
    return exitCode
  } catch (error) {
    const told = toCliError(error)
    tellError(told, wantsJson(args), terminal)
    return told.exit
  }
}

async function dispatch(args: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const [first, ...rest] = args
  if (first === undefined || isHelp(first)) {
    // `gavelring help account open`: the same as `gavelring account open --help`.
    const topic = first === 'help' ? rest.filter((word) => !isHelp(word)) : []
    if (topic.length > 0) return explain(topic, terminal)
    for (const line of overview(await loadAllCommands())) terminal.line(line)
    return first === undefined ? 2 : 0
  }
  if (first === '--version' || first === '-V') {
    terminal.line(programVersion())
    return 0
  }
  const members = await loadCommands(first)
  const command = findCommand(members, args)
  if (command === undefined) {
    if (members.length > 0 && rest[0] !== undefined && isHelp(rest[0])) return explain([first], terminal)
    throw unknownCommand(args, members)
  }
  const { flags, operands } = parseCommandArgs(command, args.slice(command.name.split(' ').length))
  if (flags.help === true) {
    for (const line of helpOf(command)) terminal.line(line)
    return 0
  }
  return command.run({ operands, flags, env, json: flags.json === true, terminal })
}

const isHelp = (word: string): boolean => word === 'help' || word === '--help' || word === '-h'

/** What stands after `--` is no flag. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).includes('--json')
}

function findCommand(members: readonly Command[], args: readonly string[]): Command | undefined {
  return members.find((command) => command.name.split(' ').every((word, index) => args[index] === word))
}

async function explain(topic: readonly string[], terminal: Terminal): Promise<number> {
  const [group = '', word] = topic
  const members = await loadCommands(group)
  const command = findCommand(members, topic)
  if (command === undefined && (members.length === 0 || word !== undefined)) throw unknownCommand(topic, members)
  for (const line of command === undefined ? helpOfGroup(group, members) : helpOf(command)) terminal.line(line)
  return 0
}

/** No command at all, or a group without one of its words. */
function unknownCommand([group = '', word]: readonly string[], members: readonly Command[]): CliError {
  if (members.length === 0) {
    return usageError(`There is no command "${group}".${meantText(group, commandWords)}`, 'See `gavelring --help`.')
  }
  const words = members.map(({ name }) => name.slice(group.length + 1))
  return usageError(
    word === undefined || word.startsWith('-')
      ? `\`gavelring ${group}\` needs one of: ${words.join(', ')}.`
      : `There is no command "${group} ${word}": it is one of ${words.join(', ')}.${meantText(word, words)}`,
    `See \`gavelring ${group} --help\`.`,
  )
}

function tellError(error: CliError, json: boolean, terminal: Terminal): void {
  const { code, message, hint, data } = error
  if (json) {
    return terminal.json({ error: { code, message, ...(hint !== undefined && { hint }), ...(data !== undefined && { data }) } })
  }
  terminal.note(message)
  if (hint !== undefined) terminal.note(hint)
}
