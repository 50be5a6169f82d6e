import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { lockProfile } from '../../src/app/lock-profile.ts'
import { finishPutBack, forgetAside, openGuarded, placeOfLog, putAside, restore } from '../../src/app/put-aside.ts'
import { roomFolder } from '../../src/app/room-folder.ts'
import { createStore } from '../../src/io/store/store.ts'
import { batchOf } from '../io/store-conformance.ts'
import { makePipe } from '../support/pipe.ts'

function newProfile(): string {
  const profile = realpathSync(mkdtempSync(join(tmpdir(), 'gavelring-test-')))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true }))
  mkdirSync(join(profile, 'rooms'))
  return profile
}

/** Writes so many blocks more. Resolves with how many there are. */
async function write(folder: string, count: number): Promise<number> {
  const store = createStore(folder)
  const { last = -1 } = await store.open()
  for (let index = last + 1; index <= last + count; index++) await store.write(batchOf([index], `meta ${index}`))
  await store.close()
  return last + count + 1
}

/** As a start does; how many blocks there are, and what stands beside the folder then. */
async function start(folder: string): Promise<{ readonly blocks: number; readonly beside: readonly string[] }> {
  await finishPutBack(folder)
  await restore(folder)
  const store = createStore(folder)
  const { last = -1 } = await openGuarded(store, folder)
  await store.close()
  return { blocks: last + 1, beside: besides(folder) }
}

const besides = (folder: string): readonly string[] =>
  readdirSync(join(folder, '..'))
    .filter((name) => name !== basename(folder))
    .map((name) => name.slice(basename(folder).length))
    .sort()

/** A log of six blocks. */
async function created(): Promise<{ readonly profile: string; readonly folder: string }> {
  const profile = newProfile()
  const folder = roomFolder(profile, 'evening')
  await write(folder, 6)
  return { profile, folder }
}

async function hold(folder: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./store-holder.ts', import.meta.url)), [folder], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

/** LevelDB begins new notes before it looks whether somebody has its lock. */
const filesIn = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(folder)
      .filter((name) => !name.startsWith('LOG'))
      .map((name) => [name, readFileSync(join(folder, name))]),
  )

/** What LevelDB keeps a log in: as it opens it, it writes others. */
const tablesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => /^(?:MANIFEST|\d)/.test(name))
    .sort()

describe('a log that another process has open', () => {
  test('is known to be open also where the system has no folder for what passes', async () => {
    const { profile, folder } = await created()
    const holder = await hold(folder)
    vi.stubEnv(process.platform === 'win32' ? 'TEMP' : 'TMPDIR', join(profile, 'none'))
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(lockProfile(profile)).rejects.toMatchObject({ code: 'profile-in-use' })
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await (await lockProfile(profile)).release()
    expect(readdirSync(join(profile, 'rooms'))).toEqual([basename(folder)])
  })

  test('is left alone by a start, whoever has the lock of the profile', async () => {
    const { profile, folder } = await created()
    const child = await hold(folder)
    await expect(lockProfile(profile)).rejects.toMatchObject({ code: 'profile-in-use', facts: { folder: profile } })
    const store = createStore(folder)
    const before = filesIn(folder)
    await expect(openGuarded(store, folder)).rejects.toMatchObject({ code: 'profile-in-use' })
    expect(filesIn(folder)).toEqual(before)
    expect(besides(folder)).toEqual([])
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await lockProfile(profile)
    expect((await start(folder)).blocks).toBe(6)
    await lock.release()
  })
})

describe('what stands where a check keeps the files of a log', () => {
  test('is what a check that came to no end had kept: it comes back', async () => {
    const { folder } = await created()
    cpSync(folder, `${folder}.before`, { recursive: true })
    rmSync(join(folder, 'CURRENT'))
    expect(await placeOfLog(folder)).toBe(`${folder}.before`)
    expect(await start(folder)).toEqual({ blocks: 6, beside: [] })
  })

  test.each<readonly [string, (kept: string, folder: string) => void | Promise<void>]>([
    [
      'an older copy',
      async (kept, folder) => {
        cpSync(folder, kept, { recursive: true })
        await write(folder, 1)
      },
    ],
    [
      'a copy without a witness',
      async (kept, folder) => {
        cpSync(folder, kept, { recursive: true })
        rmSync(join(kept, 'witness'))
        await write(folder, 1)
      },
    ],
    [
      'a log of another room',
      async (kept, folder) => {
        await write(kept, 9)
        await write(folder, 1)
      },
    ],
    ['an emptied file', (kept) => writeFileSync(kept, '')],
  ])('and is %s, is put aside: the log stays, and nothing is deleted', async (_what, make) => {
    const { folder } = await created()
    await make(`${folder}.before`, folder)
    const blocks = await write(folder, 1)
    expect(await placeOfLog(folder)).toBe(folder)
    expect(await start(folder)).toEqual({ blocks, beside: ['.old'] })
    expect(await start(folder)).toEqual({ blocks, beside: ['.old'] })
  })

  test('and is an empty folder, is nothing', async () => {
    const { folder } = await created()
    mkdirSync(`${folder}.before`)
    expect(await start(folder)).toEqual({ blocks: 6, beside: [] })
  })

  test('and is newer than the folder, is the log; the folder is put aside', async () => {
    const { folder } = await created()
    cpSync(folder, `${folder}.older`, { recursive: true })
    await write(folder, 2)
    renameSync(folder, `${folder}.before`)
    renameSync(`${folder}.older`, folder)
    expect(await start(folder)).toEqual({ blocks: 8, beside: ['.old'] })
  })

  test('and a folder that holds what nobody here made is not deleted with it', async () => {
    const { folder } = await created()
    cpSync(folder, `${folder}.before`, { recursive: true })
    writeFileSync(join(folder, 'notes.txt'), 'mine')
    expect(await start(folder)).toEqual({ blocks: 6, beside: ['.old'] })
    expect(readFileSync(join(`${folder}.old`, 'notes.txt'), 'utf8')).toBe('mine')
  })
})

test('a check that is refused leaves no word of itself: the next one counts no start that came to no end', async () => {
  const { folder } = await created()
  writeFileSync(join(folder, 'opening'), 'xxx')
  writeFileSync(join(folder, 'witness'), '')
  const store = createStore(folder)
  await expect(openGuarded(store, folder)).rejects.toMatchObject({ code: 'store-damaged' })
  expect([existsSync(join(folder, 'opening')), besides(folder)]).toEqual([false, []])
})

test('notes of LevelDB that cannot be read, and folders, are in the way of no check', async () => {
  const { folder } = await created()
  rmSync(join(folder, 'LOG.old'), { force: true })
  symlinkSync('nowhere', join(folder, 'LOG.old'))
  mkdirSync(join(folder, 'folder'))
  rmSync(join(folder, 'witness'))
  const before = tablesIn(folder)
  await expect(openGuarded(createStore(folder), folder)).rejects.toMatchObject({ code: 'store-damaged' })
  expect(tablesIn(folder)).toEqual(before)
})

test.skipIf(process.platform === 'win32')(
  'a refused check gives back what stands behind links, and leaves a pipe where it is',
  async () => {
    const { profile, folder } = await created()
    mkdirSync(join(profile, 'elsewhere'))
    for (const name of readdirSync(folder).filter((file) => /^MANIFEST|\.log$|\.ldb$/.test(file))) {
      renameSync(join(folder, name), join(profile, 'elsewhere', name))
      symlinkSync(join('..', '..', 'elsewhere', name), join(folder, name))
    }
    const witness = readFileSync(join(folder, 'witness'))
    rmSync(join(folder, 'witness'))
    await expect(openGuarded(createStore(folder), folder)).rejects.toMatchObject({ code: 'store-damaged' })
    writeFileSync(join(folder, 'witness'), witness)
    expect(await start(folder)).toEqual({ blocks: 6, beside: [] })
    rmSync(join(folder, 'CURRENT'))
    makePipe(join(folder, 'CURRENT'))
    await expect(openGuarded(createStore(folder), folder)).rejects.toMatchObject({ code: 'path-taken' })
    expect([existsSync(join(folder, 'CURRENT')), besides(folder)]).toEqual([true, []])
  },
)

test.skipIf(process.platform === 'win32')('a room on another disk, behind a link, stays there', async () => {
  const { profile, folder } = await created()
  const elsewhere = join(profile, 'elsewhere')
  renameSync(folder, elsewhere)
  symlinkSync(elsewhere, folder)
  rmSync(join(folder, 'witness'))
  await expect(openGuarded(createStore(folder), folder)).rejects.toMatchObject({ code: 'store-damaged' })
  expect(realpathSync(folder)).toBe(elsewhere)
  expect(readdirSync(join(profile, 'rooms'))).toEqual([basename(folder)])
})

describe('the note of where a log was put', () => {
  test('brings it back where the peer came into no room', async () => {
    const { folder } = await created()
    const aside = await putAside(folder)
    expect([aside, await placeOfLog(folder)]).toEqual([`${folder}.old`, `${folder}.old`])
    const store = createStore(folder)
    await store.open()
    await store.writeValue('peers', Uint8Array.of(1))
    await store.close()
    expect(await placeOfLog(folder)).toBe(`${folder}.old`)
    expect(await start(folder)).toEqual({ blocks: 6, beside: [] })
  })

  test('brings back nothing where the peer came into the room: what it wrote there may count', async () => {
    const { folder } = await created()
    await putAside(folder)
    await write(folder, 2)
    expect(await placeOfLog(folder)).toBe(folder)
    expect(await start(folder)).toEqual({ blocks: 2, beside: ['.old'] })
  })

  test.each(['', '.', '../catalogue', 'rooms', 'evening.old/../x.old', '/tmp/x.old'])(
    'that says “%s” is none, and deletes nothing',
    async (note) => {
      const { profile, folder } = await created()
      mkdirSync(join(profile, 'catalogue'))
      writeFileSync(`${folder}.put-aside`, note)
      expect(await placeOfLog(folder)).toBe(folder)
      expect(await start(folder)).toEqual({ blocks: 6, beside: [] })
      expect(existsSync(join(profile, 'catalogue'))).toBe(true)
    },
  )

  test('that names a folder without a log is none', async () => {
    const { folder } = await created()
    mkdirSync(`${folder}.old`)
    writeFileSync(`${folder}.put-aside`, `${basename(folder)}.old`)
    expect(await start(folder)).toEqual({ blocks: 6, beside: ['.old'] })
  })

  test('is gone once another log has taken the place', async () => {
    const { folder } = await created()
    await putAside(folder)
    await forgetAside(folder)
    expect(await placeOfLog(folder)).toBeUndefined()
    expect(besides(folder)).toEqual(['.old'])
  })
})
