import { randomBytes } from 'node:crypto'
import { constants, linkSync, lstatSync, renameSync, rmSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { diskFailure, syncFolder } from '../app/own-files.ts'
import { Failure, type FailureCode } from '../core/failure.ts'
import { CliError, toCliError } from './errors.ts'

/** A file that is written beside its place and put there when it is whole: readable by its owner only, and never through a link. */
export interface NewFile {
  write(text: string): Promise<void>
  /** Puts it in its place. */
  finish(): Promise<void>
  /** Leaves nothing behind, unless it was finished. */
  discard(): Promise<void>
}

/**
 * `replace`: also where a file is there already; never where something else is, a link, say: that is a usage error. What the disk
 * says comes by its own name. A signal that ends the process takes away what was written so far.
 */
export async function createNewFile(path: string, replace: boolean): Promise<NewFile> {
  checkPlace(path, replace)
  const draft = join(dirname(path), `.${randomBytes(6).toString('hex')}.new`)
  // A name that nobody knew before: what is there already is somebody's trap.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  // Before it is there: a signal may come while it is made.
  keepTrackOf(draft)
  const handle: FileHandle = await open(draft, flags, 0o600).catch((error: unknown): never => {
    forget(draft)
    throw unwritable(path, error)
  })
  let isClosed = false
  const close = async (): Promise<void> => {
    if (!isClosed) await handle.close()
    isClosed = true
  }
  return {
    async write(text) {
      try {
        await handle.appendFile(text)
      } catch (error) {
        throw unwritable(path, error)
      }
    },
    async finish() {
      try {
        await handle.sync()
        await close()
        checkPlace(path, replace)
        if (replace) renameSync(draft, path)
        else putWhereNothingIs(draft, path)
        forget(draft)
        // Some disks sync no folders: there it is in its place all the same.
        await syncFolder(dirname(path)).catch(() => {})
      } catch (error) {
        throw unwritable(path, error)
      }
    },
    async discard() {
      await close()
      rmSync(draft, { force: true })
      forget(draft)
    },
  }
}

/** Not yet in their places. */
const drafts = new Set<string>()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function keepTrackOf(draft: string): void {
  drafts.add(draft)
  if (drafts.size > 1) return
  process.on('exit', removeDrafts)
  for (const signal of signals) process.on(signal, onSignal)
}

function forget(draft: string): void {
  if (!drafts.delete(draft) || drafts.size > 0) return
  process.off('exit', removeDrafts)
  for (const signal of signals) process.off(signal, onSignal)
}

/** The process ends by the signal, as it would have without this. Where somebody else looks after it, its order is waited for. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  removeDrafts()
  process.off(signal, onSignal)
  process.kill(process.pid, signal)
}

function removeDrafts(): void {
  for (const draft of drafts) {
    try {
      rmSync(draft, { force: true })
    } catch {
      // Nobody is left to be told; its name stands in nobody's way.
    }
  }
}

function checkPlace(path: string, replace: boolean): void {
  const there = entryAt(path)
  if (there === undefined) return
  if (there.isSymbolicLink()) throw refused(path, 'is a link, and links are not followed.', 'Name the file itself.')
  if (!there.isFile()) throw refused(path, 'is no file.', 'Name a file.')
  if (!replace) throw refused(path, 'is there already.', 'Name another file, or replace it with --force.')
}

/** `undefined`: nothing is there. */
function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** A rename would replace what came there meanwhile; a second name for the draft does not. */
function putWhereNothingIs(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // File systems without links, as on a memory stick.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    renameSync(draft, path)
    return
  }
  rmSync(draft)
}

const refused = (path: string, what: string, hint: string): CliError => new CliError(2, 'usage', `${path} ${what}`, hint)

/** By the disk's own name; how to go on is about this file, where the words for a peer's folder would lead astray. */
function unwritable(path: string, error: unknown): unknown {
  const failure = diskFailure(error, path)
  if (error instanceof CliError || !(failure instanceof Failure)) return error
  const { exit, code, message, hint, data } = toCliError(failure)
  return new CliError(exit, code, message, nextSteps.get(failure.code) ?? hint, data)
}

const nextSteps: ReadonlyMap<FailureCode, string> = new Map([
  ['path-missing', 'Make its folder, or name another file.'],
  ['disk-full', 'Make room on the disk, or name a file on another one.'],
])
