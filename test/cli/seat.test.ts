import { expect, test, vi } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { gavelring, temporaryFolder } from './processes.ts'
import { type Ran, run } from './run.ts'

const local = ['--no-mdns', '--listen', '127.0.0.1:0']

function start(...args: readonly string[]) {
  const profile = temporaryFolder()
  const peer = gavelring(['peer', ...local, '--profile', profile, ...args])
  const call = (...words: readonly string[]): Promise<Ran> => run([...words, '--profile', profile])
  return { profile, peer, call }
}

const hasApi = (profile: string): Promise<unknown> => vi.waitUntil(() => readApiAddress(profile), 30_000)

test('a peer that waits for its room answers: `status` says for whom, what needs a room is refused, and it is called to another', async () => {
  const ana = start('--create', '--room', 'noon', '--name', 'Ana')
  await ana.peer.said(/^Others join with/)
  const link = (await ana.call('status', '--link')).out[0] ?? ''

  const bob = start('--join', '--room', 'evening', '--name', 'Bob')
  await bob.peer.said(/^Waiting for the room “evening”/)
  const told = await bob.call('status')
  expect(told.exitCode).toBe(3)
  expect(told.out.join('\n')).toMatch(/^Room +evening: on its way into it for \d+s$[\s\S]*^Waiting +nobody was heard yet/m)
  expect(told.notes[0]).toMatch(/^Waiting for the room “evening” for \d+s\.$/)
  expect(JSON.parse((await bob.call('status', '--json')).out.join(''))).toMatchObject({
    state: 'entering',
    room: { name: 'evening' },
  })
  const refused = await bob.call('deposit', 'bob', '5')
  expect([refused.exitCode, refused.notes[0]]).toEqual([1, 'In no room yet: create or join one.'])
  expect((await bob.call('status', '--wait-member', '0.5')).exitCode).toBe(3)

  expect(await bob.call('join', link)).toMatchObject({ exitCode: 0 })
  await bob.peer.said(/^Room noon \([0-9a-f]{8}\)/)
  expect((await bob.call('status', '--wait-member', '30')).exitCode).toBe(0)
  expect(bob.peer.child.exitCode).toBeNull()
})

test('a peer that cannot come into its room in time ends as before, and takes its API along', async () => {
  const bob = start('--join', '--wait', '4', '--room', 'evening')
  await hasApi(bob.profile)
  const { exitCode, errors } = await bob.peer.finished
  expect([exitCode, errors]).toEqual([3, expect.stringMatching(/The room “evening” was not found in 4 s: nobody was heard yet/)])
  expect(readApiAddress(bob.profile)).toBeUndefined()
})

test('Ctrl-C while it waits ends it with 0', async () => {
  const bob = start('--join', '--room', 'evening')
  await bob.peer.said(/^Waiting for/)
  bob.peer.child.kill('SIGINT')
  expect(await bob.peer.finished).toMatchObject({
    exitCode: 0,
    errors: expect.stringContaining('Stopped before the room was found.'),
  })
})

test('a peer starts in no room, makes one, takes a name, leaves it, and is in none after the next start; then it comes back', async () => {
  const { profile, peer, call } = start('--last', '--name', 'Bob')
  await peer.said(/^Enter a room with: gavelring join/)
  expect(await call('rooms')).toMatchObject({ exitCode: 0, out: [expect.stringContaining('No room is in sight.')] })
  expect((await call('status')).notes).toEqual(['In no room.'])
  const made = await call('create', 'evening', '--code', 'new', '--currency', 'BRL')
  expect(made.out).toEqual([
    expect.stringMatching(/^Founded the room “evening” \([0-9a-f]{8}\)\.$/),
    expect.stringMatching(/^Its code is \S+/),
    expect.stringMatching(/^Link: gavelring:\/\/join\?room=evening&code=/),
  ])
  const code = made.out[1]?.slice('Its code is '.length) ?? ''
  expect(await peer.said(/│ Its code is/), 'in the box of whoever founded it').toContain(code)
  expect((await call('rooms')).out.join('\n')).toMatch(/^evening +[0-9a-f]{8} +Bob +1 .* needed +here$/m)
  expect((await call('rename', 'Bobby')).out).toEqual(['You are Bobby.'])
  expect((await call('peers')).out.join('\n')).toMatch(/^Bobby/m)
  const again = await call('create', 'evening')
  expect([again.exitCode, again.notes.join(' ')]).toEqual([1, expect.stringMatching(/kept here already.*gavelring join NAME/)])
  expect((await call('leave', '--stay')).out[0]).toMatch(/^Left the room “evening”/)
  await peer.said(/^Left the room/)
  expect(await call('leave')).toMatchObject({ exitCode: 0, out: ['It was in no room.'] })
  expect((await peer.finished).exitCode).toBe(0)

  const next = gavelring(['peer', ...local, '--profile', profile, '--last'])
  await next.said(/^In no room\. You are Bobby/)
  expect((await call('join', 'evening')).exitCode).toBe(0)
  next.child.kill('SIGINT')
  expect((await next.finished).exitCode).toBe(0)

  const last = gavelring(['peer', ...local, '--profile', profile, '--last'])
  await last.said(/^Room evening .* You are Bobby/)
  expect((await call('status', '--link')).out[0]).toContain('code=')
})
