import type { PeerId } from '../core/ids.ts'
import { askForTail } from './accept.ts'
import { commitTold, learnCommit, reportDurable } from './commit.ts'
import { compareEpochs, sameEpoch } from './epoch.ts'
import type { StatusMessage } from './message.ts'
import { clockSeen, ownClock } from './room-clock.ts'
import { gossip, isActive, otherMembers, peerState, type Ring, sendTo } from './state.ts'
import { timing } from './timing.ts'
import { seeTurn } from './turns.ts'

/** The heartbeat, the back-up of lost reports, and the measure of clock offsets (PROTOCOL, section 3). */
export function sendStatus(ring: Ring): void {
  const { log, disk } = ring
  ring.due.status = ring.now + timing.statusEvery
  const view = log.installedView
  const active = isActive(ring)
  gossip(ring, {
    kind: 'status',
    epoch: view.epoch,
    durable: active && log.durable >= view.index ? log.durable : undefined,
    commit: log.commit,
    persistedCommit: { epoch: epochAt(ring, disk.commit.index), index: disk.commit.index },
    turn: ring.token.taken,
    promised: ring.promised,
    active,
    wallClock: ownClock(ring),
  })
  commitTold(ring, otherMembers(ring))
}

export function onStatus(ring: Ring, from: PeerId, status: StatusMessage): void {
  const { log } = ring
  ring.highest = Math.max(ring.highest, status.promised.number, status.epoch.number)
  peerState(ring, from).persistedCommit = status.persistedCommit
  clockSeen(ring, from, status.wallClock)
  if (status.durable !== undefined) reportDurable(ring, from, status.epoch, status.durable)
  seeTurn(ring, status.epoch, status.turn)
  learnCommit(ring, status.commit)
  const active = isActive(ring)
  if (active && sameEpoch(status.epoch, ring.promised) && (status.durable ?? 0) > log.head.index) askForTail(ring, from)
  const isLater = compareEpochs(status.epoch, log.installedView.epoch) > 0
  const isAhead = status.commit.index > log.commit.index && !log.has(status.commit.index, status.commit.hash)
  if ((active ? isLater : isLater || isAhead) && isAhead && ring.now >= ring.due.sync) {
    ring.due.sync = ring.now + timing.syncEvery
    sendTo(ring, [from], { kind: 'fetch', what: 'committed', from: log.commit.index + 1 })
  }
}

/** The epoch of the last view at or before a committed index. */
function epochAt(ring: Ring, index: number) {
  return ring.log.find(index)?.epoch ?? ring.log.committedView.epoch
}
