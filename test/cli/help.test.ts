import { describe, expect, test } from 'vitest'
import { loadAllCommands } from '../../src/cli/commands.ts'
import { run } from './run.ts'

const commands = await loadAllCommands()

/** PRODUCT, Command line. */
const promised =
  `peer demo status peers account-open account-list account-show account-close account-use account-import account-export deposit withdraw transfer
  pending-list pending-void refound backup restore log-rooms lab-list lab-run lab-compare lab-show lab-stop lab-add lab-report lab-check lab-scenarios lab-scenario auction-start auction-list auction-show auction-bid auction-cancel auction-watch
  log-tail log-verify log-export completion doctor join leave open roster rooms create rename events pace
  bridge-redis auction-bidders auction-extend auction-pause auction-resume token-create token-list token-revoke`
    .split(/\s+/)
    .map((name) => name.replace('-', ' '))
    .concat('log-level')

test('every promised command is there', () => {
  expect(commands.map(({ name }) => name).sort()).toEqual([...promised].sort())
})

test('`gavelring --help` lists every command', async () => {
  const { exitCode, out } = await run(['--help'])
  expect(exitCode).toBe(0)
  for (const name of promised) expect(out.join('\n')).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
})

test('`gavelring` alone prints the same, as a usage error', async () => {
  expect((await run([])).exitCode).toBe(2)
})

test('`gavelring --version` prints the version', async () => {
  const { exitCode, out } = await run(['--version'])
  expect([exitCode, out]).toEqual([0, [expect.stringMatching(/^\d+\.\d+\.\d+/)]])
})

describe('`--help` of each command has its options and examples', () => {
  for (const command of commands) {
    test(command.name, async () => {
      const { exitCode, out } = await run([...command.name.split(' '), '--help'])
      const text = out.join('\n')
      expect(exitCode).toBe(0)
      expect(text).toMatch(/^Examples:\n {2}\$ /m)
      for (const { name } of command.options) expect(text).toContain(`--${name}`)
      expect(text).toContain('--json')
    })
  }
})

test('`peer --help` lists every flag of the product page', async () => {
  const text = (await run(['peer', '--help'])).out.join('\n')
  const flags =
    'room create currency deposits code code-file founder name profile listen bootstrap no-mdns refetch http gateway log-format log-level'
  for (const flag of flags.split(' ')) expect(text).toContain(`--${flag}`)
})
