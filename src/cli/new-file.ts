import { randomBytes } from 'node:crypto'
import { constants, linkSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError } from './errors.ts'

/** A file that is written beside its place and put there when it is whole: readable by its owner only, and never through a link. */
export interface NewFile {
  write(text: string): Promise<void>
  /** Puts it in its place. */
  finish(): Promise<void>
  /** Leaves nothing behind, unless it was finished. */
  discard(): Promise<void>
}

/**
 * `replace`: also where a file is there already; never where something else is, a link, say. Rejects with a usage error that
 * names the file and what is wrong.
 */
export async function createNewFile(path: string, replace: boolean): Promise<NewFile> {
  checkPlace(path, replace)
  const draft = join(dirname(path), `.${randomBytes(6).toString('hex')}.new`)
  // A name that nobody knew before: what is there already is somebody's trap.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  const handle: FileHandle = await open(draft, flags, 0o600).catch((error: NodeJS.ErrnoException): never => {
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
        throw unwritable(path, error as NodeJS.ErrnoException)
      }
    },
    async finish() {
      try {
        await handle.sync()
        await close()
        checkPlace(path, replace)
        if (replace) renameSync(draft, path)
        else putWhereNothingIs(draft, path)
      } catch (error) {
        throw error instanceof CliError ? error : unwritable(path, error as NodeJS.ErrnoException)
      }
    },
    async discard() {
      await close()
      rmSync(draft, { force: true })
    },
  }
}

function checkPlace(path: string, replace: boolean): void {
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there === undefined) return
  if (there.isSymbolicLink()) throw refused(path, 'is a link, and links are not followed.', 'Name the file itself.')
  if (!there.isFile()) throw refused(path, 'is no file.', 'Name a file.')
  if (!replace) throw refused(path, 'is there already.', 'Name another file, or replace it with --force.')
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

function unwritable(path: string, error: NodeJS.ErrnoException): CliError {
  return new CliError(2, 'usage', `${path} cannot be written (${error.code ?? error.message}).`)
}
