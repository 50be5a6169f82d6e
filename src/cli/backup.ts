import type { BackupFacts } from '../app/backup.ts'
import { profileOption } from './client.ts'
import { type Command, operand } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { readLog, readRunningLog, roomOption, toRows } from './log-source.ts'
import { createNewFile } from './new-file.ts'
import { tell } from './output.ts'
import { createProgress } from './progress.ts'

export const backup: Command = {
  name: 'backup',
  summary: 'keep the whole committed log in one file, which `restore` brings back',
  operands: ['FILE'],
  options: [{ name: 'force', text: 'replace the file, if it is there already' }, roomOption, profileOption],
  examples: [
    'gavelring backup evening.backup',
    'gavelring backup evening.backup --profile /tmp/ana',
    'gavelring restore evening.backup --profile /tmp/again',
  ],
  details:
    'Of a running peer as of now, while it goes on, or of one that is stopped. The log is checked on the way, and FILE is there when it is\n' +
    'whole, never through a link. Everything that was committed is in it, accounts, auctions and history, with a checksum; no key and no\n' +
    'room code is, so that it can be given to anybody who may see the log. To be the same peer again, keep the file `key` of the profile\n' +
    'as well, where nobody else can read it.',
  async run(call) {
    const file = operand(call, 0)
    const { backupLines } = await import('../app/backup.ts')
    const sink = await createNewFile(file, call.flags.force === true)
    const progress = createProgress(call.terminal)
    const write = async (rows: Parameters<typeof backupLines>[0]): Promise<BackupFacts> => {
      for await (const piece of backupLines(rows, Date.now())) {
        if (piece.kind === 'done') return piece.facts
        if (piece.kind === 'bad')
          throw new CliError(1, 'log-bad', `This log is no good for a backup. ${piece.reason}`, damagedHint)
        await sink.write(piece.text)
        progress('keeping', piece.done - 1, piece.total)
      }
      throw new Error('a backup was written without an end')
    }
    try {
      const facts = await readLog(
        call,
        {
          running: (api) => write(toRows(readRunningLog(api))),
          stored({ rows, store }) {
            if (store === undefined) throw usageError('An archive is a file already: see `gavelring log rooms`, and copy it.')
            return write(rows)
          },
        },
        'committed',
      )
      await sink.finish()
      tell(call, { file, ...facts }, [
        `${facts.blocks} ${facts.blocks === 1 ? 'block' : 'blocks'} kept in ${file}: no key and no room code is in it.`,
        `Bring it back with: gavelring restore ${file} --profile DIR`,
      ])
      return 0
    } finally {
      progress('keeping', 1, 1)
      await sink.discard()
    }
  },
}

const damagedHint = '`gavelring log export` keeps what is whole of it.'
