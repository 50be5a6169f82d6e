import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asker, makeProfile, startRealPeer } from '../api/real-peer.ts'
import { run } from './run.ts'

test('a token is made by its role, told once, listed without its text, kept as a hash through restarts, and taken back', async () => {
  const profile = makeProfile()
  const first = await startRealPeer(profile)
  const call = (...args: readonly string[]) => run([...args, '--profile', profile])

  const made = await call('token', 'create', '--role', 'read', '--label', 'the wall')
  const [token = ''] = made.out
  expect(token).toMatch(/^read-[0-9a-f]{8}-[\w-]{43}$/)
  const id = token.slice(5, 13)
  expect((await call('token', 'list')).out.join('\n')).toContain('the wall')
  const { out } = await call('token', 'list', '--json')
  expect(JSON.parse(out.join('\n'))).toMatchObject([{ id, role: 'read', label: 'the wall' }])
  expect(out.join('\n')).not.toContain(token.slice(14))
  const file = join(profile, 'tokens.json')
  expect(readFileSync(file, 'utf8')).not.toContain(token.slice(14))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await asker(first.url, token)('/api/status')).status).toBe(200)

  await first.stop(5_000)
  const second = await startRealPeer(profile, { last: true })
  const ask = asker(second.url, token)
  expect((await ask('/api/status')).status).toBe(200)
  expect(await call('token', 'revoke', id)).toEqual({ exitCode: 0, notes: [], out: [`Token ${id} opens nothing any more.`] })
  expect((await ask('/api/status')).status).toBe(401)
  expect(await call('token', 'revoke', id)).toMatchObject({ exitCode: 1 })
})

test.each([
  ['token', 'create'],
  ['token', 'create', '--role', 'owner'],
  ['token', 'revoke', 'all'],
])('%s %s %s is no command', async (...words) => {
  const { profile } = await startRealPeer()
  expect(await run([...words.filter((word) => word !== undefined), '--profile', profile])).toMatchObject({ exitCode: 2 })
})
