import { profileFolder } from '../app/flags.ts'
import type { KeptLog } from '../app/kept-logs.ts'
import { profileOption } from './client.ts'
import type { Command } from './command.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

export const logRooms: Command = {
  name: 'log rooms',
  summary: 'the logs that are kept in the profile: of its rooms, and of rooms that were left for others',
  operands: [],
  options: [columnsOption, profileOption],
  examples: ['gavelring log rooms', 'gavelring log verify --room 6519a069', 'gavelring log export --room 6519a069 -o old.jsonl'],
  details:
    'Needs no running peer. An archive is the log of a room that was left for another one of its name, or that `gavelring refound`\n' +
    'made a new one from: it is only read. `log tail`, `log verify` and `log export` read any of them with --room NAME|ID.',
  async run(call) {
    const { keptLogs } = await import('../app/kept-logs.ts')
    const profile = profileFolder(call.flags, call.env)
    const logs = await keptLogs(profile)
    tellTable(call, logs, columns, logs, `There is no log in ${profile}.`)
    return 0
  },
}

const columns: readonly Column<KeptLog>[] = [
  { name: 'room', head: 'Room', cell: ({ id }) => id?.slice(0, 8) ?? '', whole: true },
  { name: 'name', head: 'Name', cell: ({ name }) => name },
  { name: 'is', head: 'Is', cell: ({ kind }) => (kind === 'archive' ? 'an archive' : 'a room'), whole: true },
  { name: 'path', head: 'Path', cell: ({ path }) => path },
]
