import type { PeerId } from '../core/ids.ts'
import type { Block, Commit } from './block.ts'
import { faultOf } from './chain.ts'
import type { Ring } from './ring.ts'
import { type Epoch, sameEpoch } from './view.ts'

/** First sequence and count of a block's operations. */
export interface OwnBatch {
  readonly firstSequence: number
  readonly count: number
}

/** How blocks get into the log and out of it: those of the epoch that this peer is active in (PROTOCOL, section 3). */
export class Blocks {
  readonly #ring: Ring
  /** By index: blocks that came ahead of what they follow. */
  readonly #ahead = new Map<number, Block>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** Blocks pushed by a member, or fetched to fill a gap. */
  accept(from: PeerId, epoch: Epoch, blocks: readonly Block[], commit: Commit): void {
    const { epochs, counting } = this.#ring
    if (!epochs.isActive || !sameEpoch(epoch, epochs.promised)) return
    for (const block of blocks) this.#acceptOne(from, block)
    if (!epochs.isActive) return
    this.#fillFromAhead(from)
    counting.learn(commit)
  }

  /** Puts a block that was found valid at the end of the log. */
  append(block: Block): void {
    const { log, out, own, disk, counting, checkpoints, roomClock } = this.#ring
    if (log.head.index === log.commit.index) counting.progressed()
    log.append(block)
    out.clock.observe(block.lamport)
    const batch = this.ownBatch(block)
    if (batch !== undefined) own.placed(batch.firstSequence, batch.count)
    disk.changeLog(block.index)
    counting.appended(block)
    checkpoints.compare(block)
    roomClock.blockCame(block)
  }

  /** Drops the log's tail from `from` on; own operations in it go back to the queue, under the same ids. */
  dropTail(from: number): void {
    const { log, own, disk, out } = this.#ring
    for (const block of log.cut(from)) {
      const batch = this.ownBatch(block)
      if (batch !== undefined) own.dropped(batch.firstSequence)
    }
    disk.cutLog(from)
    out.note('tail-dropped', { from })
  }

  /**
   * The operations of a block, if they are this peer's and of this start: told by their bytes. Those of an earlier life, or
   * of a twin, are none of its queue's.
   */
  ownBatch(block: Block): OwnBatch | undefined {
    const { self, membership, own } = this.#ring
    const { author, body } = block
    if (author !== self || body.kind !== 'ops' || body.incarnation !== membership.incarnation) return undefined
    return own.isOwn(body.firstSequence, body.ops) ? { firstSequence: body.firstSequence, count: body.ops.length } : undefined
  }

  /** Another epoch is promised or begins: what waits belongs to none. */
  forgetAhead(): void {
    this.#ahead.clear()
  }

  #acceptOne(from: PeerId, block: Block): void {
    const { log, epochs, faults, token, crypto, limits } = this.#ring
    if (!epochs.isActive || !sameEpoch(block.epoch, epochs.promised) || block.body.kind !== 'ops') return
    if (block.index <= log.head.index) {
      const ours = log.find(block.index)
      if (ours !== undefined && ours.hash !== block.hash && sameEpoch(ours.epoch, block.epoch)) faults.blocksClash(ours, block)
    } else if (block.index > log.head.index + 1) {
      if (block.index - log.head.index <= limits.aheadBlocks) this.#ahead.set(block.index, block)
    } else {
      const fault = faultOf(block, log.head, log.lastView, crypto)
      if (fault !== undefined) return faults.refuse(from, 'a block', fault)
      this.append(block)
      token.sawTurn(block.epoch, block.turn)
    }
  }

  #fillFromAhead(from: PeerId): void {
    const { log, fetching } = this.#ring
    while (this.#ahead.size > 0) {
      const next = log.head.index + 1
      const block = this.#ahead.get(next)
      for (const index of this.#ahead.keys()) if (index <= next) this.#ahead.delete(index)
      if (block === undefined) break
      this.#acceptOne(from, block)
      if (log.head.index < next) break
    }
    if (this.#ahead.size > 0) fetching.askForTail(from)
  }
}
