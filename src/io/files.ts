import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
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
    throw diskFailure(error, path)
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

/** `undefined` where there is no such file. */
export async function readFileIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw diskFailure(error, path)
  }
}

/** An error of the file system as a {@link Failure}; one that is a Failure already stays as it is. */
export function diskFailure(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error
  const cause = codeOf(error) ?? String(error)
  const { code, text } = describe(cause)
  return new Failure(code, `${text}: ${path}`, { path, cause }, { cause: error })
}

export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

function describe(cause: string): { readonly code: FailureCode; readonly text: string } {
  switch (cause) {
    case 'EACCES':
    case 'ENOENT':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
      return { code: 'profile-unwritable', text: 'The profile folder cannot be written' }
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'disk-full', text: 'The disk is full' }
    default:
      return { code: 'disk-failed', text: `The disk failed (${cause})` }
  }
}

/** A rename is on disk only once its folder is. Windows cannot open folders, and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
