import { describe, expect, it } from 'vitest'
import { blockIn, blockKey, decodeHead, encodeHead, encodeRow, pieceKey, sealOf } from '../../src/io/store/rows.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Small buffers are cut out of memory that was used before: nothing of that may be written to a disk. */
function useMemory(): void {
  for (let i = 0; i < 64; i++) Buffer.allocUnsafe(200).fill(0xaa)
}

const head = {
  id: new Uint8Array(16).fill(7),
  batch: 2 ** 32 + 3,
  count: 2 ** 40 + 5,
  rowChecksum: 0xfedcba98,
  values: 0x89abcdef,
  meta: Uint8Array.of(1, 2, 3),
}

describe('what the store keeps', () => {
  it('has keys that sort as block indexes do, up to the largest', () => {
    expect(hex(blockKey(0))).toBe('62000000000000')
    expect(hex(blockKey(2 ** 32 + 258))).toBe('62000100000102')
    expect(hex(blockKey(2 ** 48 - 1))).toBe('62ffffffffffff')
    expect(hex(pieceKey(2 ** 31, 2 ** 31 + 1))).toBe('7000008000000080000001')
  })

  it('has a head that is read as it was written, and with nothing in it that was in memory before', () => {
    const bytes = Array.from({ length: 64 }, () => {
      useMemory()
      return encodeHead(head)
    })
    expect(bytes.map(decodeHead)).toEqual(bytes.map(() => head))
    expect(new Set(bytes.map(hex)).size).toBe(1)
    expect(hex(encodeHead(head).subarray(45, 77))).toBe('00'.repeat(32))
  })

  it('has rows that are read under their own key only', () => {
    useMemory()
    const block = { index: 9, hash: new Uint8Array(32).fill(5), bytes: Uint8Array.of(1, 2, 3, 4) }
    const row = encodeRow(blockKey(9), block, 0xfedcba98)
    expect(hex(row.subarray(4, 8))).toBe('fedcba98')
    expect(sealOf(row)).toBe(Buffer.from(row).readUInt32BE(0))
    expect(blockIn(9, row)).toEqual(block)
    expect(blockIn(8, row)).toBeUndefined()
  })
})
