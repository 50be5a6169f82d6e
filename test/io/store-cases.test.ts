import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { Level } from 'level'
import { afterAll, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { folderDisk } from '../../src/io/store/disk.ts'
import { markOf } from '../../src/io/store/inspect.ts'
import { type CaseName, cases, isOpened } from '../../src/io/store/open.ts'
import { createStore, createStoreOn } from '../../src/io/store/store.ts'
import { batchOf, block, text } from './store-conformance.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-cases-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => join(root, `store-${++folders}`)

/** Blocks 0 to 5 in six batches, a value and a snapshot, closed in good order. */
async function written(folder = newFolder()): Promise<string> {
  const store = createStore(folder)
  await store.open()
  for (let index = 0; index < 6; index++) await store.write(batchOf([index], `meta ${index}`))
  await store.writeValue('peers', text('addresses'))
  await store.writeSnapshot(3, text('state'))
  await store.close()
  return folder
}

async function change(folder: string, task: (db: Level<Uint8Array, Uint8Array>) => Promise<void>): Promise<void> {
  const db = new Level<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' })
  await db.open()
  await task(db)
  await db.close()
}

const blockKey = (index: number): Uint8Array => Uint8Array.of(0x62, 0, 0, 0, 0, 0, index)

async function flipRow(folder: string, key: Uint8Array): Promise<void> {
  await change(folder, async (db) => {
    const value = Uint8Array.from(await db.get(key))
    value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
    await db.put(key, value)
  })
}

const isOfDatabase = (name: string): boolean => name !== 'witness'

async function removeDatabase(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (isOfDatabase(name)) await rm(join(folder, name))
}

/** A head as format 1 wrote it, by the layout that stands in its source: nothing of today's code. */
function headOfFormat1(version: number, count: number, hash: Uint8Array, rowChecksum: number, meta: Uint8Array): Uint8Array {
  const value = Buffer.alloc(81 + meta.length)
  value.write('gavelrec', 0)
  value.writeUInt32BE(meta.length, 12)
  value.fill(7, 16, 32)
  value.writeUInt8(version, 32)
  value.writeUIntBE(count, 33, 6)
  value.writeUIntBE(count, 39, 6)
  value.set(hash, 45)
  value.writeUInt32BE(rowChecksum, 77)
  value.set(meta, 81)
  value.writeUInt32BE(crc32(value.subarray(12), crc32('r')), 8)
  return value
}

async function writtenByFormat1(version = 1): Promise<string> {
  const folder = newFolder()
  await mkdir(folder)
  await change(folder, async (db) => {
    let previous = 0
    for (let index = 0; index < 3; index++) {
      const { bytes, hash } = block(index)
      const body = Buffer.alloc(36 + bytes.length)
      body.writeUInt32BE(previous, 0)
      body.set(hash, 4)
      body.set(bytes, 36)
      previous = crc32(body, crc32(blockKey(index)))
      const row = Buffer.alloc(4 + body.length)
      row.writeUInt32BE(previous, 0)
      row.set(body, 4)
      await db.put(blockKey(index), row)
    }
    await db.put(text('r'), headOfFormat1(version, 3, block(2).hash, previous, text('meta of format 1')))
  })
  return folder
}

/** For each case at least one folder of it, and the first block that cannot be relied on, where it fails. */
const specimens: Readonly<Record<CaseName, Readonly<Record<string, () => Promise<readonly [folder: string, index?: number]>>>>> =
  {
    new: {
      'no folder': async () => [newFolder()],
      'an empty folder': async () => {
        const folder = newFolder()
        await mkdir(folder)
        return [folder]
      },
      'a start that wrote nothing': async () => {
        const folder = newFolder()
        const store = createStore(folder)
        await store.open()
        await store.close()
        return [folder]
      },
      'a start that ended before LevelDB was made': async () => {
        const folder = newFolder()
        const store = createStore(folder)
        await store.open()
        await store.close()
        await removeDatabase(folder)
        return [folder]
      },
    },
    clean: { 'a peer that stopped in good order': async () => [await written()] },
    ahead: {
      'a peer that was killed before the witness was written': async () => {
        const folder = newFolder()
        const copy = newFolder()
        // Nothing but the end of it has the witness written.
        const store = createStoreOn({ ...folderDisk(folder), after: () => () => {} })
        await store.open()
        await store.write(batchOf([0], 'meta'))
        await cp(folder, copy, { recursive: true })
        await store.close()
        return [copy]
      },
      'a witness with one damaged slot': async () => {
        const folder = await written()
        const witness = await readFile(join(folder, 'witness'))
        const batches = [witness.readUIntBE(33, 6), witness.readUIntBE(4096 + 33, 6)] as const
        witness.fill(0xff, batches[0] > batches[1] ? 0 : 4096, batches[0] > batches[1] ? 200 : 4296)
        await writeFile(join(folder, 'witness'), witness)
        return [folder]
      },
    },
    older: {
      'a log of format 1': async () => [await writtenByFormat1()],
      'a log of format 1 whose taking over was cut off': async () => {
        const folder = await writtenByFormat1()
        const copy = newFolder()
        await cp(folder, copy, { recursive: true })
        const store = createStore(folder)
        await store.open()
        await store.close()
        const witness = await readFile(join(folder, 'witness'))
        // The witness that is made first, before LevelDB's head is of format 2.
        witness.fill(0, 4096)
        await writeFile(join(copy, 'witness'), witness)
        return [copy]
      },
    },
    'value-lost': {
      'a value that is missing': async () => {
        const folder = await written()
        await change(folder, (db) => db.del(text('vpeers')))
        return [folder]
      },
      'a value that is damaged': async () => {
        const folder = await written()
        await flipRow(folder, text('vpeers'))
        return [folder]
      },
    },
    'row-damaged': {
      'a row that is missing': async () => {
        const folder = await written()
        await change(folder, (db) => db.del(blockKey(2)))
        return [folder, 2]
      },
      'the last row is missing': async () => {
        const folder = await written()
        await change(folder, (db) => db.del(blockKey(5)))
        return [folder, 5]
      },
      'a row that is damaged': async () => {
        const folder = await written()
        await flipRow(folder, blockKey(4))
        return [folder, 4]
      },
      'an older row of the same index': async () => {
        const folder = await written()
        let old: Uint8Array | undefined
        await change(folder, async (db) => {
          old = await db.get(blockKey(5))
        })
        const store = createStore(folder)
        await store.open()
        await store.write(batchOf([5], 'later', 5, 'other'))
        await store.close()
        await change(folder, (db) => db.put(blockKey(5), old ?? new Uint8Array()))
        return [folder, 6]
      },
      'the last row under another key': async () => {
        const folder = await written()
        await change(folder, async (db) => {
          const last = (await db.get(blockKey(5))) ?? new Uint8Array()
          await db.batch([
            { type: 'del', key: blockKey(5) },
            { type: 'put', key: Uint8Array.of(0x62, 2, 0, 0, 0, 0, 5), value: last },
          ])
        })
        return [folder, 5]
      },
      'a head that is damaged': async () => {
        const folder = await written()
        await flipRow(folder, text('r'))
        return [folder, 6]
      },
      'a head that is missing': async () => {
        const folder = await written()
        await change(folder, (db) => db.del(text('r')))
        return [folder, 6]
      },
      'a log of format 1 in which that had found damage': async () => {
        const folder = await writtenByFormat1()
        await writeFile(join(folder, 'DAMAGED'), '2\n')
        return [folder, 2]
      },
      'a mark that was emptied: all that is whole is': async () => {
        const folder = await written()
        await writeFile(join(folder, 'DAMAGED'), '')
        return [folder, 6]
      },
      'a mark in which a digit has changed': async () => {
        const folder = await written()
        await writeFile(join(folder, 'DAMAGED'), new TextDecoder().decode(markOf(4)).replace('4', '2'))
        return [folder, 6]
      },
      'a mark': async () => {
        const folder = await written()
        await writeFile(join(folder, 'DAMAGED'), markOf(4))
        return [folder, 4]
      },
      'a log of format 1 with a row less': async () => {
        const folder = await writtenByFormat1()
        await change(folder, (db) => db.del(blockKey(1)))
        return [folder, 1]
      },
    },
    torn: {
      'a row that nobody wrote': async () => {
        const folder = await written()
        await change(folder, (db) => db.put(blockKey(6), text('more')))
        return [folder, 6]
      },
      'rows of later batches than the head': async () => {
        const folder = newFolder()
        const store = createStore(folder)
        await store.open()
        await store.write(batchOf([0, 1], 'meta'))
        await store.close()
        let head: Uint8Array | undefined
        await change(folder, async (db) => {
          head = await db.get(text('r'))
        })
        const witness = await readFile(join(folder, 'witness'))
        await store.open()
        await store.write(batchOf([2, 3], 'meta'))
        await store.close()
        await change(folder, (db) => db.put(text('r'), head ?? new Uint8Array()))
        await writeFile(join(folder, 'witness'), witness)
        return [folder, 2]
      },
    },
    behind: {
      'LevelDB as it was some batches ago': async () => {
        const folder = newFolder()
        const store = createStore(folder)
        await store.open()
        await store.write(batchOf([0, 1], 'meta'))
        await store.close()
        const earlier = newFolder()
        await cp(folder, earlier, { recursive: true })
        await store.open()
        await store.write(batchOf([2], 'meta'))
        await store.close()
        await cp(join(folder, 'witness'), join(earlier, 'witness'))
        return [earlier, 2]
      },
      'a journal that was emptied': async () => {
        const folder = await written()
        for (const name of await readdir(folder)) if (name.endsWith('.log')) await writeFile(join(folder, name), '')
        return [folder, 0]
      },
      'a journal that was deleted': async () => {
        const folder = await written()
        for (const name of await readdir(folder)) if (name.endsWith('.log')) await rm(join(folder, name))
        return [folder, 0]
      },
    },
    'database-gone': {
      'all of LevelDB’s files deleted': async () => {
        const folder = await written()
        await removeDatabase(folder)
        return [folder, 0]
      },
      'LevelDB’s files and a slot gone': async () => {
        const folder = await written()
        await removeDatabase(folder)
        await writeFile(join(folder, 'witness'), 'nothing of ours')
        return [folder, 0]
      },
    },
    'database-unreadable': {
      'a manifest that is emptied': async () => {
        const folder = await written()
        for (const name of await readdir(folder)) if (name.startsWith('MANIFEST')) await writeFile(join(folder, name), '')
        return [folder, 0]
      },
      'a CURRENT that names another file': async () => {
        const folder = await written()
        await writeFile(join(folder, 'CURRENT'), 'MANIFEST-999999\n')
        return [folder, 0]
      },
    },
    'witness-gone': {
      'a witness that was deleted': async () => {
        const folder = await written()
        await rm(join(folder, 'witness'))
        return [folder, 6]
      },
    },
    'witness-damaged': {
      'both slots overwritten': async () => {
        const folder = await written()
        await writeFile(join(folder, 'witness'), new Uint8Array(8192))
        return [folder, 6]
      },
      'an emptied witness': async () => {
        const folder = await written()
        await writeFile(join(folder, 'witness'), '')
        return [folder, 6]
      },
    },
    'other-copy': {
      'the witness of another store': async () => {
        const folder = await written()
        await cp(join(await written(), 'witness'), join(folder, 'witness'))
        return [folder, 6]
      },
      'the witness of a copy that went another way': async () => {
        const folder = await written()
        const copy = newFolder()
        await cp(folder, copy, { recursive: true })
        for (const [place, meta] of [[folder, 'here'] as const, [copy, 'there'] as const]) {
          const store = createStore(place)
          await store.open()
          await store.write(batchOf([6], meta))
          await store.close()
        }
        await cp(join(copy, 'witness'), join(folder, 'witness'))
        return [folder, 7]
      },
    },
    newer: {
      'a log of format 3': async () => [await writtenByFormat1(3)],
      'a witness of format 3': async () => {
        const folder = await written()
        const bytes = Buffer.alloc(8192)
        bytes.set(headOfFormat1(3, 3, new Uint8Array(32), 0, text('meta')))
        await writeFile(join(folder, 'witness'), bytes)
        return [folder]
      },
    },
    foreign: {
      'a folder of something else': async () => {
        const folder = newFolder()
        await mkdir(folder)
        await writeFile(join(folder, 'thesis.tex'), 'years of work')
        return [folder]
      },
      'another program’s LevelDB': async () => {
        const folder = newFolder()
        await mkdir(folder)
        await change(folder, (db) => db.put(text('key'), text('value')))
        return [folder]
      },
    },
  }

const codes = { forget: 'store-damaged', newer: 'store-version', foreign: 'path-taken' } as const

async function look(folder: string): Promise<unknown> {
  const store = createStore(folder)
  try {
    const opened = await store.open()
    const rows = await store.read(0, 100, 1e9)
    expect(rows.length).toBe((opened.last ?? -1) + 1)
    return opened.found
  } catch (error) {
    return error
  } finally {
    await store.close()
  }
}

describe.each(Object.entries(specimens) as [CaseName, (typeof specimens)[CaseName]][])('%s', (name, makers) => {
  it.each(Object.entries(makers))('%s', async (_title, make) => {
    const [folder, index] = await make()
    const found = await look(folder)
    if (isOpened(name)) return expect(found).toBe(name)
    expect(found).toBeInstanceOf(Failure)
    const failure = found as Failure
    expect(failure.message).toContain(cases[name].says)
    if (name === 'newer' || name === 'foreign') return expect(failure.code).toBe(codes[name])
    expect(failure).toMatchObject({ code: 'store-damaged', facts: { case: name, index, folder } })
    expect(failure.message).toContain(index === 0 ? 'No block' : `Blocks 0 to ${(index ?? 0) - 1} are whole`)
    // Looking has not swept the traces away.
    expect(await look(folder)).toMatchObject({ facts: { case: name, index } })
  })
})

it('goes on with a log of format 1 as if it had written it, and that is said once', async () => {
  const folder = await writtenByFormat1()
  const store = createStore(folder)
  const opened = await store.open()
  expect([new TextDecoder().decode(opened.meta), opened.last, opened.found]).toEqual(['meta of format 1', 2, 'older'])
  await store.write(batchOf([3], 'on'))
  await store.close()
  expect((await store.open()).found).toBe('clean')
  expect(await store.read(0, 9, 1e9)).toEqual([0, 1, 2, 3].map((index) => block(index)))
  await store.close()
})

it('goes on after a lost value, and says so once', async () => {
  const [folder] = (await specimens['value-lost']['a value that is damaged']?.()) ?? expect.unreachable()
  const store = createStore(folder)
  expect((await store.open()).found).toBe('value-lost')
  expect(await store.readValue('peers')).toBeUndefined()
  await store.write(batchOf([6], 'on'))
  await store.close()
  expect((await store.open()).found).toBe('clean')
  await store.close()
})

it('touches nothing in a folder that is not its own', async () => {
  const [folder] = (await specimens.foreign['a folder of something else']?.()) ?? expect.unreachable()
  await look(folder)
  expect(await readFile(join(folder, 'thesis.tex'), 'utf8')).toBe('years of work')
  expect((await readdir(folder)).filter((name) => !/^LO/.test(name))).toEqual(['thesis.tex'])
})

it('keeps for the next start what LevelDB finds damaged in the midst of a write', async () => {
  const folder = await written()
  const disk = folderDisk(folder)
  let isDamaged = false
  const corruption = Object.assign(new Error('Corruption: block checksum mismatch'), { code: 'LEVEL_CORRUPTION' })
  const store = createStoreOn({
    ...disk,
    async openDatabase(create) {
      const database = await disk.openDatabase(create)
      if (typeof database === 'string') return database
      return { ...database, batch: (...args) => (isDamaged ? Promise.reject(corruption) : database.batch(...args)) }
    },
  })
  await store.open()
  await store.write(batchOf([6], 'on'))
  isDamaged = true
  const damaged = { code: 'store-damaged', facts: { case: 'row-damaged', index: 7, folder } }
  await expect(store.write(batchOf([7], 'lost'))).rejects.toMatchObject(damaged)
  await expect(store.writeValue('peers', text('x'))).rejects.toMatchObject(damaged)
  await store.close()
  expect(await look(folder)).toMatchObject(damaged)
})
