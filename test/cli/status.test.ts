import { expect, test, vi } from 'vitest'
import { gavelring, joinPeer, startPeer, temporaryFolder } from './processes.ts'

const status = (profile: string, ...more: readonly string[]) => gavelring(['status', '--profile', profile, ...more]).finished

interface Told {
  readonly self: string
  readonly members: readonly string[]
  readonly quorum: boolean
  readonly role: string
  readonly commit: { readonly index: number; readonly hash: string }
}

const read = (out: string): Told => JSON.parse(out) as Told

test('status says what a peer is to its room: text and JSON, exit code 0 with a quorum', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  const text = await status(profile)
  expect(text).toMatchObject({ exitCode: 0, errors: '' })
  expect(text.out).toMatch(/^Room {4,}classroom \([0-9a-f]{8}\), EUR, deposits open$/m)
  expect(text.out).toMatch(/^Ring {4,}quorum: 1 of 1 members reachable, epoch /m)
  expect(text.out).toMatch(/^Clock {3,}Lamport \d+, room time \d\d:\d\d:\d\d[+-]\d\d:\d\d$/m)
  const json = await status(profile, '--json')
  expect(json).toMatchObject({ exitCode: 0, errors: '' })
  expect(read(json.out)).toMatchObject({ quorum: true, role: 'member' })
})

test('without a quorum it says so, and ends with 3', async () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()]
  const peer = await startPeer(one)
  const second = await joinPeer(peer, other)
  // Of two members the first one of the view goes on alone, and the other one does not.
  const { self, members } = read((await status(one, '--json')).out)
  const [left, gone] = members[0] === self ? [other, peer] : [one, second]
  gone.child.kill('SIGKILL')
  await vi.waitUntil(async () => !read((await status(left, '--json')).out).quorum, 60_000)
  const text = await status(left)
  expect(text).toMatchObject({
    exitCode: 3,
    errors: expect.stringMatching(/^No quorum: 1 of 2 members reachable, waiting for .+\.\n$/),
  })
  expect(text.out).toMatch(/^Ring {4,}no quorum: 1 of 2 members reachable/m)
  const json = await status(left, '--json')
  expect(json.exitCode).toBe(3)
  expect(read(json.out)).toMatchObject({ quorum: false })
  const waited = await status(left, '--wait-member', '0.5s')
  expect(waited).toMatchObject({
    exitCode: 3,
    errors: expect.stringMatching(/^This peer is no member with a quorum after 0\.5s: no quorum: 1 of 2/),
  })
})

test('--wait-member waits for a peer that is only being started', async () => {
  const profile = temporaryFolder()
  const waiting = status(profile, '--wait-member', '--json')
  await startPeer(profile)
  const { exitCode, out } = await waiting
  expect(exitCode).toBe(0)
  expect(read(out)).toMatchObject({ quorum: true, role: 'member' })
})

test('--wait-member ends with 3 where no peer comes', async () => {
  const profile = temporaryFolder()
  const { exitCode, errors } = await status(profile, '--wait-member=0.3')
  expect([exitCode, errors]).toEqual([
    3,
    `No peer runs with the folder ${profile}.\nStart one with \`gavelring peer\`, or name its folder with --profile.\n`,
  ])
})

test('--expect-head ends with 1 where another block is the last', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  const { commit } = read((await status(profile, '--json')).out)
  for (const head of [String(commit.index), commit.hash, commit.hash.toUpperCase()]) {
    expect(await status(profile, '--expect-head', head)).toMatchObject({ exitCode: 0, errors: '' })
  }
  for (const head of [String(commit.index + 1), 'ab'.repeat(32)]) {
    const { exitCode, errors } = await status(profile, '--expect-head', head)
    expect([exitCode, errors]).toEqual([1, `The last committed block is ${commit.index}, hash ${commit.hash}: not ${head}.\n`])
  }
})

test('a peer that is stopped in its tracks holds nobody: exit code 3, with a sentence', async () => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  peer.child.kill('SIGSTOP')
  for (const line of ['status', 'account list', 'log tail', 'log export', 'log verify', 'deposit ana 1', 'auction watch']) {
    const { exitCode, errors } = await gavelring([...line.split(' '), '--timeout', '0.5', '--profile', profile]).finished
    expect([line, exitCode]).toEqual([line, 3])
    expect(errors).toMatch(/did not answer within 0\.5s/)
    expect(errors).toMatch(/--timeout/)
  }
  peer.child.kill('SIGCONT')
})

test('a peer that stops while somebody watches is missed', async () => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  const watching = gavelring(['log', 'tail', '--follow', '--timeout', '0.5', '--profile', profile])
  await watching.said(/founds room/)
  peer.child.kill('SIGSTOP')
  expect(await watching.finished).toMatchObject({ exitCode: 3, errors: expect.stringMatching(/did not answer within 0\.5s/) })
  peer.child.kill('SIGCONT')
})

test('a peer that was killed is named with its folder, and how to start it again', async () => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  peer.child.kill('SIGKILL')
  await peer.finished
  const { exitCode, out, errors } = await status(profile)
  expect([exitCode, out]).toEqual([3, ''])
  expect(errors).toContain(profile)
  expect(errors).toMatch(/ended without a word.*\n.*gavelring peer/)
})

test('status says where thin clients are served, in a room and in none, and nothing where they are not', async () => {
  const [profile, without] = [temporaryFolder(), temporaryFolder()]
  const peer = gavelring([
    ...['peer', '--last', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--gateway', '127.0.0.1:0', '--profile', profile],
    '--json',
  ])
  const { gateway } = JSON.parse(await peer.said(/"gateway"/))
  expect(gateway).toMatch(/^127\.0\.0\.1:\d+$/)
  expect((await status(profile)).out).toContain(`\nGateway   ${gateway}\n`)
  expect(JSON.parse((await status(profile, '--json')).out)).toMatchObject({ state: 'none', gateway })
  await gavelring(['create', 'evening', '--profile', profile]).finished
  expect((await status(profile)).out).toMatch(new RegExp(`^Gateway +${gateway}$`, 'm'))
  expect(JSON.parse((await status(profile, '--json')).out)).toMatchObject({ role: 'member', gateway })

  await startPeer(without)
  expect((await status(without)).out).not.toContain('Gateway')
  expect(JSON.parse((await status(without, '--json')).out)).not.toHaveProperty('gateway')
})
