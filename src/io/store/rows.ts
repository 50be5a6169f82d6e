import { crc32 } from 'node:zlib'
import type { StoredBlock } from '../../peer/ports.ts'
import { plain } from '../bytes.ts'

/**
 * What the store keeps under which key. Every value carries a checksum of its own, since LevelDB hands out flipped table
 * bytes as data; and each block's row carries the checksum of the row before it, so that an older row of the same index,
 * which LevelDB still keeps in a deeper level, cannot pass for the newer one.
 */

/** `b` and the index, big-endian, so that rows lie in the order of the log. */
export function blockKey(index: number): Uint8Array {
  const key = Buffer.alloc(7)
  key[0] = 0x62
  key.writeUIntBE(index, 1, 6)
  return key
}

/** `undefined` where the key is no block's. */
export function indexIn(key: Uint8Array): number | undefined {
  return key.length === 7 && key[0] === 0x62 ? Buffer.from(key).readUIntBE(1, 6) : undefined
}

export const recordKey: Uint8Array = new TextEncoder().encode('r')
export const snapshotKey: Uint8Array = new TextEncoder().encode('s')
export const valueKey = (name: string): Uint8Array => new TextEncoder().encode(`v${name}`)

export interface Row {
  readonly block: StoredBlock
  /** Over everything in the row, its key included. */
  readonly checksum: number
  /** Of the row before it; 0 in the first. */
  readonly previous: number
}

const hashBytes = 32
const rowHeadBytes = 8 + hashBytes

export function encodeRow(block: StoredBlock, previous: number): { readonly value: Uint8Array; readonly checksum: number } {
  const value = Buffer.allocUnsafe(rowHeadBytes + block.bytes.length)
  value.writeUInt32BE(previous, 4)
  value.set(block.hash, 8)
  value.set(block.bytes, rowHeadBytes)
  const checksum = checksumOf(blockKey(block.index), value.subarray(4))
  value.writeUInt32BE(checksum, 0)
  return { value, checksum }
}

/** `undefined` where the row is damaged. */
export function decodeRow(index: number, value: Uint8Array): Row | undefined {
  if (value.length < rowHeadBytes) return undefined
  const view = viewOf(value)
  const checksum = view.getUint32(0)
  if (checksum !== checksumOf(blockKey(index), value.subarray(4))) return undefined
  const block = { index, hash: plain(value.subarray(8, rowHeadBytes)), bytes: plain(value.subarray(rowHeadBytes)) }
  return { block, checksum, previous: view.getUint32(4) }
}

/** The one record that each batch rewrites. */
export interface HeadRecord {
  /** 16 random bytes of this store, so that bytes inside a block cannot pass for a record of it. */
  readonly salt: Uint8Array
  /** Number of the batch that wrote it, from 1 on. */
  readonly batch: number
  /** Blocks in the log: the head's index + 1. */
  readonly count: number
  /** Of the head; zeros where there is none. */
  readonly hash: Uint8Array
  /** Checksum of the head's row; 0 where there is none. */
  readonly rowChecksum: number
  readonly meta: Uint8Array
}

/** Layout of the store. Another one is another version of the program. */
export const storeVersion = 1
/** Records can be found by it in the raw bytes of a table. */
export const recordMagic: Uint8Array = new TextEncoder().encode('gavelrec')
const saltBytes = 16
const checksumAt = recordMagic.length
const lengthAt = checksumAt + 4
const saltAt = lengthAt + 4
const versionAt = saltAt + saltBytes
const batchAt = versionAt + 1
const countAt = batchAt + 6
const hashAt = countAt + 6
const rowChecksumAt = hashAt + hashBytes
const metaAt = rowChecksumAt + 4

export function encodeRecord(record: HeadRecord): Uint8Array {
  const value = Buffer.alloc(metaAt + record.meta.length)
  value.set(recordMagic)
  value.writeUInt32BE(record.meta.length, lengthAt)
  value.set(record.salt, saltAt)
  value.writeUInt8(storeVersion, versionAt)
  value.writeUIntBE(record.batch, batchAt, 6)
  value.writeUIntBE(record.count, countAt, 6)
  value.set(record.hash, hashAt)
  value.writeUInt32BE(record.rowChecksum, rowChecksumAt)
  value.set(record.meta, metaAt)
  value.writeUInt32BE(checksumOf(recordKey, value.subarray(lengthAt)), checksumAt)
  return value
}

/** Reads the record at the start of `bytes`, whatever follows it. `undefined` where there is none, or it is damaged. */
export function decodeRecord(bytes: Uint8Array): (HeadRecord & { readonly version: number }) | undefined {
  if (bytes.length < metaAt) return undefined
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = metaAt + value.readUInt32BE(lengthAt)
  if (end > value.length || !value.subarray(0, checksumAt).equals(recordMagic)) return undefined
  if (value.readUInt32BE(checksumAt) !== checksumOf(recordKey, value.subarray(lengthAt, end))) return undefined
  return {
    salt: plain(bytes).slice(saltAt, versionAt),
    version: value.readUInt8(versionAt),
    batch: value.readUIntBE(batchAt, 6),
    count: value.readUIntBE(countAt, 6),
    hash: plain(bytes).slice(hashAt, rowChecksumAt),
    rowChecksum: value.readUInt32BE(rowChecksumAt),
    meta: plain(bytes).slice(metaAt, end),
  }
}

/** A value with its checksum in front; the key is in it, so that one value cannot pass for another. */
export function seal(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const value = Buffer.allocUnsafe(4 + bytes.length)
  value.writeUInt32BE(checksumOf(key, bytes), 0)
  value.set(bytes, 4)
  return value
}

export function unseal(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
  if (value.length < 4) return undefined
  const bytes = plain(value.subarray(4))
  return viewOf(value).getUint32(0) === checksumOf(key, bytes) ? bytes : undefined
}

const checksumOf = (key: Uint8Array, bytes: Uint8Array): number => crc32(bytes, crc32(key))
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
