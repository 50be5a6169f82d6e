import { randomBytes } from 'node:crypto'
import { ClassicLevel } from 'classic-level'
import { assert } from '../core/assert.ts'
import { Failure } from '../core/failure.ts'
import type { Store, StoreBatch, StoredBlock, StoreOpened } from '../peer/ports.ts'
import { codeOf, diskFailureInWords } from './files.ts'
import { checkLog } from './store/check.ts'
import { readDamageMark, readEvidence, writeDamageMark } from './store/evidence.ts'
import {
  blockKey,
  decodeRow,
  encodeRecord,
  encodeRow,
  type HeadRecord,
  recordKey,
  seal,
  snapshotKey,
  unseal,
  valueKey,
} from './store/rows.ts'

export type Level = ClassicLevel<Uint8Array, Uint8Array>

/** The log of one room in a LevelDB folder. Every write is one fsynced batch. */
export function createStore(folder: string): Store {
  let opened: { readonly db: Level; record: HeadRecord } | undefined
  /** After a failed write the journal may end in half a record; what came after it would be lost with it. */
  let failed: Failure | undefined

  const requireOpen = () => {
    if (opened === undefined) throw new Failure('disk-failed', 'The store is not open.', { folder })
    return opened
  }

  const writing = async (task: (db: Level) => Promise<void>): Promise<void> => {
    const { db } = requireOpen()
    if (failed !== undefined) throw failed
    try {
      await task(db)
    } catch (error) {
      failed = writeFailure(error, folder)
      throw failed
    }
  }

  return {
    async open(onProgress) {
      const { db, record, result } = await openChecked(folder, onProgress ?? (() => {}))
      opened = { db, record }
      failed = undefined
      return result
    },

    async write(batch) {
      const { db, record } = requireOpen()
      const { operations, next } = await plan(db, record, batch)
      await writing((to) => to.batch(operations, { sync: true }))
      if (opened?.db === db) opened.record = next
    },

    async read(from, through, bytesMax) {
      const { db } = requireOpen()
      const found: StoredBlock[] = []
      let bytes = 0
      try {
        for await (const [key, value] of db.iterator({ gte: blockKey(from), lte: blockKey(through) })) {
          const index = from + found.length
          const row = sameBytes(key, blockKey(index)) ? decodeRow(index, value) : undefined
          if (row === undefined) throw damage(folder, index)
          bytes += row.block.bytes.length
          if (found.length > 0 && bytes > bytesMax) break
          found.push(row.block)
        }
      } catch (error) {
        if (error instanceof Failure) throw error
        throw diskFailureInWords(texts(error), folder, error) ?? damage(folder, from + found.length, error)
      }
      return found
    },

    // Snapshots and values could do without a sync, but so no journal ever ends in the middle of a record and goes on in the next.
    async writeSnapshot(index, bytes) {
      const value = Buffer.allocUnsafe(6 + bytes.length)
      value.writeUIntBE(index, 0, 6)
      value.set(bytes, 6)
      await writing((db) => db.put(snapshotKey, seal(snapshotKey, value), { sync: true }))
    },

    async readSnapshot() {
      const value = await readSealed(requireOpen().db, snapshotKey)
      if (value === undefined || value.length < 6) return undefined
      return { index: Buffer.from(value.subarray(0, 6)).readUIntBE(0, 6), bytes: value.subarray(6) }
    },

    async writeValue(name, bytes) {
      const key = valueKey(name)
      await writing((db) => db.put(key, seal(key, bytes), { sync: true }))
    },

    readValue: async (name) => readSealed(requireOpen().db, valueKey(name)),

    async close() {
      const { db } = opened ?? {}
      opened = undefined
      await db?.close()
    },
  }
}

interface Checked {
  readonly db: Level
  readonly record: HeadRecord
  readonly result: StoreOpened
}

async function openChecked(folder: string, onProgress: (done: number, total: number) => void): Promise<Checked> {
  const mark = await readDamageMark(folder)
  if (mark !== undefined) throw damage(folder, mark.index)
  const evidence = await readEvidence(folder)
  if (evidence.damagedFrom !== undefined) throw damage(folder, evidence.damagedFrom)
  const db = await openLevel(folder, !evidence.exists)
  try {
    const found = await checkLog(db, evidence, onProgress)
    if (found.kind === 'damaged') {
      await writeDamageMark(folder, found.index)
      throw damage(folder, found.index)
    }
    if (found.kind === 'version') {
      const message = `The store in ${folder} was written by another version of gavelring (layout ${found.version}).`
      throw new Failure('store-version', message, { folder, version: found.version })
    }
    const { record } = found
    const last = record === undefined || record.count === 0 ? undefined : record.count - 1
    const torn = evidence.journal === 'torn' ? { fromIndex: record?.count ?? 0 } : undefined
    return { db, record: record ?? firstRecord(), result: { meta: record?.meta, last, torn } }
  } catch (error) {
    await db.close()
    throw error
  }
}

async function openLevel(folder: string, create: boolean): Promise<Level> {
  const db: Level = new ClassicLevel<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    // Not compressed: blocks hardly shrink, and records must be found in the raw tables (see Evidence).
    await db.open({ createIfMissing: create, compression: false, cacheSize: 2 * 1024 * 1024 })
    return db
  } catch (error) {
    throw openFailure(error, folder)
  }
}

function openFailure(error: unknown, folder: string): Failure {
  if (isLocked(error)) return inUse(folder, error)
  return diskFailureInWords(texts(error), folder, error) ?? damage(folder, 0, error)
}

function writeFailure(error: unknown, folder: string): Failure {
  const unknown = (): Failure =>
    new Failure('disk-failed', `The disk failed, and nothing more is written: ${folder}`, { folder }, { cause: error })
  return diskFailureInWords(texts(error), folder, error) ?? unknown()
}

function damage(folder: string, index: number, cause?: unknown): Failure {
  const message = `The log in ${folder} is damaged from block ${index} on. Start with --refetch to get it anew from the other members.`
  return new Failure('store-damaged', message, { index, folder }, { cause })
}

const inUse = (folder: string, cause: unknown): Failure =>
  new Failure('profile-in-use', `Another gavelring peer is running with this profile: ${folder}`, { folder }, { cause })

function isLocked(error: unknown): boolean {
  return error instanceof Error && (codeOf(error) === 'LEVEL_LOCKED' || isLocked(error.cause))
}

/** LevelDB tells its reasons in texts only; abstract-level puts them into `cause`. */
function texts(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined }
  return cause === undefined ? message : `${message} ${texts(cause)}`
}

const firstRecord = (): HeadRecord => ({
  salt: randomBytes(16),
  batch: 0,
  count: 0,
  hash: new Uint8Array(32),
  rowChecksum: 0,
  meta: new Uint8Array(),
})

type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** What a batch changes, and the record after it. */
async function plan(db: Level, record: HeadRecord, batch: StoreBatch): Promise<{ operations: Operation[]; next: HeadRecord }> {
  const operations: Operation[] = []
  let { count, hash, rowChecksum } = record
  if (batch.cutFrom !== undefined && batch.cutFrom < count) {
    for (let index = batch.cutFrom; index < count; index++) operations.push({ type: 'del', key: blockKey(index) })
    count = batch.cutFrom
    const head = await readRow(db, count - 1)
    hash = head?.block.hash ?? new Uint8Array(32)
    rowChecksum = head?.checksum ?? 0
  }
  for (const block of batch.blocks) {
    assert(block.index === count, 'blocks are written in order, without gaps')
    const row = encodeRow(block, rowChecksum)
    operations.push({ type: 'put', key: blockKey(block.index), value: row.value })
    count++
    hash = block.hash
    rowChecksum = row.checksum
  }
  for (const { name, bytes } of batch.values) {
    const key = valueKey(name)
    operations.push(bytes === undefined ? { type: 'del', key } : { type: 'put', key, value: seal(key, bytes) })
  }
  const next = { salt: record.salt, batch: record.batch + 1, count, hash: hash.slice(), rowChecksum, meta: batch.meta }
  operations.push({ type: 'put', key: recordKey, value: encodeRecord(next) })
  return { operations, next }
}

async function readRow(db: Level, index: number) {
  const value = index < 0 ? undefined : await db.get(blockKey(index))
  return value && decodeRow(index, value)
}

async function readSealed(db: Level, key: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const value = await db.get(key)
    return value && unseal(key, value)
  } catch {
    // A table that cannot be read: as good as a damaged value.
    return undefined
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
