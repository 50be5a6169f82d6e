import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Api } from '../api/client.ts'
import type { ExportedBlock } from '../api/views.ts'
import type { LogRow } from '../app/stored-log.ts'
import { Failure } from '../core/failure.ts'
import { usageError } from './errors.ts'

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

/** A file that `log export` wrote; `-`: what comes on stdin. A line that is none counts as a damaged block. */
export async function* readExportedLog(file: string): AsyncGenerator<LogRow> {
  const { readExportedLine } = await import('./exported-line.ts')
  const stream = await openStream(file)
  let index = 0
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue
      const read = readExportedLine(line)
      if (typeof read === 'string') throw new Failure('store-damaged', read, { index })
      yield { ...read, last: index }
      index++
    }
  } catch (error) {
    // A folder opens as a file does, and only then cannot be read.
    throw error instanceof Failure ? error : unreadable(file, error as NodeJS.ErrnoException)
  }
}

async function openStream(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  const stream = createReadStream(file)
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve())
    stream.once('error', (error: NodeJS.ErrnoException) => reject(unreadable(file, error)))
  })
  return stream
}

const unreadable = (file: string, error: NodeJS.ErrnoException): Error =>
  usageError(`${file} cannot be read (${error.code ?? error.message}).`)
