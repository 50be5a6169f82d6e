import type { Command, Option } from '../command.ts'

/** What completion needs to know of a command; its options are all that it takes, `--help` too. */
export type Listed = Pick<Command, 'name' | 'summary' | 'operands' | 'options'>

/** A word, and what it is for. */
export type Offer = readonly [word: string, text: string]

/** What may stand where a value does: `nothing` for a switch, `text` for what only the person knows. */
export type Taken = { readonly kind: 'nothing' | 'text' | 'file' } | { readonly kind: 'words'; readonly words: readonly string[] }

/**
 * `open|host`: one of a few words. Names of what is meant, as `HASH|INDEX`, are none. A value that may be left out counts as a
 * switch: no shell can tell whether the next word belongs to it.
 */
export function takenBy(value: string | undefined): Taken {
  if (value === undefined || value.endsWith('?')) return { kind: 'nothing' }
  if (isFile(value)) return { kind: 'file' }
  return /^[a-z][a-z-]*(\|[a-z][a-z-]*)+$/.test(value) ? { kind: 'words', words: value.split('|') } : { kind: 'text' }
}

/** What may stand among a command's operands, wherever. */
export function takenByOperands({ operands }: Listed): Taken {
  const names = operands.map((name) => name.replace(/[?…]+$/, ''))
  if (names.some(isFile)) return { kind: 'file' }
  const words = names.map(takenBy).flatMap((taken) => (taken.kind === 'words' ? taken.words : []))
  return words.length > 0 ? { kind: 'words', words } : { kind: 'text' }
}

const isFile = (value: string): boolean => /^(?:FILE|DIR)$/.test(value)

/** What a command line may begin with, but for flags. */
export function firstOffers(commands: readonly Listed[]): Offer[] {
  return [...topicOffers(commands), ['help', 'explains a command, with examples']]
}

/** What help can be asked about. */
export function topicOffers(commands: readonly Listed[]): Offer[] {
  const words = new Set(commands.map(({ name }) => name.split(' ')[0] ?? name))
  return [...words].map((word) => [word, summaryOf(commands, word)])
}

/** First words that more follow, with these. */
export function groupsOf(commands: readonly Listed[]): (readonly [group: string, members: readonly Offer[]])[] {
  return topicOffers(commands).flatMap(([group]) => {
    const members = membersOf(commands, group)
    return members.length === 0 ? [] : [[group, members] as const]
  })
}

function membersOf(commands: readonly Listed[], group: string): Offer[] {
  return commands.flatMap(({ name, summary }) => {
    const [first, word] = name.split(' ')
    return first === group && word !== undefined ? [[word, summary] as const] : []
  })
}

const summaryOf = (commands: readonly Listed[], word: string): string =>
  commands.find(({ name }) => name === word)?.summary ??
  membersOf(commands, word)
    .map(([member]) => member)
    .join(', ')

/** Before any command, and after the first word of a group. */
export const helpFlag: Option = { name: 'help', short: 'h', text: 'print this help' }
export const versionFlag: Option = { name: 'version', short: 'V', text: 'print the version' }

export const flagsOf = (options: readonly Option[]): string[] =>
  options.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])

/** For bash and zsh, whatever stands in it. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
