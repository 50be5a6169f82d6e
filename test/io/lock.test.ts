import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { takeLock } from '../../src/io/store/lock.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-lock-'))
const takers: ChildProcessByStdio<Writable, Readable, null>[] = []
afterAll(async () => {
  for (const taker of takers) taker.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})
const newFolder = (): Promise<string> => mkdtemp(join(root, 'profile-'))

/** Another process that tries; `said` is what came of it. */
async function tries(folder: string) {
  const taker = spawn(process.execPath, [join(import.meta.dirname, 'lock-taker.ts'), folder], {
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
  }
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

  it.each(['', '{', 'null', '{"pid":"1"}', 'x'.repeat(10_000)])('whose file holds %j is nobody’s', async (text) => {
    const folder = await newFolder()
    await writeFile(join(folder, 'lock-4'), text)
    await (await takeLock(folder)).release()
    expect(await readdir(folder)).toEqual(['lock-5'])
  })

  it('in a folder that is not there fails by that name', async () => {
    await expect(takeLock(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'path-missing' })
  })
})
