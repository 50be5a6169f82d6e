import { fork } from 'node:child_process'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, diskFailure, readFileIfThere } from '../files.ts'
import { type Database, type openDatabase, readFailure } from './database.ts'
import type { Contents, Evidence } from './open.ts'
import { blockRange, checkRow, decodeHead, headKey, nameIn, sealOf, unseal, valueKey, valueRange } from './rows.ts'
import { readWitness, type Testimony } from './witness.ts'

/** What was found, and what the store goes on with. */
export interface Inspection {
  readonly evidence: Evidence
  readonly testimony: Testimony | undefined
  /** Open, where there is one that can be opened. */
  readonly database: Database | undefined
  /** Checksums of the named values that are whole. */
  readonly values: Map<string, number>
}

/** There while a start reads: one that is found at the next start never came to an end. */
export const openingName = 'opening'
export const witnessIn = (folder: string): string => join(folder, 'witness')

/** Reads everything and judges nothing. Throws a `Failure` where the machine or another process is in the way. */
export async function inspect(
  folder: string,
  open: typeof openDatabase,
  onProgress: (done: number, total: number) => void,
): Promise<Inspection> {
  const names = await namesIn(folder)
  const bytes = await readFileIfThere(witnessIn(folder))
  const testimony = bytes && readWitness(bytes)
  const mark = await readFileIfThere(join(folder, 'DAMAGED'))
  const marked = mark && (Number.parseInt(new TextDecoder().decode(mark), 10) || 0)
  const found = { witness: testimony?.head ?? ('none' as const), marked }
  const hasFiles = names.some((name) => !/^(?:LOCK|LOG|LOG\.old|opening|witness\.new)$/.test(name))
  const values = new Map<string, number>()
  const without = (database: 'gone' | 'unreadable'): Inspection => ({
    evidence: { ...found, hasFiles, database },
    testimony,
    database: undefined,
    values,
  })

  const opening = join(folder, openingName)
  if (names.includes(openingName) && (await endsReader(folder))) return without('unreadable')
  let database: Database | undefined
  try {
    await writeFile(opening, '')
    const openedAs = await open(folder, false)
    if (typeof openedAs === 'string') return without(openedAs)
    database = openedAs
    const contents = await walk(database, folder, values, onProgress)
    return { evidence: { ...found, hasFiles, database: contents }, testimony, database, values }
  } catch (error) {
    await database?.close()
    throw diskFailure(error, folder)
  } finally {
    await rm(opening, { force: true })
  }
}

/** Every row, the head, and every named value. */
async function walk(
  database: Database,
  folder: string,
  values: Map<string, number>,
  onProgress: (done: number, total: number) => void,
): Promise<Contents> {
  const head = await reading(folder, 'damaged' as const, async () => {
    const value = await database.get(headKey)
    return value === undefined ? ('none' as const) : decodeHead(value)
  })
  const total = typeof head === 'object' ? head.count : 0
  let rows = 0
  let last = 0
  const isChain = await reading(folder, false, async () => {
    // Values alone: the key of a row is in its checksum.
    const iterator = database.values({ ...blockRange, fillCache: false, highWaterMarkBytes: 1024 * 1024 })
    try {
      for (;;) {
        const chunk = await iterator.nextv(1_000)
        if (chunk.length === 0) return true
        for (const value of chunk) {
          const row = checkRow(rows, value)
          if (row === undefined || row.previous !== last) return false
          rows++
          last = row.checksum
        }
        onProgress(Math.min(rows, total), total)
      }
    } finally {
      await iterator.close()
    }
  })
  onProgress(total, total)
  const sum = await reading(folder, undefined, () => readValues(database, values))
  const hasRows = rows > 0 || (await reading(folder, true, async () => (await database.keys({ limit: 1 }).all()).length > 0))
  if (typeof head !== 'object') return { head, rows, agree: false, valuesAgree: false, hasRows }
  const agree = isChain && rows === head.count && last === head.rowChecksum
  return { head, rows, agree, valuesAgree: head.values === undefined || sum === head.values, hasRows }
}

/** Fills `values`, and gives the xor of all. */
async function readValues(database: Database, values: Map<string, number>): Promise<number> {
  for await (const [key, value] of database.iterator(valueRange)) {
    if (unseal(valueKey(nameIn(key)), value) !== undefined) values.set(nameIn(key), sealOf(value))
  }
  return xorOf(values)
}

export const xorOf = (values: ReadonlyMap<string, number>): number =>
  [...values.values()].reduce((sum, checksum) => (sum ^ checksum) >>> 0, 0)

/** What LevelDB cannot read is damage, unless the machine says why. */
async function reading<T, D>(folder: string, damaged: D, read: () => Promise<T>): Promise<T | D> {
  try {
    return await read()
  } catch (error) {
    const failure = readFailure(error, folder)
    if (failure !== undefined) throw failure
    return damaged
  }
}

/**
 * LevelDB ends the whole process at some keys that are out of order. A start that has never come to an end may be such a one, or
 * was ended by a person: another process tries first. `true`: it did not survive that either.
 */
async function endsReader(folder: string): Promise<boolean> {
  // Electron starts no other program with its own: there it is tried in this one.
  if (process.versions.electron !== undefined) return false
  const script = fileURLToPath(new URL(`./probe${extname(import.meta.url)}`, import.meta.url))
  return new Promise((resolve) => {
    const reader = fork(script, [folder], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    reader.once('error', () => resolve(false))
    reader.once('exit', (_, signal) => resolve(signal === 'SIGABRT' || signal === 'SIGSEGV' || signal === 'SIGBUS'))
  })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw diskFailure(error, folder)
  }
}
