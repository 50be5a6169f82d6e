import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { loadAllCommands } from '../../src/cli/commands.ts'
import { run } from './run.ts'

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0
const commands = await loadAllCommands()

const scriptFor = async (shell: string): Promise<string> => {
  const { exitCode, out, notes } = await run(['completion', shell])
  expect([exitCode, notes]).toEqual([0, []])
  return `${out.join('\n')}\n`
}

describe.skipIf(!has('bash'))('in bash', () => {
  /** What is offered for the last of these words, as bash itself finds it. */
  const complete = async (...words: readonly string[]): Promise<string[]> => {
    const list = words.map((word) => `'${word}'`).join(' ')
    const ask = `COMP_WORDS=(gavelring ${list}); COMP_CWORD=${words.length}; _gavelring; printf '%s\\n' "\${COMPREPLY[@]}"`
    const out = execFileSync('bash', ['-uc', `${await scriptFor('bash')}\n${ask}`], { encoding: 'utf8' })
    return out.split('\n').filter((line) => line !== '')
  }

  const offered: readonly (readonly [words: readonly string[], all: readonly string[]])[] = [
    [['stat'], ['status']],
    [['acc'], ['account']],
    [['help', 'acc'], ['account']],
    [['account', 'o'], ['open']],
    [
      ['account', ''],
      ['open', 'list', 'show', 'close', 'use', '--help'],
    ],
    [['account', 'open', 'ana', '--ho'], ['--holder']],
    [['log', 'tail', '--f'], ['--follow']],
    [['status', '--wait'], ['--wait-member']],
    [['transfer', 'ana', 'bob', '1', '--me'], ['--memo']],
    [['completion', 'z'], ['zsh']],
    [
      ['peer', '--deposits', ''],
      ['open', 'host'],
    ],
    [['peer', '--deposits', 'h'], ['host']],
    // A file or a word of the person's own: nothing of ours.
    [['log', 'export', '--output', ''], []],
    [['account', 'open', '--holder', '--'], []],
    [['nothing', '--'], []],
  ]
  for (const [words, all] of offered) {
    test(words.join(' '), async () => expect(await complete(...words)).toEqual(all))
  }

  test('every command and every flag of it', async () => {
    for (const { name, options } of commands) {
      const flags = await complete(...name.split(' '), '--')
      for (const option of options) expect([name, flags]).toEqual([name, expect.arrayContaining([`--${option.name}`])])
      expect(flags).toContain('--json')
    }
  })
})

for (const shell of ['zsh', 'fish'] as const) {
  test.skipIf(!has(shell))(`${shell} understands its script`, async () => {
    const file = await scriptFor(shell)
    const { status, stderr } = spawnSync(shell, ['-n'], { input: file, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  test(`the script for ${shell} has every command and every flag`, async () => {
    const script = await scriptFor(shell)
    for (const { name, options } of commands) {
      for (const word of name.split(' ')) expect(script).toContain(word)
      for (const option of options) expect(script).toContain(shell === 'zsh' ? `--${option.name}[` : `-l ${option.name} `)
    }
  })
}
