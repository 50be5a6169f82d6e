import { setTimeout as sleep } from 'node:timers/promises'
import { readApiAddress } from '../api/api-files.ts'
import type { Api } from '../api/client.ts'
import { profileFolder } from '../app/flags.ts'
import { isJoinLink } from '../core/join-link.ts'
import { profileOption, readSeconds, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { CliError } from './errors.ts'
import { timeText } from './format.ts'
import { tell } from './output.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

/** How long the running peer looks for somebody who is in the room, in milliseconds. */
const lookMillisUsual = 10_000
/** How long leaving in good order may take, and how often it is looked whether it is over, in milliseconds. */
const leaveMillis = 8_000
const lookEvery = 100

type Room = Awaited<ReturnType<Api['rooms']['list']>>['inSight'][number]

const columns: readonly Column<Room>[] = [
  { name: 'room', head: 'Room', cell: ({ name }) => name },
  { name: 'id', head: 'Id', cell: ({ id }) => id.slice(0, 8), whole: true },
  { name: 'founder', head: 'Founder', cell: ({ founder }) => founder },
  { name: 'members', head: 'Members', cell: ({ size }) => String(size), right: true },
  { name: 'founded', head: 'Founded', cell: ({ founded }) => timeText(founded) },
  { name: 'code', head: 'Code', cell: ({ hasCode }) => (hasCode ? 'needed' : 'none') },
  { name: 'is', head: 'Is', cell: isText },
]

function isText({ isHere, speaksOurs, version }: Room): string {
  if (isHere) return 'here'
  return speaksOurs ? 'in sight' : `of another version (${version})`
}

export const rooms: Command = {
  name: 'rooms',
  summary: 'which rooms are in sight, and in which one the running peer is',
  operands: [],
  options: [columnsOption, profileOption],
  examples: ['gavelring rooms', 'gavelring rooms --json'],
  details:
    'Rooms of every name that are heard on the network; two of one name differ in their ids. A peer that is in no room hears them as\n' +
    'well. `gavelring join ID` goes into one.',
  async run(call) {
    const found = await withPeer(call, (api) => api.rooms.list())
    tellTable(call, found, columns, found.inSight, 'No room is in sight. `gavelring doctor` says why that may be.')
    return 0
  },
}

export const create: Command = {
  name: 'create',
  summary: 'found a room with the running peer, which leaves the one that it is in',
  operands: ['NAME'],
  options: [
    { name: 'code', value: 'CODE', text: 'its code; new: make one that nobody guesses (default: none)' },
    { name: 'currency', value: 'EUR', text: 'in which it counts' },
    { name: 'deposits', value: 'open|host', text: 'who may deposit (default open)' },
    profileOption,
  ],
  examples: ['gavelring create evening --code new', 'gavelring create class --deposits host --currency BRL'],
  details: 'A room of a name that is kept in the profile is not founded anew: go back to it with `gavelring join NAME`.',
  async run(call) {
    const [code, currency, deposits] = [textFlag(call, 'code'), textFlag(call, 'currency'), textFlag(call, 'deposits')]
    const made = await withPeer(call, (api) =>
      api.rooms.create({
        name: operand(call, 0),
        ...(code !== undefined && { code }),
        ...(currency !== undefined && { currency }),
        ...(deposits !== undefined && { deposits: deposits as 'open' }),
      }),
    )
    tell(call, made, [
      `Founded the room “${operand(call, 0)}” (${made.room.slice(0, 8)}).`,
      made.code === '' ? 'It has no code: whoever is on this network can come in.' : `Its code is ${made.code}`,
      `Link: ${made.link}`,
    ])
    return 0
  },
}

export const join: Command = {
  name: 'join',
  summary: 'move the running peer into another room',
  operands: ['LINK|ADDRESS|ROOM'],
  options: [
    { name: 'code', value: 'CODE', text: 'the room’s code, where the link has none' },
    { name: 'force', text: 'although something was done in the room of that name that is here' },
    { name: 'wait', value: 'SECONDS', text: 'how long to look for somebody who is in it (default 10)' },
    profileOption,
  ],
  examples: [
    'gavelring join 1a2b3c4d',
    'gavelring join evening --code "old lamp"',
    'gavelring join 192.168.1.20:4001',
    'gavelring join "gavelring://join?room=evening&at=192.168.1.20:4001"',
  ],
  details:
    'ROOM is the first digits of its id, as `gavelring rooms` shows them, or its name where only one of it is in sight. The peer leaves\n' +
    'the room that it is in, in good order, once somebody of the other one answers. Accounts, money and auctions do not come along:\n' +
    'rooms never mix. A profile keeps one log for each name: where something was done in another room of the same name, only --force\n' +
    'moves, and the log is kept beside the profile’s rooms as a file that `gavelring log verify FILE` checks.',
  async run(call) {
    const wait = textFlag(call, 'wait')
    const deadlineMillis = wait === undefined ? lookMillisUsual : readSeconds(wait, '--wait', 600)
    const to = operand(call, 0)
    const code = textFlag(call, 'code')
    const force = call.flags.force === true
    const input = { to, force, deadlineMillis, ...(code !== undefined && { code }) }
    const joined = await withPeer(call, (api) => api.rooms.join(input)).catch((error: unknown) => {
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
  const hints: Readonly<Record<string, string>> = {
    'room-has-history': 'What was done here does not come along. `gavelring join … --force` goes, and keeps the log in a file.',
    'other-code': isJoinLink(to)
      ? 'Ask for a new link: gavelring status --link'
      : 'Ask whoever is in it: gavelring join … --code CODE',
    'room-ambiguous': 'See `gavelring rooms`, then: gavelring join ID',
    'room-not-found': 'See `gavelring rooms`, or name the address of somebody who is in it: gavelring join HOST:PORT',
  }
  const hint = hints[String(error.code)]
  if (hint === undefined) return error
  return new CliError(error.code === 'room-not-found' ? 3 : 1, String(error.code), error.message, hint)
}

export const leave: Command = {
  name: 'leave',
  summary: 'leave the room in good order, and stop the running peer',
  operands: [],
  options: [{ name: 'stay', text: 'the peer goes on, in no room' }, profileOption],
  examples: ['gavelring leave', 'gavelring leave --stay && gavelring join evening'],
  details:
    'The others go on without it. Its log stays in the profile folder: `gavelring peer` or `gavelring join` brings it back.',
  async run(call) {
    const stay = call.flags.stay === true
    const room = await withPeer(call, async (api) => {
      const { room } = await api.rooms.list()
      await api.rooms.leave({ stay })
      return room
    })
    if (!stay) await gone(call)
    const where = room?.id === undefined ? '' : ` (${room.id.slice(0, 8)})`
    const done = room === undefined ? 'It was in no room.' : `Left the room “${room.name}”${where}.`
    tell(call, { ...(room?.id !== undefined && { room: room.id }) }, [done])
    return 0
  },
}

export const rename: Command = {
  name: 'rename',
  summary: 'your name from now on, for everybody',
  operands: ['NAME'],
  options: [profileOption],
  examples: ['gavelring rename "Ana Maria"'],
  details: 'Kept in the profile: a later start takes it where --name says no other.',
  async run(call) {
    const { name } = await withPeer(call, (api) => api.rooms.rename({ name: operand(call, 0) }))
    tell(call, { name }, [`You are ${name}.`])
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
