import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/io/store/database.ts'
import { blockKey, blockRange, pieceKey, seal, wholeRange } from '../../src/io/store/rows.ts'
import { createStore } from '../../src/io/store/store.ts'

const root = mkdtempSync(join(tmpdir(), 'gavelring-pieces-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folders = 0

const text = (word: string): Uint8Array => new TextEncoder().encode(word)
async function* pieces(...words: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const word of words) yield text(word)
}

/** A folder whose store has kept a snapshot after block 9, in three pieces. */
async function kept(): Promise<string> {
  const folder = join(root, String(folders++))
  const store = createStore(folder)
  await store.open()
  await store.writeSnapshot(9, pieces('one', 'two', 'three'))
  await store.close()
  return folder
}

async function withDatabase(
  folder: string,
  task: (database: Exclude<Awaited<ReturnType<typeof openDatabase>>, string>) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(folder, false)
  if (typeof database === 'string') throw new Error(database)
  await task(database)
  await database.close()
}

async function snapshotIn(folder: string): Promise<string | undefined> {
  const store = createStore(folder)
  await store.open()
  const snapshot = await store.readSnapshot()
  await store.close()
  return snapshot && `${snapshot.index} ${new TextDecoder().decode(snapshot.bytes)}`
}

describe('a snapshot in pieces', () => {
  it('is whole, or none: where a piece is missing, damaged or an older one of the same place', async () => {
    expect(await snapshotIn(await kept())).toBe('9 onetwothree')
    const key = pieceKey(9, 1)
    const damages = [
      { type: 'del', key },
      { type: 'put', key, value: seal(key, text('old')) },
      { type: 'put', key, value: seal(pieceKey(9, 0), text('two')) },
      { type: 'put', key, value: Uint8Array.of(1, 2, 3) },
    ] as const
    for (const damage of damages) {
      const folder = await kept()
      await withDatabase(folder, (database) => database.batch([damage], { sync: true }))
      expect(await snapshotIn(folder)).toBeUndefined()
    }
  })

  it('leaves nothing behind of those before it, nor of one that never came to its end', async () => {
    const folder = await kept()
    const store = createStore(folder)
    await store.open()
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield text('half')
      throw new Error('the process ends')
    }
    await expect(store.writeSnapshot(12, endless())).rejects.toThrow()
    await expect(store.writeSnapshot(20, endless())).rejects.toThrow()
    await store.writeSnapshot(15, pieces('four', 'five'))
    await store.close()
    const rows: string[] = []
    await withDatabase(folder, async (database) => {
      for await (const some of database.scan(wholeRange)) {
        for (const [found] of some) if (found[0] === 0x70) rows.push(Buffer.from(found).toString('hex'))
      }
    })
    expect(rows).toEqual([pieceKey(15, 0), pieceKey(15, 1)].map((found) => Buffer.from(found).toString('hex')))
    expect(await snapshotIn(folder)).toBe('15 fourfive')
  })
})

it('rows are read so many at a time as are asked for, and all of them in the end', async () => {
  const folder = join(root, String(folders++))
  const database = await openDatabase(folder, true)
  if (typeof database === 'string') throw new Error(database)
  const keys = Array.from({ length: 400 }, (_, index) => blockKey(index))
  await database.batch(
    keys.map((key) => ({ type: 'put', key, value: new Uint8Array(1_000) })),
    { sync: false },
  )
  const counts = async (bytes?: number): Promise<readonly number[]> => {
    const found: number[] = []
    for await (const some of database.scan(blockRange, bytes)) found.push(some.length)
    return found
  }
  for (const [bytes, atMost] of [
    [1, 1],
    [10_500, 12],
    [Number.POSITIVE_INFINITY, 300],
    [undefined, 300],
  ] as const) {
    const found = await counts(bytes)
    expect(found.reduce((sum, count) => sum + count, 0)).toBe(400)
    expect(Math.max(...found)).toBeLessThanOrEqual(atMost)
    expect(found[0]).toBeGreaterThanOrEqual(atMost / 2)
  }
  await database.close()
})
