import { expect, test } from 'vitest'
import { widthOf } from '../../src/cli/table.ts'
import { forbiddenIn } from './forbidden.ts'
import { gavelring, startPeer, temporaryFolder } from './processes.ts'

const hostile = 'x\x1b[2J\x9b31m\u202E\u2066\u200B\u200E\uFEFF\u061C\u{E0041}\x07\x7F'
/** Lines end; everything else that is forbidden is. */
const foundIn = (text: string): string[] => forbiddenIn(text.replaceAll('\n', ''))

test('texts of others reach no terminal as they are, in words and as JSON', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  const call = (...args: readonly string[]) => gavelring([...args, '--profile', profile]).finished
  for (const name of [hostile, 'Ana \u202E\u200B Lima']) {
    const refused = await call('account', 'open', 'eve', '--holder', name)
    expect([refused.exitCode, foundIn(refused.errors)]).toEqual([2, []])
  }
  expect((await call('account', 'open', 'ana')).exitCode).toBe(0)
  expect((await call('account', 'open', 'bob')).exitCode).toBe(0)
  expect((await call('deposit', 'ana', '5')).exitCode).toBe(0)
  expect((await call('transfer', 'ana', 'bob', '1', '--memo', hostile)).exitCode).toBe(0)
  const lot = ['Lamp', '--payee', 'ana', '--description', hostile, '--seconds', '600']
  expect((await call('auction', 'start', ...lot)).exitCode).toBe(0)
  for (const line of [
    'account list',
    'account show ana',
    'log tail',
    'auction list',
    'auction show last',
    'peers',
    'status',
    'log export',
  ]) {
    for (const more of [[], ['--json']]) {
      const { out, errors } = await call(...line.split(' '), ...more)
      expect([line, more, foundIn(out + errors)]).toEqual([line, more, []])
    }
  }
  const { out } = await call('log', 'tail', '-n', '2', '--json')
  expect(out).toContain('\\u202e')
  expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ content: [{ memo: hostile }] })
  const refused = await call('account', 'show', hostile)
  expect([refused.exitCode, foundIn(refused.errors)]).toEqual([2, []])
})

test('tables are as wide as the terminal, and columns can be chosen', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  const call = (env: Record<string, string>, ...args: readonly string[]) =>
    gavelring([...args, '--profile', profile], env).finished
  await call({}, 'account', 'open', 'ana', '--holder', 'Maximiliana von und zu Hohenstein-Gutenberg 山田太郎')
  for (const width of [24, 40, 60]) {
    const { out } = await call({ COLUMNS: String(width) }, 'account', 'list')
    for (const line of out.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width)
    expect(out).toMatch(/\b0\.00 EUR\b/)
  }
  expect((await call({}, 'account', 'list', '--columns', 'owner,account')).out).toBe('Owner  Account\nAna    ana\n')
  const wrong = await call({}, 'peers', '--columns', 'name,nme')
  expect(wrong).toMatchObject({
    exitCode: 2,
    out: '',
    errors: '--columns: there is no column "nme". There are: name, peer, is, way, trip, clock.\n',
  })
})
