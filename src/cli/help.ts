import { commonOptions } from './args.ts'
import type { Command, Option } from './command.ts'
import { table } from './output.ts'

/** `gavelring --help`: every command with its summary. */
export function overview(commands: readonly Command[]): string[] {
  return [
    'gavelring: an auction house and a bank that live on the laptops in the room.',
    '',
    'Usage: gavelring COMMAND [OPTIONS]',
    '',
    ...table(
      ['Command', ''],
      commands.map((command) => [usageOf(command), command.summary]),
    ).map(indent),
    '',
    'Examples:',
    ...['gavelring demo', 'gavelring peer --room classroom --name Ana', 'gavelring account open ana --holder "Ana Lima"'].map(
      (example) => indent(`$ ${example}`),
    ),
    '',
    'Commands other than peer, demo and log verify speak to the running peer of --profile DIR',
    '(or GAVELRING_PROFILE, or the usual folder). Each has --json and --help.',
    'Exit codes: 0 done, 1 refused by the rules, 2 usage, 3 not reachable or no quorum.',
  ]
}

/** `gavelring COMMAND --help`. */
export function helpOf(command: Command): string[] {
  const options = [...command.options, ...commonOptions]
  return [
    `gavelring ${command.name}: ${command.summary}`,
    '',
    `Usage: gavelring ${usageOf(command)} [OPTIONS]`,
    ...(command.details === undefined ? [] : ['', command.details]),
    '',
    'Options:',
    ...table(
      ['', ''],
      options.map((option) => [optionUsage(option), option.text]),
    )
      .slice(1)
      .map(indent),
    '',
    'Examples:',
    ...command.examples.map((example) => indent(`$ ${example}`)),
  ]
}

const usageOf = (command: Command): string =>
  [command.name, ...command.operands.map((name) => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : name))].join(' ')

function optionUsage({ name, short, value, many }: Option): string {
  const shortForm = short === undefined ? '' : `-${short}, `
  return `${shortForm}--${name}${value === undefined ? '' : ` ${value}`}${many === true ? ' …' : ''}`
}

const indent = (line: string): string => `  ${line}`
