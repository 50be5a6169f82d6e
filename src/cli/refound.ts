import { profileFolder } from '../app/flags.ts'
import type { Salvage } from '../app/refound-stored.ts'
import { Failure } from '../core/failure.ts'
import { profileOption, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { timeText } from './format.ts'
import { tell } from './output.ts'
import { createProgress } from './progress.ts'
import { quoted } from './room-text.ts'

export const refound: Command = {
  name: 'refound',
  summary: 'make a new room out of what this peer has, where the others are gone for good',
  operands: [],
  options: [
    { name: 'yes', text: 'I know that the two rooms can never be joined again' },
    { name: 'force', text: 'although the room has its quorum' },
    { name: 'room', value: 'NAME', text: 'where no peer runs: which room of the folder (default: the last)' },
    profileOption,
  ],
  examples: [
    'gavelring refound',
    'gavelring refound --yes',
    'gavelring log rooms && gavelring log export --room 6519a069 -o old.jsonl',
  ],
  details:
    'Only without a quorum, or with --force. The new room starts with the accounts, auctions and request ids that are committed here,\n' +
    'under a new id, however many there are; operations that wait are submitted again in it. The log of the old one is kept: see\n' +
    '`gavelring log rooms`. If members of the old room come back, theirs and this one stay two rooms for ever.\n' +
    'Where a peer does not start since its log is damaged, and nobody else has the log, this goes on from its last good block.',
  async run(call) {
    try {
      return await refoundRunning(call)
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'not-reachable') throw error
      return refoundStored(call, error)
    }
  },
}

async function refoundRunning(call: Call): Promise<number> {
  // To keep the log of a large room takes its time.
  const patient: Call = { ...call, flags: { timeout: '120', ...call.flags } }
  return withPeer(patient, async (api) => {
    await confirm(call, [neverAgain], 'Make a new room out of what this peer has?')
    const made = await api.rooms.refound({ force: call.flags.force === true })
    const { room, archive, resubmitted } = made
    tell(call, made, [
      `The new room is ${room.slice(0, 8)}.`,
      ...(resubmitted === 0
        ? []
        : [`${count(resubmitted, 'operation')} that waited ${resubmitted === 1 ? 'is' : 'are'} submitted again there.`]),
      ...(archive === undefined ? [] : [keptText(archive)]),
    ])
    return 0
  })
}

/** Of a peer that does not start: its log is damaged, and nobody else has it. `notRunning`: where it could be started. */
async function refoundStored(call: Call, notRunning: CliError): Promise<number> {
  const { openSalvage } = await import('../app/refound-stored.ts')
  const profile = profileFolder(call.flags, call.env)
  const progress = createProgress(call.terminal)
  const room = textFlag(call, 'room')
  const open = await openSalvage(profile, room, (done, total) => progress('checking', done, total)).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    if (error.code === 'room-not-found' && room === undefined) throw notRunning
    throw error.code === 'store-damaged' ? new CliError(3, error.code, error.message, nothingLeft, error.facts) : error
  })
  if (open === undefined) {
    const hint = 'Its log is good: start it with `gavelring peer`, then: gavelring refound'
    throw new CliError(notRunning.exit, notRunning.code, notRunning.message, hint)
  }
  try {
    const { salvage } = open
    await confirm(call, [...salvageLines(salvage), neverAgain], `Go on from block ${salvage.blocks - 1} in a new room?`)
    const made = await open.goOn()
    tell(call, { ...made, blocks: salvage.blocks, lost: salvage.lost, resubmitted: 0 }, [
      `The new room is ${made.room.slice(0, 8)}: it goes on from block ${salvage.blocks - 1} of the old one.`,
      keptText(made.archive),
      ...(made.aside === undefined ? [] : [`The damaged log is where nobody touches it: ${made.aside}`]),
      `Start it with: gavelring peer --room ${quoted(salvage.room)}`,
    ])
    return 0
  } finally {
    await open.close()
  }
}

function salvageLines({ room, id, blocks, time, lost, damage }: Salvage): string[] {
  const whole = blocks === 1 ? 'Block 0 is good' : `Blocks 0 to ${blocks - 1} are good`
  return [
    `The log of the room “${room}” (${id.slice(0, 8)}) is damaged. ${damage}`,
    `${whole}, up to ${timeText(time)}. ${lostText(lost)}`,
  ]
}

function lostText(lost: number | undefined): string {
  if (lost === undefined) return 'How many came after that, nobody can tell. Operations that were acknowledged may be among them.'
  // The head of the log knows of all that were written.
  if (lost === 0) return 'None is missing, but whether more came after that, nobody can tell.'
  const are = lost === 1 ? 'One more is lost' : `${lost} more are lost`
  return `${are}, and operations that were acknowledged may be among them.`
}

/** Whoever does not want it, or cannot be asked, ends it here. */
async function confirm(call: Call, lines: readonly string[], question: string): Promise<void> {
  if (call.flags.yes === true) {
    if (!call.json) for (const line of lines) call.terminal.note(line)
    return
  }
  const [last = '', ...before] = [...lines].reverse()
  for (const line of before.reverse()) call.terminal.note(line)
  const answer = await call.terminal.ask(`${last}\n${question} [y/N]`)
  if (answer !== undefined && /^y(?:es)?$/i.test(answer)) return
  const hint = 'Wait for the others, or go on with `gavelring refound --yes`.'
  if (answer === undefined) throw usageError(last, hint)
  throw new CliError(1, 'called-off', 'Nothing was done.', hint)
}

const keptText = (archive: string): string => `The log of the room before is kept in ${archive}: see \`gavelring log rooms\`.`

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

const nothingLeft =
  'Start the peer when another member is in reach, or restore a backup into a new folder: gavelring restore FILE --profile DIR'
const neverAgain = 'A new room can never be joined with the old one again, even if its members come back.'
