import { randomBytes } from 'node:crypto'
import { assert } from '../../core/assert.ts'
import { Failure } from '../../core/failure.ts'
import type { Store, StoreBatch, StoredBlock, StoreOpened } from '../../peer/ports.ts'
import { diskFailure, makeFolder, replaceFile } from '../files.ts'
import { type Database, openDatabase, readFailure, writeFailure } from './database.ts'
import { inspect, witnessIn, xorOf } from './inspect.ts'
import { type CaseName, cases, formatOf, isOpened, judge, wholeBlocks } from './open.ts'
import {
  blockKey,
  blockRange,
  decodeRow,
  encodeHead,
  encodeRow,
  type Head,
  headKey,
  seal,
  sealOf,
  snapshotKey,
  storeVersion,
  unseal,
  valueKey,
} from './rows.ts'
import { createWitness, newWitness, openWitnessFile, type Witness } from './witness.ts'

/** What the store asks of the machine: tests count its calls, and stop after any of them. */
export interface Machine {
  readonly openDatabase: typeof openDatabase
  readonly openWitnessFile: typeof openWitnessFile
}

/** The log of one room in a folder: LevelDB with a witness beside it. Every write is one synced batch that rewrites the head. */
export function createStore(folder: string, machine: Machine = { openDatabase, openWitnessFile }): Store {
  let opened: Opened | undefined
  /** After a failed write nobody knows what is on disk, and what came after it could be lost with it. */
  let failed: Failure | undefined
  /** One batch after the other: each stands on the head that the one before it has left. */
  let writing: Promise<unknown> = Promise.resolve()

  const fail = (error: unknown): Failure => {
    failed ??= writeFailure(error, folder)
    return failed
  }
  const requireOpen = (): Opened => {
    if (opened === undefined) throw new Failure('disk-failed', 'The store is not open.', { folder })
    return opened
  }

  const write = async (change: Change): Promise<void> => {
    const to = requireOpen()
    const own = writing.then(async () => {
      if (failed !== undefined) throw failed
      const { operations, head } = await plan(to, folder, change)
      try {
        await to.database.batch(operations, { sync: true })
      } catch (error) {
        throw fail(error)
      }
      to.head = head
      to.witness.note(head)
    })
    writing = own.catch(() => {})
    return own
  }

  return {
    async open(onProgress = () => {}) {
      if (opened !== undefined) throw new Failure('profile-in-use', `This store is open already: ${folder}`, { folder })
      failed = undefined
      const [next, result] = await openStore(folder, machine, onProgress, fail)
      opened = next
      return result
    },

    write: (batch) => write({ ...batch, snapshot: undefined }),

    async read(from, through, bytesMax) {
      const { database } = requireOpen()
      const found: StoredBlock[] = []
      if (through < from) return found
      let bytes = 0
      try {
        for await (const value of database.values({ ...blockRange, gte: blockKey(from), lte: blockKey(through) })) {
          const row = decodeRow(from + found.length, value)
          if (row === undefined) throw damage(folder, 'row-damaged', from + found.length)
          bytes += row.block.bytes.length
          if (found.length > 0 && bytes > bytesMax) break
          found.push(row.block)
        }
      } catch (error) {
        throw readFailure(error, folder) ?? damage(folder, 'row-damaged', from + found.length, error)
      }
      return found
    },

    async writeSnapshot(index, bytes) {
      const value = Buffer.allocUnsafe(6 + bytes.length)
      value.writeUIntBE(index, 0, 6)
      value.set(bytes, 6)
      await write({ ...nothing, snapshot: value })
    },

    async readSnapshot() {
      const value = await readSealed(requireOpen().database, folder, snapshotKey)
      if (value === undefined || value.length < 6) return undefined
      return { index: Buffer.from(value.subarray(0, 6)).readUIntBE(0, 6), bytes: value.subarray(6) }
    },

    async writeValue(name, bytes) {
      await write({ ...nothing, values: [{ name, bytes: bytes.slice() }] })
    },

    readValue: async (name) => readSealed(requireOpen().database, folder, valueKey(name)),

    async close() {
      const closing = opened
      opened = undefined
      if (closing === undefined) return
      await writing
      // A witness that cannot be written is older than the log: the next start finds it so, and goes on.
      await closing.witness.close().catch(() => {})
      await closing.database.close()
    },
  }
}

interface Opened {
  readonly database: Database
  readonly witness: Witness
  /** As of the newest batch on disk. */
  head: Head
  /** Checksums of the named values. */
  readonly values: Map<string, number>
}

interface Change extends Omit<StoreBatch, 'meta'> {
  /** `undefined`: as it is. */
  readonly meta: Uint8Array | undefined
  readonly snapshot: Uint8Array | undefined
}

async function openStore(
  folder: string,
  machine: Machine,
  onProgress: (done: number, total: number) => void,
  onFailed: (error: unknown) => void,
): Promise<readonly [Opened, StoreOpened]> {
  try {
    await makeFolder(folder)
  } catch (error) {
    throw diskFailure(error, folder)
  }
  const { evidence, testimony, database: found, values } = await inspect(folder, machine.openDatabase, onProgress)
  const name = judge(evidence)
  let database = found
  try {
    if (name === 'newer') throw laterFormat(folder, formatOf(evidence))
    if (name === 'foreign') throw new Failure('path-taken', `${cases[name].says} ${folder}`, { folder })
    if (!isOpened(name)) throw damage(folder, name, wholeBlocks(evidence))

    const kept = typeof evidence.database === 'object' ? evidence.database.head : 'none'
    const witnessed = testimony?.head
    const head =
      typeof kept === 'object' ? { ...kept, values: xorOf(values) } : typeof witnessed === 'object' ? witnessed : newHead()
    // On disk before the first batch: a log without a witness is one whose witness was lost.
    if (testimony === undefined) await replaceFile(witnessIn(folder), newWitness(head), 0o600)
    if (database === undefined) {
      const made = await machine.openDatabase(folder, true)
      if (typeof made === 'string') throw damage(folder, 'database-unreadable', 0)
      database = made
    }
    const file = await machine.openWitnessFile(witnessIn(folder))
    const opened = { database, head, values, witness: createWitness(file, testimony?.slot ?? 1, onFailed) }
    if (name === 'older') await takeOver(opened, folder)
    const { count, meta } = opened.head
    return [opened, { meta: meta.length === 0 ? undefined : meta, last: count === 0 ? undefined : count - 1, found: name }]
  } catch (error) {
    await database?.close()
    throw error instanceof Failure ? error : diskFailure(error, folder)
  }
}

/** Rows and values are as they were; the head gets what format 1 did not have. */
async function takeOver(opened: Opened, folder: string): Promise<void> {
  const { operations, head } = await plan(opened, folder, nothing)
  await opened.database.batch(operations, { sync: true })
  opened.head = head
  opened.witness.note(head)
}

const newHead = (): Head => ({
  id: randomBytes(16),
  batch: 0,
  count: 0,
  hash: new Uint8Array(32),
  rowChecksum: 0,
  values: 0,
  meta: new Uint8Array(),
})

/** What is whole ends before block `index`. */
function damage(folder: string, name: CaseName, index: number, cause?: unknown): Failure {
  const whole = index === 0 ? 'No block of it can be relied on.' : `Blocks 0 to ${index - 1} are whole.`
  const message = `${cases[name].says} ${whole} The other members have the log: start again when one of them is in reach. ${folder}`
  return new Failure('store-damaged', message, { index, case: name, folder }, { cause })
}

const laterFormat = (folder: string, version: number): Failure =>
  new Failure('store-version', `${cases.newer.says} This one reads format ${storeVersion}, not ${version}: ${folder}`, {
    folder,
    version,
  })

type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

const nothing: Change = { cutFrom: undefined, blocks: [], values: [], meta: undefined, snapshot: undefined }

/** What a change does to the rows, and the head after it. */
async function plan(
  { database, head, values }: Opened,
  folder: string,
  change: Change,
): Promise<{ operations: Operation[]; head: Head }> {
  const operations: Operation[] = []
  let { count, hash, rowChecksum } = head
  if (change.cutFrom !== undefined && change.cutFrom < count) {
    for (let index = change.cutFrom; index < count; index++) operations.push({ type: 'del', key: blockKey(index) })
    count = change.cutFrom
    const value = count === 0 ? undefined : await database.get(blockKey(count - 1))
    const row = value && decodeRow(count - 1, value)
    if (count > 0 && row === undefined) throw damage(folder, 'row-damaged', count - 1)
    hash = row?.block.hash ?? new Uint8Array(32)
    rowChecksum = row?.checksum ?? 0
  }
  for (const block of change.blocks) {
    assert(block.index === count, 'blocks are written in order, without gaps')
    const row = encodeRow(block, rowChecksum)
    operations.push({ type: 'put', key: blockKey(block.index), value: row.value })
    count++
    hash = block.hash
    rowChecksum = row.checksum
  }
  for (const { name, bytes } of change.values) {
    const key = valueKey(name)
    if (bytes === undefined) {
      operations.push({ type: 'del', key })
      values.delete(name)
    } else {
      const value = seal(key, bytes)
      operations.push({ type: 'put', key, value })
      values.set(name, sealOf(value))
    }
  }
  if (change.snapshot !== undefined) operations.push({ type: 'put', key: snapshotKey, value: seal(snapshotKey, change.snapshot) })
  const next = {
    id: head.id,
    batch: head.batch + 1,
    count,
    hash: hash.slice(),
    rowChecksum,
    values: xorOf(values),
    meta: change.meta ?? head.meta,
  }
  operations.push({ type: 'put', key: headKey, value: encodeHead(next) })
  return { operations, head: next }
}

/** A table that cannot be read is as good as a damaged value. */
async function readSealed(database: Database, folder: string, key: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const value = await database.get(key)
    return value && unseal(key, value)
  } catch (error) {
    const failure = readFailure(error, folder)
    if (failure !== undefined) throw failure
    return undefined
  }
}
