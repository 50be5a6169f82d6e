import type { Option } from '../command.ts'
import {
  firstOffers,
  groupsOf,
  helpFlag,
  type Listed,
  type Offer,
  type Taken,
  takenBy,
  takenByOperands,
  topicOffers,
  versionFlag,
} from './listed.ts'

/**
 * fish has `__fish_seen_subcommand_from`, which looks for a word anywhere: an account that is called like a command would bring
 * that one's flags. So where a word stands is looked at here.
 */
export function fishScript(commands: readonly Listed[]): string[] {
  return [
    '# gavelring completion for fish: put it into ~/.config/fish/completions/gavelring.fish',
    'function __gavelring_after --description "exactly these words stand before the one at the cursor"',
    '    set -l typed (commandline -opc)',
    '    test "$typed[2..]" = "$argv"',
    'end',
    'function __gavelring_in --description "the command line begins with these words"',
    '    set -l typed (commandline -opc)',
    '    string match -q -- "$argv *" "$typed[2..] "',
    'end',
    'complete -c gavelring -f',
    ...offered('__gavelring_after', firstOffers(commands)),
    ...[helpFlag, versionFlag].map((option) => flag('__gavelring_after', option)),
    ...offered('__gavelring_after help', topicOffers(commands)),
    ...groupsOf(commands).flatMap(([group, members]) => [
      ...offered(`__gavelring_after ${group}`, members),
      flag(`__gavelring_after ${group}`, helpFlag),
      ...offered(`__gavelring_after help ${group}`, members),
    ]),
    ...commands.flatMap((command) => {
      const here = `__gavelring_in ${command.name}`
      return [...operandsOf(here, takenByOperands(command)), ...command.options.map((option) => flag(here, option))]
    }),
  ]
}

const complete = (condition: string): string => `complete -c gavelring -n ${quote(condition)}`

const offered = (condition: string, offers: readonly Offer[]): string[] =>
  offers.map(([word, text]) => `${complete(condition)} -a ${word} -d ${quote(text)}`)

function operandsOf(condition: string, taken: Taken): string[] {
  if (taken.kind === 'file') return [`${complete(condition)} -F`]
  return taken.kind === 'words' ? [`${complete(condition)} -a ${quote(taken.words.join(' '))}`] : []
}

function flag(condition: string, { name, short, value, text }: Option): string {
  const shortForm = short === undefined ? '' : ` -s ${short}`
  return `${complete(condition)}${shortForm} -l ${name}${valueForm(takenBy(value))} -d ${quote(text)}`
}

/** `-x`: a value, and no file. */
function valueForm(taken: Taken): string {
  switch (taken.kind) {
    case 'nothing':
      return ''
    case 'file':
      return ' -r -F'
    case 'text':
      return ' -x'
    case 'words':
      return ` -x -a ${quote(taken.words.join(' '))}`
  }
}

/** Within single quotes fish knows `\\` and `\'`, and nothing else. */
const quote = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
