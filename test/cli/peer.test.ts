import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { createStore } from '../../src/io/store.ts'
import { evidenceName } from '../../src/peer/disk.ts'
import { encodeEvidence } from '../../src/ring/faults.ts'
import { createKeyedCrypto, peerNamed } from '../peer/keyed-crypto.ts'
import { genesisBy, opsAfter } from '../peer/log-of-blocks.ts'
import { gavelring, joinPeer, peerArgs, type Running, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

test('a person runs a peer, pays and offers, verifies the log, and leaves', async () => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  const call = (...args: readonly string[]) => run([...args, '--profile', profile])
  expect(await call('account', 'open', 'ana', '--holder', 'Ana Lima')).toMatchObject({ exitCode: 0 })
  expect(await call('account', 'open', 'bob')).toMatchObject({ exitCode: 0 })
  expect(await call('deposit', 'ana', '10.5', '--request-id', 'once')).toMatchObject({ exitCode: 0 })
  expect(await call('deposit', 'ana', '10.5', '--request-id', 'once')).toMatchObject({ exitCode: 0 })
  expect((await call('account', 'show', 'ana')).out.join('\n')).toMatch(/ana +Ana Lima .* 10\.50 EUR +0\.00 EUR/)
  expect(await call('transfer', 'ana', 'bob', '4', '--memo', 'tea')).toMatchObject({ exitCode: 0 })

  const refused = await call('withdraw', 'ana', '100', '--json')
  expect(refused.exitCode).toBe(1)
  expect(JSON.parse(refused.out.join(''))).toMatchObject({
    error: { code: 'funds-short', data: { available: { text: '6.50 EUR' } } },
  })

  const started = await call('auction', 'start', 'Lamp', '--payee', 'ana', '--seconds', '0.3', '--json')
  const { auction } = JSON.parse(started.out.join('')) as { auction: string }
  expect(await call('auction', 'bid', auction, '1', '--account', 'ana')).toMatchObject({ exitCode: 1 })
  const watched = await call('auction', 'watch', auction)
  expect([watched.exitCode, [...watched.out, ...watched.notes].join('\n')]).toEqual([
    0,
    expect.stringMatching(/ended: nobody bid$/),
  ])

  expect(await call('log', 'verify')).toMatchObject({ exitCode: 0, out: expect.arrayContaining([expect.stringMatching(/good/)]) })
  peer.child.kill('SIGINT')
  const { exitCode, errors } = await peer.finished
  expect([exitCode, errors]).toEqual([0, expect.stringMatching(/Leaving the ring/)])
  expect(existsSync(join(profile, 'api.json'))).toBe(false)
  expect(await call('status')).toMatchObject({ exitCode: 3 })
  expect(await call('log', 'verify')).toMatchObject({ exitCode: 0 })
})

test('an exported log can be verified anywhere, and a changed one names its first bad block', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  for (const id of ['a', 'b', 'c']) await run(['account', 'open', id, '--profile', profile])
  const file = join(profile, 'room.jsonl')
  expect(await run(['log', 'export', '-o', file, '--profile', profile])).toMatchObject({ exitCode: 0 })
  expect(await run(['log', 'verify', file])).toMatchObject({ exitCode: 0 })

  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const block = JSON.parse(lines[3] as string) as { bytes: string }
  const bytes = Buffer.from(block.bytes, 'base64url')
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  lines[3] = JSON.stringify({ ...block, bytes: bytes.toString('base64url') })
  writeFileSync(file, lines.join('\n'))
  const bad = await run(['log', 'verify', file, '--json'])
  expect(bad.exitCode).toBe(1)
  expect(JSON.parse(bad.out.join(''))).toMatchObject({
    error: { code: 'log-bad', index: 3, reason: expect.stringMatching(/signature/) },
  })

  writeFileSync(file, 'no log\n')
  expect(await run(['log', 'verify', file])).toMatchObject({
    exitCode: 1,
    out: [expect.stringMatching(/^Block 0 is bad/), expect.any(String)],
  })
})

test('a profile in use and a port in use are said in a sentence: exit code 3', async () => {
  const profile = temporaryFolder()
  const first = await startPeer(profile)
  const api = await first.said(/^API at/)
  const port = /:(\d+),/.exec(api)?.[1] ?? ''
  const same = await gavelring(peerArgs(profile)).finished
  expect(same).toMatchObject({ exitCode: 3, errors: expect.stringMatching(/in use/i) })
  const other = await gavelring(peerArgs(temporaryFolder(), '--http', port)).finished
  expect(other).toMatchObject({ exitCode: 3, errors: expect.stringMatching(new RegExp(`Port ${port} is in use`)) })
  for (const { errors } of [same, other]) expect(errors).not.toMatch(/\bat .*:\d+:\d+/)
})

test('the session token and the address are readable by their owner only', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  if (process.platform === 'win32') return
  for (const name of ['api-token', 'api.json', 'key']) expect(statSync(join(profile, name)).mode & 0o077).toBe(0)
})

test('a peer whose log was lost fetches it anew, and is a member again', async () => {
  const [first, second] = [temporaryFolder(), temporaryFolder()]
  const peer = await startPeer(first)
  const other = await joinPeer(peer, second)
  expect(await run(['account', 'open', 'ana', '--profile', second])).toMatchObject({ exitCode: 0 })
  other.child.kill('SIGKILL')
  await other.finished
  await joinPeer(peer, second, '--refetch')
  expect(await run(['deposit', 'ana', '5', '--profile', second, '--wait', '30'])).toMatchObject({ exitCode: 0 })
  expect(await run(['log', 'verify', '--profile', second])).toMatchObject({ exitCode: 0 })
})

test('a peer that finds nobody to fetch from keeps the log that it has', async () => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  await run(['account', 'open', 'ana', '--profile', profile])
  peer.child.kill('SIGINT')
  await peer.finished
  const refetching = gavelring([
    'peer',
    '--refetch',
    '--wait',
    '1',
    '--no-mdns',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--profile',
    profile,
  ])
  expect(await refetching.finished).toMatchObject({ exitCode: 3, out: '' })
  expect((await run(['log', 'verify', '--profile', profile])).out[0]).toMatch(/good: 3 blocks/)
})

/** Two members, one of them frozen: the other cannot leave in good order before its time is up. */
async function startPeerThatCannotLeave(): Promise<Running> {
  const peer = await startPeer(temporaryFolder())
  const other = await joinPeer(peer, temporaryFolder())
  other.child.kill('SIGSTOP')
  return peer
}

test('Ctrl-C ends the process also where the others do not answer', async () => {
  const peer = await startPeerThatCannotLeave()
  peer.child.kill('SIGINT')
  expect((await peer.finished).exitCode).toBe(0)
})

test('a second Ctrl-C stops at once', async () => {
  const peer = await startPeerThatCannotLeave()
  peer.child.kill('SIGINT')
  await peer.said(/^Leaving the ring/)
  peer.child.kill('SIGINT')
  expect((await peer.finished).exitCode).toBe(130)
})

test('whose fault is proven is said by log verify, whether the peer runs or not, and by peers', async () => {
  const profile = temporaryFolder()
  const first = await startPeer(profile)
  expect(await run(['account', 'open', 'ana', '--profile', profile])).toMatchObject({ exitCode: 0 })
  first.child.kill('SIGINT')
  await first.finished

  const liar = peerNamed('L')
  const genesis = genesisBy(liar)
  const [one, other] = [opsAfter(genesis, liar, 1), opsAfter(genesis, liar, 2)]
  const store = createStore(roomFolder(profile, 'classroom'))
  await store.open()
  const evidence = encodeEvidence({ kind: 'two-blocks', first: one, second: other }, createKeyedCrypto(liar))
  await store.writeValue(evidenceName(0), evidence)
  await store.close()

  const verify = () => run(['log', 'verify', '--profile', profile])
  const told = [
    `Proof of a fault: ${liar} signed two different blocks 1.`,
    ...[one, other].map(({ hash }) => `  block 1 of epoch 1.LLLLLL by ${liar}, hash ${hash}`),
  ]
  const stopped = await verify()
  expect([stopped.exitCode, stopped.out[0], stopped.out.slice(3)]).toEqual([0, expect.stringMatching(/good/), told])

  await startPeer(profile)
  expect((await verify()).out.slice(3)).toEqual(told)
  const json = await run(['log', 'verify', '--json', '--profile', profile])
  expect(JSON.parse(json.out.join(''))).toMatchObject({
    ok: true,
    proofs: [{ author: liar, blocks: [{ index: 1 }, { index: 1 }] }],
  })
  const listed = await run(['peers', '--profile', profile])
  expect(listed.out.find((line) => line.includes('LLLLLL'))).toMatch(/faulty: signed two different blocks 1/)
  const peers = await run(['peers', '--json', '--profile', profile])
  expect(JSON.parse(peers.out.join(''))).toMatchObject([{ self: true }, { peer: liar, faulty: 'signed two different blocks 1' }])
})
