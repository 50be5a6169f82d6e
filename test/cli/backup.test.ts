import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { hasNoPipes, makePipe } from '../support/pipe.ts'
import { gavelring, joinPeer, type Running, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

const call = (profile: string, ...args: readonly string[]) => run([...args, '--profile', profile])
const statusOf = async (profile: string) =>
  JSON.parse((await call(profile, 'status', '--json')).out.join('')) as {
    readonly role: string
    readonly room: { readonly id: string }
    readonly quorum: boolean
    readonly members: readonly string[]
    readonly stateHash: string
  }
const comeBack = (profile: string, ...more: readonly string[]): Running =>
  gavelring(['peer', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile, ...more])
const addressOf = async (peer: Running): Promise<string> => /\/ip4\S+/.exec(await peer.said(/^Listening at/))?.[0] ?? ''

async function end(peer: Running, signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
  peer.child.kill(signal)
  await peer.finished
}

/** A stopped peer with an account of 5.00 EUR, and its backup. */
async function stoppedWithBackup(signal: NodeJS.Signals = 'SIGINT') {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  await call(profile, 'account', 'open', 'ana')
  expect(await call(profile, 'deposit', 'ana', '5')).toMatchObject({ exitCode: 0 })
  const { room } = await statusOf(profile)
  await end(peer, signal)
  const file = join(profile, 'evening.backup')
  const made = await call(profile, 'backup', file)
  return { profile, file, made, room: room.id }
}

test.each(['SIGINT', 'SIGKILL'] as const)(
  'a backup of a peer that ended by %s, alone: it comes back read-only, and refound goes on from it',
  async (signal) => {
    const { profile, file, made, room } = await stoppedWithBackup(signal)
    expect(made).toMatchObject({ exitCode: 0, out: [expect.stringMatching(/blocks kept in .*no key/), expect.any(String)] })
    expect(lstatSync(file).mode & 0o777).toBe(0o600)
    const again = temporaryFolder()
    copyFileSync(join(profile, 'key'), join(again, 'key'))
    const restored = await call(again, 'restore', file)
    expect([restored.exitCode, restored.out.join('\n')]).toEqual([0, expect.stringMatching(/are in .*[\s\S]*gavelring refound/)])
    const peer = comeBack(again, '--join')
    await peer.said(/^Others join with/)
    await vi.waitUntil(async () => !(await statusOf(again)).quorum, 30_000)
    const shown = await call(again, 'account', 'show', 'ana')
    expect(shown.out.join('\n')).toContain('5.00 EUR')
    expect((await statusOf(again)).room.id).toBe(room)
    expect(await call(again, 'deposit', 'ana', '1', '--wait', '2')).toMatchObject({ exitCode: 3 })
    await vi.waitUntil(async () => (await call(again, 'refound', '--yes')).exitCode === 0, 30_000)
    expect(await call(again, 'deposit', 'ana', '1', '--wait', '30')).toMatchObject({ exitCode: 0 })
    await end(peer)
    expect(await call(again, 'log', 'verify')).toMatchObject({ exitCode: 0 })
    expect(await call(again, 'log', 'verify', '--room', room.slice(0, 8))).toMatchObject({ exitCode: 0 })
  },
  120_000,
)

test('a backup of a running peer: whoever comes back from it is let in by the others, with all that came after, and no number repeats', async () => {
  const [first, second, again] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
  const ana = await startPeer(first)
  const bob = await joinPeer(ana, second)
  await call(second, 'account', 'open', 'bob')
  await call(second, 'deposit', 'bob', '5')
  const file = join(second, 'evening.backup')
  expect(await call(second, 'backup', file)).toMatchObject({ exitCode: 0 })
  for (const amount of ['1', '2', '4']) expect(await call(second, 'deposit', 'bob', amount)).toMatchObject({ exitCode: 0 })
  await end(bob, 'SIGKILL')
  copyFileSync(join(second, 'key'), join(again, 'key'))
  expect(await call(again, 'restore', file)).toMatchObject({ exitCode: 0 })
  const back = comeBack(again, '--bootstrap', await addressOf(ana))
  await back.said(/^Others join with/)
  await vi.waitUntil(
    async () => (await statusOf(again)).role === 'member' && (await statusOf(again)).members.length === 2,
    60_000,
  )
  expect(await call(again, 'deposit', 'bob', '8', '--wait', '30')).toMatchObject({ exitCode: 0 })
  for (const profile of [first, again]) {
    await vi.waitUntil(async () => (await call(profile, 'account', 'show', 'bob')).out.join('\n').includes('20.00 EUR'), 30_000)
  }
  await end(back)
  await end(ana)
  for (const profile of [first, again]) expect(await call(profile, 'log', 'verify')).toMatchObject({ exitCode: 0 })
}, 180_000)

describe('what is no good is refused by name, and nothing is written', () => {
  test('files that are damaged, cut off, of another kind, of a later format, or changed by a hand', async () => {
    const { file, profile } = await stoppedWithBackup()
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const [head = '', ...rest] = lines
    const flipped = Buffer.from(readFileSync(file))
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1
    const bad: Readonly<Record<string, readonly [Buffer | string, RegExp]>> = {
      'a flipped bit': [flipped, /is damaged/],
      'cut in a line': [readFileSync(file).subarray(0, -200), /is cut off|is damaged/],
      'cut between lines': [`${lines.slice(0, -1).join('\n')}\n`, /is cut off/],
      'a block left out': [[head, ...rest.slice(1)].join('\n'), /is damaged/],
      empty: ['', /is empty/],
      'an exported log': [`${JSON.stringify({ index: 0, kind: 'genesis' })}\n`, /no backup of gavelring/],
      'a picture': [Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0]), /no backup of gavelring/],
      'one long line': ['x'.repeat(5_000_000), /no backup of gavelring/],
      'a later format': [[head.replace('"version":1', '"version":2'), ...rest].join('\n'), /A later version of gavelring/],
      'another name': [[head.replace('classroom', 'evening'), ...rest].join('\n'), /is damaged/],
      'more behind its end': [`${lines.join('\n')}\nmore\n`, /Something follows its end/],
    }
    const target = temporaryFolder()
    for (const [what, [bytes, reason]] of Object.entries(bad)) {
      const path = join(profile, 'bad.backup')
      writeFileSync(path, bytes)
      const { exitCode, notes } = await call(target, 'restore', path)
      expect([what, exitCode, notes.join('\n')]).toEqual([what, 1, expect.stringMatching(reason)])
      expect([what, readdirSync(target)]).toEqual([what, []])
    }
    expect(await call(target, 'restore', join(profile, 'nowhere'))).toMatchObject({ exitCode: 2 })
    expect(await call(target, 'restore', profile)).toMatchObject({ exitCode: 2 })
    if (!hasNoPipes) {
      const pipe = makePipe(join(temporaryFolder(), 'pipe'), `${lines.join('\n')}\n`)
      const { exitCode, notes } = await call(target, 'restore', pipe)
      expect([exitCode, notes[0]]).toEqual([2, `${pipe} cannot be read (it is no file).`])
    }
    expect(await call(target, 'restore', file, '--json')).toMatchObject({ exitCode: 0 })
    const twice = await call(target, 'restore', file)
    expect([twice.exitCode, twice.notes.join('\n')]).toEqual([1, expect.stringMatching(/Rooms are kept in/)])
  }, 60_000)

  test('what stands in the way in the folder is said by its own name before anything is written, and what an interrupted restore left is none of it', async () => {
    const { file, profile } = await stoppedWithBackup()
    const target = temporaryFolder()
    const rooms = join(target, 'rooms')
    writeFileSync(rooms, '')
    const inFile = await call(target, 'restore', file)
    expect([inFile.exitCode, inFile.notes[0]]).toEqual([3, expect.stringMatching(/^(?:A file|Something else) stands .*rooms$/)])
    rmSync(rooms)

    mkdirSync(join(target, 'rooms.json'))
    const inList = await call(target, 'restore', file)
    expect([inList.exitCode, inList.notes[0]]).toEqual([3, expect.stringMatching(/^Something else stands .*rooms\.json$/)])
    expect(readdirSync(rooms)).toEqual([])
    rmdirSync(join(target, 'rooms.json'))

    writeFileSync(join(target, 'key'), 'none')
    expect((await call(target, 'restore', file)).notes.join('\n')).toMatch(/key/)
    expect(readdirSync(rooms)).toEqual([])
    copyFileSync(join(profile, 'key'), join(target, 'key'))

    // Of processes that were killed: one that restored, and one that looked. And of a folder whose log is gone the room's code is known.
    const name = readdirSync(join(profile, 'rooms'))[0] ?? ''
    for (const left of [`${name}.new`, `${name}.copy-99999999-abCD12`]) {
      mkdirSync(join(rooms, left))
      writeFileSync(join(rooms, left, '000005.ldb'), 'half')
    }
    mkdirSync(join(rooms, name))
    const list = readFileSync(join(profile, 'rooms.json'), 'utf8').replace('"code": ""', '"code": "old lamp"')
    writeFileSync(join(target, 'rooms.json'), list)
    expect(await call(target, 'restore', file)).toMatchObject({ exitCode: 0 })
    expect(readdirSync(rooms)).toEqual([name])
    expect(readFileSync(join(target, 'rooms.json'), 'utf8')).toBe(list)
    expect(await call(target, 'log', 'verify')).toMatchObject({ exitCode: 0 })
  }, 60_000)

  test('a list of rooms that cannot be read is kept beside, and that is said', async () => {
    const { file } = await stoppedWithBackup()
    const target = temporaryFolder()
    writeFileSync(join(target, 'rooms.json'), 'x')
    const { exitCode, notes } = await call(target, 'restore', file)
    expect([exitCode, notes.join('\n')]).toEqual([0, expect.stringContaining('rooms.json.unread')])
    expect(readFileSync(join(target, 'rooms.json.unread'), 'utf8')).toBe('x')
  }, 60_000)

  test('a backup goes through no link, and over no file unless it is told to', async () => {
    const { profile, file } = await stoppedWithBackup()
    const link = join(profile, 'link')
    symlinkSync(join(profile, 'elsewhere'), link)
    expect(await call(profile, 'backup', link, '--force')).toMatchObject({ exitCode: 2 })
    expect(existsSync(join(profile, 'elsewhere'))).toBe(false)
    expect(await call(profile, 'backup', file)).toMatchObject({ exitCode: 2 })
    const before = readFileSync(file)
    expect(await call(profile, 'backup', file, '--force')).toMatchObject({ exitCode: 0 })
    expect(readFileSync(file).subarray(200)).not.toEqual(before.subarray(0, 200))
    expect(readdirSync(profile).filter((name) => name.endsWith('.new'))).toEqual([])
    mkdirSync(join(profile, 'folder'))
    expect(await call(profile, 'backup', join(profile, 'folder'))).toMatchObject({ exitCode: 2 })
  }, 60_000)

  test('a damaged log is no backup', async () => {
    const { profile } = await stoppedWithBackup()
    const folder = join(profile, 'rooms', readdirSync(join(profile, 'rooms'))[0] ?? '')
    for (const name of readdirSync(folder).filter((one) => /\.(?:log|ldb)$/.test(one))) writeFileSync(join(folder, name), '')
    const { exitCode, notes } = await call(profile, 'backup', join(profile, 'other.backup'))
    expect([exitCode, notes.join('\n')]).toEqual([1, expect.stringMatching(/no good for a backup/)])
    expect(existsSync(join(profile, 'other.backup'))).toBe(false)
  }, 60_000)
})
