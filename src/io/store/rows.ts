import { crc32 } from 'node:zlib'
import type { StoredBlock } from '../../peer/ports.ts'
import { plain } from '../bytes.ts'
import type { KeyRange } from './database.ts'

/**
 * What the store keeps under which key. Every value begins with a checksum of its own, over its key too, since LevelDB hands out
 * flipped table bytes as data, under any key; and each block's row carries the checksum of the row before it, so that an older row
 * of the same index, which LevelDB still keeps in a deeper level, cannot pass for the newer one.
 */

/** `b` and the index, big-endian, so that rows lie in the order of the log. */
export function blockKey(index: number): Uint8Array {
  const key = Buffer.alloc(7)
  key[0] = 0x62
  key.writeUIntBE(index, 1, 6)
  return key
}

/** `p`, the index of the snapshot, and the number of the piece in it. */
export function pieceKey(index: number, number: number): Uint8Array {
  const key = Buffer.alloc(11)
  key[0] = 0x70
  key.writeUIntBE(index, 1, 6)
  key.writeUInt32BE(number, 7)
  return key
}

/** All pieces that are not of the snapshot after block `index`. */
export const piecesBeside = (index: number): readonly KeyRange[] => [
  { gte: ofText('p'), lte: pieceKey(index, 0).subarray(0, 7) },
  { gte: pieceKey(index + 1, 0), lte: ofText('q') },
]

/** Of the block that a key is for. */
export const indexIn = (key: Uint8Array): number => numberAt(key, 3) + 2 ** 32 * (256 * (key[1] as number) + (key[2] as number))

const encoder = new TextEncoder()
const ofText = (text: string): Uint8Array => encoder.encode(text)
export const headKey = ofText('r')
export const snapshotKey = ofText('s')
export const valueKey = (name: string): Uint8Array => ofText(`v${name}`)
export const nameIn = (key: Uint8Array): string => new TextDecoder().decode(key.subarray(1))
/** Any key in it is a block's, so that a row whose key was changed is seen too. */
export const blockRange: KeyRange = { gte: blockKey(0), lte: blockKey(2 ** 48 - 1) }
export const valueRange: KeyRange = { gte: ofText('v'), lte: ofText('w') }
export const wholeRange: KeyRange = { gte: new Uint8Array(), lte: new Uint8Array(8).fill(0xff) }

const checksumOf = (key: Uint8Array, bytes: Uint8Array): number => crc32(bytes, crc32(key))
const numberAt = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)

/** The checksum that a value begins with. */
export const sealOf = (value: Uint8Array): number => numberAt(value, 0)

export const isWhole = (key: Uint8Array, value: Uint8Array): boolean =>
  value.length >= 4 && sealOf(value) === checksumOf(key, value.subarray(4))

export function seal(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = Buffer.concat([new Uint8Array(4), ...parts])
  value.writeUInt32BE(checksumOf(key, value.subarray(4)), 0)
  return value
}

/** `undefined` where it is damaged, or was kept under another key. */
export const unseal = (key: Uint8Array, value: Uint8Array): Uint8Array | undefined =>
  isWhole(key, value) ? plain(value.subarray(4)) : undefined

const hashBytes = 32
const rowHeadBytes = 8 + hashBytes

/** `previous`: the checksum of the row before it; 0 in the first. */
export function encodeRow({ index, hash, bytes }: StoredBlock, previous: number): Uint8Array {
  const row = Buffer.allocUnsafe(rowHeadBytes + bytes.length)
  row.writeUInt32BE(previous, 4)
  row.set(hash, 8)
  row.set(bytes, rowHeadBytes)
  row.writeUInt32BE(checksumOf(blockKey(index), row.subarray(4)), 0)
  return row
}

/** Whether it is the row of a block, as it was written under this key. */
export const isRow = (key: Uint8Array, value: Uint8Array): boolean => value.length >= rowHeadBytes && isWhole(key, value)

export const previousOf = (row: Uint8Array): number => numberAt(row, 4)

/** `undefined` where the row is damaged, or another's. */
export function blockIn(index: number, row: Uint8Array): StoredBlock | undefined {
  if (!isRow(blockKey(index), row)) return undefined
  const bytes = plain(row)
  return { index, hash: bytes.subarray(8, rowHeadBytes), bytes: bytes.subarray(rowHeadBytes) }
}

/** The row that each batch rewrites, and that the witness repeats. */
export interface Head {
  /** 16 random bytes of this store, drawn when it was new. */
  readonly id: Uint8Array
  /** Number of the batch that wrote it, from 1 on; 0: the store is new. */
  readonly batch: number
  /** Blocks in the log: the last one's index + 1. */
  readonly count: number
  /** Checksum of the last block's row; 0 where there is none. */
  readonly rowChecksum: number
  /** Checksums of all named values, xored: one that is missing shows. `undefined`: format 1, which did not keep that. */
  readonly values: number | undefined
  readonly meta: Uint8Array
}

/** Format of the store. 1 had no witness, and in the head no `values`. */
export const storeVersion = 2
const magic = ofText('gavelrec')
const checksumAt = magic.length
const lengthAt = checksumAt + 4
const idAt = lengthAt + 4
const versionAt = idAt + 16
const batchAt = versionAt + 1
const countAt = batchAt + 6
// 32 bytes stand between that are not read: the last block's hash, which its row has, too.
const rowChecksumAt = countAt + 6 + hashBytes
const tailAt = rowChecksumAt + 4

export function encodeHead(head: Head): Uint8Array {
  const value = Buffer.alloc(tailAt + 4 + head.meta.length)
  value.set(magic)
  value.writeUInt32BE(4 + head.meta.length, lengthAt)
  value.set(head.id, idAt)
  value.writeUInt8(storeVersion, versionAt)
  value.writeUIntBE(head.batch, batchAt, 6)
  value.writeUIntBE(head.count, countAt, 6)
  value.writeUInt32BE(head.rowChecksum, rowChecksumAt)
  value.writeUInt32BE(head.values ?? 0, tailAt)
  value.set(head.meta, tailAt + 4)
  value.writeUInt32BE(checksumOf(headKey, value.subarray(lengthAt)), checksumAt)
  return value
}

/** Reads the head at the start of `bytes`, whatever follows it. A number: it is whole, and of that later format. */
export function decodeHead(bytes: Uint8Array): Head | number | 'damaged' {
  if (bytes.length < tailAt) return 'damaged'
  const value = Buffer.from(bytes)
  const end = tailAt + value.readUInt32BE(lengthAt)
  if (end > value.length || !value.subarray(0, checksumAt).equals(magic)) return 'damaged'
  if (value.readUInt32BE(checksumAt) !== checksumOf(headKey, value.subarray(lengthAt, end))) return 'damaged'
  const version = value.readUInt8(versionAt)
  if (version > storeVersion) return version
  return {
    id: plain(value.subarray(idAt, versionAt)),
    batch: value.readUIntBE(batchAt, 6),
    count: value.readUIntBE(countAt, 6),
    rowChecksum: value.readUInt32BE(rowChecksumAt),
    values: version === 1 ? undefined : value.readUInt32BE(tailAt),
    meta: plain(value.subarray(version === 1 ? tailAt : tailAt + 4, end)),
  }
}
