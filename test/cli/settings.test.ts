import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultAccount, readSettings } from '../../src/cli/settings.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'
import { startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

test('an account is chosen once for a profile, and is meant where none is named', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  const call = (...args: readonly string[]) => run([...args, '--profile', profile])
  expect(await call('account', 'use')).toMatchObject({ exitCode: 0, out: ['No account is chosen.'] })
  expect(await call('account', 'use', 'ana')).toMatchObject({
    exitCode: 1,
    notes: ['There is no account ana.', expect.any(String)],
  })
  expect(existsSync(join(profile, 'settings.json'))).toBe(false)
  await call('account', 'open', 'ana')
  expect(await call('account', 'use', 'ana')).toMatchObject({
    exitCode: 0,
    out: ['Where none is named ana is meant from now on.'],
  })
  expect(defaultAccount(profile)).toBe('ana')
  if (process.platform !== 'win32') expect(statSync(join(profile, 'settings.json')).mode & 0o777).toBe(0o600)
  expect(await call('account', 'use')).toMatchObject({ out: ['Where none is named ana is meant.'] })
  expect(await call('account', 'use', 'ana', '--none')).toMatchObject({ exitCode: 2 })
  expect(await call('account', 'use', '--none', '--json')).toMatchObject({ exitCode: 0, out: ['{"account":null}'] })
  expect(defaultAccount(profile)).toBeUndefined()
})

test('an account of another peer, or one that is closed, cannot be chosen', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  const call = (...args: readonly string[]) => run([...args, '--profile', profile])
  await call('account', 'open', 'bob')
  await call('account', 'close', 'bob')
  expect(await call('account', 'use', 'bob')).toMatchObject({ exitCode: 1, notes: ['The account bob is closed.'] })
})

test('settings that cannot be read are none', () => {
  const profile = temporaryFolder()
  for (const text of ['', 'no JSON', '[]', 'null', '{"account":7}', '{"account":"a/b"}', '{"other":"ana"}']) {
    writeFileSync(join(profile, 'settings.json'), text)
    expect(readSettings(profile)).toEqual({})
  }
  expect(readSettings('/nonexistent')).toEqual({})
  if (hasNoPipes) return
  rmSync(join(profile, 'settings.json'))
  makePipe(join(profile, 'settings.json'), '{"account":"ana"}')
  expect(readSettings(profile)).toEqual({})
})

test('settings are not written through a link', async () => {
  const [profile, elsewhere] = [temporaryFolder(), join(temporaryFolder(), 'target')]
  writeFileSync(elsewhere, '{"account":"ana"}')
  symlinkSync(elsewhere, join(profile, 'settings.json'))
  expect(await run(['account', 'use', '--none', '--profile', profile])).toMatchObject({ exitCode: 2 })
  expect(readFileSync(elsewhere, 'utf8')).toBe('{"account":"ana"}')
})
