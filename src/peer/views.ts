import type { PeerId } from '../core/ids.ts'
import type { StopReason } from '../ring/types.ts'
import type { PeerInfo, PeerStatus } from './peer.ts'
import type { Failure } from './ports.ts'

/** What a sentence about trouble is made from. */
export interface Condition {
  readonly stopped: string | undefined
  readonly failed: Failure | undefined
  /** Its log was lost: it counts for nothing until the room has gone on without it. */
  readonly forgot: boolean
  readonly quorum: boolean
  readonly members: readonly PeerId[]
  readonly reachable: readonly PeerId[]
  readonly nameOf: (peer: PeerId) => string
}

/** Why this peer writes nothing, for people; `undefined` where it does. */
export function troubleOf(condition: Condition): string | undefined {
  if (condition.stopped !== undefined) return condition.stopped
  if (condition.failed !== undefined) return diskTrouble(condition.failed)
  if (!condition.quorum) return quorumText(condition)
  return condition.forgot ? 'its log was lost: waiting to be taken in again' : undefined
}

/** `no quorum: 1 of 3 members reachable, waiting for Ana, Bob`. */
export function quorumText({ quorum, members, reachable, nameOf }: Omit<Condition, 'stopped' | 'failed' | 'forgot'>): string {
  const count = `${reachable.length} of ${members.length} members reachable`
  if (quorum) return `quorum: ${count}`
  const missing = members.filter((member) => !reachable.includes(member)).map(nameOf)
  return missing.length === 0 ? `no quorum: ${count}` : `no quorum: ${count}, waiting for ${missing.join(', ')}`
}

export function roleOf(
  condition: Pick<Condition, 'stopped' | 'failed' | 'quorum' | 'members'> & { readonly self: PeerId; readonly leaving: boolean },
): PeerStatus['role'] {
  if (condition.stopped !== undefined) return 'stopped'
  if (condition.leaving) return 'leaving'
  if (condition.failed !== undefined) return 'read-only'
  if (!condition.members.includes(condition.self)) return 'learner'
  return condition.quorum ? 'member' : 'read-only'
}

/** Members first, in ring order, then the others. */
export function peerInfos(
  members: readonly PeerId[],
  others: Iterable<PeerId>,
  infoOf: (peer: PeerId, member: boolean) => PeerInfo,
): readonly PeerInfo[] {
  const outside = [...new Set(others)].filter((peer) => !members.includes(peer)).sort()
  return [...members.map((peer) => infoOf(peer, true)), ...outside.map((peer) => infoOf(peer, false))]
}

/** A name that the peer gave, or the end of its id. */
export const nameOrId = (name: string | undefined, peer: PeerId): string => name || peer.slice(-6)

export function stopText(reason: StopReason): string {
  switch (reason.kind) {
    case 'left':
      return 'left the room'
    case 'equivocation':
      return `stopped: ${reason.author} signed two different blocks ${reason.first.index}`
    case 'state-diverged':
      return `stopped: the state after block ${reason.index} differs from that of ${reason.author}`
    case 'bug':
      return `stopped: ${reason.message}`
  }
}

function diskTrouble(failure: Failure): string {
  const what = failure.code === 'disk-full' ? 'disk full' : 'the disk failed'
  return `${what}: read-only until the peer is started again`
}
