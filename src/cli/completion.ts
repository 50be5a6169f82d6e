import type { Call, Command, Option } from './command.ts'
import { operand } from './command.ts'
import { usageError } from './errors.ts'

export const completion: Command = {
  name: 'completion',
  summary: 'completes commands and flags in your shell',
  operands: ['bash|zsh|fish'],
  options: [],
  examples: [
    'source <(gavelring completion bash)',
    `gavelring completion zsh > "\${fpath[1]}/_gavelring"`,
    'gavelring completion fish > ~/.config/fish/completions/gavelring.fish',
  ],
  details: 'Prints a script for the shell, made from this very version’s commands. Load it where your shell starts.',
  async run(call) {
    const shell = operand(call, 0)
    const write = Object.hasOwn(scripts, shell) ? scripts[shell as keyof typeof scripts] : undefined
    if (write === undefined) throw usageError(`A script for "${shell}" is not known: bash, zsh or fish is expected.`)
    // Only here: this module is one of those that are loaded by it.
    const [{ loadAllCommands }, { optionsOf }] = await Promise.all([import('./commands.ts'), import('./args.ts')])
    const commands = (await loadAllCommands()).map((command) => ({ ...command, options: optionsOf(command) }))
    tellScript(call, shell, write(commands))
    return 0
  },
}

function tellScript({ json, terminal }: Call, shell: string, lines: readonly string[]): void {
  if (json) return terminal.json({ shell, script: `${lines.join('\n')}\n` })
  for (const line of lines) terminal.line(line)
}

type Listed = Pick<Command, 'name' | 'summary' | 'operands' | 'options'>

const scripts = { bash, zsh, fish }

/** Words that may follow words: after `account` its commands, after `account open` its flags. */
function bash(commands: readonly Listed[]): string[] {
  return [
    '# gavelring completion for bash: source <(gavelring completion bash)',
    '_gavelring() {',
    `  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""`,
    `  local command="\${COMP_WORDS[1]}"`,
    `  (( COMP_CWORD > 2 )) && command="$command \${COMP_WORDS[2]}"`,
    '  COMPREPLY=()',
    '  if (( COMP_CWORD == 1 )) || [[ $COMP_CWORD == 2 && $before == help ]]; then',
    `    COMPREPLY=($(compgen -W ${quote([...firstWords(commands), 'help', '--help', '--version'].join(' '))} -- "$word"))`,
    '    return',
    '  fi',
    '  case "$command" in',
    ...groupsOf(commands).map(([group, words]) => `    ${group}) words=${quote([...words, '--help'].join(' '))} ;;`),
    ...commands.map(({ name, options, operands }) => {
      const words = [...operands.flatMap((value) => choicesOf({ value }) ?? []), ...flagsOf(options)]
      return `    ${bashPattern(name)}) words=${quote(words.join(' '))}${bashValues(options)} ;;`
    }),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _gavelring gavelring',
  ]
}

/** A command of one word is followed by anything. */
const bashPattern = (name: string): string => (name.includes(' ') ? quote(name) : `${name}|${quote(`${name} `)}*`)

/** Values of the flag before: one of a few, or a file; otherwise whatever the person means. */
function bashValues(options: readonly Option[]): string {
  const cases = options.flatMap((option) => {
    const { value } = option
    if (value === undefined || value.endsWith('?')) return []
    const choices = choicesOf(option)
    const then = choices === undefined ? 'return' : `COMPREPLY=($(compgen -W ${quote(choices.join(' '))} -- "$word")); return`
    return [`${flagsOf([option]).join('|')}) ${then} ;;`]
  })
  return cases.length === 0 ? '' : `; case "$before" in ${cases.join(' ')} esac`
}

function zsh(commands: readonly Listed[]): string[] {
  const groups = new Map(groupsOf(commands))
  const describe = (words: readonly (readonly [word: string, text: string])[]): string =>
    words.map(([word, text]) => quote(`${word}:${text}`)).join(' ')
  return [
    '#compdef gavelring',
    '# gavelring completion for zsh: put it into a folder of $fpath as _gavelring, or source it.',
    '_gavelring() {',
    '  local -a words_here',
    `  local command="\${words[2]}"`,
    `  if (( CURRENT == 2 )) || [[ $CURRENT == 3 && $command == help ]]; then`,
    `    words_here=(${describe(firstWords(commands).map((word) => [word, summaryOf(commands, word)]))})`,
    "    _describe 'command' words_here",
    '    return',
    '  fi',
    '  case "$command" in',
    ...[...groups].map(
      ([group]) =>
        `    ${group}) if (( CURRENT == 3 )); then words_here=(${describe(membersOf(commands, group))}); _describe 'command' words_here; return; fi; command="$command \${words[3]}" ;;`,
    ),
    '  esac',
    '  case "$command" in',
    ...commands.map(
      ({ name, options }) => `    ${quote(name)}) _arguments ${options.flatMap(zshFlags).join(' ')} '*:file:_files' ;;`,
    ),
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_gavelring" ]; then _gavelring "$@"; else compdef _gavelring gavelring; fi',
  ]
}

function zshFlags(option: Option): string[] {
  const { value, text, many } = option
  const choices = choicesOf(option)
  const what =
    value === undefined || value.endsWith('?')
      ? ''
      : `:${zshWord(value)}:${choices === undefined ? '_files' : `(${choices.join(' ')})`}`
  return flagsOf([option]).map((flag) => quote(`${many === true ? '*' : ''}${flag}[${zshWord(text)}]${what}`))
}

/** Colons and brackets mean something to zsh. */
const zshWord = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&')

function fish(commands: readonly Listed[]): string[] {
  const first = 'test (count (commandline -opc)) -eq 1'
  return [
    '# gavelring completion for fish: put it into ~/.config/fish/completions/gavelring.fish',
    'complete -c gavelring -f',
    ...firstWords(commands).map(
      (word) => `complete -c gavelring -n ${quote(first)} -a ${word} -d ${quote(summaryOf(commands, word))}`,
    ),
    ...groupsOf(commands).flatMap(([group]) =>
      membersOf(commands, group).map(
        ([word, text]) =>
          `complete -c gavelring -n ${quote(`__fish_seen_subcommand_from ${group}; and test (count (commandline -opc)) -eq 2`)} -a ${word} -d ${quote(text)}`,
      ),
    ),
    ...commands.flatMap(({ name, options }) => {
      const seen = name
        .split(' ')
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join('; and ')
      return options.map((option) => `complete -c gavelring -n ${quote(seen)} ${fishFlag(option)}`)
    }),
  ]
}

function fishFlag(option: Option): string {
  const { name, short, value, text } = option
  const choices = choicesOf(option)
  const takes =
    value === undefined || value.endsWith('?') ? '' : choices === undefined ? ' -r -F' : ` -x -a ${quote(choices.join(' '))}`
  return `${short === undefined ? '' : `-s ${short} `}-l ${name}${takes} -d ${quote(text)}`
}

const firstWords = (commands: readonly Listed[]): string[] => [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name))]

/** First words that more follow, with these. */
function groupsOf(commands: readonly Listed[]): (readonly [group: string, words: readonly string[]])[] {
  return firstWords(commands).flatMap((group) => {
    const words = membersOf(commands, group).map(([word]) => word)
    return words.length === 0 ? [] : [[group, words] as const]
  })
}

function membersOf(commands: readonly Listed[], group: string): (readonly [word: string, text: string])[] {
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

const flagsOf = (options: readonly Option[]): string[] =>
  options.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])

/** `open|host`: one of a few words. Names of what is meant, as `HASH|INDEX`, are none. */
function choicesOf({ value }: Pick<Option, 'value'>): readonly string[] | undefined {
  return value !== undefined && /^[a-z][a-z-]*(\|[a-z][a-z-]*)+$/.test(value) ? value.split('|') : undefined
}

/** For any of the three shells, whatever stands in it. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
