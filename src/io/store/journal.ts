import { maskedCrc32c } from './crc32c.ts'

/**
 * Reads LevelDB's journal as its log_format.md describes it, since LevelDB itself, when it opens, drops what does not
 * fit without a word: blocks of 32 KiB, in them records of checksum (4), length (2), kind (1) and payload.
 */

/**
 * `torn`: only the last record is not whole, as a crash in the middle of a write leaves it.
 * `damaged`: a record is not whole, yet another begins after it.
 */
export type JournalState = 'whole' | 'torn' | 'damaged'

export function checkJournal(journal: Uint8Array): JournalState {
  const view = new DataView(journal.buffer, journal.byteOffset, journal.byteLength)
  let at = 0
  /** A record that was begun in pieces still lacks its last piece. */
  let open = false
  while (at < journal.length) {
    const left = blockBytes - (at % blockBytes)
    if (left < headBytes) {
      at += left
      continue
    }
    const piece = readPiece(journal, view, at)
    const fits = piece !== undefined && open === (piece.kind === kinds.middle || piece.kind === kinds.last)
    if (!fits) return beginsAnother(journal, view, at + 1) ? 'damaged' : 'torn'
    open = piece.kind === kinds.first || piece.kind === kinds.middle
    at = piece.end
  }
  return open ? 'torn' : 'whole'
}

const blockBytes = 32 * 1024
const headBytes = 7
const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const

interface Piece {
  readonly kind: number
  readonly end: number
}

function readPiece(journal: Uint8Array, view: DataView, at: number): Piece | undefined {
  if (at + headBytes > journal.length) return undefined
  const kind = journal[at + 6] ?? 0
  const end = at + headBytes + view.getUint16(at + 4, true)
  const blockEnd = at - (at % blockBytes) + blockBytes
  if (kind < kinds.full || kind > kinds.last || end > journal.length || end > blockEnd) return undefined
  return view.getUint32(at, true) === maskedCrc32c(journal, at + 6, end) ? { kind, end } : undefined
}

/** Whether a record begins anywhere from here on; a piece of one begun before does not count. */
function beginsAnother(journal: Uint8Array, view: DataView, from: number): boolean {
  for (let at = from; at + headBytes <= journal.length; at++) {
    const kind = journal[at + 6]
    if ((kind === kinds.full || kind === kinds.first) && readPiece(journal, view, at) !== undefined) return true
  }
  return false
}
