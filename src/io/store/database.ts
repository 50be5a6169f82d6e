import { existsSync } from 'node:fs'
import { link, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Level } from 'level'
import { Failure } from '../../core/failure.ts'
import { codeOf, diskFailureInWords } from '../files.ts'

/** What the store asks of LevelDB. Its own files are its own business: nothing here reads them. */
export interface Database {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** All or nothing; on disk when it resolves, with `sync`. */
  batch(operations: Operation[], options: { readonly sync: boolean }): Promise<void>
  /** Removes all keys of a range. */
  clear(range: KeyRange): Promise<void>
  /** In the order of the keys, some at a time: about `bytes` of them, for who needs no more. */
  scan(range: KeyRange, bytes?: number): AsyncIterable<readonly Entry[]>
  close(): Promise<void>
}

export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

export type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** Both ends are in it. */
export interface KeyRange {
  readonly gte: Uint8Array
  readonly lte: Uint8Array
}

/** Read at once. More keeps it in memory, less asks LevelDB more often. */
const scanBytes = 256 * 1024

/**
 * `gone`: there is none, and none was to be made; `unreadable`: LevelDB cannot make sense of its files. Throws a `Failure` where
 * the machine or another process is in the way.
 */
export async function openDatabase(folder: string, create: boolean): Promise<Database | 'gone' | 'unreadable'> {
  const level = new Level<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    // Not compressed: blocks hardly shrink.
    await level.open({ createIfMissing: create, compression: false, cacheSize: 2 * 1024 * 1024 })
  } catch (error) {
    const words = wordsOf(error)
    const failure = isLocked(error) ? lockFailure(words, folder, error) : diskFailureInWords(words, folder, error)
    if (failure !== undefined) throw failure
    return /create_if_missing is false/.test(words) ? 'gone' : 'unreadable'
  }
  return {
    get: (key) => level.get(key),
    async batch(operations, options) {
      // What is sent in the same moment leaves first: whoever gets it has it to write, too, and that takes as long.
      await Promise.resolve()
      await level.batch(operations, options)
    },
    clear: (range) => level.clear(range),
    async *scan(range, bytes = scanBytes) {
      const iterator = level.iterator({ ...range, fillCache: false, highWaterMarkBytes: Math.min(scanBytes, Math.ceil(bytes)) })
      try {
        for (let some = await iterator.nextv(1_000); some.length > 0; some = await iterator.nextv(1_000)) yield some
      } finally {
        await iterator.close()
      }
    },
    close: () => level.close(),
  }
}

/**
 * What kept LevelDB from reading or writing, by its name; of a write, after one that failed, what is on disk is known to the next start
 * only. `undefined`: files of LevelDB's own are not as it wrote them. Throws what it says of a read that is none of these: a bug.
 */
export function failureOf(error: unknown, folder: string, what: 'read' | 'write'): Failure | undefined {
  if (error instanceof Failure) return error
  const [words, code] = [wordsOf(error), codeOf(error)]
  const named = diskFailureInWords(words, folder, error)
  if (what === 'write') {
    if (code === 'LEVEL_CORRUPTION' || /\bCorruption: /.test(words)) return undefined
    const message = `The disk failed, and nothing more is written: ${folder}`
    return named ?? new Failure('disk-failed', message, { folder }, { cause: error })
  }
  if (named !== undefined || code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR') return named
  if (code?.endsWith('_NOT_OPEN') !== true) throw error
  return new Failure('disk-failed', 'The store is not open.', { folder }, { cause: error })
}

/** LevelDB names all that keeps it from its lock alike; the words tell whether somebody has it. */
export function lockFailure(words: string, folder: string, cause: unknown): Failure {
  if (!/No locks available|not supported|not implemented/i.test(words)) {
    return new Failure('profile-in-use', `Another gavelring peer is running with this profile: ${folder}`, { folder }, { cause })
  }
  const message = `This file system knows no locks, as on some network disks, so the log cannot be kept there: ${folder}`
  return new Failure('locks-unsupported', message, { folder }, { cause })
}

/**
 * Whether any process has the LevelDB of this folder open, also one that cannot be seen from here, as in another container. LevelDB locks
 * the file `LOCK` in it: a database elsewhere whose `LOCK` leads to that very file opens only where nobody has it, and the folder itself is
 * left alone. Elsewhere is the system's folder for what passes, or beside this one where that cannot be used. Not to be asked of one that
 * this process has open: closing any handle of a file ends all locks that a process has on it (fcntl(2)). `false` also where that cannot
 * be told.
 */
export async function isHeld(folder: string): Promise<boolean> {
  const lock = join(folder, 'LOCK')
  if (!existsSync(lock)) return false
  const elsewhere = (await leadTo(lock, tmpdir())) ?? (await leadTo(lock, dirname(folder)))
  if (elsewhere === undefined) return false
  try {
    const level = new Level(elsewhere)
    await level.open()
    await level.close()
    return false
  } catch (error) {
    return isLocked(error) && lockFailure(wordsOf(error), folder, error).code === 'profile-in-use' && !isDenied(error)
  } finally {
    await rm(elsewhere, { recursive: true, force: true }).catch(() => {})
  }
}

/** A new folder there, whose `LOCK` is this one; `undefined`: none can be made, as on a disk that can only be read, or on one without links. */
async function leadTo(lock: string, place: string): Promise<string | undefined> {
  const made = await mkdtemp(join(place, 'gavelring-lock-')).catch(() => undefined)
  if (made === undefined) return undefined
  try {
    await (process.platform === 'win32' ? link : symlink)(lock, join(made, 'LOCK'))
    return made
  } catch {
    await rm(made, { recursive: true, force: true }).catch(() => {})
    return undefined
  }
}

const isDenied = (error: unknown): boolean => diskFailureInWords(wordsOf(error), '', error) !== undefined

const isLocked = (error: unknown): boolean =>
  error instanceof Error && (codeOf(error) === 'LEVEL_LOCKED' || isLocked(error.cause))

/** LevelDB tells its reasons in words only; abstract-level puts them into `cause`. */
function wordsOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined }
  return cause === undefined ? message : `${message} ${wordsOf(cause)}`
}
