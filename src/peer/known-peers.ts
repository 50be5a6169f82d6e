import type { PeerId } from '../core/ids.ts'
import { type Evidence, liarOf } from '../ring/faults.ts'
import type { Refusal, ReplicaView } from '../ring/types.ts'
import { epochText } from '../ring/view.ts'
import type { PeerContext } from './context.ts'
import type { Lobby } from './network.ts'
import type { PeerInfo, RingInfo } from './peer.ts'
import type { Session } from './session.ts'
import { conditionOf, evidenceText, isAsOfLog, staying } from './status.ts'

/** Members first, in ring order, then the others of the room that are connected, or did something that is shown. */
export function peersOf(context: PeerContext, session: Session, lobby: Lobby): readonly PeerInfo[] {
  const { self } = context.ports.identity
  const { view } = session
  const faulty = faultsOf(view.evidence)
  const inRoom = [...lobby.connected.keys()].filter((peer) => lobby.roomOf(peer)?.id === session.room)
  const noted = [...view.refused.keys(), ...context.refused.keys(), ...faulty.keys()]
  const outside = [...new Set([self, ...inRoom, ...noted])].filter((peer) => !view.members.includes(peer)).sort()
  const condition = conditionOf(context, session, staying)
  const asOfLog = isAsOfLog(condition)
  const now = context.ports.clock.monotonic()
  const infoOf = (peer: PeerId, member: boolean): PeerInfo => {
    const isSelf = peer === self
    const notes = session.notes.of(peer, now)
    const isConnected = isSelf || lobby.connected.has(peer)
    const refused = sumOf(view.refused.get(peer), context.refused.get(peer))
    const isReachable = condition.reachable.includes(peer)
    return {
      peer,
      name: (isSelf ? context.name : context.names.get(peer)) ?? '',
      member,
      memberAsOfLog: member && asOfLog,
      connected: isConnected,
      self: isSelf,
      clockOffset: isSelf ? 0 : session.clockOffsets.get(peer),
      refused,
      faulty: faulty.get(peer),
      role: roleOfPeer({ member, isSelf, isReachable, isHeard: notes.isHeard, isRefused: refused !== undefined }),
      path: isSelf
        ? { kind: 'self' }
        : isConnected
          ? { kind: 'direct', address: context.ports.transport.remoteOf(peer) }
          : { kind: notes.isHeard ? 'mesh' : 'none' },
      roundTripMillis: isSelf ? undefined : notes.roundTrip,
      durable: isSelf ? view.durable : notes.told?.durable?.index,
      head: isSelf ? view.commit : notes.told?.commit,
      holdsToken: session.notes.holder === peer,
      wants: isSelf ? isWriting(view) : notes.wants,
      suspected: notes.suspected,
    }
  }
  return [...view.members.map((peer) => infoOf(peer, true)), ...outside.map((peer) => infoOf(peer, false))]
}

/** In the eyes of this peer. */
function roleOfPeer(peer: {
  readonly member: boolean
  readonly isSelf: boolean
  readonly isReachable: boolean
  readonly isHeard: boolean
  readonly isRefused: boolean
}): PeerInfo['role'] {
  if (peer.member) return peer.isSelf || peer.isReachable ? 'member' : 'unreachable'
  if (peer.isSelf) return 'learner'
  if (peer.isRefused) return 'refused'
  return peer.isHeard ? 'learner' : 'visitor'
}

const isWriting = ({ pending }: Pick<ReplicaView, 'pending'>): boolean => pending.some(({ written }) => !written)

export function ringOf(context: PeerContext, session: Session): RingInfo {
  const { view, notes } = session
  const { identity, clock } = context.ports
  const now = clock.monotonic()
  const wants = (peer: PeerId): boolean => (peer === identity.self ? isWriting(view) : notes.of(peer, now).wants)
  return {
    epoch: epochText(view.installed),
    view: view.viewIndex,
    members: view.members,
    turn: view.turnSeen,
    holder: notes.holder,
    requests: view.members.filter(wants),
    suspected: view.members.filter((member) => notes.of(member, now).suspected),
    quorum: conditionOf(context, session, staying).quorum,
    paceMillis: session.paceMillis,
    turns: notes.turns.map((turn) => ({ ...turn, epoch: epochText(turn.epoch) })),
  }
}

function faultsOf(evidence: readonly Evidence[]): ReadonlyMap<PeerId, string> {
  const faults = new Map<PeerId, string>()
  for (const one of evidence) {
    const liar = liarOf(one)
    if (liar !== undefined && !faults.has(liar)) faults.set(liar, evidenceText(one))
  }
  return faults
}

function sumOf(byRing: Refusal | undefined, malformed: Refusal | undefined): Refusal | undefined {
  if (byRing === undefined || malformed === undefined) return byRing ?? malformed
  return { reason: byRing.reason, count: byRing.count + malformed.count }
}
