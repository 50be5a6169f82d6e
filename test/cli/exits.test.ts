import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { createStore } from '../../src/io/store/store.ts'
import { until } from '../support/wait.ts'
import { type Finished, gavelring, joinPeer, launcher, peerArgs, type Running, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** Every way out of a peer's process: it stops in order, once, with the right exit code, and leaves nothing behind. */

const faultFile = fileURLToPath(new URL('./fault-on-signal.mjs', import.meta.url))
/** The process throws, or leaves a promise alone, when it is sent SIGUSR2. */
const withFault = (kind: 'throw' | 'reject'): Record<string, string> => ({ NODE_OPTIONS: `--import=${faultFile}`, FAULT: kind })

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

/** What the end of a process leaves behind: `lock`, the pids that still say they have it; `log`, the case of the next start. */
async function leftBehind(profile: string) {
  const lock = readdirSync(profile).flatMap((name) => (/^lock-/.test(name) ? [readFileSync(join(profile, name), 'utf8')] : []))
  const api = ['api.json', 'api-token'].filter((name) => existsSync(join(profile, name)))
  const store = createStore(roomFolder(profile, 'classroom'))
  const { found } = await store.open()
  await store.close()
  return { lock: lock.filter((text) => text !== ''), api, log: found }
}

const nothing = { lock: [], api: [], log: 'clean' }

/** A room of one in which something was just done, so that its witness is behind its log. */
async function peerAtWork(env: Readonly<Record<string, string>> = {}): Promise<{ peer: Running; profile: string }> {
  const profile = temporaryFolder()
  const peer = gavelring(peerArgs(profile), env)
  await peer.said(/^Others join with/)
  expect(await run(['account', 'open', 'ana', '--profile', profile])).toMatchObject({ exitCode: 0 })
  return { peer, profile }
}

describe.skipIf(process.platform === 'win32')('a signal', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s leaves the ring, and that is no failure', async (signal) => {
    const { peer, profile } = await peerAtWork()
    peer.child.kill(signal)
    const { exitCode, errors } = await peer.finished
    expect([exitCode, linesOf(errors)]).toEqual([0, ['Leaving the ring; once more to stop at once.', 'Stopped: left the room.']])
    expect(await leftBehind(profile)).toEqual(nothing)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s once more waits for nobody, and still closes its disk in order: exit code %i', async (signal, code) => {
    const [profile, second] = [temporaryFolder(), temporaryFolder()]
    const peer = await startPeer(profile)
    const other = await joinPeer(peer, second)
    expect(await run(['account', 'open', 'ana', '--profile', profile])).toMatchObject({ exitCode: 0 })
    other.child.kill('SIGSTOP')
    peer.child.kill('SIGINT')
    await peer.said(/^Leaving the ring/)
    peer.child.kill(signal)
    const { exitCode, errors } = await peer.finished
    expect([exitCode, linesOf(errors).at(-1)]).toEqual([code, 'Stopped: left the room.'])
    expect(await leftBehind(profile)).toEqual(nothing)
  })

  test('that comes twice at once, to the process and to its group, is one order', async () => {
    const { peer, profile } = await peerAtWork()
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT'] as const) peer.child.kill(signal)
    expect((await peer.finished).exitCode).toBe(0)
    expect(await leftBehind(profile)).toEqual(nothing)
  })

  test('calls off the search for a room', async () => {
    const profile = temporaryFolder()
    const peer = gavelring(['peer', '--join', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--profile', profile])
    await peer.said(/^Waiting for the room/)
    peer.child.kill('SIGTERM')
    const { exitCode, errors } = await peer.finished
    expect([exitCode, linesOf(errors).at(-1)]).toEqual([0, 'Stopped before the room was found.'])
    expect(await leftBehind(profile)).toMatchObject({ lock: [], api: [] })
  })

  test('at any moment of a start ends it in order', async () => {
    const profile = temporaryFolder()
    const first = await startPeer(profile)
    first.child.kill('SIGTERM')
    await first.finished
    for (let millis = 0; millis <= 1_000; millis += 250) {
      const peer = gavelring(peerArgs(profile))
      // From the lock on there is something to be put in order.
      await until('it has the lock', () => readdirSync(profile).some((name) => isTaken(join(profile, name))), 60_000)
      await new Promise((resolve) => setTimeout(resolve, millis))
      peer.child.kill('SIGTERM')
      expect((await peer.finished).exitCode).toBe(0)
      expect(await leftBehind(profile)).toEqual(nothing)
    }
  })
})

const isTaken = (path: string): boolean => /lock-\d+$/.test(path) && statSync(path).size > 0

describe.skipIf(process.platform === 'win32')('a reader that goes away', () => {
  test.each([
    ['stdout', 'text', '| head -1', /^Nobody reads what this peer says/],
    ['stderr', 'json', '2> >(head -1 >&2)', undefined],
  ] as const)('of %s ends the peer in order, with the next that it has to say there', async (_which, format, pipe, said) => {
    const profile = temporaryFolder()
    const words = peerArgs(profile, '--log-format', format, '-v').map((word) => `'${word}'`)
    const line = `'${process.execPath}' '${launcher}' ${words.join(' ')} ${pipe}; echo "exit $\{PIPESTATUS[0]}"`
    const child = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    onTestFinished(() => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    })
    let [out, errors] = ['', '']
    child.stdout.on('data', (chunk) => {
      out += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      errors += String(chunk)
    })
    await vi.waitUntil(
      async () => {
        if (existsSync(join(profile, 'api.json'))) await run(['account', 'open', `a${Date.now()}`, '--profile', profile])
        return /^exit /m.test(out)
      },
      { timeout: 60_000, interval: 100 },
    )
    expect(out).toMatch(/^exit 0$/m)
    if (said !== undefined) expect(linesOf(errors).find((one) => said.test(one))).toBeDefined()
    expect(await leftBehind(profile)).toEqual(nothing)
  })

  test.skipIf(!existsSync('/dev/full'))('a full disk in its place is a failure', async () => {
    const profile = temporaryFolder()
    const words = peerArgs(profile).map((word) => `'${word}'`)
    const child = spawn('bash', ['-c', `exec '${process.execPath}' '${launcher}' ${words.join(' ')} > /dev/full`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += String(chunk)
    })
    const exitCode = await new Promise((resolve) => child.once('close', resolve))
    expect([exitCode, linesOf(errors).at(-1)]).toEqual([3, 'The result could not be written (ENOSPC).'])
    expect(await leftBehind(profile)).toEqual(nothing)
  })
})

test.skipIf(process.platform === 'win32').each(['throw', 'reject'] as const)(
  'a bug, as a %s that nobody catches, stops the peer and is told with its place',
  async (kind) => {
    const { peer, profile } = await peerAtWork(withFault(kind))
    peer.child.kill('SIGUSR2')
    const { exitCode, errors } = await peer.finished
    expect(exitCode).toBe(3)
    expect(linesOf(errors).slice(0, 3)).toEqual([
      'This is a bug in gavelring, and the peer stops rather than go on with it. Please report these lines:',
      '  Error: a fault from outside',
      expect.stringMatching(/^ {2}at .*fault-on-signal/),
    ])
    expect(linesOf(errors).at(-1)).toMatch(/^Stopped: /)
    expect(await leftBehind(profile)).toEqual(nothing)
  },
)

test('told to leave over the API it stops as well', async () => {
  const { peer, profile } = await peerAtWork()
  expect(await run(['leave', '--profile', profile])).toMatchObject({ exitCode: 0 })
  expect(await peer.finished).toMatchObject({ exitCode: 0, errors: 'Stopped: left the room.\n' } satisfies Partial<Finished>)
  expect(await leftBehind(profile)).toEqual(nothing)
})

/** What keeps a start from going on, by the step that it stops at, and what it then says. */
const obstacles: Readonly<Record<string, readonly [(profile: string) => void, RegExp]>> = {
  key: [(profile) => writeFileSync(join(profile, 'key'), 'no key'), /key is damaged/],
  'rooms.json': [(profile) => replaceByFolder(join(profile, 'rooms.json')), /in the place of .*rooms\.json$/],
  'seat.json': [(profile) => replaceByFolder(join(profile, 'seat.json')), /in the place of .*seat\.json$/],
  catalogue: [
    (profile) => replaceByFile(join(profile, 'catalogue')),
    /A file stands where a folder belongs.*catalogue\/lots\.json$/,
  ],
  rooms: [(profile) => replaceByFile(join(profile, 'rooms')), /in the place of .*rooms$/],
  'api.json': [(profile) => replaceByFolder(join(profile, 'api.json')), /in the place of .*api\.json$/],
  'api-token': [(profile) => replaceByFolder(join(profile, 'api-token')), /in the place of .*api-token$/],
  'the log': [(profile) => replaceByFile(roomFolder(profile, 'classroom')), /in the place of .*classroom-\w+$/],
}

function replaceByFolder(path: string): void {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(join(path, 'something'), { recursive: true })
}

function replaceByFile(path: string): void {
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, '')
}

describe('a start that comes to nothing', () => {
  const wholeFolder = mkdtempSync(join(tmpdir(), 'gavelring-test-'))
  afterAll(() => rmSync(wholeFolder, { recursive: true, force: true }))
  let wholeProfile: Promise<string> | undefined
  const makeWhole = async (): Promise<string> => {
    const peer = await startPeer(wholeFolder)
    peer.child.kill('SIGTERM')
    await peer.finished
    return wholeFolder
  }

  test.each(Object.entries(obstacles))('for its %s says so, and lets go of all it took', async (_step, [obstruct, said]) => {
    const profile = join(temporaryFolder(), 'profile')
    wholeProfile ??= makeWhole()
    cpSync(await wholeProfile, profile, { recursive: true })
    obstruct(profile)
    const { exitCode, errors } = await gavelring(peerArgs(profile)).finished
    expect([exitCode, linesOf(errors).at(-2)]).toEqual([3, expect.stringMatching(said)])
    expect(linesOf(errors).at(-1)).toMatch(/^[A-Z].*\.$/)
    expect(errors).not.toMatch(/\bat .*:\d+:\d+/)
    const taken = readdirSync(profile).filter((name) => isTaken(join(profile, name)))
    expect(taken).toEqual([])
  })

  test('for its port says so, and lets go of all it took', async () => {
    const profile = temporaryFolder()
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const { exitCode, errors } = await gavelring(peerArgs(profile, '--http', `127.0.0.1:${port}`)).finished
    expect([exitCode, linesOf(errors)[0]]).toEqual([3, `Port ${port} is in use.`])
    expect(readdirSync(profile).filter((name) => isTaken(join(profile, name)))).toEqual([])
  })
})

test.skipIf(process.platform === 'win32')('a peer whose output nobody takes still ends when it is told to', async () => {
  const profile = temporaryFolder()
  const pipe = join(temporaryFolder(), 'pipe')
  const words = peerArgs(profile).map((word) => `'${word}'`)
  // A pipe that is full before anything is said, and stays open.
  const full = `mkfifo ${pipe}; exec 3<>${pipe}; head -c 65536 /dev/zero >&3`
  const child = spawn('bash', ['-c', `${full}; exec '${process.execPath}' '${launcher}' ${words.join(' ')} >&3 2>&3`], {
    stdio: 'ignore',
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  await until('its API is there', () => existsSync(join(profile, 'api.json')), 60_000)
  await vi.waitUntil(async () => (await run(['account', 'open', 'ana', '--profile', profile])).exitCode === 0, 60_000)
  child.kill('SIGTERM')
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
  expect(await leftBehind(profile)).toEqual(nothing)
})
