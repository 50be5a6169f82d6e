import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { createStore } from '../../src/io/store.ts'
import type { Store } from '../../src/peer/ports.ts'
import { batchOf, block, text } from './store-conformance.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-damage-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => join(root, `store-${++folders}`)

/** A store's files by name. */
type Files = ReadonlyMap<string, Buffer>

async function readFiles(folder: string): Promise<Files> {
  const files = new Map<string, Buffer>()
  for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)))
  return files
}

async function writeFiles(files: Files, changed: ReadonlyMap<string, Buffer>): Promise<string> {
  const folder = newFolder()
  await mkdir(folder)
  for (const [name, contents] of files) await writeFile(join(folder, name), changed.get(name) ?? contents)
  return folder
}

/** All that a store shows to its peer, as one text. */
type Contents = string
const contents = (meta: string | undefined, blocks: readonly string[]): Contents => [meta, ...blocks].join('\n')

async function contentsOf(store: Store): Promise<Contents> {
  const { meta, last } = await store.open()
  const blocks = last === undefined ? [] : await store.read(0, last, 1e9)
  const texts = blocks.map((stored) => new TextDecoder().decode(stored.bytes))
  for (const [index, stored] of blocks.entries()) expect(stored).toEqual(block(index, texts[index]))
  return contents(meta && new TextDecoder().decode(meta), texts)
}

async function openCopy(files: Files, changed: ReadonlyMap<string, Buffer>): Promise<Contents | Failure> {
  const folder = await writeFiles(files, changed)
  const store = createStore(folder)
  try {
    return await contentsOf(store)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
}

/** Writes batches of blocks, some that cut a tail, some without a block; what the store must show after each of them. */
function batches(count: number, blockBytes: number) {
  const blocks: string[] = []
  return Array.from({ length: count }, (_, number) => {
    const cutFrom = number % 6 === 5 ? blocks.length - 1 : undefined
    if (cutFrom !== undefined) blocks.length = cutFrom
    const first = blocks.length
    const content = `of batch ${number} ${'x'.repeat(blockBytes)}`
    const indexes = number % 4 === 3 ? [] : [first, first + 1]
    for (const index of indexes) blocks.push(`${content} ${index}`)
    return { batch: batchOf(indexes, `meta ${number}`, cutFrom, content), after: contents(`meta ${number}`, blocks) }
  })
}

interface Specimen {
  readonly files: Files
  readonly whole: Contents
  /** Without the last batch. */
  readonly shorter: Contents
}

/** `restarts`: LevelDB moves its journal into a table each time. `killed`: the files are taken while the store is open. */
async function specimen(options: {
  count: number
  blockBytes: number
  restarts: readonly number[]
  killed: boolean
}): Promise<Specimen> {
  const folder = newFolder()
  const store = createStore(folder)
  const history = batches(options.count, options.blockBytes)
  await store.open()
  for (const [number, { batch }] of history.entries()) {
    if (options.restarts.includes(number)) {
      await store.writeValue('peers', text('addresses'))
      await store.writeSnapshot(number, text('a snapshot'))
      await store.close()
      await store.open()
    }
    await store.write(batch)
  }
  if (!options.killed) await store.close()
  const files = await readFiles(folder)
  if (options.killed) await store.close()
  return { files, whole: history.at(-1)?.after ?? '', shorter: history.at(-2)?.after ?? '' }
}

const specimens: Record<string, () => Promise<Specimen>> = {
  'a small store that was closed': () => specimen({ count: 12, blockBytes: 20, restarts: [], killed: false }),
  'a small store that was killed': () => specimen({ count: 12, blockBytes: 20, restarts: [5], killed: true }),
  'a store whose batches are all in tables': () =>
    specimen({ count: 16, blockBytes: 100, restarts: [4, 8, 12, 15], killed: false }),
  'a store whose last batch is in the journal': () =>
    specimen({ count: 16, blockBytes: 100, restarts: [3, 6, 15], killed: true }),
  'a store whose journal has several blocks': () => specimen({ count: 12, blockBytes: 9_000, restarts: [4], killed: true }),
}

/** Every byte of the short files, and as many of the long ones as time allows. */
function placesToFlip(size: number): number[] {
  const step = Math.max(1, Math.floor(size / 150))
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => i * step + (i % step))
}

describe.each(Object.entries(specimens))('%s', (_name, make) => {
  it('opens as it was', async () => {
    const { files, whole } = await make()
    expect(await openCopy(files, new Map())).toBe(whole)
  })

  it('never shows other or fewer blocks when one byte of one file is changed', async () => {
    const { files, whole, shorter } = await make()
    const outcomes = { same: 0, cut: 0, refused: 0 }
    for (const [name, original] of files) {
      for (const place of placesToFlip(original.length)) {
        const flipped = Buffer.from(original)
        flipped[place] = (flipped[place] ?? 0) ^ (place % 3 === 0 ? 0xff : 1 << (place % 8))
        const seen = await openCopy(files, new Map([[name, flipped]]))
        const where = `${name}, byte ${place}`
        if (seen instanceof Failure) {
          expect(seen.code, where).toBe('store-damaged')
          outcomes.refused++
        } else if (seen === shorter) outcomes.cut++
        else {
          expect(seen, where).toBe(whole)
          outcomes.same++
        }
      }
    }
    // All three happen, or this test looked in the wrong places.
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(outcomes.same).toBeGreaterThan(0)
  })
})

describe('a journal that ends too early', () => {
  it('loses its torn batch only, and says so', async () => {
    const { files, shorter } = (await specimens['a store whose last batch is in the journal']?.()) ?? expect.unreachable()
    const [name, journal] = [...files].filter(([file]) => file.endsWith('.log')).at(-1) ?? expect.unreachable()
    for (const missing of [1, 8, Math.floor(journal.length / 2)]) {
      const folder = await writeFiles(files, new Map([[name, journal.subarray(0, journal.length - missing)]]))
      const store = createStore(folder)
      const { torn, last } = await store.open()
      expect(torn).toEqual({ fromIndex: (last ?? -1) + 1 })
      await store.close()
      expect(await contentsOf(store)).toBe(shorter)
      const next = (last ?? -1) + 1
      await store.write(batchOf([next], 'on'))
      expect((await store.read(next, next, 100)).length).toBe(1)
      await store.close()
      expect((await store.open()).torn).toBeUndefined()
      await store.close()
    }
  })
})

describe('a damaged store', () => {
  const damagedFolder = async (): Promise<string> => {
    const { files } = (await specimens['a store whose journal has several blocks']?.()) ?? expect.unreachable()
    const [name, journal] = [...files].filter(([file]) => file.endsWith('.log')).at(-1) ?? expect.unreachable()
    const flipped = Buffer.from(journal)
    flipped[20_000] = (flipped[20_000] ?? 0) ^ 1
    return writeFiles(files, new Map([[name, flipped]]))
  }

  it('names the block and how to recover, at each start anew', async () => {
    const folder = await damagedFolder()
    for (let start = 0; start < 2; start++) {
      const error: unknown = await createStore(folder)
        .open()
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(Failure)
      expect(error).toMatchObject({ code: 'store-damaged', facts: { index: expect.any(Number) } })
      expect((error as Failure).facts.index).toBeGreaterThan(0)
      expect((error as Failure).message).toContain('--refetch')
    }
  })

  it('that has blocks but no record is refused', async () => {
    const folder = newFolder()
    const { ClassicLevel } = await import('classic-level')
    const store = createStore(folder)
    await store.open()
    await store.write(batchOf([0, 1], 'meta'))
    await store.close()
    const db = new ClassicLevel(folder)
    await db.del('r')
    await db.close()
    await expect(createStore(folder).open()).rejects.toMatchObject({ code: 'store-damaged', facts: { index: 0 } })
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
      expect((await store.open()).last).toBe(written - 1)
      await store.write(batchOf([written], 'again'))
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
