import type { ClassicLevel } from 'classic-level'
import type { Evidence } from './evidence.ts'
import { blockKey, decodeRecord, decodeRow, type HeadRecord, recordKey, storeVersion } from './rows.ts'

/** What a store holds: a whole log (`record` undefined: nothing yet), damage from a block on, or another layout. */
export type Finding =
  | { readonly kind: 'whole'; readonly record: HeadRecord | undefined }
  | { readonly kind: 'damaged'; readonly index: number }
  | { readonly kind: 'version'; readonly version: number }

/**
 * Reads every row and the record. LevelDB writes a batch whole or not at all, so rows and record always agree: any
 * difference is damage, never a crash. A crash shows in the journal only (see {@link Evidence}).
 */
export async function checkLog(
  db: ClassicLevel<Uint8Array, Uint8Array>,
  evidence: Evidence,
  onProgress: (done: number, total: number) => void,
): Promise<Finding> {
  const read = await readRecord(db)
  if (read.kind !== 'whole') return read
  const { record } = read
  const total = record?.count ?? 0
  const rows = await walkRows(db, (done) => onProgress(Math.min(done, total), total))
  onProgress(total, total)
  const isWhole = rows.whole && rows.count === total && rows.lastChecksum === (record?.rowChecksum ?? 0)
  if (!isWhole) return { kind: 'damaged', index: Math.min(rows.count, total) }
  if (evidence.journal === 'damaged' || lostRecords(evidence, record)) return { kind: 'damaged', index: total }
  return read
}

async function readRecord(db: ClassicLevel<Uint8Array, Uint8Array>): Promise<Finding> {
  let value: Uint8Array | undefined
  try {
    value = await db.get(recordKey)
  } catch {
    return { kind: 'damaged', index: 0 }
  }
  const record = value && decodeRecord(value)
  if (value !== undefined && record === undefined) return { kind: 'damaged', index: 0 }
  if (record !== undefined && record.version !== storeVersion) return { kind: 'version', version: record.version }
  return { kind: 'whole', record }
}

interface Walk {
  /** Rows that were whole, from block 0 on, without a gap. */
  readonly count: number
  readonly lastChecksum: number
  /** Nothing else was there. */
  readonly whole: boolean
}

/** Any key between the first and the last possible block counts, so that a row whose key was changed is seen too. */
async function walkRows(db: ClassicLevel<Uint8Array, Uint8Array>, onRows: (count: number) => void): Promise<Walk> {
  let count = 0
  let lastChecksum = 0
  try {
    for await (const [key, value] of db.iterator({ gte: blockKey(0), lte: blockKey(2 ** 48 - 1), fillCache: false })) {
      const row = Buffer.compare(key, blockKey(count)) === 0 ? decodeRow(count, value) : undefined
      if (row === undefined || row.previous !== lastChecksum) return { count, lastChecksum, whole: false }
      count++
      lastChecksum = row.checksum
      if (count % 1_000 === 0) onRows(count)
    }
  } catch {
    return { count, lastChecksum, whole: false }
  }
  return { count, lastChecksum, whole: true }
}

/** A table holds a record that is newer than the one LevelDB finds, or any at all where it finds none. */
function lostRecords(evidence: Evidence, record: HeadRecord | undefined): boolean {
  if (record === undefined) return evidence.records.length > 0
  return evidence.records.some(({ salt, batch }) => batch > record.batch && Buffer.compare(salt, record.salt) === 0)
}
