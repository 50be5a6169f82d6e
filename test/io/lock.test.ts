import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { takeLock } from '../../src/io/lock.ts'
import { describeSelf, isSame, nameSigns, signsOf } from '../../src/io/owner.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-lock-'))
const takers: ChildProcessByStdio<Writable, Readable, null>[] = []
afterAll(async () => {
  for (const taker of takers) taker.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})
const newFolder = (): Promise<string> => mkdtemp(join(root, 'profile-'))

/** Another process that tries; `said` is what came of it. `names`: where it listens, as on Windows. */
async function tries(folder: string, names?: string) {
  const taker = spawn(process.execPath, [join(import.meta.dirname, 'lock-taker.ts'), folder, ...(names ? [names] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  takers.push(taker)
  const [chunk] = (await once(taker.stdout, 'data')) as [Buffer]
  const ended = once(taker, 'exit')
  return {
    said: chunk.toString().trim(),
    async release() {
      taker.stdin.write('\n')
      await ended
    },
    async kill() {
      taker.kill('SIGKILL')
      await ended
    },
    /** Nobody asks it for anything any more. */
    async end() {
      taker.stdin.end()
      await ended
    },
  }
}

/** A zombie that had the lock: it was killed, and its parent, which runs on, does not ask what became of it. */
async function leftAfter(folder: string): Promise<{ readonly pid: number }> {
  const script = '"$@" <&3 & echo $!; exec sleep 600'
  const taker = [process.execPath, join(import.meta.dirname, 'lock-taker.ts'), folder]
  const parent = spawn('sh', ['-c', script, 'sh', ...taker], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  let said = ''
  parent.stdout?.on('data', (chunk) => {
    said += String(chunk)
  })
  await vi.waitUntil(() => said.includes('taken'), 30_000)
  const pid = Number(said.split('\n').find((line) => /^\d+$/.test(line)))
  process.kill(pid, 'SIGKILL')
  await vi.waitUntil(() => execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z'), 10_000)
  return { pid }
}

/** Puts this into the place of who has the lock now. */
async function forge(folder: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  const lock = await takeLock(folder)
  const name = (await readdir(folder)).find((one) => one.startsWith('lock-')) ?? expect.unreachable()
  const owner: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'))
  await lock.release()
  await writeFile(join(folder, name), JSON.stringify({ ...(owner as object), ...change }))
}

describe('a lock', () => {
  it('is refused to another process, and to the same one, while its owner lives', async () => {
    const folder = await newFolder()
    const lock = await takeLock(folder)
    expect(lock.takenFrom).toBeUndefined()
    await expect(takeLock(folder)).rejects.toMatchObject({ code: 'profile-in-use', facts: { pid: process.pid } })
    const other = await tries(folder)
    expect(other.said).toBe('profile-in-use')
    await other.release()
    await lock.release()
    await (await takeLock(folder)).release()
  })

  it('of a process that was killed is taken over, by one only of all that try at once', { timeout: 60_000 }, async () => {
    const folder = await newFolder()
    for (let round = 0; round < 3; round++) {
      const owner = await tries(folder)
      expect(owner.said).toBe('taken')
      await owner.kill()
      const others = await Promise.all(Array.from({ length: 6 }, () => tries(folder)))
      expect(others.map(({ said }) => said).sort()).toEqual([...Array(5).fill('profile-in-use'), 'taken'])
      await Promise.all(others.map((other) => other.release()))
    }
    expect((await readdir(folder)).length).toBe(1)
  })

  it('goes from one to the next within a process as often as one likes', async () => {
    const folder = await newFolder()
    let holders = 0
    const turns = Array.from({ length: 8 }, async () => {
      for (let turn = 0; turn < 5; turn++) {
        const lock = await takeLock(folder).catch(() => undefined)
        if (lock === undefined) continue
        expect(++holders).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, 2))
        holders--
        await lock.release()
      }
    })
    await Promise.all(turns)
    await (await takeLock(folder)).release()
  })

  it.each([
    ['whose number another process has now', { began: 'another time' }, undefined],
    ['from before the machine was started', { boot: 'another run' }, undefined],
    ['of another machine is taken over, and named', { boot: 'another run', host: 'their-laptop' }, 'their-laptop'],
    ['of another container is taken over, and named', { space: 'pid:[7]', host: 'c0ffee' }, 'c0ffee'],
  ])('of an owner %s', async (_title, change, takenFrom) => {
    if (process.platform !== 'linux') return
    const folder = await newFolder()
    await forge(folder, change)
    const lock = await takeLock(folder)
    expect(lock.takenFrom).toBe(takenFrom)
    await lock.release()
  })

  it.skipIf(process.platform === 'win32')(
    'of a process that was killed, and whose parent never asks for it, is taken over',
    async () => {
      const folder = await newFolder()
      const zombie = await leftAfter(folder)
      const ways = process.platform === 'linux' ? (['linux', 'darwin'] as const) : ([process.platform] as const)
      for (const way of ways) expect(await signsOf(way).of({ ...zombie, began: '' })).toBe('gone')
      await (await takeLock(folder)).release()
    },
  )

  it.each([0, -1, -7, 1.5, 2 ** 31, Number.MAX_SAFE_INTEGER, '1'])('of process %j is nobody’s', async (pid) => {
    const folder = await newFolder()
    await forge(folder, { pid, began: '' })
    await (await takeLock(folder)).release()
  })

  it.each(['', '{', 'null', '{"pid":"1"}', 'x'.repeat(10_000)])('whose file holds %j is nobody’s', async (text) => {
    const folder = await newFolder()
    await writeFile(join(folder, 'lock-4'), text)
    await (await takeLock(folder)).release()
    expect(await readdir(folder)).toEqual(['lock-5'])
  })

  it.each(['lock-999999999999999', 'lock-9999999999999999', 'lock-007', 'lock-0', 'lock-999999999999998'])(
    'beside a file %s is never had by two',
    async (name) => {
      const folder = await newFolder()
      await writeFile(join(folder, name), '')
      const [first, second] = [await tries(folder), await tries(folder)]
      const [said, other] = name === 'lock-999999999999999' ? ['path-taken', 'path-taken'] : ['taken', 'profile-in-use']
      expect([first.said, second.said]).toEqual([said, other])
      await Promise.all([first.release(), second.release()])
      const both = await Promise.all([tries(folder), tries(folder)])
      expect(both.filter((one) => one.said === 'taken').length).toBeLessThanOrEqual(1)
      await Promise.all(both.map((one) => one.release()))
    },
  )

  it('of the last number there is keeps the next one out, whether its owner lives or not, and is named', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'lock-999999999999998'), '')
    const last = await takeLock(folder)
    expect(await readdir(folder)).toEqual(['lock-999999999999999'])
    await expect(takeLock(folder)).rejects.toMatchObject({ code: 'profile-in-use' })
    await last.release()
    const path = join(folder, 'lock-999999999999999')
    await expect(takeLock(folder)).rejects.toMatchObject({ code: 'path-taken', facts: { path } })
    await rm(path)
    await (await takeLock(folder)).release()
  })

  it('whose file has 5 GB is refused by that name, and nothing of it is read', async () => {
    const folder = await newFolder()
    const path = join(folder, 'lock-7')
    await writeFile(path, '')
    await truncate(path, 5 * 2 ** 30)
    await expect(takeLock(folder)).rejects.toMatchObject({ code: 'path-taken', facts: { path } })
  })

  it('in a folder that is not there fails by that name', async () => {
    await expect(takeLock(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'path-missing' })
  })
})

/** Where a system tells no start, and keeps a name for a process, as Windows does: a socket’s here. */
describe.skipIf(process.platform === 'win32')('a lock where the system tells of no start', () => {
  const newNames = async () => {
    const names = await mkdtemp(join(tmpdir(), 'n-'))
    return { names, signs: nameSigns((name) => join(names, name.slice(-8))) }
  }

  it('is its owner’s while that lives, and is taken over from one that was killed, whose number another process has now', async () => {
    const [folder, { names, signs }] = [await newFolder(), await newNames()]
    const owner = await tries(folder, names)
    expect(owner.said).toBe('taken')
    await expect(takeLock(folder, signs)).rejects.toMatchObject({ code: 'profile-in-use' })
    await owner.kill()
    const [file = ''] = await readdir(folder)
    const left: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'))
    // This very process runs, and is none that took it.
    await writeFile(join(folder, file), JSON.stringify({ ...(left as object), pid: process.pid }))
    const lock = await takeLock(folder, signs)
    await expect(takeLock(folder, signs)).rejects.toMatchObject({ code: 'profile-in-use', facts: { pid: process.pid } })
    await lock.release()
    await (await takeLock(folder, signs)).release()
    expect((await readdir(names)).length).toBeLessThanOrEqual(1)
    await rm(names, { recursive: true })
  })

  it('keeps no process from its end', async () => {
    const { names } = await newNames()
    const taker = await tries(await newFolder(), names)
    // It ends without a word to the lock.
    await taker.end()
    await rm(names, { recursive: true })
  })

  it('has a name of Windows’ own there, and another one each time', async () => {
    const began: string[] = []
    const signs = { ...signsOf('win32'), own: async () => ({ began: '', end() {} }) }
    expect(await signs.of({ pid: 1, began: '\\\\.\\pipe\\gavelring-none' })).toBe('gone')
    const { signs: named, names } = await newNames()
    for (let i = 0; i < 2; i++) {
      const { self, end } = await describeSelf(named)
      began.push(self.began)
      end()
    }
    expect(new Set(began).size).toBe(2)
    await rm(names, { recursive: true })
  })
})

it.each([
  ['the same', '8123', '8123', true],
  ['another', '8123', '9001', false],
  ['one whose name is gone', 'pipe', 'gone', false],
  ['one of whom the system told nothing then', '', '9001', true],
  ['one of whom it tells nothing now', '8123', '', true],
])('an owner is %s', (_title, began, now, expected) => expect(isSame(began, now)).toBe(expected))
