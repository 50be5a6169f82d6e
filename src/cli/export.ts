import type { Api } from '../api/client.ts'
import type { SalvageStep } from '../api/views.ts'
import { profileOption } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { readLog, readRunningLog, roomOption } from './log-source.ts'
import { createNewFile } from './new-file.ts'
import { createProgress } from './progress.ts'

export const logExport: Command = {
  name: 'log export',
  summary: 'the whole committed log as JSON lines, which `log verify` can check anywhere, or for a spreadsheet',
  operands: [],
  options: [
    { name: 'csv', text: 'an operation a row, with what became of it, in place of JSON lines' },
    { name: 'output', short: 'o', value: 'FILE', text: 'where to (default: stdout); never through a link' },
    { name: 'force', text: 'replace the file, if it is there already' },
    roomOption,
    profileOption,
  ],
  examples: [
    'gavelring log export > room.jsonl',
    'gavelring log export -o room.jsonl && gavelring log verify room.jsonl',
    'gavelring log export --csv -o room.csv',
    'gavelring log export --room 6519a069 -o old.jsonl',
  ],
  details:
    'One block a line: readable fields, and `bytes`, the canonical bytes that were hashed and signed, as base64url. With\n' +
    '--csv the log is checked on the way. FILE is there when it is whole, and readable by its owner only. Where no peer runs, the\n' +
    'log is read from the folder: of a damaged one comes what is whole, then what is wrong with it, and exit code 1.',
  async run(call) {
    const file = textFlag(call, 'output')
    if (file === '') throw usageError('-o: the name of a file is expected.')
    const isCsv = call.flags.csv === true
    if (isCsv && call.json) throw usageError('--csv and --json are two things.')
    const sink = file === undefined ? stdoutSink(call, isCsv) : await fileSink(file, call.flags.force === true)
    const progress = createProgress(call.terminal)
    const write = async (pieces: AsyncIterable<SalvageStep>) => {
      let count = 0
      let damage: SalvageStep['bad']
      for await (const { text, done, total, bad } of pieces) {
        if (sink.isClosed()) break
        damage = bad
        if (bad !== undefined) break
        await sink.write(text)
        count = done
        if (file !== undefined || !call.terminal.isScreen) progress('exporting', done - 1, total - 1)
      }
      return { count, damage }
    }
    try {
      const { count, damage } = await readLog(call, {
        running: (api) => write(isCsv ? csvPieces(api) : jsonPieces(api)),
        async stored({ rows }) {
          const [{ wholeLines }, { verifyLogBlocks }] = await Promise.all([
            import('../api/log-file.ts'),
            import('../app/stored-log.ts'),
          ])
          return write(wholeLines(verifyLogBlocks(rows), isCsv ? 'csv' : 'jsonl'))
        },
      })
      await sink.finish()
      progress('exporting', 1, 1)
      if (!sink.isClosed()) call.terminal.note(`${count} ${count === 1 ? 'block' : 'blocks'} exported.`)
      if (damage === undefined) return 0
      call.terminal.note(`That is what is whole. Block ${damage.index} is bad: ${damage.reason.replace(/\.$/, '')}.`)
      return 1
    } finally {
      progress('exporting', 1, 1)
      await sink.discard()
    }
  },
}

async function* jsonPieces(api: Api): AsyncGenerator<SalvageStep> {
  for await (const { block, last } of readRunningLog(api)) {
    yield { text: `${JSON.stringify(block)}\n`, done: block.index + 1, total: last + 1 }
  }
}

const csvPieces = async function* (api: Api): AsyncGenerator<SalvageStep> {
  yield* await api.log.export({ format: 'csv' })
}

interface Sink {
  write(lines: string): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
  /** Nobody reads it any more. */
  isClosed(): boolean
}

function stdoutSink({ terminal }: Call, isCsv: boolean): Sink {
  return {
    async write(lines) {
      for (const line of lines.split(isCsv ? '\r\n' : '\n').slice(0, -1)) {
        if (isCsv) terminal.line(line)
        else terminal.json(JSON.parse(line))
        // A pipe that is full: wait, or the whole log would pile up here.
        await terminal.drained()
      }
    },
    finish: async () => {},
    discard: async () => {},
    isClosed: () => terminal.isClosed,
  }
}

async function fileSink(path: string, replace: boolean): Promise<Sink> {
  const file = await createNewFile(path, replace)
  return {
    write: (lines) => file.write(lines),
    finish: () => file.finish(),
    discard: () => file.discard(),
    isClosed: () => false,
  }
}
