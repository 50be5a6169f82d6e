import { setTimeout as sleep } from 'node:timers/promises'
import { readApiAddress } from '../api/api-files.ts'
import { profileFolder } from '../app/flags.ts'
import { profileOption, readSeconds, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { CliError } from './errors.ts'
import { tell } from './output.ts'
import { quoted } from './room-text.ts'

/** How long the running peer looks for somebody who is in the room, in milliseconds. */
const lookMillisUsual = 10_000
/** How long leaving in good order may take, and how often it is looked whether it is over, in milliseconds. */
const leaveMillis = 8_000
const lookEvery = 100

export const join: Command = {
  name: 'join',
  summary: 'move the running peer to another room of the same name',
  operands: ['LINK|ADDRESS|ROOM'],
  options: [
    { name: 'force', text: 'although something was done in the room that is here' },
    { name: 'wait', value: 'SECONDS', text: 'how long to look for somebody who is in it (default 10)' },
    profileOption,
  ],
  examples: [
    'gavelring join 1a2b3c4d',
    'gavelring join 192.168.1.20:4001',
    'gavelring join "gavelring://join?room=evening&at=192.168.1.20:4001" --force',
  ],
  details:
    'ROOM is the first digits of its id, as `gavelring status` shows them, or its name where only one other is in sight.\n' +
    'Accounts, money and auctions do not come along: rooms never mix. Where something was done here, only --force moves, and the log\n' +
    'is kept beside the profile’s rooms as a file that `gavelring log verify FILE` checks. A room with another name or code needs\n' +
    'another start: gavelring leave, then gavelring peer --join.',
  async run(call) {
    const wait = textFlag(call, 'wait')
    const deadlineMillis = wait === undefined ? lookMillisUsual : readSeconds(wait, '--wait', 600)
    const to = operand(call, 0)
    const force = call.flags.force === true
    const joined = await withPeer(call, (api) => api.room.join({ to, force, deadlineMillis })).catch((error: unknown) => {
      throw explained(error, to)
    })
    const { room, archive } = joined
    const kept = `The log of the room before is kept in ${archive}: \`gavelring log verify\` checks it.`
    tell(call, joined, [`This peer is in the room ${room.slice(0, 8)} now.`, ...(archive === undefined ? [] : [kept])])
    return 0
  },
}

/** With the command that goes on from here, which only this one knows. */
function explained(error: unknown, to: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const restart = /^gavelring:/i.test(to) ? `gavelring peer ${quoted(to)}` : 'gavelring peer --join --room NAME --code CODE'
  const hints: Readonly<Record<string, string>> = {
    'room-has-history': 'What was done here does not come along. `gavelring join … --force` goes, and keeps the log in a file.',
    'other-room': `Start it anew for the other room: gavelring leave, then ${restart}`,
    'other-code': `Start it anew with the other code: gavelring leave, then ${restart}`,
    'room-not-found': 'Name the address of somebody who is in it: gavelring join HOST:PORT',
  }
  const hint = hints[String(error.code)]
  if (hint === undefined) return error
  return new CliError(error.code === 'room-not-found' ? 3 : 1, String(error.code), error.message, hint)
}

export const leave: Command = {
  name: 'leave',
  summary: 'leave the room in good order, and stop the running peer',
  operands: [],
  options: [profileOption],
  examples: ['gavelring leave', 'gavelring leave && gavelring peer --join --room evening'],
  details: 'The others go on without it. Its log stays in the profile folder: `gavelring peer` brings it back.',
  async run(call) {
    const { room } = await withPeer(call, async (api) => {
      const { room } = await api.status()
      await api.room.leave()
      return { room }
    })
    await gone(call)
    tell(call, { room: room.id }, [`Left the room “${room.name}” (${room.id.slice(0, 8)}).`])
    return 0
  },
}

/** Resolves when the peer has stopped: then its address goes from the profile folder. */
async function gone(call: Call): Promise<void> {
  const profile = profileFolder(call.flags, call.env)
  for (const end = performance.now() + leaveMillis; readApiAddress(profile) !== undefined; await sleep(lookEvery)) {
    if (performance.now() < end) continue
    throw new CliError(3, 'not-answering', 'The peer was asked to leave, and still runs.', 'Look after its process.')
  }
}
