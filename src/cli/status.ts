import type { RoomsView } from '../api/rooms.ts'
import type { StatusView } from '../api/views.ts'
import { profileOption, readSeconds, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { CliError, type ExitCode, usageError } from './errors.ts'
import { durationText, parseDuration, timeText } from './format.ts'
import { shortPeer, tell } from './output.ts'
import { otherRoomText } from './room-text.ts'
import { pairs } from './table.ts'
import { noticeRows, whereIs } from './where.ts'

export const status: Command = {
  name: 'status',
  summary: 'what the running peer is to its room just now',
  operands: [],
  options: [
    {
      name: 'wait-member',
      value: 'SECONDS?',
      isValue: (word) => parseDuration(word) !== undefined,
      text: 'until this peer is a member with a quorum (default 60)',
    },
    { name: 'link', text: 'only the join link of the room, with its code' },
    { name: 'expect-head', value: 'HASH|INDEX', text: 'exit with 1 if another block is the last that is committed' },
    profileOption,
  ],
  examples: [
    'gavelring status',
    'gavelring status --json --profile /tmp/ana',
    'gavelring status --wait-member 30 && gavelring account open ana',
    'gavelring status --expect-head 15',
  ],
  details: 'Exit codes: 0 with a quorum, 1 where --expect-head is not met, 3 without a quorum, or where no peer answers.',
  async run(call) {
    if (call.flags.link === true) {
      const { link } = await withPeer(call, (api) => api.rooms.link())
      tell(call, { link }, [link])
      return 0
    }
    const expected = readHead(call)
    const wait = waitOf(call)
    const found = wait === undefined ? await ask(call) : await waitForMember(call, wait)
    if ('state' in found) return tellWhere(call, found)
    tell(call, found, statusLines(found))
    return judge(call, found, expected, wait)
  },
}

const ask = (call: Call): Promise<StatusView | RoomsView> => withPeer(call, whereIs)

/** A peer that is in no room, or on its way into one. */
function tellWhere(call: Call, found: RoomsView): ExitCode {
  const { room, waiting, failed, inSight, gateway } = found
  const seconds = waiting === undefined ? '' : ` for ${durationText(1_000 * waiting.seconds)}`
  tell(
    call,
    found,
    pairs([
      ['Room', room === undefined ? 'none' : `${room.name}: on its way into it${seconds}`],
      ['Peer', `${found.name} (${shortPeer(found.self)})`],
      ...noticeRows(waiting?.notices ?? []),
      ...(waiting?.why ?? []).map((why, i) => [i === 0 ? 'Waiting' : '', why] as const),
      ...(failed === undefined ? [] : [['Failed', failed.text] as const]),
      ...(gateway === undefined ? [] : [['Gateway', gateway] as const]),
      ['In sight', inSight.length === 0 ? 'no room' : inSight.map(({ name, id }) => `${name} (${id.slice(0, 8)})`).join(', ')],
    ]),
  )
  call.terminal.note(room === undefined ? 'In no room.' : `Waiting for the room “${room.name}”${seconds}.`)
  return 3
}

/** How often it is asked again, in milliseconds. */
const lookEvery = 200
const waitMillisUsual = 60_000

function waitOf(call: Call): number | undefined {
  const flag = call.flags['wait-member']
  if (flag === undefined) return undefined
  return typeof flag === 'string' ? readSeconds(flag, '--wait-member', 24 * 3_600) : waitMillisUsual
}

const isMember = (found: StatusView | RoomsView): boolean => 'role' in found && found.role === 'member' && found.quorum

/** Also until the peer itself is there: whoever starts one waits for it like this. The last answer, when the time is over. */
async function waitForMember(call: Call, millis: number): Promise<StatusView | RoomsView> {
  const end = performance.now() + millis
  for (;;) {
    const found = await ask(call).catch((error: unknown) => {
      if (!(error instanceof CliError) || error.code !== 'not-reachable' || performance.now() + lookEvery > end) throw error
      return undefined
    })
    if (found !== undefined && (isMember(found) || performance.now() + lookEvery > end)) return found
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
  }
}

/** The exit code, and in a sentence why it is not 0. */
function judge(call: Call, found: StatusView, expected: Expected | undefined, waited: number | undefined): ExitCode {
  if (waited !== undefined && !isMember(found)) {
    call.terminal.note(`This peer is no member with a quorum after ${durationText(waited)}: ${found.trouble ?? found.role}.`)
    return 3
  }
  if (!found.quorum) {
    const { trouble } = found
    call.terminal.note(
      trouble?.startsWith('no quorum') ? `${capital(trouble)}.` : `No quorum${trouble === undefined ? '' : `: ${trouble}`}.`,
    )
    return 3
  }
  if (expected === undefined || isHead(found, expected)) return 0
  const { index, hash } = found.commit
  call.terminal.note(`The last committed block is ${index}, hash ${hash}: not ${expected.text}.`)
  return 1
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

interface Expected {
  readonly text: string
  /** Digits that could be either are an index: a hash is given whole, or from 8 digits on with a letter in it. */
  readonly index: number | undefined
}

function readHead(call: Call): Expected | undefined {
  const text = textFlag(call, 'expect-head')?.toLowerCase()
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return { text, index: Number(text) }
  if (/^[0-9a-f]{8,64}$/.test(text)) return { text, index: undefined }
  throw usageError('--expect-head: the index of a block is expected, or at least 8 hex digits of its hash.')
}

const isHead = ({ commit }: StatusView, { text, index }: Expected): boolean =>
  index === undefined ? commit.hash.startsWith(text) : commit.index === index

function statusLines(found: StatusView): string[] {
  const { room, commit } = found
  return pairs([
    ['Room', `${room.name} (${room.id.slice(0, 8)}), ${room.currency}, deposits ${room.deposits}`],
    ['Peer', `${found.name} (${shortPeer(found.self)}), ${found.role}`],
    ...(found.trouble === undefined ? [] : [['Trouble', found.trouble] as const]),
    ...noticeRows(found.notices),
    ['Ring', ringText(found)],
    ['Token', `turn ${found.turn}${found.holdsToken ? ', here' : ''}`],
    ['Log', `block ${commit.index} committed, ${found.head} written, ${operationsText(found.pending)} pending`],
    ['Clock', `Lamport ${found.lamport}, room time ${timeText(found.time)}`],
    ['Address', found.addresses.join(' ') || 'none'],
    ...(found.gateway === undefined ? [] : [['Gateway', found.gateway] as const]),
    ['Link', `${found.link}${room.hasCode ? ' (with its code: gavelring status --link)' : ''}`],
    ...found.otherRooms.flatMap((other) => {
      const { text, wayOver } = otherRoomText(other)
      return [['Beware', text] as const, ['', wayOver] as const]
    }),
  ])
}

const operationsText = (count: number): string => `${count} ${count === 1 ? 'operation' : 'operations'}`

function ringText({ members, membersAsOfLog, reachable, epoch, quorum }: StatusView): string {
  const count = `${members.length} ${members.length === 1 ? 'member' : 'members'}`
  if (membersAsOfLog) return `${count} as of its log, which may be old, epoch ${epoch}`
  return `${quorum ? 'quorum' : 'no quorum'}: ${reachable.length} of ${members.length} members reachable, epoch ${epoch}`
}
