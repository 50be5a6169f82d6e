import type { PeerId } from '../core/ids.ts'
import type { StatusMessage } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { type Epoch, noEpoch, sameEpoch } from './view.ts'

/** The heartbeat, the back-up of lost reports, and the measure of clock offsets (PROTOCOL, section 3). */
export class Status {
  readonly #ring: Ring

  constructor(ring: Ring) {
    this.#ring = ring
  }

  send(): void {
    const { log, epochs, token, out, due, peers, roomClock } = this.#ring
    due.arm('status', out.now + timing.statusEvery)
    const view = log.installedView
    const { isActive } = epochs
    out.gossip({
      kind: 'status',
      epoch: view.epoch,
      // A durable index vouches for something only while its sender is active.
      // Rule 3-status [S2] [S3]
      durable: isActive && log.durable >= view.index ? { index: log.durable, hash: log.at(log.durable).hash } : undefined,
      commit: log.commit,
      persistedCommit: this.#persistedCommit(),
      turn: token.taken,
      promised: epochs.promised,
      active: isActive,
      wallClock: roomClock.ownTime(),
    })
    peers.commitTold(epochs.otherMembers)
  }

  /** From whoever knows the code it is an offer to catch up; the rest counts from voters of our log only. */
  onStatus(from: PeerId, status: StatusMessage, isOfferOnly: boolean): void {
    const { log, epochs, peers, counting, token, roomClock, catchUp, fetching, membership, out } = this.#ring
    const { active, persistedCommit, durable } = status
    peers.update(from, { told: { isActive: active, at: out.now }, persistedCommit })
    if (!isOfferOnly) {
      epochs.saw(status.promised)
      epochs.saw(status.epoch)
      roomClock.clockSeen(from, status.wallClock)
      if (durable !== undefined) counting.report(from, status.epoch, durable)
      token.sawTurn(status.epoch, status.turn)
      counting.learn(status.commit)
      const isOfOurEpoch = sameEpoch(status.epoch, log.installedView.epoch)
      if (active && isOfOurEpoch) membership.sawActive(from)
      if (epochs.isActive && isOfOurEpoch && (durable?.index ?? 0) > log.head.index) fetching.askForTail(from)
    }
    catchUp.consider(from, status)
  }

  /** What a leaver may rely on; a peer that has forgotten can be relied on for nothing. */
  #persistedCommit(): { readonly epoch: Epoch; readonly index: number } {
    const { log, disk, membership } = this.#ring
    if (membership.hasForgotten) return { epoch: noEpoch, index: 0 }
    const { index } = disk.written.commit
    return { epoch: log.find(index)?.epoch ?? log.committedView.epoch, index }
  }
}
