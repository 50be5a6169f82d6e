import { crc32 } from 'node:zlib'
import type { StoredBlock } from '../../peer/ports.ts'
import { type Database, failureOf } from './database.ts'
import type { Disk } from './disk.ts'
import type { Contents, Evidence } from './open.ts'
import {
  blockIn,
  blockKey,
  blockRange,
  decodeHead,
  headKey,
  isWhole,
  nameIn,
  previousIn,
  sealOf,
  valueRange,
  wholeRange,
} from './rows.ts'
import { readWitness, type Testimony, witnessName } from './witness.ts'

/** What was found, and what the store goes on with. */
export interface Inspection {
  readonly evidence: Evidence
  readonly testimony: Testimony | undefined
  /** Open, where there is one that can be opened. */
  readonly database: Database | undefined
  /** Checksums of the named values that are whole. */
  readonly values: Map<string, number>
}

type Progress = (done: number, total: number) => void

/** There once damage was met beside a start: the number of blocks before it. */
export const damagedName = 'DAMAGED'
/** The mark for so many blocks. */
export const markOf = (count: number): Uint8Array => new TextEncoder().encode(`${count} ${checksumOf(String(count))}\n`)

/** Of a mark that was emptied or changed it is known that damage was met, and not where: `Infinity`. Format 1 wrote no checksum. */
function readMark(mark: Uint8Array): number {
  const [, count, checksum] = /^(\d{1,15})(?: ([0-9a-f]{1,8}))?\n$/.exec(new TextDecoder().decode(mark.subarray(0, 64))) ?? []
  const isWhole = count !== undefined && (checksum === undefined || checksum === checksumOf(count))
  return isWhole ? Number(count) : Number.POSITIVE_INFINITY
}

const checksumOf = (text: string): string => crc32(text).toString(16)

/** There while a start reads; its length is how many starts in a row have come to no end of that. */
export const openingName = 'opening'

/** Reads everything and judges nothing. Throws a `Failure` where the machine or another process is in the way. */
export async function inspect(disk: Disk, onProgress: Progress): Promise<Inspection> {
  const names = await disk.names()
  const witness = await disk.readFile(witnessName)
  const testimony = witness && readWitness(witness)
  const mark = await disk.readFile(damagedName)
  const tried = await disk.readFile(openingName)
  const starts = tried === undefined ? 0 : Math.max(1, tried.length)
  const values = new Map<string, number>()
  let database: Database | 'gone' | 'unreadable' = 'unreadable'
  let contents: Evidence['database'] = 'unreadable'
  try {
    if (starts === 0 || !(await disk.endsReaders(starts))) {
      await disk.replaceFile(openingName, new Uint8Array(starts + 1))
      database = await disk.openDatabase(false)
      contents = typeof database === 'string' ? database : await readAll(database, disk.folder, values, onProgress)
    }
  } catch (error) {
    if (typeof database !== 'string') await database.close()
    throw error
  } finally {
    await disk.removeFile(openingName)
  }
  const evidence = {
    witness: testimony?.head ?? 'none',
    database: contents,
    hasFiles: names.some((name) => !/^(?:LOCK|LOG|LOG\.old|opening|.*\.new)$/.test(name)),
    marked: mark && readMark(mark),
  } as const
  return { evidence, testimony, database: typeof database === 'string' ? undefined : database, values }
}

/** Every row, the head, and every named value, whose checksums go into `values`. */
async function readAll(database: Database, folder: string, values: Map<string, number>, onProgress: Progress): Promise<Contents> {
  /** What LevelDB cannot read is damage, unless the machine says why. */
  const reading = <T, D>(damaged: D, read: () => Promise<T>): Promise<T | D> =>
    read().catch((error: unknown) => {
      const failure = failureOf(error, folder, 'read')
      if (failure !== undefined) throw failure
      return damaged
    })
  const head = await reading('damaged' as const, async () => {
    const value = await database.get(headKey)
    return value === undefined ? ('none' as const) : decodeHead(value)
  })
  const { count, rowChecksum } = typeof head === 'object' ? head : { count: 0, rowChecksum: 0 }
  let rows = 0
  let last = 0
  let isHeadMet = count === 0
  const isChain = await reading(false, async () => {
    for await (const some of database.scan(blockRange)) {
      for (const [key, row] of some) {
        // The last row might stand under a later key, where nobody looks for it.
        if (Buffer.compare(key, blockKey(rows)) !== 0 || previousIn(key, row) !== last) return false
        rows++
        last = sealOf(row)
        if (rows === count) isHeadMet = last === rowChecksum
      }
      onProgress(Math.min(rows, count), count)
    }
    return true
  })
  onProgress(count, count)
  const log = rows < count || !isHeadMet ? 'damaged' : isChain && rows === count ? 'whole' : 'torn'
  const sum = await reading(undefined, async () => {
    for await (const some of database.scan(valueRange))
      for (const [key, value] of some) if (isWhole(key, value)) values.set(nameIn(key), sealOf(value))
    return xorOf(values)
  })
  const hasRows = await reading(true, async () => {
    for await (const _ of database.scan(wholeRange)) return true
    return false
  })
  return { head, rows, log, hasAllValues: typeof head !== 'object' || head.values === undefined || sum === head.values, hasRows }
}

export function xorOf(values: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const checksum of values.values()) sum = (sum ^ checksum) >>> 0
  return sum
}

/** Of a store that does not open: the blocks that are whole, from block 0 on, without a gap, below `end`. */
export async function* readWholeBlocks(disk: Disk, end: number): AsyncGenerator<StoredBlock> {
  const database = end === 0 ? 'gone' : await disk.openDatabase(false)
  if (typeof database === 'string') return
  try {
    let next = 0
    for await (const rows of database.scan(blockRange)) {
      for (const [, row] of rows) {
        const block = next < end ? blockIn(next, row) : undefined
        if (block === undefined) return
        yield block
        next++
      }
    }
  } finally {
    await database.close()
  }
}
