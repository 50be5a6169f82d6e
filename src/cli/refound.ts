import { profileOption, withPeer } from './client.ts'
import type { Command } from './command.ts'
import { usageError } from './errors.ts'
import { tell } from './output.ts'

export const refound: Command = {
  name: 'refound',
  summary: 'make a new room out of what this peer has, where the others are gone for good',
  operands: [],
  options: [
    { name: 'yes', text: 'I know that the two rooms can never be joined again' },
    { name: 'force', text: 'although the room has its quorum' },
    profileOption,
  ],
  examples: ['gavelring refound --yes'],
  details:
    'Only without a quorum, or with --force. The new room starts with the accounts and balances that are committed here, under a new id.\n' +
    'If members of the old room come back, theirs and this one stay two rooms for ever.',
  async run(call) {
    if (call.flags.yes !== true) {
      throw usageError(
        'A new room can never be joined with the old one again, even if its members come back.',
        'Wait for them, or go on with `gavelring refound --yes`.',
      )
    }
    const { room } = await withPeer(call, (api) => api.rooms.refound({ force: call.flags.force === true }))
    tell(call, { room }, [`The new room is ${room.slice(0, 8)}.`])
    return 0
  },
}
