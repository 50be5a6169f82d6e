import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, diskFailure, readFileIfThere, replaceFile } from '../files.ts'
import { checkJournal, type JournalState } from './journal.ts'
import { decodeRecord, type HeadRecord, recordMagic } from './rows.ts'
import { findTableDamage } from './table.ts'

/**
 * What the files of a store say, read before LevelDB opens them: opening drops what is damaged in its journal and deletes
 * tables that its manifest does not name, both without a word, and so destroys the proof that something is missing.
 */
export interface Evidence {
  /** There is a store. */
  readonly exists: boolean
  readonly journal: JournalState
  /** Every whole record of any table, also of tables that LevelDB has lost sight of. */
  readonly records: readonly HeadRecord[]
  /** The first block that a damaged table may have lost; `undefined`: none is damaged. */
  readonly damagedFrom: number | undefined
}

export async function readEvidence(folder: string): Promise<Evidence> {
  const names = await namesIn(folder)
  const numbered = (extension: RegExp): string[] =>
    names.filter((name) => extension.test(name)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  const journals = numbered(/^\d+\.log$/)
  const tables = numbered(/^\d+\.(ldb|sst)$/)
  const records: HeadRecord[] = []
  let damagedFrom: number | undefined
  for (const name of tables) {
    const table = await contents(join(folder, name))
    records.push(...recordsIn(table))
    const place = findTableDamage(table)
    if (place !== undefined) damagedFrom = Math.min(damagedFrom ?? Number.POSITIVE_INFINITY, place.firstIndex)
  }
  const exists = names.includes('CURRENT') || journals.length > 0 || tables.length > 0
  return { exists, journal: await journalState(journals.map((name) => join(folder, name))), records, damagedFrom }
}

/** Damage that was found once stays found, though LevelDB may have swept away its traces: the block where it begins. */
export async function readDamageMark(folder: string): Promise<{ readonly index: number } | undefined> {
  const mark = await readFileIfThere(join(folder, markName))
  return mark && { index: Number.parseInt(new TextDecoder().decode(mark), 10) || 0 }
}

export async function writeDamageMark(folder: string, index: number): Promise<void> {
  await replaceFile(join(folder, markName), `${index}\n`, 0o600)
}

const markName = 'DAMAGED'

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw diskFailure(error, folder)
  }
}

/** A file that LevelDB has deleted meanwhile is one of another process: opening will tell. */
async function contents(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Uint8Array()
    throw diskFailure(error, path)
  }
}

/** Every batch is synced, so only the newest journal can end in the middle of a record. */
async function journalState(paths: readonly string[]): Promise<JournalState> {
  let state: JournalState = 'whole'
  for (const path of paths) {
    const journal = await contents(path)
    if (state !== 'whole' && journal.length > 0) return 'damaged'
    const own = checkJournal(journal)
    if (own === 'damaged') return own
    if (own === 'torn') state = own
  }
  return state
}

/** Tables are not compressed, so a record stands in them as it is. */
function recordsIn(table: Uint8Array): readonly HeadRecord[] {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength)
  const found: HeadRecord[] = []
  for (let at = bytes.indexOf(recordMagic); at >= 0; at = bytes.indexOf(recordMagic, at + 1)) {
    const record = decodeRecord(bytes.subarray(at))
    if (record !== undefined) found.push(record)
  }
  return found
}
