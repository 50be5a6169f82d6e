import type { PeerView } from '../api/views.ts'
import { allPeers } from '../api/whole-lists.ts'
import { profileOption, withPeer } from './client.ts'
import type { Command } from './command.ts'
import { shortPeer } from './output.ts'
import { otherRoomText } from './room-text.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

export const peers: Command = {
  name: 'peers',
  summary: 'the peers of the room, in ring order',
  operands: [],
  options: [columnsOption, profileOption],
  examples: ['gavelring peers', 'gavelring peers --columns name,is'],
  async run(call) {
    const [found, { otherRooms }] = await withPeer(call, (api) => Promise.all([allPeers(api), api.status()]))
    tellTable(call, found, columns, found)
    for (const other of otherRooms) {
      const { text, wayOver } = otherRoomText(other)
      call.terminal.note(`Beware: ${text}. ${wayOver}`)
    }
    return 0
  },
}

const columns: readonly Column<PeerView>[] = [
  { name: 'name', head: 'Name', cell: ({ name }) => name },
  { name: 'peer', head: 'Peer', cell: ({ peer }) => shortPeer(peer), whole: true },
  { name: 'is', head: 'Is', cell: isText },
  { name: 'way', head: 'Reached', cell: wayText },
  { name: 'trip', head: 'Round trip', cell: tripText, right: true },
  { name: 'clock', head: 'Clock', cell: clockText, right: true },
]

function isText(peer: PeerView): string {
  const { refused } = peer
  const is = [
    peer.self && 'this peer',
    peer.member && (peer.memberAsOfLog ? 'member as of this log' : 'member'),
    peer.role !== 'member' && peer.role !== 'refused' && !peer.self && peer.role,
    peer.suspected && 'suspected',
    peer.faulty !== undefined && `faulty: ${peer.faulty}`,
    refused !== undefined && `refused ${refused.count === 1 ? 'once' : `${refused.count} times`}: ${refused.reason}`,
  ]
  return is.filter((word) => word !== false).join(', ')
}

const ways = { self: '', direct: 'directly', mesh: 'over the mesh', none: 'not at all' } as const
function wayText({ path }: PeerView): string {
  return ways[path.kind]
}

function tripText({ roundTripMillis }: PeerView): string {
  return roundTripMillis === undefined ? '' : `${roundTripMillis.toFixed(1)} ms`
}

function clockText({ clockOffset, self }: PeerView): string {
  if (clockOffset === undefined || self) return ''
  return `${clockOffset >= 0 ? '+' : ''}${clockOffset.toFixed(0)} ms`
}
