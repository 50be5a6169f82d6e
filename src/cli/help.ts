import { optionsOf } from './args.ts'
import type { Command, Option } from './command.ts'
import { pairs } from './table.ts'

/** `gavelring --help`: every command with its summary. */
export function overview(commands: readonly Command[]): string[] {
  return [
    'gavelring: an auction house and a bank that live on the laptops in the room.',
    '',
    'Usage: gavelring COMMAND [OPTIONS]',
    '',
    ...pairs([['Command', ''], ...commands.map((command) => [usageOf(command), command.summary] as const)]).map(indent),
    '',
    'Examples:',
    ...['gavelring demo', 'gavelring peer --room classroom --name Ana', 'gavelring account open ana --holder "Ana Lima"'].map(
      example,
    ),
    '',
    'Commands other than peer, demo and log verify speak to the running peer of --profile DIR',
    '(or GAVELRING_PROFILE, or the usual folder). Each has --json and --help.',
    'More: gavelring help COMMAND. Completion for your shell: gavelring completion bash|zsh|fish.',
    'Exit codes: 0 done, 1 refused by the rules, 2 usage, 3 not reachable or no quorum.',
  ]
}

/** `gavelring COMMAND --help`. */
export function helpOf(command: Command): string[] {
  return [
    `gavelring ${command.name}: ${command.summary}`,
    '',
    `Usage: gavelring ${usageOf(command)} [OPTIONS]`,
    ...(command.details === undefined ? [] : ['', ...command.details.split('\n')]),
    '',
    'Options:',
    ...pairs(optionsOf(command).map((option) => [optionUsage(option), option.text] as const)).map(indent),
    '',
    'Examples:',
    ...command.examples.map(example),
  ]
}

/** `gavelring account --help`: what a group of commands can do, with an example of each. */
export function helpOfGroup(group: string, commands: readonly Command[]): string[] {
  return [
    `gavelring ${group}:`,
    '',
    ...pairs(commands.map((command) => [usageOf(command), command.summary] as const)).map(indent),
    '',
    'Examples:',
    ...commands.flatMap(({ examples }) => examples.slice(0, 1)).map(example),
    '',
    `More: gavelring help ${group} ${commands[0]?.name.split(' ')[1] ?? ''}`,
  ]
}

const usageOf = (command: Command): string =>
  [command.name, ...command.operands.map((name) => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : name))].join(' ')

function optionUsage({ name, short, value, many }: Option): string {
  const shortForm = short === undefined ? '' : `-${short}, `
  const valueForm = value === undefined ? '' : value.endsWith('?') ? ` [${value.slice(0, -1)}]` : ` ${value}`
  return `${shortForm}--${name}${valueForm}${many === true ? ' …' : ''}`
}

const indent = (line: string): string => (line === '' ? line : `  ${line}`)
const example = (text: string): string => indent(`$ ${text}`)
