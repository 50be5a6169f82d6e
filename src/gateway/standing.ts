import type { PeerId, RoomId } from '../core/ids.ts'
import type { Peer, PeerStatus } from '../peer/peer.ts'

/** What the gateway needs of a seat: the peer of the room that it is in, if it is in one. */
export interface GatewaySeat {
  readonly peer: Peer | undefined
  /** Until the returned function is called. */
  onChange(listener: () => void): () => void
}

/** How the peer stands in its room, for all connections together: the whole status for each operation would cost more than the operation. */
export interface Standing {
  /** Why it writes nothing just now. */
  trouble(peer: Peer): PeerStatus['troubleCode']
  self(peer: Peer): PeerId
  room(peer: Peer): RoomId
}

/** A status is good for so long, in milliseconds: what changes meanwhile the submitted operation's own deadline finds. */
const freshMillis = 100

export function createStanding(now: () => number): Standing {
  let seen: { readonly peer: Peer; readonly at: number; readonly status: PeerStatus } | undefined
  const look = (peer: Peer): PeerStatus => {
    if (seen?.peer !== peer || now() - seen.at > freshMillis) seen = { peer, at: now(), status: peer.status() }
    return seen.status
  }
  return {
    trouble: (peer) => look(peer).troubleCode,
    self: (peer) => look(peer).self,
    room: (peer) => look(peer).room.id,
  }
}
