import { assert } from '../../core/assert.ts'
import { concat } from '../../core/codec.ts'
import { Failure } from '../../core/failure.ts'
import type { Store, StoreBatch, StoredBlock, StoreOpened } from '../../peer/ports.ts'
import { diskFailure } from '../files.ts'
import { type Database, failureOf, type Operation } from './database.ts'
import { type Disk, folderDisk } from './disk.ts'
import { damagedName, inspect, markOf, xorOf } from './inspect.ts'
import { type CaseName, cases, type Evidence, isOpened, judge, wholeBlocks } from './open.ts'
import {
  blockIn,
  blockKey,
  encodeHead,
  encodeRow,
  type Head,
  headKey,
  pieceKey,
  piecesBeside,
  previousIn,
  seal,
  sealOf,
  snapshotKey,
  storeVersion,
  unseal,
  valueKey,
} from './rows.ts'
import { newWitness, openWitness, type Witness, witnessName } from './witness.ts'

/** The log of one room in a folder: LevelDB with a witness beside it. Every write is one synced batch that rewrites the head. */
export const createStore = (folder: string): Store => createStoreOn(folderDisk(folder))

export function createStoreOn(disk: Disk): Store {
  const { folder } = disk
  let opened: Opened | undefined
  /** After a failed write nobody knows what is on disk, and what came after it could be lost with it. */
  let failed: Failure | undefined
  /** One batch after the other: each stands on the head that the one before it has left. */
  let writing: Promise<void> | undefined

  const requireOpen = (): Opened => {
    if (opened === undefined) throw new Failure('disk-failed', 'The store is not open.', { folder })
    return opened
  }

  const write = async (change: Partial<Change>): Promise<void> => {
    const to = requireOpen()
    // At once where nothing is under way.
    const own = writing?.then(() => writeNow(to, change)) ?? writeNow(to, change)
    const settled: Promise<void> = own
      .catch(() => {})
      .then(() => {
        if (writing === settled) writing = undefined
      })
    writing = settled
    return own
  }

  const writeNow = async (to: Opened, change: Partial<Change>): Promise<void> => {
    if (failed !== undefined) throw failed
    const { cutFrom } = change
    const end = cutFrom === undefined || cutFrom >= to.head.count ? to.head : await endAt(to.database, cutFrom, folder)
    const { operations, head, row } = plan(to, end, change)
    await unlessFailed(to, () => to.database.batch(operations, { sync: true }))
    to.head = head
    to.witness.note(row)
  }

  /**
   * Throws what failed first. Where LevelDB has met damage the next start is to know, too: it might open the log, and meet it again only
   * in the midst of a write.
   */
  const unlessFailed = async (to: Opened, task: () => Promise<void>): Promise<void> => {
    if (failed !== undefined) throw failed
    try {
      await task()
    } catch (error) {
      const failure = failureOf(error, folder, 'write')
      const isMarked = failed === undefined && failure === undefined
      failed ??= failure ?? damage(folder, 'row-damaged', to.head.count, error)
      if (isMarked) await disk.replaceFile(damagedName, markOf(to.head.count)).catch(() => {})
      throw failed
    }
  }

  /** `undefined` where there is none; a table that cannot be read is as good as a row that is not there. */
  const get = async (key: Uint8Array): Promise<Uint8Array | undefined> => {
    const { database } = requireOpen()
    return database.get(key).catch((error: unknown) => {
      const failure = failureOf(error, folder, 'read')
      if (failure !== undefined) throw failure
      return undefined
    })
  }

  return {
    async open(onProgress = () => {}) {
      if (opened !== undefined) throw new Failure('profile-in-use', `This store is open already: ${folder}`, { folder })
      failed = undefined
      const [next, found] = await openAll(disk, onProgress, (error) => {
        failed ??= failureOf(error, folder, 'write')
      })
      opened = next
      // What an earlier format did not keep.
      if (found === 'older') await write({})
      const { count, meta } = next.head
      return { meta: meta.length === 0 ? undefined : meta, last: count === 0 ? undefined : count - 1, found }
    },

    write,

    async read(from, through, bytesMax) {
      const { database } = requireOpen()
      const found: StoredBlock[] = []
      let bytes = 0
      if (through < from) return found
      const next = (): number => from + found.length
      // A row is a little longer than its block.
      const rowBytes = bytesMax + bytesMax / 8
      try {
        for await (const rows of database.scan({ gte: blockKey(from), lte: blockKey(through) }, rowBytes)) {
          for (const [, row] of rows) {
            const block = blockIn(next(), row)
            if (block === undefined) throw damage(folder, 'row-damaged', next())
            bytes += block.bytes.length
            if (found.length > 0 && bytes > bytesMax) return found
            found.push(block)
          }
        }
      } catch (error) {
        throw failureOf(error, folder, 'read') ?? damage(folder, 'row-damaged', next(), error)
      }
      return found
    },

    async writeSnapshot(index, snapshot) {
      const to = requireOpen()
      const checksums: Uint8Array[] = []
      // No head speaks of the pieces, so they need no sync of their own.
      for await (const bytes of snapshot instanceof Uint8Array ? [snapshot] : snapshot) {
        const key = pieceKey(index, checksums.length)
        const value = seal(key, bytes)
        checksums.push(value.subarray(0, 4))
        await unlessFailed(to, () => to.database.batch([{ type: 'put', key, value }], { sync: false }))
      }
      const place = Buffer.alloc(6)
      place.writeUIntBE(index, 0, 6)
      await write({ snapshot: seal(snapshotKey, place, ...checksums) })
      // Those of the one before, and of any that was never finished.
      for (const range of piecesBeside(index)) await unlessFailed(to, () => to.database.clear(range))
    },

    async readSnapshot() {
      const list = unseal(snapshotKey, await get(snapshotKey))
      if (list === undefined || list.length < 6) return undefined
      const index = Buffer.from(list.subarray(0, 6)).readUIntBE(0, 6)
      const pieces: Uint8Array[] = []
      for (let at = 6; at < list.length; at += 4) {
        const key = pieceKey(index, pieces.length)
        const value = await get(key)
        const piece = unseal(key, value)
        if (value === undefined || piece === undefined || sealOf(value) !== sealOf(list.subarray(at))) return undefined
        pieces.push(piece)
      }
      return { index, bytes: concat(...pieces) }
    },

    writeValue: async (name, bytes) => write({ values: [{ name, bytes: bytes.slice() }] }),

    async readValue(name) {
      // A start asks for many that are not there.
      if (!requireOpen().values.has(name)) return undefined
      const key = valueKey(name)
      return unseal(key, await get(key))
    },

    async close() {
      const closing = opened
      opened = undefined
      if (closing === undefined) return
      const closed = (async () => {
        await writing
        // A witness that cannot be written is older than the log: the next start finds it so, and goes on.
        await closing.witness.close().catch(() => {})
        await closing.database.close()
      })()
      // A disk that does not answer is not waited for: the next start finds what it has kept.
      let cancel = (): void => {}
      const given = new Promise<void>((resolve) => {
        cancel = disk.after(closePatience, resolve)
      })
      await Promise.race([closed, given]).finally(cancel)
    },
  }
}

/** In milliseconds. */
const closePatience = 10_000

interface Opened {
  readonly database: Database
  readonly witness: Witness
  /** As of the newest batch on disk. */
  head: Head
  /** Checksums of the named values. */
  readonly values: Map<string, number>
}

interface Change extends StoreBatch {
  /** Sealed: its index, and the checksums of its pieces. */
  readonly snapshot: Uint8Array
}

async function openAll(
  disk: Disk,
  onProgress: (done: number, total: number) => void,
  onFailed: (error: unknown) => void,
): Promise<readonly [Opened, StoreOpened['found']]> {
  let database: Database | undefined
  try {
    const { evidence, testimony, database: found, values } = await inspect(disk, onProgress)
    database = found
    const name = judge(evidence)
    if (!isOpened(name)) throw refusal(disk.folder, name, wholeBlocks(evidence))
    const head = headOf(evidence, values) ?? newHead(disk)
    // On disk before the first batch: a log without a witness is one whose witness was lost.
    if (testimony === undefined) await disk.replaceFile(witnessName, newWitness(head))
    if (database === undefined) {
      const made = await disk.openDatabase(true)
      if (typeof made === 'string') throw damage(disk.folder, 'database-unreadable', 0)
      database = made
    }
    const witness = await openWitness(disk, testimony?.slot ?? 1, onFailed)
    return [{ database, witness, head, values }, name]
  } catch (error) {
    await database?.close()
    throw diskFailure(error, disk.folder)
  }
}

/** What a store that opens goes on from; `undefined`: it is new. */
function headOf({ witness, database }: Evidence, values: ReadonlyMap<string, number>): Head | undefined {
  if (typeof database === 'object' && typeof database.head === 'object') return { ...database.head, values: xorOf(values) }
  return typeof witness === 'object' ? witness : undefined
}

const newHead = (disk: Disk): Head => ({
  id: disk.random(16),
  batch: 0,
  count: 0,
  rowChecksum: 0,
  values: 0,
  meta: new Uint8Array(),
})

function refusal(folder: string, name: CaseName, whole: number): Failure {
  const { does, says } = cases[name]
  if (does === 'forget') return damage(folder, name, whole)
  if (name === 'foreign') return new Failure('path-taken', `${says} ${folder}`, { folder })
  return new Failure('store-version', `${says} This one reads formats up to ${storeVersion}: ${folder}`, { folder })
}

/** What is whole ends before block `index`. */
function damage(folder: string, name: CaseName, index: number, cause?: unknown): Failure {
  const whole = index === 0 ? 'No block of it can be relied on.' : `Blocks 0 to ${index - 1} are whole.`
  const what = `${cases[name].says} ${whole}`
  const message = `${what} The other members have the log: start again when one of them is in reach. ${folder}`
  return new Failure('store-damaged', message, { index, case: name, folder, what }, { cause })
}

/** Of a log: how many blocks it has, and the checksum of the last one's row. */
type LogEnd = Pick<Head, 'count' | 'rowChecksum'>

/** The end that the log has once it is cut. */
async function endAt(database: Database, cutFrom: number, folder: string): Promise<LogEnd> {
  if (cutFrom === 0) return { count: 0, rowChecksum: 0 }
  const row = await database.get(blockKey(cutFrom - 1))
  if (row === undefined || previousIn(blockKey(cutFrom - 1), row) === undefined) throw damage(folder, 'row-damaged', cutFrom - 1)
  return { count: cutFrom, rowChecksum: sealOf(row) }
}

interface Plan {
  readonly operations: Operation[]
  readonly head: Head
  /** The head as it is kept. */
  readonly row: Uint8Array
}

/** What a change to a log that ends there does to the rows, and the head after it. */
function plan({ head, values }: Opened, end: LogEnd, change: Partial<Change>): Plan {
  const operations: Operation[] = []
  const put = (key: Uint8Array, value: Uint8Array): void => {
    operations.push({ type: 'put', key, value })
  }
  let { count, rowChecksum } = end
  for (let index = count; index < head.count; index++) operations.push({ type: 'del', key: blockKey(index) })
  for (const block of change.blocks ?? []) {
    assert(block.index === count, 'blocks are written in order, without gaps')
    const key = blockKey(block.index)
    const row = encodeRow(key, block, rowChecksum)
    put(key, row)
    rowChecksum = sealOf(row)
    count++
  }
  for (const { name, bytes } of change.values ?? []) {
    const key = valueKey(name)
    const value = bytes && seal(key, bytes)
    if (value === undefined) operations.push({ type: 'del', key })
    else put(key, value)
    if (value === undefined) values.delete(name)
    else values.set(name, sealOf(value))
  }
  if (change.snapshot !== undefined) put(snapshotKey, change.snapshot)
  const meta = change.meta ?? head.meta
  const next = { id: head.id, batch: head.batch + 1, count, rowChecksum, values: xorOf(values), meta }
  const headRow = encodeHead(next)
  put(headKey, headRow)
  return { operations, head: next, row: headRow }
}
