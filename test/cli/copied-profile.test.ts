import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { gavelring, joinPeer, type Running, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

const call = (profile: string, ...args: readonly string[]) => run([...args, '--profile', profile])
const addressOf = async (peer: Running): Promise<string> => /\/ip4\S+/.exec(await peer.said(/^Listening at/))?.[0] ?? ''

test('a profile that was copied by hand: the copy that starts later stops, and says what to do; the first goes on', async () => {
  const [bobs, anas] = [temporaryFolder(), temporaryFolder()]
  const bob = await startPeer(bobs)
  const before = await joinPeer(bob, anas)
  expect(await call(anas, 'account', 'open', 'ana')).toMatchObject({ exitCode: 0 })
  before.child.kill('SIGINT')
  await before.finished
  const copy = join(temporaryFolder(), 'copy')
  cpSync(anas, copy, { recursive: true })
  const first = await joinPeer(bob, anas)
  expect(await call(anas, 'deposit', 'ana', '5')).toMatchObject({ exitCode: 0 })

  const start = ['peer', '--no-mdns', '--listen', '127.0.0.1:0', '--bootstrap', await addressOf(bob), '--profile', copy]
  const second = gavelring(start)
  const { exitCode, errors } = await second.finished
  expect(exitCode).toBe(3)
  expect(errors).toMatch(/a copy of this folder runs (or ran )?elsewhere.*--profile/)

  await vi.waitUntil(async () => (await call(anas, 'deposit', 'ana', '1', '--wait', '30')).exitCode === 0, 60_000)
  await vi.waitUntil(async () => (await call(bobs, 'account', 'show', 'ana')).out.join('\n').includes('6.00 EUR'), 30_000)
  expect(first.child.exitCode).toBeNull()
  await first.said(/a copy of this folder was started elsewhere, and has stopped: this peer goes on/)
  const told = await call(anas, 'status', '--json')
  const words = 'a copy of this folder was started elsewhere, and has stopped: this peer goes on'
  expect(JSON.parse(told.out.join(''))).toMatchObject({ role: 'member', notices: [{ code: 'peer-copied', text: words }] })
  expect((await call(anas, 'status')).out.join('\n')).toMatch(new RegExp(`^Beware +${words}$`, 'm'))
  first.child.kill('SIGINT')
  await first.finished
  expect(await call(anas, 'log', 'verify')).toMatchObject({ exitCode: 0 })
}, 180_000)

test('a backup that is restored while its peer runs on, and nobody writes: the one that starts later stops, and both say so', async () => {
  const [bobs, anas, again] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
  const bob = await startPeer(bobs)
  const first = await joinPeer(bob, anas)
  expect(await call(anas, 'account', 'open', 'ana')).toMatchObject({ exitCode: 0 })
  const file = join(anas, 'evening.backup')
  expect(await call(anas, 'backup', file)).toMatchObject({ exitCode: 0 })
  cpSync(join(anas, 'key'), join(again, 'key'))
  expect(await call(again, 'restore', file)).toMatchObject({ exitCode: 0 })

  // No packet of either reaches the other: what they know of each other they know by Bob.
  const start = ['peer', '--no-mdns', '--listen', '127.0.0.1:0', '--bootstrap', await addressOf(bob), '--profile', again]
  const { exitCode, errors } = await gavelring(start).finished
  expect(exitCode).toBe(3)
  expect(errors).toMatch(/a copy of this folder runs elsewhere, and was started earlier/)
  await first.said(/a copy of this folder was started elsewhere, and has stopped: this peer goes on/)
  await vi.waitUntil(async () => (await call(anas, 'deposit', 'ana', '5', '--wait', '30')).exitCode === 0, 60_000)
  await vi.waitUntil(async () => (await call(bobs, 'account', 'show', 'ana')).out.join('\n').includes('5.00 EUR'), 30_000)
  expect(first.child.exitCode).toBeNull()
}, 180_000)
