import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { ExportedBlock } from '../api/views.ts'
import { profileOption, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { readRunningLog } from './log-source.ts'
import { createProgress } from './progress.ts'

export const logExport: Command = {
  name: 'log export',
  summary: 'the whole committed log as JSON lines, which `log verify` can check anywhere',
  operands: [],
  options: [{ name: 'output', short: 'o', value: 'FILE', text: 'where to (default: stdout)' }, profileOption],
  examples: ['gavelring log export > room.jsonl', 'gavelring log export -o room.jsonl && gavelring log verify room.jsonl'],
  details: 'One block a line: readable fields, and `bytes`, the canonical bytes that were hashed and signed, as base64url.',
  async run(call) {
    const progress = createProgress(call.terminal)
    const count = await withPeer(call, async (api) => {
      const file = textFlag(call, 'output')
      const sink = file === undefined ? stdoutSink(call) : await fileSink(file)
      let written = 0
      for await (const { block, last } of readRunningLog(api)) {
        if (call.terminal.isClosed) break
        await sink.write(block)
        written++
        if (file !== undefined || process.stdout.isTTY !== true) progress('exporting', block.index, last)
      }
      await sink.end()
      return written
    })
    call.terminal.note(`${count} blocks exported.`)
    return 0
  },
}

interface Sink {
  write(block: ExportedBlock): Promise<void>
  end(): Promise<void>
}

function stdoutSink(call: Call): Sink {
  return {
    async write(block) {
      call.terminal.line(JSON.stringify(block))
      // A pipe that is full: wait, or the whole log would pile up here. One that closed never drains.
      if (process.stdout.writableNeedDrain) await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')])
    },
    end: async () => {},
  }
}

async function fileSink(file: string): Promise<Sink> {
  const stream = createWriteStream(file, { mode: 0o600 })
  const failed = new Promise<never>((_, reject) => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      reject(usageError(`${file} cannot be written (${error.code ?? error.message}).`))
    })
  })
  failed.catch(() => {})
  await Promise.race([once(stream, 'open'), failed])
  return {
    async write(block) {
      if (!stream.write(`${JSON.stringify(block)}\n`)) await Promise.race([once(stream, 'drain'), failed])
    },
    async end() {
      stream.end()
      await Promise.race([finished(stream), failed])
    },
  }
}
