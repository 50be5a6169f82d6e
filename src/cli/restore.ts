import { profileFolder } from '../app/flags.ts'
import { whyUnread } from '../app/own-files.ts'
import { profileOption } from './client.ts'
import { type Command, operand } from './command.ts'
import { CliError } from './errors.ts'
import { tell } from './output.ts'
import { createProgress } from './progress.ts'
import { quoted } from './room-text.ts'

export const restore: Command = {
  name: 'restore',
  summary: 'bring a backup back into a folder without any room',
  operands: ['FILE'],
  options: [profileOption],
  examples: [
    'gavelring restore evening.backup --profile /tmp/again',
    'gavelring peer --profile /tmp/again --room evening --code "old lamp"',
  ],
  details:
    'All of FILE is checked before anything is written. The folder keeps the key that is in it: copy that of the old profile there first, and\n' +
    'it is the same peer; without one it is a new peer, which cannot act for the accounts of another. The peer starts as one that has\n' +
    'forgotten what came after the backup: the others let it in again, with all that it missed. Where nobody is left, it shows what the\n' +
    'backup has, and `gavelring refound` makes a new room of that.',
  async run(call) {
    const file = operand(call, 0)
    const profile = profileFolder(call.flags, call.env)
    const { restoreBackup } = await import('../app/restore.ts')
    const progress = createProgress(call.terminal)
    const restored = await restoreBackup(profile, file, (what, count, total) => progress(what, count, total ?? count + 1))
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'room-known') throw new CliError(1, error.code, error.message, 'Name an empty one with --profile DIR.')
        if (error.path === file || error.code === 'EISDIR')
          throw new CliError(2, 'usage', `${file} cannot be read (${whyUnread(error)}).`)
        throw error
      })
      .finally(() => progress('restoring', 1, 1))
    if ('reason' in restored) {
      throw new CliError(
        1,
        'backup-bad',
        `${file} is not restored. ${restored.reason}`,
        'Nothing was written. Take another backup.',
      )
    }
    const { room, name, blocks, unread } = restored
    if (unread !== undefined)
      call.terminal.note(`The list of rooms that was here could not be read: it is kept as it was, in ${unread}.`)
    tell(call, { ...restored, profile }, [
      `${blocks} ${blocks === 1 ? 'block' : 'blocks'} of the room “${name}” (${room.slice(0, 8)}) are in ${profile}.`,
      `Start it with: gavelring peer --room ${quoted(name)} --profile ${quoted(profile)}`,
      'Where nobody else of the room is left: gavelring refound, while it runs.',
    ])
    return 0
  },
}
