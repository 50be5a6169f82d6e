import type { StoreOpened } from '../../peer/ports.ts'
import type { Head } from './rows.ts'
import type { Testimony } from './witness.ts'

/**
 * Everything that a start can find on its disk. One row, one name, one thing that is done, one sentence for the person:
 *
 * - `open`: the log is as it was promised, and the peer goes on.
 * - `forget`: something that was promised may be lost. The peer must not go on from here: it puts the folder aside and comes
 *   back as one that has forgotten (PROTOCOL, section 5), or, alone in its room, refuses. The store fails with `store-damaged`.
 * - `refuse`: this is nothing that the program may touch.
 */
export const cases = {
  new: { does: 'open', says: 'Nothing is kept here yet.' },
  clean: { does: 'open', says: 'Log and witness agree.' },
  ahead: { does: 'open', says: 'This peer ended without notice. Its log is whole.' },
  older: { does: 'open', says: 'An earlier version of gavelring wrote this log. It is whole, and is taken over.' },
  'value-lost': { does: 'open', says: 'The log is whole, but something that was kept beside it is lost.' },
  'row-damaged': { does: 'forget', says: 'A part of the log is damaged or missing.' },
  torn: { does: 'forget', says: 'Blocks stand after the end of the log, so the newest part of it is another one.' },
  behind: { does: 'forget', says: 'The newest part of the log is lost.' },
  'database-gone': { does: 'forget', says: 'The log is gone; only its witness is there.' },
  'database-unreadable': { does: 'forget', says: 'The files of the log cannot be read.' },
  'witness-gone': { does: 'forget', says: 'The witness of the log is gone, so nobody can tell whether the log is all there.' },
  'witness-damaged': {
    does: 'forget',
    says: 'The witness of the log is damaged, so nobody can tell whether the log is all there.',
  },
  'other-copy': { does: 'forget', says: 'Log and witness are of two different copies.' },
  newer: { does: 'refuse', says: 'A later version of gavelring wrote this log.' },
  foreign: { does: 'refuse', says: 'Something that gavelring did not write is in this folder.' },
} as const satisfies Readonly<Record<string, { readonly does: 'open' | 'forget' | 'refuse'; readonly says: string }>>

export type CaseName = keyof typeof cases

export const isOpened = (name: CaseName): name is StoreOpened['found'] => cases[name].does === 'open'

/** What a folder holds, before anything is made of it. */
export interface Evidence {
  readonly witness: Testimony['head'] | 'none'
  readonly database: 'gone' | 'unreadable' | Contents
  /** Files that neither an empty store nor an attempt to open one leaves behind. */
  readonly hasFiles: boolean
  /** The block before which damage was met; `Infinity`: nobody knows where. */
  readonly marked: number | undefined
}

export interface Contents {
  readonly head: Head | number | 'damaged' | 'none'
  /** Rows that are whole, from block 0 on, without a gap. */
  readonly rows: number
  /** `whole`: these are all the blocks that there are, and the head's; `torn`: more follow than the head knows of. */
  readonly log: 'whole' | 'torn' | 'damaged'
  /** Named values are all there, and whole. */
  readonly hasAllValues: boolean
  /** There is anything at all, whoever wrote it. */
  readonly hasRows: boolean
}

/** Which case it is. Pure. */
export function judge({ witness, database, hasFiles, marked }: Evidence): CaseName {
  if (typeof witness === 'number') return 'newer'
  const isUntouched = witness === 'none' || (witness !== 'damaged' && witness.batch === 0)
  if (database === 'gone') return !isUntouched ? 'database-gone' : witness === 'none' && hasFiles ? 'foreign' : 'new'
  if (database === 'unreadable') return 'database-unreadable'
  const { head, log, hasAllValues, hasRows } = database
  if (typeof head === 'number') return 'newer'
  if (head === 'damaged') return 'row-damaged'
  if (head === 'none') {
    if (hasRows) return witness === 'none' && database.rows === 0 ? 'foreign' : 'row-damaged'
    if (witness === 'damaged') return 'witness-damaged'
    return isUntouched ? 'new' : 'behind'
  }
  if (marked !== undefined) return 'row-damaged'
  if (witness === 'none' && head.values !== undefined) return 'witness-gone'
  if (witness === 'damaged') return 'witness-damaged'
  if (witness !== 'none') {
    if (!sameBytes(witness.id, head.id)) return 'other-copy'
    if (witness.batch > head.batch) return 'behind'
  }
  if (log !== 'whole') return log === 'torn' ? 'torn' : 'row-damaged'
  if (head.values === undefined) return 'older'
  const isWitnessed = witness !== 'none' && witness.batch === head.batch
  if (isWitnessed && !sameHead(witness, head)) return 'other-copy'
  if (!hasAllValues) return 'value-lost'
  return isWitnessed ? 'clean' : 'ahead'
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** A witness is of this format always: the testimony of a store that is taken over has `values` of its own. */
const sameHead = (a: Head, b: Head): boolean =>
  a.count === b.count && a.rowChecksum === b.rowChecksum && sameBytes(a.meta, b.meta)

/** Blocks that can be relied on: those from 0 on that are whole, and that the head knows of. */
export function wholeBlocks({ database, marked }: Evidence): number {
  if (typeof database === 'string') return 0
  const { head, rows } = database
  return Math.min(rows, typeof head === 'object' ? head.count : rows, marked ?? rows)
}
