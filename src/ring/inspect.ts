import type { PeerId } from '../core/ids.ts'
import { headOf } from './block.ts'
import { blockTime } from './room-clock.ts'
import { isActive, isSilent, type Ring } from './state.ts'
import { timing } from './timing.ts'
import type { ReplicaView } from './types.ts'
import { isViewQuorum } from './view.ts'

/** What others may read of a replica between its steps. */
export function inspectRing(ring: Ring): ReplicaView {
  const reachable = (now: number): readonly PeerId[] =>
    ring.log.lastView.members.filter((member) => member === ring.self || isHeard(ring, member, now))
  return {
    get incarnation() {
      return ring.incarnation
    },
    get forgot() {
      return ring.forgotBelow !== undefined
    },
    get promised() {
      return ring.promised
    },
    get installed() {
      return ring.log.installedView.epoch
    },
    get active() {
      return isActive(ring)
    },
    get members() {
      return ring.log.lastView.members
    },
    get head() {
      return headOf(ring.log.head)
    },
    get durable() {
      return ring.log.durable
    },
    get commit() {
      return ring.log.commit
    },
    get lamport() {
      return ring.clock.time
    },
    get holding() {
      return ring.token.hold?.turn
    },
    get turnSeen() {
      return ring.token.signTurn
    },
    get pending() {
      return ring.own.entries
    },
    reachable,
    hasQuorum(now) {
      return ring.log.configs.every((view) =>
        isViewQuorum(view.members, (peer) => peer === ring.self || isHeard(ring, peer, now)),
      )
    },
    time(now) {
      ring.now = Math.max(ring.now, now)
      return blockTime(ring)
    },
    get stopped() {
      return ring.stopped
    },
  }
}

function isHeard(ring: Ring, peer: PeerId, now: number): boolean {
  ring.now = Math.max(ring.now, now)
  return !isSilent(ring, peer, timing.suspectAfter)
}
