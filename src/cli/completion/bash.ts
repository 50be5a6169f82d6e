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

/**
 * Where nothing of ours is offered readline offers files (`-o default`), unless the function says that there are none to be
 * had. The bash of macOS (3.2) has no `compopt`, and offers them everywhere.
 */
export function bashScript(commands: readonly Listed[]): string[] {
  const groups = groupsOf(commands)
  return [
    '# gavelring completion for bash: source <(gavelring completion bash)',
    '_gavelring() {',
    `  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""`,
    `  local command="\${COMP_WORDS[1]}"`,
    `  (( COMP_CWORD > 2 )) && command="$command \${COMP_WORDS[2]}"`,
    '  COMPREPLY=()',
    '  if (( COMP_CWORD == 1 )); then',
    `    COMPREPLY=($(compgen -W ${listOf([...wordsOf(firstOffers(commands)), ...flagsOf([helpFlag, versionFlag])])} -- "$word"))`,
    '    return',
    '  fi',
    '  case "$command" in',
    `    help) words=${listOf(wordsOf(topicOffers(commands)))}; ${noFiles} ;;`,
    ...groups.flatMap(([group, members]) => [
      `    ${quote(`help ${group}`)}) words=${listOf(wordsOf(members))}; ${noFiles} ;;`,
      `    ${group}) words=${listOf([...wordsOf(members), ...flagsOf([helpFlag])])}; ${noFiles} ;;`,
    ]),
    ...commands.map((command) => {
      const taken = takenByOperands(command)
      const words = [...(taken.kind === 'words' ? taken.words : []), ...flagsOf(command.options)]
      const files = taken.kind === 'file' ? '' : `; ${noFiles}`
      return `    ${pattern(command.name)}) words=${listOf(words)}${valuesOf(command.options)}${files} ;;`
    }),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _gavelring gavelring',
  ]
}

const noFiles = 'compopt +o default 2>/dev/null'

/** A command of one word is followed by anything. */
const pattern = (name: string): string => (name.includes(' ') ? quote(name) : `${name}|${quote(`${name} `)}*`)

/** The value of the flag before. */
function valuesOf(options: readonly Option[]): string {
  const cases = options.flatMap((option) => {
    const then = thenOf(takenBy(option.value))
    return then === undefined ? [] : [`${flagsOf([option]).join('|')}) ${then}; return ;;`]
  })
  return cases.length === 0 ? '' : `; case "$before" in ${cases.join(' ')} esac`
}

function thenOf(taken: Taken): string | undefined {
  switch (taken.kind) {
    case 'nothing':
      return undefined
    case 'file':
      return ':'
    case 'text':
      return noFiles
    case 'words':
      return `${noFiles}; COMPREPLY=($(compgen -W ${listOf(taken.words)} -- "$word"))`
  }
}

const wordsOf = (offers: readonly Offer[]): string[] => offers.map(([word]) => word)
const listOf = (words: readonly string[]): string => quote(words.join(' '))
