import { maskedCrc32c } from './crc32c.ts'
import { indexIn } from './rows.ts'

/**
 * Checks one of LevelDB's tables as its table_format.md describes it: blocks, each with a kind (1) and a checksum (4)
 * behind it, then an index of them, then a footer of 48 bytes. LevelDB as packaged does not check them itself, and
 * aborts the whole process at some of what it then misreads.
 */

/** Where a table is damaged: the first block of the log that stood there, 0 where that cannot be told. `undefined`: it is whole. */
export function findTableDamage(table: Uint8Array): { readonly firstIndex: number } | undefined {
  // A table without its end was being written when the process died, and nothing refers to it yet.
  if (!hasFooter(table)) return undefined
  const footer = cursor(table, table.length - footerBytes)
  const handles = [footer.handle(), footer.handle()]
  const [, index] = handles
  if (index === undefined || !handles.every((handle) => isWhole(table, handle))) return { firstIndex: firstIndexAt(table, 0) }
  const damaged = blocksOf(table, index).find((block) => !isWhole(table, block))
  return damaged && { firstIndex: firstIndexAt(table, damaged.from) }
}

interface Handle {
  readonly from: number
  readonly to: number
}

const footerBytes = 48
const footerMagic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb)
const trailerBytes = 5

function hasFooter(table: Uint8Array): boolean {
  return table.length >= footerBytes && Buffer.compare(table.subarray(-footerMagic.length), footerMagic) === 0
}

function isWhole(table: Uint8Array, { from, to }: Handle): boolean {
  if (!Number.isSafeInteger(to) || to + trailerBytes > table.length) return false
  const stored = new DataView(table.buffer, table.byteOffset + to + 1, 4).getUint32(0, true)
  return stored === maskedCrc32c(table, from, to + 1)
}

/** The index is a block like others: keys that share their beginning with the one before, then restart points. */
function blocksOf(table: Uint8Array, index: Handle): readonly Handle[] {
  const restarts = new DataView(table.buffer, table.byteOffset + index.to - 4, 4).getUint32(0, true)
  const end = index.to - 4 * (restarts + 1)
  const blocks: Handle[] = []
  const at = cursor(table, index.from)
  while (at.place < end) {
    at.varint()
    const keyBytes = at.varint()
    at.varint()
    at.place += keyBytes
    blocks.push(at.handle())
  }
  return blocks
}

/** The index of the row with which a block of the table begins. Its first key shares nothing, so it stands there whole. */
function firstIndexAt(table: Uint8Array, from: number): number {
  const at = cursor(table, from)
  at.varint()
  const keyBytes = at.varint()
  at.varint()
  // LevelDB appends 8 bytes of its own to each key.
  return indexIn(table.subarray(at.place, at.place + keyBytes - 8)) ?? 0
}

function cursor(bytes: Uint8Array, from: number) {
  const at = {
    place: from,
    varint(): number {
      let value = 0
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[at.place++] ?? 0
        value += (byte & 0x7f) * scale
        if (byte < 0x80) return value
      }
    },
    handle(): Handle {
      const offset = at.varint()
      return { from: offset, to: offset + at.varint() }
    },
  }
  return at
}
