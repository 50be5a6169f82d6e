import { auctionId, type PeerId } from '../../src/core/ids.ts'
import type { Peer, PeerEvent, Receipt } from '../../src/peer/peer.ts'
import type { Pace } from '../../src/ring/types.ts'
import { until } from '../support/wait.ts'
import type { Rig } from './rig.ts'

export const founding = { entry: { kind: 'create' } } as const
/** Never founds. */
export const joining = { entry: { kind: 'join', room: undefined } } as const

export async function roomOfThree(rig: Rig, pace: Pace = { idleHop: 50 }) {
  const machines = ['Ana', 'Bob', 'Cleo'].map((name) => rig.machine(name))
  const peers: Peer[] = []
  for (const machine of machines) peers.push(await machine.start({ pace, ...(peers.length === 0 && founding) }))
  await until('three are members', () =>
    peers.every((peer) => peer.status().members.length === 3 && peer.status().role === 'member'),
  )
  const [ana, bob, cleo] = peers as [Peer, Peer, Peer]
  return { machines, peers, ana, bob, cleo }
}

export function auctionOf({ id }: Receipt) {
  const [author, incarnation, sequence] = id.split('/') as [PeerId, string, string]
  return auctionId(author, Number(incarnation), Number(sequence))
}

export function listen(peer: Peer): PeerEvent[] {
  const events: PeerEvent[] = []
  peer.subscribe((event) => events.push(event))
  return events
}
