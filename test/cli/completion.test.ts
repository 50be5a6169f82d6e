import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { optionsOf } from '../../src/cli/args.ts'
import { commandWords, loadAllCommands } from '../../src/cli/commands.ts'
import { temporaryFolder } from './processes.ts'
import { run } from './run.ts'
import { has, offersOf, type Shell } from './shells.ts'

const commands = await loadAllCommands()

const scriptFor = async (shell: Shell): Promise<string> => {
  const { exitCode, out, notes } = await run(['completion', shell])
  expect([exitCode, notes]).toEqual([0, []])
  return `${out.join('\n')}\n`
}

const accountWords = ['open', 'list', 'show', 'close', 'use', 'import', 'export']

/** What each shell is to offer for the last of these words. */
const offered: readonly (readonly [words: readonly string[], all: readonly string[]])[] = [
  [[''], [...commandWords, 'help']],
  [['--v'], ['--version']],
  [['stat'], ['status']],
  [['auct'], ['auction']],
  [['help', 'acc'], ['account']],
  [['help', 'account', ''], accountWords],
  [['help', 'status', ''], []],
  [['account', 'o'], ['open']],
  [['account', 'c'], ['close']],
  [['account', '--h'], ['--help']],
  [['account', 'open', 'ana', '--ho'], ['--holder']],
  [['log', 'tail', '--f'], ['--follow']],
  [['status', '--wait'], ['--wait-member']],
  [['transfer', 'ana', 'bob', '1', '--me'], ['--memo']],
  // Accounts may be called like commands.
  [['transfer', 'status', 'account', '--me'], ['--memo']],
  [['transfer', 'status', 'account', '--wait-'], []],
  [['completion', 'z'], ['zsh']],
  [
    ['peer', '--deposits', ''],
    ['open', 'host'],
  ],
  [['peer', '--deposits', 'h'], ['host']],
  [['peer', '--listen', '[::]:1', '--lis'], ['--listen']],
  // A word of the person's own: nothing of ours, and no file.
  [['account', 'open', '--holder', '/et'], []],
  [['transfer', '/et'], []],
  [['nothing', '--'], []],
]

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  describe.skipIf(!has(shell))(`in ${shell}`, () => {
    for (const [words, all] of offered) {
      test(words.join(' ') || 'nothing yet', async () => {
        const found = offersOf(shell, await scriptFor(shell), words)
        // bash shows flags where nothing is typed yet, the others once a hyphen is.
        const asked = words.at(-1)?.startsWith('-') ? found : found.filter((word) => !word.startsWith('-'))
        expect(asked).toEqual([...all].sort())
      })
    }

    // In bash they come from readline, which is not here.
    for (const words of [
      ['account', 'open', '--from'],
      ['log', 'verify'],
      ['peer', '--profile'],
    ]) {
      test.skipIf(shell === 'bash')(`files after ${words.join(' ')}`, async () => {
        const folder = temporaryFolder()
        writeFileSync(join(folder, 'class.csv'), '')
        const found = offersOf(shell, await scriptFor(shell), [...words, `${folder}/cl`])
        expect(found.map((file) => file.replace(/.*\//, ''))).toEqual(['class.csv'])
      })
    }

    test('every flag of a command, and no other', async () => {
      const [open] = commands.filter(({ name }) => name === 'account open')
      const flags = offersOf(shell, await scriptFor(shell), ['account', 'open', '--']).filter((flag) => flag.startsWith('--'))
      expect(flags).toEqual(
        open === undefined
          ? []
          : optionsOf(open)
              .map(({ name }) => `--${name}`)
              .sort(),
      )
    })
  })

  test(`the script for ${shell} has every command and every flag`, async () => {
    const script = await scriptFor(shell)
    for (const command of commands) {
      for (const word of command.name.split(' ')) expect(script).toContain(word)
      for (const { name } of optionsOf(command)) expect(script).toMatch(new RegExp(`--${name}\\b|-l ${name} `))
    }
  })
}

test('a shell that is not known is named', async () => {
  expect(await run(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, notes: [expect.stringMatching(/"tcsh" is not known/)] })
})
