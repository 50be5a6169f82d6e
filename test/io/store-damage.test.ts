import { execFileSync, spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { createStore } from '../../src/io/store/store.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'
import { batchOf, text } from './store-conformance.ts'
import type { Change, Line } from './store-reader.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-damage-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => join(root, `store-${++folders}`)

interface Specimen {
  readonly folder: string
  readonly whole: Line
}

/** Batches of blocks, some that cut a tail, some without a block. LevelDB moves its journal into a table at each of `restarts`. */
async function specimen(count: number, blockBytes: number, restarts: readonly number[], killed: boolean): Promise<Specimen> {
  const folder = newFolder()
  const store = createStore(folder)
  await store.open()
  const blocks: string[] = []
  for (let number = 0; number < count; number++) {
    if (restarts.includes(number)) {
      await store.writeValue('peers', text('addresses'))
      await store.writeSnapshot(number, text('a snapshot'))
      await store.close()
      await store.open()
    }
    const cutFrom = number % 6 === 5 ? blocks.length - 1 : undefined
    if (cutFrom !== undefined) blocks.length = cutFrom
    const indexes = number % 4 === 3 ? [] : [blocks.length, blocks.length + 1]
    const content = `of batch ${number} ${'x'.repeat(blockBytes)}`
    for (const index of indexes) blocks.push(`${content} ${index}`)
    await store.write(batchOf(indexes, `meta ${number}`, cutFrom, content))
  }
  if (!killed) await store.close()
  // A kill that comes before the witness is written is another test's matter (store-crash).
  else await expect.poll(() => witnessed(folder)).toBe(count + 2 * restarts.length)
  const copy = newFolder()
  await cp(folder, copy, { recursive: true })
  if (killed) await store.close()
  return { folder: copy, whole: { found: '', meta: `meta ${count - 1}`, blocks } }
}

/** The newest batch that the witness knows of. */
async function witnessed(folder: string): Promise<number> {
  const witness = await readFile(join(folder, 'witness'))
  return Math.max(witness.readUIntBE(33, 6), witness.length < 4_200 ? 0 : witness.readUIntBE(4_096 + 33, 6))
}

const specimens: Readonly<Record<string, () => Promise<Specimen>>> = {
  'a small store that was closed': () => specimen(12, 20, [], false),
  'a small store that was killed': () => specimen(12, 20, [5], true),
  'a store that LevelDB puts together as it opens': () => specimen(20, 100, [4, 8, 12, 15, 17, 19], false),
  'a store whose journal has several pages': () => specimen(6, 9_000, [3], true),
}

/** Every 97th byte, and more of short files. */
async function changesOf(folder: string): Promise<Change[]> {
  const changes: Change[] = []
  for (const file of await readdir(folder)) {
    const { length } = await readFile(join(folder, file))
    const step = file === 'witness' ? 31 : length > 3_000 ? 97 : 11
    const end = file === 'witness' ? Math.min(length, 4_400) : length
    for (let place = 0; place < end; place += step) {
      if (file === 'witness' && place > 300 && place < 4_096) continue
      changes.push({ file, place, mask: place % 3 === 0 ? 0xff : 1 << (place % 8) })
    }
  }
  return changes
}

/** `lines` of one process; it ends early where LevelDB ends it. */
async function run(source: string, folder: string, from: number, mode: string, changes: readonly Change[]): Promise<Line[]> {
  const reader = spawn(process.execPath, [join(import.meta.dirname, 'store-reader.ts'), source, folder, String(from), mode], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  reader.stdin.end(JSON.stringify(changes))
  const lines: Line[] = []
  for await (const line of createInterface(reader.stdout)) lines.push(JSON.parse(line) as Line)
  return lines
}

/** What each changed copy shows. Where LevelDB ends the process, that is what the start after it says. */
async function outcomes(source: string, changes: readonly Change[]): Promise<{ lines: Line[]; ended: number[] }> {
  const folder = newFolder()
  const lines: Line[] = []
  const ended: number[] = []
  while (lines.length < changes.length) {
    lines.push(...(await run(source, folder, lines.length, ended.at(-1) === lines.length ? 'again' : 'first', changes)))
    if (lines.length === changes.length) break
    expect(ended, 'the start after one that was ended lives to say why').not.toContain(lines.length)
    ended.push(lines.length)
  }
  return { lines, ended }
}

const shows = (line: Line, other: Line): boolean =>
  JSON.stringify({ ...line, found: '' }) === JSON.stringify({ ...other, found: '' })

describe.each(Object.entries(specimens))('%s', (_name, make) => {
  it('never shows other or fewer blocks when one byte of one file is changed', { timeout: 120_000 }, async () => {
    const { folder, whole } = await make()
    const changes = [{ file: 'witness', place: undefined, mask: 0 }, ...(await changesOf(folder))]
    const { lines, ended } = await outcomes(folder, changes)
    expect(lines[0] && shows(lines[0], whole), 'unchanged').toBe(true)
    let refused = 0
    for (const [number, line] of lines.entries()) {
      const { file, place } = changes[number] ?? expect.unreachable()
      const where = `${file}, byte ${place}: ${JSON.stringify(line).slice(0, 200)}`
      if ('code' in line) {
        refused++
        expect(line.code, where).toBe('store-damaged')
        if (ended.includes(number)) expect(line.case, where).toBe('database-unreadable')
      } else expect(shows(line, whole), where).toBe(true)
    }
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThan(lines.length)
  })
})

it('says at the next start that it cannot be read where LevelDB ends the process over it', { timeout: 120_000 }, async () => {
  // The fourth table is made as this opens, and then LevelDB puts all four together, and trips over keys out of order.
  const { folder, whole } = await specimen(20, 100, [5, 10, 15], false)
  const changes: Change[] = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.ldb'))) {
    const bytes = await readFile(join(folder, file))
    for (let at = bytes.indexOf('b\0\0\0'); at >= 0; at = bytes.indexOf('b\0\0\0', at + 1))
      changes.push({ file, place: at, mask: 0xff })
  }
  const { lines, ended } = await outcomes(folder, changes)
  expect(ended.length).toBeGreaterThan(0)
  for (const number of ended) expect(lines[number]).toMatchObject({ code: 'store-damaged', case: 'database-unreadable' })
  for (const line of lines) expect('code' in line ? line.code : shows(line, whole)).toBe('code' in line ? 'store-damaged' : true)
})

describe('a whole file', () => {
  const fates: Readonly<Record<string, (path: string) => Promise<void>>> = {
    emptied: (path) => truncate(path, 0),
    deleted: (path) => rm(path),
    'cut in half': async (path) => truncate(path, (await readFile(path)).length >> 1),
    'full of zeros': async (path) => writeFile(path, new Uint8Array((await readFile(path)).length)),
  }
  it.each(Object.keys(fates))('%s is found, whichever it is', async (fate) => {
    const { folder, whole } = await specimen(16, 100, [4, 8, 15], false)
    for (const file of await readdir(folder)) {
      const copy = newFolder()
      await cp(folder, copy, { recursive: true })
      await fates[fate]?.(join(copy, file))
      const [line] = await run(copy, newFolder(), 0, 'first', [{ file, place: undefined, mask: 0 }])
      if (line === undefined) expect.unreachable(file)
      // LevelDB's diary and its lock hold nothing.
      if ('code' in line) expect([file, line.code]).toEqual([file, 'store-damaged'])
      else expect([file, shows(line, whole)]).toEqual([file, true])
      // Half a witness still has a slot.
      const counts = file === 'witness' ? fate !== 'cut in half' : /^(?:CURRENT|MANIFEST)/.test(file)
      if (counts) expect([file, 'code' in line]).toEqual([file, true])
    }
  })
})

describe('a disk that refuses', () => {
  it('when it is full: the write fails by name, nothing written before is lost, and nothing more is written', async (context) => {
    const folder = newFolder()
    await mkdir(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      context.skip('this needs the right to mount a small file system')
    }
    try {
      const store = createStore(join(folder, 'log'))
      await store.open()
      let written = 0
      const error: unknown = await (async () => {
        for (; written < 100; written++) await store.write(batchOf([written], `meta ${written}`, undefined, 'x'.repeat(30_000)))
      })().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'disk-full' })
      await expect(store.write(batchOf([written], 'again'))).rejects.toMatchObject({ code: 'disk-full' })
      expect(await store.read(0, written - 1, 1e9)).toHaveLength(written)
      await store.close()
      execFileSync('mount', ['-o', 'remount,size=4m', folder], { stdio: 'ignore' })
      expect(await store.open()).toMatchObject({ last: written - 1, found: 'clean' })
      await store.write(batchOf([written], 'again'))
      await store.close()
    } finally {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
    }
  })

  it('when it can only be read: it says so, and damages nothing', async (context) => {
    const folder = newFolder()
    await mkdir(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      context.skip('this needs the right to mount a small file system')
    }
    try {
      const store = createStore(join(folder, 'log'))
      await store.open()
      await store.write(batchOf([0], 'meta'))
      await store.close()
      execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' })
      await expect(store.open()).rejects.toMatchObject({ code: 'disk-read-only' })
      await expect(createStore(join(folder, 'other')).open()).rejects.toMatchObject({ code: 'disk-read-only' })
      execFileSync('mount', ['-o', 'remount,rw', folder], { stdio: 'ignore' })
      expect(await store.open()).toMatchObject({ last: 0, found: 'clean' })
      await store.close()
    } finally {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
    }
  })

  it('when the folder is read-only: it says that the profile cannot be written', async (context) => {
    if (process.getuid?.() === 0) context.skip('the superuser may write everywhere, so a read-only folder refuses nothing')
    const folder = newFolder()
    await mkdir(folder)
    await chmod(folder, 0o500)
    await expect(createStore(join(folder, 'log')).open()).rejects.toMatchObject({ code: 'permission-denied' })
  })
})

describe('a pipe in the place of a file', () => {
  it.skipIf(hasNoPipes)('of LevelDB is named, and opened by nobody, also where an earlier start came to no end', async () => {
    const { folder } = await specimen(6, 20, [3], false)
    const names = (await readdir(folder)).filter((name) => name !== 'witness')
    expect(names).toEqual(expect.arrayContaining(['CURRENT', 'LOCK', 'LOG']))
    for (const name of names) {
      for (const starts of [0, 2]) {
        const copy = newFolder()
        await cp(folder, copy, { recursive: true })
        if (starts > 0) await writeFile(join(copy, 'opening'), new Uint8Array(starts))
        await rm(join(copy, name))
        const path = makePipe(join(copy, name))
        const message = `Something else stands in the place of this file or folder: ${path}`
        await expect(createStore(copy).open(), name).rejects.toMatchObject({ code: 'path-taken', message })
      }
    }
  })
})
