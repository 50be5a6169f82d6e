import type { ExportedBlock } from '../api/views.ts'
import { profileOption, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { readRunningLog } from './log-source.ts'
import { createNewFile } from './new-file.ts'
import { createProgress } from './progress.ts'

export const logExport: Command = {
  name: 'log export',
  summary: 'the whole committed log as JSON lines, which `log verify` can check anywhere',
  operands: [],
  options: [
    { name: 'output', short: 'o', value: 'FILE', text: 'where to (default: stdout); never through a link' },
    { name: 'force', text: 'replace the file, if it is there already' },
    profileOption,
  ],
  examples: ['gavelring log export > room.jsonl', 'gavelring log export -o room.jsonl && gavelring log verify room.jsonl'],
  details:
    'One block a line: readable fields, and `bytes`, the canonical bytes that were hashed and signed, as base64url.\n' +
    'FILE is there when it is whole, and readable by its owner only.',
  async run(call) {
    const file = textFlag(call, 'output')
    if (file === '') throw usageError('-o: the name of a file is expected.')
    const sink = file === undefined ? stdoutSink(call) : await fileSink(file, call.flags.force === true)
    const progress = createProgress(call.terminal)
    try {
      const count = await withPeer(call, async (api) => {
        let written = 0
        for await (const { block, last } of readRunningLog(api)) {
          if (sink.isClosed()) break
          await sink.write(block)
          written++
          if (file !== undefined || !call.terminal.isScreen) progress('exporting', block.index, last)
        }
        await sink.finish()
        return written
      })
      progress('exporting', 1, 1)
      if (!sink.isClosed()) call.terminal.note(`${count} ${count === 1 ? 'block' : 'blocks'} exported.`)
      return 0
    } finally {
      progress('exporting', 1, 1)
      await sink.discard()
    }
  },
}

interface Sink {
  write(block: ExportedBlock): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
  /** Nobody reads it any more. */
  isClosed(): boolean
}

function stdoutSink({ terminal }: Call): Sink {
  return {
    async write(block) {
      terminal.json(block)
      // A pipe that is full: wait, or the whole log would pile up here.
      await terminal.drained()
    },
    finish: async () => {},
    discard: async () => {},
    isClosed: () => terminal.isClosed,
  }
}

async function fileSink(path: string, replace: boolean): Promise<Sink> {
  const file = await createNewFile(path, replace)
  return {
    write: (block) => file.write(`${JSON.stringify(block)}\n`),
    finish: () => file.finish(),
    discard: () => file.discard(),
    isClosed: () => false,
  }
}
