import type { Call, Command } from './command.ts'
import { operand } from './command.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { zshScript } from './completion/zsh.ts'
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

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

function tellScript({ json, terminal }: Call, shell: string, lines: readonly string[]): void {
  if (json) return terminal.json({ shell, script: `${lines.join('\n')}\n` })
  for (const line of lines) terminal.line(line)
}
