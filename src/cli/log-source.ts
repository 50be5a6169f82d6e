import { readApiAddress } from '../api/api-files.ts'
import type { Api } from '../api/client.ts'
import type { ExportedBlock } from '../api/views.ts'
import { profileFolder } from '../app/flags.ts'
import { linesOf } from '../app/lines.ts'
import { openGiven, whyUnread } from '../app/own-files.ts'
import type { LogRow } from '../app/stored-log.ts'
import { Failure } from '../core/failure.ts'
import { withPeer } from './client.ts'
import { type Call, type Option, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { createProgress } from './progress.ts'

export const roomOption: Option = {
  name: 'room',
  value: 'NAME|ID',
  text: 'another room whose log is kept here, as `gavelring log rooms` lists them',
}

/** A log that no peer has open: of a stopped one, or an archive, which is a file. */
export interface StoredLog {
  readonly rows: AsyncIterable<LogRow>
  /** `undefined`: an archive. */
  readonly store: { readonly profile: string; readonly room: string } | undefined
}

/**
 * Reads the log that is meant by `--profile` and `--room`: through the peer where one runs that has it open, else from its folder, or
 * from the archive of a room that was left. Nothing of what is read is changed. `which`: of a stored one, see `readStoredLog`.
 */
export async function readLog<T>(
  call: Call,
  { running, stored }: { running(api: Api): Promise<T>; stored(log: StoredLog): Promise<T> },
  which: 'committed' | 'all' = 'all',
): Promise<T> {
  const profile = profileFolder(call.flags, call.env)
  const wanted = textFlag(call, 'room')
  if (readApiAddress(profile) !== undefined) {
    const done = await withPeer(call, async (api) => {
      const { state, room } = await api.rooms.list()
      const isMeant =
        wanted === undefined || room?.name === wanted || (wanted.length >= 4 && room?.id?.startsWith(wanted) === true)
      return state === 'in' && isMeant ? { value: await running(api) } : undefined
    }).catch((error: unknown) => {
      // It ended without a word: the log is free.
      if (error instanceof Error && 'code' in error && error.code === 'not-reachable') return undefined
      throw error
    })
    if (done !== undefined) return done.value
  }
  const [{ findKeptLog }, { readStoredLog }] = await Promise.all([import('../app/kept-logs.ts'), import('../app/stored-log.ts')])
  const { kind, name, path } = await findKeptLog(profile, wanted).catch((error: unknown) => {
    if (wanted !== undefined || !(error instanceof Failure) || error.code !== 'room-not-found') throw error
    const message = `No peer runs with the folder ${profile}, and there is no log of any room in it.`
    throw new CliError(3, 'not-reachable', message, 'Start one with `gavelring peer`, or name its folder with --profile.')
  })
  if (kind === 'archive') return stored({ rows: readExportedLog(path), store: undefined })
  const progress = createProgress(call.terminal)
  const rows = readStoredLog(profile, name, which, (done, total) => progress('checking', done, total))
  return stored({ rows, store: { profile, room: name } })
}

/** The committed blocks of a running peer, oldest first, up to what was committed at the start. */
export async function* readRunningLog(api: Api): AsyncGenerator<{ readonly block: ExportedBlock; readonly last: number }> {
  const last = (await api.status()).commit.index
  let next = 0
  while (next <= last) {
    const blocks = await api.log.read({ from: next, count: Math.min(1_000, last - next + 1) })
    if (blocks.length === 0) throw new Failure('store-damaged', `Block ${next} is missing.`, { index: next })
    for (const block of blocks) yield { block, last }
    next += blocks.length
  }
}

export async function* toRows(blocks: AsyncIterable<{ block: ExportedBlock; last: number }>): AsyncGenerator<LogRow> {
  for await (const { block, last } of blocks) yield { bytes: new Uint8Array(Buffer.from(block.bytes, 'base64url')), last }
}

/** A block has at most 256 KiB: here in base64, and once more in words. */
const lineBytesMax = 16 * 2 ** 20

/** A file that `log export` wrote; `-`: what comes on stdin. A line that is none counts as a damaged block. */
export async function* readExportedLog(file: string): AsyncGenerator<LogRow> {
  const { readExportedLine } = await import('./exported-line.ts')
  const stream = file === '-' ? process.stdin : (await openLog(file)).createReadStream()
  let index = 0
  try {
    const tooLong = (): Failure => new Failure('store-damaged', 'this line is too long for a block', { index })
    for await (const line of linesOf(stream, lineBytesMax, tooLong)) {
      if (line.trim() === '') continue
      const read = readExportedLine(line)
      if (typeof read === 'string') throw new Failure('store-damaged', read, { index })
      yield { ...read, last: index }
      index++
    }
  } catch (error) {
    // A folder opens as a file does, and only then cannot be read.
    throw error instanceof Failure ? error : unreadable(file, error)
  }
}

const openLog = (file: string) =>
  openGiven(file).catch((error: unknown): never => {
    throw unreadable(file, error)
  })

const unreadable = (file: string, error: unknown): Error => usageError(`${file} cannot be read (${whyUnread(error)}).`)
