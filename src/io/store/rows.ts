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

/** Any key between these is a block's, so that a row whose key was changed is seen too. */
export const blockRange = { gte: blockKey(0), lte: blockKey(2 ** 48 - 1) } as const
export const headKey: Uint8Array = new TextEncoder().encode('r')
export const snapshotKey: Uint8Array = new TextEncoder().encode('s')
export const valueKey = (name: string): Uint8Array => new TextEncoder().encode(`v${name}`)
export const nameIn = (key: Uint8Array): string => new TextDecoder().decode(key.subarray(1))
export const valueRange = { gt: valueKey(''), lt: new TextEncoder().encode('w') } as const

const hashBytes = 32
const rowHeadBytes = 8 + hashBytes

/** Of a row: `checksum` is over everything in it, its key included; `previous` is that of the row before it, 0 in the first. */
export interface RowCheck {
  readonly checksum: number
  readonly previous: number
}

export function encodeRow(block: StoredBlock, previous: number): { readonly value: Uint8Array; readonly checksum: number } {
  const value = Buffer.allocUnsafe(rowHeadBytes + block.bytes.length)
  value.writeUInt32BE(previous, 4)
  value.set(block.hash, 8)
  value.set(block.bytes, rowHeadBytes)
  const checksum = checksumOf(blockKey(block.index), value.subarray(4))
  value.writeUInt32BE(checksum, 0)
  return { value, checksum }
}

/** `undefined` where the row is damaged, or another's. */
export function checkRow(index: number, value: Uint8Array): RowCheck | undefined {
  if (value.length < rowHeadBytes) return undefined
  const row = bufferOf(value)
  const checksum = row.readUInt32BE(0)
  return checksum === checksumOf(blockKey(index), row.subarray(4)) ? { checksum, previous: row.readUInt32BE(4) } : undefined
}

/** `undefined` where the row is damaged, or another's. */
export function decodeRow(index: number, value: Uint8Array): (RowCheck & { readonly block: StoredBlock }) | undefined {
  const check = checkRow(index, value)
  const bytes = plain(value)
  return check && { ...check, block: { index, hash: bytes.subarray(8, rowHeadBytes), bytes: bytes.subarray(rowHeadBytes) } }
}

/** The row that each batch rewrites, and that the witness repeats. */
export interface Head {
  /** 16 random bytes of this store, drawn when it was new. */
  readonly id: Uint8Array
  /** Number of the batch that wrote it, from 1 on; 0: the store is new. */
  readonly batch: number
  /** Blocks in the log: the last one's index + 1. */
  readonly count: number
  /** Of the last block; zeros where there is none. */
  readonly hash: Uint8Array
  /** Checksum of the last block's row; 0 where there is none. */
  readonly rowChecksum: number
  /** Checksums of all named values, xored: one that is missing shows. `undefined`: format 1, which did not keep that. */
  readonly values: number | undefined
  readonly meta: Uint8Array
}

/** Format of the store. 1 had no witness, and in the head no `values`. */
export const storeVersion = 2
const magic = new TextEncoder().encode('gavelrec')
const checksumAt = magic.length
const lengthAt = checksumAt + 4
const idAt = lengthAt + 4
const versionAt = idAt + 16
const batchAt = versionAt + 1
const countAt = batchAt + 6
const hashAt = countAt + 6
const rowChecksumAt = hashAt + hashBytes
const tailAt = rowChecksumAt + 4

export function encodeHead(head: Head): Uint8Array {
  const value = Buffer.alloc(tailAt + 4 + head.meta.length)
  value.set(magic)
  value.writeUInt32BE(4 + head.meta.length, lengthAt)
  value.set(head.id, idAt)
  value.writeUInt8(storeVersion, versionAt)
  value.writeUIntBE(head.batch, batchAt, 6)
  value.writeUIntBE(head.count, countAt, 6)
  value.set(head.hash, hashAt)
  value.writeUInt32BE(head.rowChecksum, rowChecksumAt)
  value.writeUInt32BE(head.values ?? 0, tailAt)
  value.set(head.meta, tailAt + 4)
  value.writeUInt32BE(checksumOf(headKey, value.subarray(lengthAt)), checksumAt)
  return value
}

/** Reads the head at the start of `bytes`, whatever follows it. A number: it is whole, and of that later format. */
export function decodeHead(bytes: Uint8Array): Head | number | 'damaged' {
  if (bytes.length < tailAt) return 'damaged'
  const value = bufferOf(bytes)
  const end = tailAt + value.readUInt32BE(lengthAt)
  if (end > value.length || !value.subarray(0, checksumAt).equals(magic)) return 'damaged'
  if (value.readUInt32BE(checksumAt) !== checksumOf(headKey, value.subarray(lengthAt, end))) return 'damaged'
  const version = value.readUInt8(versionAt)
  if (version > storeVersion) return version
  const own = plain(bytes).slice(0, end)
  return {
    id: own.subarray(idAt, versionAt),
    batch: value.readUIntBE(batchAt, 6),
    count: value.readUIntBE(countAt, 6),
    hash: own.subarray(hashAt, rowChecksumAt),
    rowChecksum: value.readUInt32BE(rowChecksumAt),
    values: version === 1 ? undefined : value.readUInt32BE(tailAt),
    meta: own.subarray(version === 1 ? tailAt : tailAt + 4),
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
  return sealOf(value) === checksumOf(key, bytes) ? bytes : undefined
}

/** The checksum in front of a sealed value. */
export const sealOf = (value: Uint8Array): number => bufferOf(value).readUInt32BE(0)

const checksumOf = (key: Uint8Array, bytes: Uint8Array): number => crc32(bytes, crc32(key))
const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
