import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './processes.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

export const has = (shell: Shell): boolean => spawnSync(shell, ['-c', 'true']).status === 0

/** What a shell offers for the last word of `gavelring …words`, once it has our script, in alphabetical order: the shell's own completion runs. */
export function offersOf(shell: Shell, script: string, words: readonly string[]): string[] {
  const offered = asked[shell](script, words)
  return [...new Set(offered.filter((line) => line !== ''))].sort()
}

const asked: Readonly<Record<Shell, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: askBash,
  zsh: askZsh,
  fish: askFish,
}

/** The function alone, with what bash would tell it; files are readline's to offer, and are none of these. */
function askBash(script: string, words: readonly string[]): readonly string[] {
  const list = words.map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(gavelring ${list}); COMP_CWORD=${words.length}; _gavelring; printf '%s\\n' "\${COMPREPLY[@]}"`
  return linesOf('bash', ['--norc', '-uc', `${script}\n${ask}`])
}

function askFish(script: string, words: readonly string[]): readonly string[] {
  const file = join(temporaryFolder(), 'gavelring.fish')
  writeFileSync(file, script)
  return linesOf('fish', ['--no-config', '-c', `source ${file}; complete -C "gavelring ${words.join(' ')}"`]).map(
    (line) => line.split('\t', 1)[0] ?? '',
  )
}

/**
 * An interactive zsh at a terminal of its own, with its whole completion system: the line is typed, then Tab. What would be
 * offered goes to a file, since a screen would have to be read.
 */
function askZsh(script: string, words: readonly string[]): readonly string[] {
  const folder = temporaryFolder()
  const [setup, offered] = [join(folder, 'setup'), join(folder, 'offered')]
  writeFileSync(join(folder, '_gavelring'), script)
  writeFileSync(offered, '')
  writeFileSync(
    setup,
    `fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D
compadd() {
  local -a matching
  if [[ " \${*%%-- *} " == *" -"[OAD]" "* ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A matching "$@"
  (( $#matching )) && print -rl -- $matching >> ${offered}
  builtin compadd "$@"
}
leave() { exit 0 }
zle -N leave; bindkey '^X' leave; bindkey '^I' complete-word
`,
  )
  const type = `zmodload zsh/zpty; zpty it zsh -f -i; zpty -w it '. ${setup}'; zpty -w -n it $'gavelring ${words.join(' ')}\\t\\x18'
while zpty -t it; do zpty -r it seen || break; done; cat ${offered}`
  return linesOf('zsh', ['-fc', type])
}

function linesOf(shell: Shell, args: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(shell, args, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  if (status !== 0 || stderr !== '') throw new Error(`${shell} ended with ${status}: ${stderr}`)
  return stdout.split('\n')
}
