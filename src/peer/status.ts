import type { Instant, PeerId } from '../core/ids.ts'
import { epochText } from '../ring/epoch.ts'
import { rulesOf } from './apply.ts'
import type { Lobby } from './lobby.ts'
import type { PeerInfo, PeerStatus } from './peer.ts'
import type { Ports } from './ports.ts'
import type { Session } from './session.ts'
import { type Condition, nameOrId, peerInfos, roleOf, troubleOf } from './views.ts'

/** All that `status` and `peers` are made of. */
export interface Seen {
  readonly options: { readonly name: string; readonly version: string }
  readonly ports: Pick<Ports, 'identity' | 'transport' | 'clock'>
  readonly session: Session
  readonly lobby: Lobby
  readonly leaving: boolean
  readonly stopReason: string | undefined
}

export function statusOf(seen: Seen): PeerStatus {
  const { session, ports, options } = seen
  const { view, market, genesis } = session
  const { self } = ports.identity
  const condition = conditionOf(seen)
  return {
    self,
    name: options.name,
    room: { id: session.room, name: genesis.name, rules: rulesOf(genesis) },
    role: roleOf({ ...condition, self, leaving: seen.leaving }),
    trouble: troubleOf(condition),
    epoch: epochText(view.installed),
    members: view.members,
    reachable: condition.reachable,
    quorum: condition.quorum,
    holdsToken: view.holding !== undefined,
    turn: view.turnSeen,
    head: view.head.index,
    commit: view.commit,
    durable: view.durable,
    stateHash: market.stateHash,
    lamport: view.lamport,
    time: view.time(ports.clock.monotonic()) as Instant,
    pending: view.pending.length,
    addresses: ports.transport.addresses,
    version: options.version,
  }
}

export function conditionOf({ session, ports, options, lobby, stopReason }: Seen): Condition {
  const now = ports.clock.monotonic()
  const { view, failed } = session
  return {
    stopped: stopReason,
    failed,
    forgot: view.forgot,
    quorum: view.hasQuorum(now),
    members: view.members,
    reachable: view.reachable(now),
    nameOf: (peer) => nameOrId(peer === ports.identity.self ? options.name : lobby.nameOf(peer), peer),
  }
}

export function peersOf({ session, ports, options, lobby }: Seen): readonly PeerInfo[] {
  const { self } = ports.identity
  const inRoom = [...lobby.connected.keys()].filter((peer) => lobby.roomOf(peer)?.id === session.room)
  const infoOf = (peer: PeerId, member: boolean): PeerInfo => ({
    peer,
    name: (peer === self ? options.name : lobby.nameOf(peer)) ?? '',
    member,
    connected: peer === self || lobby.connected.has(peer),
    self: peer === self,
    clockOffset: peer === self ? 0 : session.clockOffsets.get(peer),
  })
  return peerInfos(session.view.members, [self, ...inRoom], infoOf)
}
