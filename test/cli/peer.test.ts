import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { type LogEvent, logEvents } from '../../src/core/log-events.ts'
import { createStore } from '../../src/io/store/store.ts'
import { evidenceName } from '../../src/peer/disk.ts'
import { encodeEvidence } from '../../src/ring/faults.ts'
import { createKeyedCrypto, peerNamed } from '../peer/keyed-crypto.ts'
import { genesisBy, opsAfter } from '../peer/log-of-blocks.ts'
import { until } from '../support/wait.ts'
import { gavelring, joinPeer, launcher, peerArgs, type Running, startPeer, temporaryFolder } from './processes.ts'
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

describe('how much is said', () => {
  test('with --quiet the founding box, alarms and results; and --quiet --verbose is neither', async () => {
    const profile = temporaryFolder()
    const peer = gavelring(peerArgs(profile, '--quiet'))
    await peer.said(/^└/)
    await vi.waitUntil(async () => (await run(['account', 'open', 'ana', '--profile', profile])).exitCode === 0, 20_000)
    const call = (...args: readonly string[]) => run([...args, '--profile', profile])
    expect(await call('deposit', 'ana', '10')).toMatchObject({ exitCode: 0 })
    expect(await call('auction', 'start', 'Lamp', '--payee', 'ana', '--seconds', '0.3')).toMatchObject({ exitCode: 0 })
    await peer.said(/Lamp. has ended: nobody bid$/)
    peer.child.kill('SIGINT')
    const { out, errors } = await peer.finished
    const said = out.split('\n').filter((line) => line !== '' && !/^[┌│└]/.test(line))
    expect(said).toEqual([expect.stringMatching(/^\S+ {2}lot 1 “Lamp” has ended: nobody bid$/)])
    expect(errors).toBe('Leaving the ring; once more to stop at once.\nStopped: left the room.\n')

    const neither = await run(['peer', '--quiet', '-v'])
    expect(neither).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/--quiet or --verbose, not both/), expect.any(String)],
    })
    const unreadable = await run(['peer'], { GAVELRING_WATCH: 'maybe' })
    expect(unreadable).toMatchObject({ exitCode: 2, notes: [expect.stringMatching(/^GAVELRING_WATCH: /), expect.any(String)] })
  })

  test('as JSON: each line of stderr one object with a name of the table, the ring’s steps with -v', async () => {
    const profile = temporaryFolder()
    const peer = gavelring(peerArgs(profile, '--code', 'old lamp', '--gateway', '127.0.0.1:0', '--log-format', 'json', '-v'))
    await peer.said(/"event":"peer-started"/)
    const other = await joinPeer(peer, temporaryFolder(), '--name', 'Bob', '--code', 'old lamp')
    const token = readFileSync(join(profile, 'api-token'), 'utf8').trim()
    const call = (...args: readonly string[]) => run([...args, '--profile', profile])
    expect(await call('account', 'open', 'ana')).toMatchObject({ exitCode: 0 })
    expect(await call('deposit', 'ana', '10.50')).toMatchObject({ exitCode: 0 })
    other.child.kill('SIGINT')
    await other.finished
    await peer.said(/"event":"peer-gone"/)
    peer.child.kill('SIGINT')
    const { out, errors } = await peer.finished
    const lines = errors.split('\n').filter((line) => line !== '')
    const logged = lines.map((line) => JSON.parse(line) as { readonly event: LogEvent; readonly message: string })
    for (const { event } of logged) expect(Object.keys(logEvents)).toContain(event)
    const names = logged.map(({ event }) => event)
    for (const name of [
      'room-founded',
      'peer-started',
      'peer-here',
      'member-joined',
      'account-changed',
      'money-moved',
      'member-left',
      'peer-gone',
      'peer-leaving',
      'ring-step',
    ] as const) {
      expect(names).toContain(name)
    }
    for (const name of ['room-founded', 'peer-here', 'money-moved', 'peer-gone'] as const) {
      expect([name, names.filter((one) => one === name).length]).toEqual([name, 1])
    }
    expect(logged).toContainEqual(expect.objectContaining({ event: 'member-joined', name: 'Bob', members: 2 }))
    expect(logged).toContainEqual(expect.objectContaining({ event: 'money-moved', to: 'ana', amount: '10.50 EUR' }))
    expect(logged).toContainEqual(
      expect.objectContaining({
        event: 'peer-started',
        name: 'Ana',
        room: { id: expect.any(String), name: 'classroom' },
        entered: 'founded',
        gateway: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      }),
    )
    expect(names.slice(-1)).toEqual(['peer-ended'])
    expect(logged.slice(-1)).toMatchObject([{ level: 'info', exitCode: 0 }])
    // All is said there, and nothing beside it: neither the room's code nor the token.
    expect(out).toBe('')
    for (const secret of ['old lamp', 'old%20lamp', token]) expect(errors).not.toContain(secret)
  })
})

describe('the ring as a picture', () => {
  test('is lines where nothing can be redrawn', async () => {
    const peer = gavelring(peerArgs(temporaryFolder(), '--watch'))
    await peer.said(/^Others join with/)
    await joinPeer(peer, temporaryFolder(), '--name', 'Bob')
    await peer.said(/ {2}the ring: Ana → Bob$/)
    peer.child.kill('SIGINT')
    expect((await peer.finished).out).not.toContain('\x1b')
  })

  const hasScript = spawnSync('script', ['-qfec', 'true', '/dev/null']).status === 0
  test.skipIf(!hasScript)(`is redrawn in place on a terminal${hasScript ? '' : ' (there is no `script` here)'}`, async () => {
    const profile = temporaryFolder()
    const words = [process.execPath, launcher, ...peerArgs(profile, '--watch')]
    const terminal = startOnTerminal(words.map((word) => `'${word}'`).join(' '))
    await terminal.shows(/● Ana/)
    const call = (...args: readonly string[]) => run([...args, '--profile', profile])
    expect(await call('account', 'open', 'ana')).toMatchObject({ exitCode: 0 })
    expect(await call('deposit', 'ana', '10.50')).toMatchObject({ exitCode: 0 })
    await terminal.shows(/^ +\d+ {2}Ana {2}10\.50 EUR went into ana$/)
    // News scroll above the one picture.
    expect(terminal.screen().filter((line) => / {2}10\.50 EUR went into ana$/.test(line))).toHaveLength(2)
    expect(terminal.screen().filter((line) => /● Ana/.test(line))).toHaveLength(1)
    expect(terminal.raw()).toContain('\x1b[1;33m● Ana\x1b[0m')
    terminal.press('\x03')
    await terminal.shows(/^Stopped: left the room\.$/)
    const left = terminal.screen()
    expect(left.filter((line) => /● Ana|waits for the token/.test(line))).toEqual([])
    expect(left.slice(-2)).toEqual(['Leaving the ring; once more to stop at once.', 'Stopped: left the room.'])
  })
})

/** A command on a pseudo terminal of 100 times 40 cells, and what a person sees there. */
function startOnTerminal(command: string) {
  const child = spawn('script', ['-qfec', `stty cols 100 rows 40; exec ${command}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TERM: 'xterm' },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let raw = ''
  child.stdout.on('data', (chunk) => {
    raw += String(chunk)
  })
  const screen = (): string[] => screenOf(raw)
  return {
    raw: () => raw,
    screen,
    press: (keys: string) => child.stdin.write(keys),
    shows: (pattern: RegExp) =>
      until(
        `the screen shows ${pattern}, not\n${screen().join('\n')}`,
        () => screen().some((line) => pattern.test(line)),
        60_000,
      ),
  }
}

/** What stands on a terminal's screen after this, of the sequences that the program uses; none scrolls out. */
function screenOf(raw: string): string[] {
  const lines: string[] = ['']
  let row = 0
  const [start, other] = ['\x1b', '[^\x1b\r\n]']
  for (const [token] of raw.matchAll(new RegExp(`${start}\\[[\\d;]*[A-Za-z]|\\r|\\n|${other}+`, 'g'))) {
    const [, count = '', name] = new RegExp(`^${start}\\[([\\d;]*)([A-Za-z])$`).exec(token) ?? []
    if (token === '\n') {
      row++
      if (row === lines.length) lines.push('')
    } else if (name === 'A') row = Math.max(0, row - Number(count || 1))
    else if (name === 'K') lines[row] = ''
    else if (name === 'J') lines.splice(row, lines.length, '')
    else if (name === undefined && token !== '\r') lines[row] += token
  }
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '')
}
