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
function keyAt(letter: number, index: number, bytes: number): Buffer {
  const key = Buffer.alloc(bytes)
  key[0] = letter
  key.writeUIntBE(index, 1, 6)
  return key
}

export const blockKey = (index: number): Uint8Array => keyAt(0x62, index, 7)

/** Of a snapshot after block `index` the piece with this number. */
export function pieceKey(index: number, number: number): Uint8Array {
  const key = keyAt(0x70, index, 11)
  key.writeUInt32BE(number, 7)
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
const numberAt = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)

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

/** `previous`: the checksum of the row before it; 0 in the first. */
export function encodeRow({ index, hash, bytes }: StoredBlock, previous: number): Uint8Array {
  const chained = Buffer.alloc(4)
  chained.writeUInt32BE(previous)
  return seal(blockKey(index), chained, hash, bytes)
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
/** Where the fields are. Of 32 bytes between `count` and `rowChecksum` nothing is read: the last block's hash, which its row has, too. */
const at = { checksum: 8, length: 12, id: 16, version: 32, batch: 33, count: 39, rowChecksum: 77, tail: 81 } as const

export function encodeHead(head: Head): Uint8Array {
  const value = Buffer.alloc(at.tail + 4 + head.meta.length)
  value.set(magic)
  value.writeUInt32BE(4 + head.meta.length, at.length)
  value.set(head.id, at.id)
  value.writeUInt8(storeVersion, at.version)
  value.writeUIntBE(head.batch, at.batch, 6)
  value.writeUIntBE(head.count, at.count, 6)
  value.writeUInt32BE(head.rowChecksum, at.rowChecksum)
  value.writeUInt32BE(head.values ?? 0, at.tail)
  value.set(head.meta, at.tail + 4)
  value.writeUInt32BE(checksumOf(headKey, value.subarray(at.length)), at.checksum)
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
