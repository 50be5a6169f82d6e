import type { Environment } from '../app/config.ts'
import { programVersion } from '../app/version.ts'
import { parseCommandArgs } from './args.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { type CliError, toCliError, usageError } from './errors.ts'
import { helpOf, overview } from './help.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** Runs one command line; resolves with the exit code, and never rejects. */
export async function main(
  args: readonly string[],
  env: Environment = process.env,
  terminal: Terminal = createTerminal(env),
): Promise<number> {
  try {
    return await dispatch(args, env, terminal)
  } catch (error) {
    const told = toCliError(error)
    tellError(told, args.includes('--json'), terminal)
    return told.exit
  }
}

async function dispatch(args: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const [first] = args
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    for (const line of overview(commands)) terminal.line(line)
    return first === undefined ? 2 : 0
  }
  if (first === '--version') {
    terminal.line(programVersion())
    return 0
  }
  const command = findCommand(args)
  if (command === undefined) return explainGroup(args, terminal)
  const { flags, operands } = parseCommandArgs(command, args.slice(command.name.split(' ').length))
  if (flags.help === true) {
    for (const line of helpOf(command)) terminal.line(line)
    return 0
  }
  return command.run({ operands, flags, env, json: flags.json === true, terminal })
}

function findCommand(args: readonly string[]): Command | undefined {
  return commands.find((command) => command.name.split(' ').every((word, index) => args[index] === word))
}

/** `gavelring account`, `gavelring account --help`, or no command at all. */
function explainGroup(args: readonly string[], terminal: Terminal): number {
  const [group = '', word] = args
  const members = commands.filter((command) => command.name.startsWith(`${group} `))
  if (members.length === 0) {
    throw usageError(`There is no command "${group}".`, 'See `gavelring --help`.')
  }
  if (word === '--help' || word === '-h') {
    for (const command of members) for (const line of [...helpOf(command), '']) terminal.line(line)
    return 0
  }
  const names = members.map(({ name }) => name.slice(group.length + 1)).join(', ')
  throw usageError(
    word === undefined
      ? `\`gavelring ${group}\` needs one of: ${names}.`
      : `There is no command "${group} ${word}": it is one of ${names}.`,
    `See \`gavelring ${group} --help\`.`,
  )
}

function tellError(error: CliError, json: boolean, terminal: Terminal): void {
  if (json) {
    const { code, message, hint, data } = error
    terminal.line(
      JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }), ...(data !== undefined && { data }) } }),
    )
    return
  }
  terminal.note(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`)
}
