import type { PeerView, StatusView } from '../api/views.ts'
import { profileOption, withPeer } from './client.ts'
import type { Command } from './command.ts'
import { usageError } from './errors.ts'
import { printable, shortPeer, table, tell } from './output.ts'

export const status: Command = {
  name: 'status',
  summary: 'what the running peer is to its room just now',
  operands: [],
  options: [profileOption],
  examples: ['gavelring status', 'gavelring status --json --profile /tmp/ana'],
  async run(call) {
    const found = await withPeer(call, (api) => api.status())
    tell(call, found, statusLines(found))
    return 0
  },
}

export const peers: Command = {
  name: 'peers',
  summary: 'the peers of the room, in ring order',
  operands: [],
  options: [profileOption],
  examples: ['gavelring peers'],
  async run(call) {
    const found = await withPeer(call, (api) => api.peers())
    tell(call, found, table(['Name', 'Peer', 'Is', 'Clock'], found.map(peerRow)))
    return 0
  },
}

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
    const { room } = await withPeer(call, (api) => api.refound({ force: call.flags.force === true }))
    tell(call, { room }, [`The new room is ${room.slice(0, 8)}.`])
    return 0
  },
}

function statusLines(found: StatusView): string[] {
  const { room, commit } = found
  const rows = [
    ['Room', `${printable(room.name)} (${room.id.slice(0, 8)}), ${room.currency}, deposits ${room.deposits}`],
    ['Peer', `${printable(found.name)} (${shortPeer(found.self)}), ${found.role}`],
    ...(found.trouble === undefined ? [] : [['Trouble', printable(found.trouble)]]),
    ['Ring', ringText(found)],
    ['Token', `turn ${found.turn}${found.holdsToken ? ', here' : ''}`],
    ['Log', `block ${commit.index} committed, ${found.head} written, ${found.pending} operations pending`],
    ['Clock', `Lamport ${found.lamport}, room time ${new Date(found.time).toISOString()}`],
    ['Address', found.addresses.join(' ') || 'none'],
  ]
  return table(['', ''], rows).slice(1)
}

function ringText({ members, membersAsOfLog, reachable, epoch }: StatusView): string {
  const count = `${members.length} ${members.length === 1 ? 'member' : 'members'}`
  if (membersAsOfLog) return `${count} as of its log, which may be old, epoch ${epoch}`
  return `${reachable.length} of ${members.length} members reachable, epoch ${epoch}`
}

function peerRow(peer: PeerView): string[] {
  const { refused } = peer
  const is = [
    peer.self && 'this peer',
    peer.member && (peer.memberAsOfLog ? 'member as of this log' : 'member'),
    peer.connected && !peer.self && 'connected',
    peer.faulty !== undefined && `faulty: ${peer.faulty}`,
    refused !== undefined && `refused ${refused.count === 1 ? 'once' : `${refused.count} times`}: ${printable(refused.reason)}`,
  ]
  const offset = peer.clockOffset
  return [
    printable(peer.name),
    shortPeer(peer.peer),
    is.filter((word) => word !== false).join(', ') || 'away',
    offset === undefined || peer.self ? '' : `${offset >= 0 ? '+' : ''}${offset.toFixed(0)} ms`,
  ]
}
