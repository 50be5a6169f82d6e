import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder, namesIn, readFileIfThere, replaceFile } from '../files.ts'
import { type Database, openDatabase } from './database.ts'

/** What a store asks of the machine: a folder with LevelDB in it, and a timer. The simulator has a disk of its own. */
export interface Disk {
  /** For people. */
  readonly folder: string
  /** Of the files that are there, each of which can be opened. Makes the folder where it is missing. */
  names(): Promise<readonly string[]>
  readFile(name: string): Promise<Uint8Array | undefined>
  /** On disk when it resolves, as a whole or not at all. */
  replaceFile(name: string, bytes: Uint8Array): Promise<void>
  removeFile(name: string): Promise<void>
  /** To be written in place. */
  openFile(name: string): Promise<DiskFile>
  /** See {@link openDatabase}. */
  openDatabase(create: boolean): Promise<Database | 'gone' | 'unreadable'>
  /** LevelDB ends whoever has it read all that is there, or so it seems: so many starts before this one never came to an end. */
  endsReaders(starts: number): Promise<boolean>
  /** Runs `task` in so many milliseconds; the returned function calls it off. */
  after(millis: number, task: () => void): () => void
  /** Nobody else draws the same. */
  random(count: number): Uint8Array
}

export interface DiskFile {
  write(bytes: Uint8Array, at: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

export function folderDisk(folder: string): Disk {
  return {
    folder,
    names: () => makeFolder(folder).then(() => namesIn(folder)),
    readFile: (name) => readFileIfThere(join(folder, name)),
    replaceFile: (name, bytes) => replaceFile(join(folder, name), bytes, 0o600),
    removeFile: (name) => rm(join(folder, name), { force: true }),
    async openFile(name) {
      const file = await open(join(folder, name), 'r+')
      return {
        async write(bytes, at) {
          // It may write a part, and say no more than how much that was.
          for (let done = 0; done < bytes.length; )
            done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
        },
        sync: () => file.datasync(),
        close: () => file.close(),
      }
    },
    openDatabase: (create) => openDatabase(folder, create),
    endsReaders: (starts) => endsReaders(folder, starts),
    after(millis, task) {
      const timer = setTimeout(task, millis)
      return () => clearTimeout(timer)
    },
    random: randomBytes,
  }
}

/**
 * LevelDB ends the whole process at some keys that are out of order, and has no option against it. A start that never came to an
 * end may be such a one, or was ended by a person: another process tries first.
 */
async function endsReaders(folder: string, starts: number): Promise<boolean> {
  // Electron starts no other program with its own: there three starts in a row are taken for it.
  if (process.versions.electron !== undefined) return starts > 2
  const script = fileURLToPath(new URL(`./probe${extname(import.meta.url)}`, import.meta.url))
  return new Promise((resolve) => {
    const reader = fork(script, [folder], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    reader.once('error', () => resolve(false))
    reader.once('exit', (_, signal) => resolve(signal === 'SIGABRT' || signal === 'SIGSEGV' || signal === 'SIGBUS'))
  })
}
