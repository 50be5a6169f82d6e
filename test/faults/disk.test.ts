import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { gavelring, peerArgs, type Running, startPeer, temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'
import { fill, mountFailing, mountMemory, whyNoDisks } from './disk.ts'
import { centsOf, connectTo, emptyTally, faultsOf, pay, type Tally } from './load.ts'

/**
 * Real peers on disks that are full, can only be read, or are somebody else's, at their start and while they work: each by its own
 * name, with a sentence that says what to do, and nothing that was acknowledged is lost.
 */

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

/** Two accounts, and a load between them that goes on until something happens. */
async function peerUnderLoad(profile: string): Promise<{ peer: Running; tally: Tally; load: ReturnType<typeof pay> }> {
  const peer = await startPeer(profile)
  const client = await connectTo(profile)
  for (const account of ['ana', 'bob']) await client.api.accounts.open({ account, holder: account })
  await client.api.deposit({ account: 'ana', amount: '1000000' })
  const tally = emptyTally()
  return { peer, tally, load: pay(client, 'ana', 'bob', tally) }
}

const statusOf = async (profile: string): Promise<{ readonly trouble?: string; readonly troubleCode?: string }> =>
  JSON.parse((await run(['status', '--json', '--profile', profile])).out.join(''))

const troubleOf = async (profile: string): Promise<string> => {
  let trouble: string | undefined
  await vi.waitUntil(
    async () => {
      trouble = (await statusOf(profile)).trouble
      return trouble !== undefined
    },
    { timeout: 60_000, interval: 50 },
  )
  return trouble ?? ''
}

/** Ended in order, with what is said on the way. */
async function stop(peer: Running): Promise<string> {
  peer.child.kill('SIGTERM')
  const { exitCode, errors } = await peer.finished
  expect(exitCode).toBe(0)
  return errors
}

const skipped = whyNoDisks === undefined ? '' : ` (skipped: ${whyNoDisks})`

describe.skipIf(whyNoDisks !== undefined)(`a disk that fails while a peer works${skipped}`, () => {
  test('is full: it says so, goes on as one that can be read, and has everything once there is room', async (context) => {
    const disk = mountMemory(16)
    if (disk === undefined) return context.skip('no disk can be mounted here')
    const profile = join(disk, 'profile')
    mkdirSync(profile, { mode: 0o700 })
    const { peer, tally, load } = await peerUnderLoad(profile)
    const filler = fill(disk, 64 * 1024)
    expect(await troubleOf(profile)).toBe('disk full: read-only until the peer is started again')
    await load.stop()
    const refused = await run(['transfer', 'ana', 'bob', '1', '--wait', '1', '--profile', profile])
    expect(refused.exitCode).toBe(3)
    const client = await connectTo(profile)
    expect(await centsOf(client, 'bob')).toBeGreaterThanOrEqual(tally.acknowledged.size)
    client.close()
    expect(await stop(peer)).toMatch(/a write failed: this peer is read-only now code=disk-full/)

    const full = await gavelring(peerArgs(profile)).finished
    expect([full.exitCode, linesOf(full.errors)]).toEqual([
      3,
      [expect.stringMatching(/^The disk is full: /), 'Make room on the disk, then start the peer again.'],
    ])
    // Nothing can be written, and all can be read.
    expect(await run(['log', 'verify', '--profile', profile])).toMatchObject({ exitCode: 0 })

    rmSync(filler)
    const again = await startPeer(profile)
    expect(await run(['transfer', 'ana', 'bob', '1', '--profile', profile])).toMatchObject({ exitCode: 0 })
    await stop(again)
    expect(await faultsOf(profile, 'classroom', tally)).toEqual([])
    expect(tally.acknowledged.size).toBeGreaterThan(0)
  })

  test('can only be read: it says so, and has everything once that is mended', async (context) => {
    const disk = mountFailing()
    if (disk === undefined) return context.skip('no disk that fails can be had here')
    const profile = join(disk.folder, 'profile')
    mkdirSync(profile, { mode: 0o700 })
    const { peer, tally, load } = await peerUnderLoad(profile)
    await vi.waitUntil(() => tally.acknowledged.size > 20, 60_000)
    disk.fail()
    expect(await troubleOf(profile)).toBe('the disk can only be read: read-only until the peer is started again')
    await load.stop()
    expect(await stop(peer)).toMatch(/a write failed: this peer is read-only now code=disk-read-only/)

    const refused = await gavelring(peerArgs(profile)).finished
    expect([refused.exitCode, linesOf(refused.errors)]).toEqual([
      3,
      [expect.stringMatching(/^This disk can only be read: /), 'Choose a folder on another disk with --profile.'],
    ])
    disk.mend()
    await stop(await startPeer(profile))
    expect(await faultsOf(profile, 'classroom', tally)).toEqual([])
  })
})

/** A start that is refused: its exit code and what it says, without the stack of anything. */
async function refusalOf(profile: string, before: readonly string[] = []): Promise<readonly string[]> {
  const [file = '', ...args] = [...before, process.execPath, gavelringFile, ...peerArgs(profile)]
  try {
    execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 })
  } catch (error) {
    const { status, stderr } = error as { readonly status: number; readonly stderr: string }
    expect(status, stderr).toBe(3)
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+|damaged/)
    return linesOf(stderr)
  }
  throw new Error('it was not refused')
}

const gavelringFile = new URL('../../src/cli/gavelring.mjs', import.meta.url).pathname

describe.skipIf(process.platform === 'win32')('a folder that cannot be had is named, and what to do about it', () => {
  const another = 'Choose another place.'
  const shorter = 'Choose a shorter one.'

  test('too long, in one name or all together; as long as it may be, it is used', async () => {
    const folder = temporaryFolder()
    const long = join(folder, 'x'.repeat(255))
    expect(await refusalOf(`${long}x`)).toEqual([`This path is too long for the file system: ${long}x`, shorter])
    const deep = Array.from({ length: 20 }, () => 'y'.repeat(250))
    expect(await refusalOf(join(folder, ...deep))).toEqual([expect.stringMatching(/^This path is too long/), shorter])
    await stop(await startPeer(join(folder, 'z'.repeat(250))))
    await stop(await startPeer(join(folder, 'no', 'such', 'parent')))
  })

  test('a file, below a file, a link that goes round, and one that goes nowhere', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'file')
    writeFileSync(file, '')
    symlinkSync('round', join(folder, 'round'))
    symlinkSync('nowhere', join(folder, 'dangling'))
    expect(await refusalOf(file)).toEqual([`Something else stands in the place of this file or folder: ${file}`, another])
    const below = [`A file stands where a folder belongs, here or on the way: ${join(file, 'p')}`, another]
    expect(await refusalOf(join(file, 'p'))).toEqual(below)
    const round = [`The links on the way lead round in a circle: ${join(folder, 'round')}`, another]
    expect(await refusalOf(join(folder, 'round'))).toEqual(round)
    expect((await refusalOf(join(folder, 'dangling')))[0]).toBe(`There is no such file or folder: ${join(folder, 'dangling')}`)
  })

  test('too many files are open already', async () => {
    const profile = temporaryFolder()
    await stop(await startPeer(profile))
    const few = ['sh', '-c', 'ulimit -n 24 && exec "$@"', 'sh']
    expect(await refusalOf(profile, few)).toEqual([
      expect.stringMatching(/^Too many files are open to open one more: /),
      'Close other programs, or raise the limit (ulimit -n).',
    ])
  })
})

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

describe.skipIf(whyNoDisks !== undefined)(`a folder of somebody else, or one that is locked${skipped}`, () => {
  test('is told by its owner, for whoever asks', async () => {
    const above = temporaryFolder()
    chmodSync(above, 0o755)
    const profile = join(above, 'profile')
    await stop(await startPeer(profile))
    const said = `The folder ${profile} belongs to another user (0). Take it over (chown -R 65534 ${profile}), or use another folder with --profile.`
    expect(await refusalOf(profile, nobody)).toEqual([said])

    // Started once as root, and then as oneself again.
    const own = join(above, 'own')
    cpSync(profile, own, { recursive: true })
    for (const name of ['', ...(readdirSync(own, { recursive: true }) as string[])]) chownSync(join(own, name), 65_534, 65_534)
    const log = roomFolder(own, 'classroom')
    chownSync(log, 0, 0)
    chmodSync(own, 0o700)
    expect(await refusalOf(own, nobody)).toEqual([
      expect.stringMatching(new RegExp(`^You may not read or write this: ${log}`)),
      'Take it over with chown, if it should be yours, or choose a folder that you may write with --profile.',
    ])
  })

  test('is told as one that may not be written where the system has locked it', async (context) => {
    const profile = temporaryFolder()
    await stop(await startPeer(profile))
    const lock = (...args: readonly string[]): void => void execFileSync('chattr', args, { stdio: 'ignore' })
    try {
      lock('+i', profile)
    } catch {
      return context.skip('this needs chattr, and a disk that knows it')
    }
    onTestFinished(() => lock('-R', '-i', profile))
    expect((await refusalOf(profile))[0]).toBe(`You may not read or write this: ${profile}`)
    expect(await run(['log', 'verify', '--profile', profile])).toMatchObject({ exitCode: 0 })
    lock('-i', profile)
    lock('+i', join(profile, 'key'))
    await stop(await startPeer(profile))
    lock('+i', roomFolder(profile, 'classroom'))
    expect((await refusalOf(profile))[0]).toMatch(/^You may not read or write this: /)
  })
})

const hasStrace = whyNoDisks === undefined && existsSync('/usr/bin/strace')

describe.skipIf(!hasStrace)(`a disk of the network${hasStrace ? '' : ' (skipped: this needs strace)'}`, () => {
  /** The kernel says this of one call about one path. */
  const saying = (path: string, fault: string): readonly string[] => [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-P',
    path,
    '-e',
    `inject=${fault}`,
  ]

  test('that keeps no locks is named', async () => {
    const profile = temporaryFolder()
    await stop(await startPeer(profile))
    const log = roomFolder(profile, 'classroom')
    expect(await refusalOf(profile, saying(join(log, 'LOCK'), 'fcntl:error=ENOLCK'))).toEqual([
      expect.stringMatching(/^This file system knows no locks, as on some network disks, so the log cannot be kept there: /),
      'Choose a folder on a disk of this machine with --profile.',
    ])
  })

  test('that does not sync folders is named', async () => {
    const profile = temporaryFolder()
    await stop(await startPeer(profile))
    const told = [
      expect.stringMatching(/^This disk cannot make sure that what is written is kept, as some network disks: /),
      'Choose a folder on a disk of this machine with --profile.',
    ]
    const log = roomFolder(profile, 'classroom')
    expect(await refusalOf(profile, saying(log, 'fsync,fdatasync:error=EINVAL'))).toEqual(told)
    const fresh = join(temporaryFolder(), 'profile')
    expect(await refusalOf(fresh, saying(fresh, 'fsync,fdatasync:error=EINVAL'))).toEqual(told)
  })
})

test.skipIf(whyNoDisks !== undefined)(
  'a disk that is full or can only be read is named at a first start, too',
  async (context) => {
    const disk = mountMemory(1)
    if (disk === undefined) return context.skip('no disk can be mounted here')
    const profile = join(disk, 'profile')
    fill(disk, 0)
    expect(await refusalOf(profile)).toEqual([
      expect.stringMatching(/^The disk is full: /),
      'Make room on the disk, then start the peer again.',
    ])
    execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'ignore' })
    expect(await refusalOf(join(disk, 'other'))).toEqual([
      expect.stringMatching(/^This disk can only be read: /),
      'Choose a folder on another disk with --profile.',
    ])
  },
)
