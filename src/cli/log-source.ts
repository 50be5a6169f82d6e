import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
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
  for await (const { block, last } of blocks) yield { bytes: fromBase64(block.bytes), last }
}

/** A file that `log export` wrote. A line that is none counts as a damaged block. */
export async function* readExportedLog(file: string): AsyncGenerator<LogRow> {
  const stream = createReadStream(file)
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve())
    stream.once('error', (error: NodeJS.ErrnoException) => {
      reject(usageError(`${file} cannot be read (${error.code ?? error.message}).`))
    })
  })
  let index = 0
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    yield { bytes: bytesOfLine(line, index), last: index }
    index++
  }
}

/** What the readable fields say does not count: the bytes are the log. */
function bytesOfLine(line: string, index: number): Uint8Array {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null && 'bytes' in parsed && typeof parsed.bytes === 'string') {
      return fromBase64(parsed.bytes)
    }
  } catch {
    // Said below.
  }
  throw new Failure('store-damaged', 'the line is no exported block', { index })
}

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
