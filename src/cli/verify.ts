import { readApiAddress } from '../api/api-files.ts'
import { connectApi } from '../api/client.ts'
import { profileFolder } from '../app/config.ts'
import type { LogRow } from '../app/stored-log.ts'
import { profileOption } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { readExportedLog, readRunningLog, toRows } from './log-source.ts'
import { tell } from './output.ts'
import { createProgress } from './progress.ts'

export const logVerify: Command = {
  name: 'log verify',
  summary: 'check a log from its first block on, and name the first bad one',
  operands: ['FILE?'],
  options: [{ name: 'room', value: 'NAME', text: 'which room of the folder (default: the last)' }, profileOption],
  examples: ['gavelring log verify', 'gavelring log verify --profile /tmp/ana', 'gavelring log verify lot.jsonl'],
  details:
    'Checks hashes, signatures, the chain, epochs and turns, Lamport times, block times and authors, and replays bank\n' +
    'and auctions against every checkpoint. FILE: what `log export` wrote. Otherwise the log of --profile, through its\n' +
    'peer where one runs, from its folder where none does.',
  async run(call) {
    const { verifyLogRows } = await import('../app/stored-log.ts')
    const progress = createProgress(call.terminal)
    const log = await openLog(call, progress)
    try {
      const { result } = await verifyLogRows(log.rows, ({ block }, last) => {
        if (log.hasEnd) progress('verifying', block.index, last)
      })
      if (!result.ok) {
        const { index, reason } = result.bad
        tell(call, { error: { code: 'log-bad', message: `Block ${index}: ${reason}.`, index, reason } }, [
          `Block ${index} is bad: ${reason.replace(/\.$/, '')}.`,
          'What stands before it is good. Fetch the log anew from other members: start the peer with --refetch.',
        ])
        return 1
      }
      tell(call, result, [
        `The log is good: ${result.blocks} blocks of room ${result.room.slice(0, 8)}.`,
        `Last hash ${result.head}`,
        `State hash ${result.stateHash}`,
      ])
      return 0
    } finally {
      progress('verifying', 1, 1)
      log.close()
    }
  },
}

interface OpenLog {
  readonly rows: AsyncIterable<LogRow>
  /** Whether its rows know how many there are. */
  readonly hasEnd: boolean
  close(): void
}

async function openLog(call: Call, progress: ReturnType<typeof createProgress>): Promise<OpenLog> {
  const file = call.operands[0]
  if (file !== undefined) return { rows: readExportedLog(file), hasEnd: false, close: () => {} }
  const profile = profileFolder(call.flags, call.env)
  const address = readApiAddress(profile)
  const client = address && (await connectApi(address).catch(() => undefined))
  if (client !== undefined) {
    return { rows: toRows(readRunningLog(client.api)), hasEnd: true, close: () => client.close() }
  }
  const { readStoredLog } = await import('../app/stored-log.ts')
  const rows = readStoredLog(profile, textFlag(call, 'room'), 'all', (done, total) => progress('checking', done, total))
  return { rows, hasEnd: true, close: () => {} }
}
