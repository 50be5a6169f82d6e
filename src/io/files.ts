import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, type FailureCode } from '../core/failure.ts'

/** Writes a whole file so that a crash leaves the old one or the new one, never half of one. On disk when it resolves. */
export async function replaceFile(path: string, contents: string | Uint8Array, mode: number): Promise<void> {
  const draft = `${path}.new`
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(contents)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncFolder(dirname(path))
  } catch (error) {
    throw diskFailure(error, codeOf(error) === 'ERR_FS_EISDIR' ? draft : path)
  }
}

/**
 * Makes a folder that its owner alone can enter, and those above it that are missing. Not `mkdir`'s own `recursive`: below
 * a folder that lets nobody make one and says that there is none, as /proc, that never comes back.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await makeOne(path)
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  }
}

/**
 * `undefined` where there is no such file. One larger than `bytesMax`, and what is no file, a pipe, say, fails before anything of it
 * is read: it would fill the memory, or never come to its end.
 */
export async function readFileIfThere(path: string, bytesMax = smallFileBytesMax): Promise<Uint8Array | undefined> {
  try {
    if ((await stat(path)).size > bytesMax) throw failureOf(tooLarge, path, undefined)
    // It may grow meanwhile, and of some the system tells no size.
    const bytes = await readAtMost(path, bytesMax + 1)
    if (bytes.length > bytesMax) throw failureOf(tooLarge, path, undefined)
    return bytes
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw diskFailure(error, path)
  }
}

/**
 * The same of what its reader knows what to do about where it is not as it was written: of a file that is longer than what belongs
 * there, that much is read, and the rest never.
 */
export async function readBeginningIfThere(path: string, bytesMax = smallFileBytesMax): Promise<Uint8Array | undefined> {
  try {
    return await readAtMost(path, bytesMax)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw diskFailure(error, path)
  }
}

/**
 * A file to be read. What is none, a pipe, a socket or a device, is refused by name: to open one may wait for somebody for ever, or do
 * something. Since the name may stand for another thing by then, it is looked at once more, after an opening that waits for nobody. A
 * folder fails as it is read. Throws the system's errors, and one of the code {@link noFile}.
 */
export async function openFile(path: string): Promise<FileHandle> {
  refuseNoFile(path, await stat(path))
  const file = await open(path, readingFlags)
  try {
    refuseNoFile(path, await file.stat())
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The same of what a person names, who may hand over what is no file, too: what comes on stdin, or out of the shell's `<(…)`. */
export const openGiven = (path: string): Promise<FileHandle> => (isHandedOver(path) ? open(path, 'r') : openFile(path))

/** It is open already, so that to open it waits for nobody; to read it does, as it should. */
const isHandedOver = (path: string): boolean => /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(path)

const isNoFile = (about: Stats): boolean => !about.isFile() && !about.isDirectory()

function refuseNoFile(path: string, about: Stats): void {
  if (isNoFile(about)) throw Object.assign(new Error('it is no file'), { code: noFile, path })
}

/** What is in a folder whose files somebody else is to open. Throws a `Failure` where one is what {@link openFile} refuses. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) {
    if (entry.isFile() || entry.isDirectory()) continue
    const path = join(folder, entry.name)
    // Of a link that leads nowhere there is nothing to open.
    const about = await stat(path).catch(() => undefined)
    if (about !== undefined && isNoFile(about)) throw failureOf(noFile, path, undefined)
  }
  return entries.map(({ name }) => name)
}

/** As Node would call it. */
export const noFile = 'ERR_NO_FILE'
/** Windows has no such flag, and nothing among its files that it would be needed for. */
const readingFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Why a file that a person has named cannot be read, in few words. */
export function whyUnread(error: unknown): string {
  const code = codeOf(error)
  return code === undefined || code === noFile ? String(error instanceof Error ? error.message : error) : code
}

/** As many bytes as there are, or so many of them, of what {@link openGiven} opens. Throws as that does. */
export async function readAtMost(path: string, bytes: number): Promise<Buffer> {
  const file = await openGiven(path)
  try {
    const pieces: Buffer[] = []
    for (let left = bytes; left > 0; ) {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.allocUnsafe(Math.min(left, pieceBytes)) })
      if (bytesRead === 0) break
      pieces.push(buffer.subarray(0, bytesRead))
      left -= bytesRead
    }
    return Buffer.concat(pieces)
  } finally {
    await file.close()
  }
}

/** The same for whoever cannot wait. It takes as much memory as may be read. */
export function readAtMostSync(path: string, bytes: number): Buffer {
  const isFile = !isHandedOver(path)
  if (isFile) refuseNoFile(path, statSync(path))
  const file = openSync(path, isFile ? readingFlags : 'r')
  try {
    if (isFile) refuseNoFile(path, fstatSync(file))
    const buffer = Buffer.allocUnsafe(bytes)
    let length = 0
    for (let count = -1; count !== 0 && length < bytes; length += count) {
      count = readSync(file, buffer, length, bytes - length, null)
    }
    return buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

const pieceBytes = 256 * 1024

/** Far above all that is read by {@link readFileIfThere}: a full catalogue of 500 lots has a few MB, its pictures 100 KB each. */
const smallFileBytesMax = 64 * 2 ** 20

/** As Node calls what it reads at no price. */
const tooLarge = 'ERR_FS_FILE_TOO_LARGE'

/**
 * An error of the file system by its own name, as a {@link Failure}. One that is a Failure already stays as it is, and so does a
 * bug: what has no name of the system's is nothing that the disk did.
 */
export function diskFailure(error: unknown, path: string): unknown {
  const cause = codeOf(error)
  if (error instanceof Failure || cause === undefined) return error
  return failureOf(cause, path, error)
}

/** The same for a library that tells what the system said in words only; `undefined`: they are about something else. */
export function diskFailureInWords(words: string, path: string, error: unknown): Failure | undefined {
  const [, cause] = systemWords.find(([pattern]) => pattern.test(words)) ?? []
  if (cause !== undefined) return failureOf(cause, path, error)
  return isUnsynced(words, path) ? failureOf('sync-unsupported', path, error) : undefined
}

/** What the error itself is about: the step on the way to a path that could not be taken. */
export function pathIn(error: unknown): string | undefined {
  const { dest, path } = error instanceof Error ? (error as NodeJS.ErrnoException & { readonly dest?: unknown }) : {}
  return typeof dest === 'string' ? dest : path
}

export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

function failureOf(cause: string, path: string, error: unknown): Failure {
  const { code, text } = describe(cause)
  return new Failure(code, `${text}: ${path}`, { path, cause }, { cause: error })
}

/** What a person reads; what to do about it goes by the code (api/texts.ts). */
function describe(cause: string): { readonly code: FailureCode; readonly text: string } {
  switch (cause) {
    case 'EACCES':
    case 'EPERM':
      return { code: 'permission-denied', text: 'You may not read or write this' }
    case 'EROFS':
      return { code: 'disk-read-only', text: 'This disk can only be read' }
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return { code: 'disk-full', text: 'The disk is full' }
    case 'ENAMETOOLONG':
      return { code: 'name-too-long', text: 'This path is too long for the file system' }
    case 'EMFILE':
    case 'ENFILE':
      return { code: 'files-exhausted', text: 'Too many files are open to open one more' }
    case 'ENOENT':
      return { code: 'path-missing', text: 'There is no such file or folder' }
    case 'ENOTDIR':
      return { code: 'path-taken', text: 'A file stands where a folder belongs, here or on the way' }
    case 'ELOOP':
      return { code: 'path-taken', text: 'The links on the way lead round in a circle' }
    case tooLarge:
      return { code: 'path-taken', text: 'A file stands here that is far larger than what belongs here' }
    case 'EISDIR':
    // `rm` of Node, where a folder stands.
    case 'ERR_FS_EISDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
    case noFile:
      return { code: 'path-taken', text: 'Something else stands in the place of this file or folder' }
    case 'sync-unsupported':
      return { code: 'sync-unsupported', text: 'This disk cannot make sure that what is written is kept, as some network disks' }
    case 'EBUSY':
    case 'ETXTBSY':
      return { code: 'file-busy', text: 'Another program has this' }
    default:
      return { code: 'disk-failed', text: `The disk failed (${cause})` }
  }
}

/** As strerror(3) has them on Linux and macOS. Not that something is missing: to a library that is mostly a file of its own. */
const systemWords: readonly (readonly [RegExp, string])[] = [
  [/Permission denied|\b(?:EACCES)\b/, 'EACCES'],
  [/Operation not permitted|\b(?:EPERM)\b/, 'EPERM'],
  [/Read-only file system|\b(?:EROFS)\b/, 'EROFS'],
  [/No space left on device|\b(?:ENOSPC)\b/, 'ENOSPC'],
  [/quota exceeded|\b(?:EDQUOT)\b/, 'EDQUOT'],
  [/File too large|\b(?:EFBIG)\b/, 'EFBIG'],
  [/File name too long|\b(?:ENAMETOOLONG)\b/, 'ENAMETOOLONG'],
  [/Too many open files|\b(?:EMFILE|ENFILE)\b/, 'EMFILE'],
  [/Not a directory|\b(?:ENOTDIR)\b/, 'ENOTDIR'],
  [/resource busy|\b(?:EBUSY)\b/, 'EBUSY'],
  // As Windows has them.
  [/Access is denied/, 'EACCES'],
  [/write[- ]protected/, 'EROFS'],
  [/not enough space on the disk/, 'ENOSPC'],
  [/filename or extension is too long/, 'ENAMETOOLONG'],
  [/used by another process/, 'EBUSY'],
  [/Input\/output error|\b(?:EIO)\b/, 'EIO'],
]

/** A rename is on disk only once its folder is. Windows cannot open folders, and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    throw unsynced.has(codeOf(error) ?? '') ? failureOf('sync-unsupported', folder, error) : error
  } finally {
    await handle.close()
  }
}

/** With a folder nothing is done but to sync it. Of a file the same words are said where damage sends a reader to a place that there is not. */
const isUnsynced = (words: string, folder: string): boolean =>
  ['Invalid argument', 'Operation not supported', 'Function not implemented'].some((said) =>
    words.includes(`IO error: ${folder}: ${said}`),
  )

/** How systems say that folders are none of what they sync. */
const unsynced: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF'])
