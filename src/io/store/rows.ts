import { crc32 } from 'node:zlib'
import type { StoredBlock } from '../../peer/ports.ts'
import { plain } from '../bytes.ts'
import type { KeyRange } from './database.ts'

/**
 * What the store keeps under which key. Every value begins with a checksum of its own, over its key too, since LevelDB hands out
 * flipped table bytes as data, under any key; and each block's row carries the checksum of the row before it, so that an older row
 * of the same index, which LevelDB still keeps in a deeper level, cannot pass for the newer one.
 */
const ofText = (text: string): Buffer => Buffer.from(text)
export const headKey: Uint8Array = ofText('r')
export const snapshotKey: Uint8Array = ofText('s')
export const valueKey = (name: string): Uint8Array => ofText(`v${name}`)
export const nameIn = (key: Uint8Array): string => new TextDecoder().decode(key.subarray(1))

/** A letter, and the index of a block, big-endian, so that rows lie in the order of the log. */
function keyAt(letter: number, index: number, bytes: number): Uint8Array {
  const key = new Uint8Array(bytes)
  key[0] = letter
  putLong(key, 1, index)
  return key
}

export const blockKey = (index: number): Uint8Array => keyAt(0x62, index, 7)

/** Of a snapshot after block `index` the piece with this number. */
export function pieceKey(index: number, number: number): Uint8Array {
  const key = keyAt(0x70, index, 11)
  putNumber(key, 7, number)
  return key
}

/** All pieces that are not of the snapshot after block `index`. */
export const piecesBeside = (index: number): readonly KeyRange[] => [
  { gte: ofText('p'), lte: keyAt(0x70, index, 7) },
  { gte: pieceKey(index + 1, 0), lte: ofText('q') },
]
/** Any key in it is a block's, so that a row whose key was changed is seen too. */
export const blockRange: KeyRange = { gte: blockKey(0), lte: blockKey(2 ** 48 - 1) }
export const valueRange: KeyRange = { gte: ofText('v'), lte: ofText('w') }
export const wholeRange: KeyRange = { gte: new Uint8Array(), lte: new Uint8Array(8).fill(0xff) }

const checksumOf = (key: Uint8Array, bytes: Uint8Array): number => crc32(bytes, crc32(key))

/** Numbers of 32 bits by hand: a key or a checksum is put and read in less time than it takes to make a view for it. */
function numberAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new RangeError('a number ends beyond its bytes')
  let value = 0
  for (let i = at; i < at + 4; i++) value = (value << 8) | (bytes[i] as number)
  return value >>> 0
}

function putNumber(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** One of 48 bits. */
function putLong(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32)
  bytes[at] = high >>> 8
  bytes[at + 1] = high
  putNumber(bytes, at + 2, value >>> 0)
}

/** The checksum that a value begins with. */
export const sealOf = (value: Uint8Array): number => numberAt(value, 0)

export const isWhole = (key: Uint8Array, value: Uint8Array): boolean =>
  value.length >= 4 && sealOf(value) === checksumOf(key, value.subarray(4))

export function seal(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = Buffer.concat([new Uint8Array(4), ...parts])
  value.writeUInt32BE(checksumOf(key, value.subarray(4)))
  return value
}

/** `undefined` where there is nothing, or it is damaged, or was kept under another key. */
export const unseal = (key: Uint8Array, value: Uint8Array | undefined): Uint8Array | undefined =>
  value && isWhole(key, value) ? plain(value.subarray(4)) : undefined

const hashBytes = 32
const rowHeadBytes = 8 + hashBytes

/** The value under `key`, the block's. `previous`: the checksum of the row before it; 0 in the first. */
export function encodeRow(key: Uint8Array, { hash, bytes }: StoredBlock, previous: number): Uint8Array {
  const row = Buffer.allocUnsafe(rowHeadBytes + bytes.length)
  putNumber(row, 4, previous)
  row.set(hash, 8)
  row.set(bytes, rowHeadBytes)
  putNumber(row, 0, checksumOf(key, row.subarray(4)))
  return row
}

/** The checksum of the row before this one, which is kept under this very key; `undefined`: it is damaged, or another's. */
export const previousIn = (key: Uint8Array, row: Uint8Array): number | undefined =>
  row.length >= rowHeadBytes && isWhole(key, row) ? numberAt(row, 4) : undefined

/** `undefined` where the row is damaged, or another's. */
export function blockIn(index: number, row: Uint8Array): StoredBlock | undefined {
  if (previousIn(blockKey(index), row) === undefined) return undefined
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
/** Where the fields are. Of the 32 bytes at `unread` nothing is read: the last block's hash, which its row has, too. */
const at = { checksum: 8, length: 12, id: 16, version: 32, batch: 33, count: 39, unread: 45, rowChecksum: 77, tail: 81 } as const
const headKeyChecksum = crc32(headKey)

export function encodeHead(head: Head): Uint8Array {
  const value = Buffer.allocUnsafe(at.tail + 4 + head.meta.length)
  value.set(magic)
  putNumber(value, at.length, 4 + head.meta.length)
  value.set(head.id, at.id)
  value[at.version] = storeVersion
  putLong(value, at.batch, head.batch)
  putLong(value, at.count, head.count)
  value.fill(0, at.unread, at.rowChecksum)
  putNumber(value, at.rowChecksum, head.rowChecksum)
  putNumber(value, at.tail, head.values ?? 0)
  value.set(head.meta, at.tail + 4)
  putNumber(value, at.checksum, crc32(value.subarray(at.length), headKeyChecksum))
  return value
}

/** Reads the head at the start of `bytes`, whatever follows it. A number: it is whole, and of that later format. */
export function decodeHead(bytes: Uint8Array): Head | number | 'damaged' {
  if (bytes.length < at.tail) return 'damaged'
  const value = Buffer.from(bytes)
  const end = at.tail + value.readUInt32BE(at.length)
  if (end > value.length || !value.subarray(0, at.checksum).equals(magic)) return 'damaged'
  if (value.readUInt32BE(at.checksum) !== checksumOf(headKey, value.subarray(at.length, end))) return 'damaged'
  const version = value.readUInt8(at.version)
  if (version > storeVersion) return version
  return {
    id: plain(value.subarray(at.id, at.version)),
    batch: value.readUIntBE(at.batch, 6),
    count: value.readUIntBE(at.count, 6),
    rowChecksum: value.readUInt32BE(at.rowChecksum),
    values: version === 1 ? undefined : value.readUInt32BE(at.tail),
    meta: plain(value.subarray(version === 1 ? at.tail : at.tail + 4, end)),
  }
}
