import type { Option } from '../command.ts'
import {
  firstOffers,
  flagsOf,
  groupsOf,
  helpFlag,
  type Listed,
  type Offer,
  quote,
  type Taken,
  takenBy,
  takenByOperands,
  topicOffers,
  versionFlag,
} from './listed.ts'

export function zshScript(commands: readonly Listed[]): string[] {
  return [
    '#compdef gavelring',
    '# gavelring completion for zsh: put it into a folder of $fpath as _gavelring, or source it.',
    '_gavelring() {',
    '  local -a offers flags',
    `  local command="\${words[2]}"`,
    '  if (( CURRENT == 2 )); then',
    `    ${described(firstOffers(commands))}`,
    `    ${describedFlags([helpFlag, versionFlag])}`,
    '    return',
    '  fi',
    '  if [[ $command == help ]]; then',
    `    (( CURRENT == 3 )) && { ${described(topicOffers(commands))} }`,
    `    (( CURRENT == 4 )) && case "\${words[3]}" in`,
    ...groupsOf(commands).map(([group, members]) => `      ${group}) ${described(members)} ;;`),
    '    esac',
    '    return',
    '  fi',
    '  case "$command" in',
    ...groupsOf(commands).map(
      ([group, members]) =>
        `    ${group}) if (( CURRENT == 3 )); then ${described(members)}; ${describedFlags([helpFlag])}; return; fi; command="$command \${words[3]}"; shift words; (( CURRENT-- )) ;;`,
    ),
    '  esac',
    // What stands before a command's own words is none of them.
    '  shift words; (( CURRENT-- ))',
    '  case "$command" in',
    ...commands.map(
      (command) =>
        `    ${quote(command.name)}) _arguments ${[...command.options.flatMap(flagSpecs), operandSpec(command)].join(' ')} ;;`,
    ),
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_gavelring" ]; then _gavelring "$@"; else compdef _gavelring gavelring; fi',
  ]
}

const described = (offers: readonly Offer[]): string => `offers=(${listOf(offers)}); _describe command offers`

const describedFlags = (options: readonly Option[]): string =>
  `flags=(${listOf(options.flatMap((option) => flagsOf([option]).map((flag) => [flag, option.text] as const)))}); _describe -o option flags`

const listOf = (offers: readonly Offer[]): string => offers.map(([word, text]) => quote(`${word}:${text}`)).join(' ')

function flagSpecs(option: Option): string[] {
  const { value, text, many } = option
  return flagsOf([option]).map((flag) =>
    quote(`${many === true ? '*' : ''}${flag}[${escaped(text)}]${valueSpec(value ?? '', takenBy(value))}`),
  )
}

function operandSpec(command: Listed): string {
  if (command.operands.length === 0) return ''
  const [name = ''] = command.operands
  return quote(`*${valueSpec(name.replace(/[?…]+$/, ''), takenByOperands(command))}`)
}

/** A space as the action: a value is expected, and nothing is known of it. */
function valueSpec(name: string, taken: Taken): string {
  switch (taken.kind) {
    case 'nothing':
      return ''
    case 'file':
      return `:${escaped(name)}:_files`
    case 'text':
      return `:${escaped(name)}: `
    case 'words':
      return `:${escaped(name)}:(${taken.words.join(' ')})`
  }
}

/** Colons and brackets mean something to zsh. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&')
