import type { PeerId } from '../core/ids.ts'
import { type Block, type Commit, isSignedByAuthor } from './block.ts'
import { faultOf } from './chain.ts'
import { compareCheckpoint } from './checkpoint.ts'
import { learnCommit } from './commit.ts'
import { markChanged } from './disk.ts'
import { type Epoch, sameEpoch } from './epoch.ts'
import { blockTimeSeen } from './room-clock.ts'
import { isActive, note, ownBatch, type Ring, sendTo, stop } from './state.ts'
import { aheadBlocksMax, timing } from './timing.ts'
import { seeTurn } from './turns.ts'

/** Blocks of the epoch that this peer is active in, pushed by their author or fetched to fill a gap (PROTOCOL, section 3). */
export function acceptBlocks(ring: Ring, from: PeerId, epoch: Epoch, blocks: readonly Block[], commit: Commit): void {
  if (!isActive(ring) || !sameEpoch(epoch, ring.promised)) return
  for (const block of blocks) acceptOne(ring, from, block)
  if (ring.stopped !== undefined) return
  fillFromAhead(ring, from)
  learnCommit(ring, commit)
}

/** Puts a block that was found valid at the end of the log. */
export function appendBlock(ring: Ring, block: Block): void {
  if (ring.log.head.index === ring.log.commit.index) ring.progressAt = ring.now
  ring.log.append(block)
  ring.clock.observe(block.lamport)
  const own = ownBatch(ring, block)
  if (own !== undefined) ring.own.placed(own.firstSequence, own.count)
  markChanged(ring, { from: block.index })
  compareCheckpoint(ring, block)
  blockTimeSeen(ring, block)
}

/** Drops the log's tail from `from` on; own operations in it go back to the queue, under the same ids. */
export function dropTail(ring: Ring, from: number): void {
  for (const block of ring.log.cut(from)) {
    const own = ownBatch(ring, block)
    if (own !== undefined) ring.own.dropped(own.firstSequence)
  }
  markChanged(ring, { from, cut: true })
  note(ring, 'tail-dropped', { from })
}

function acceptOne(ring: Ring, from: PeerId, block: Block): void {
  const { log, gap } = ring
  if (!sameEpoch(block.epoch, ring.promised) || block.body.kind !== 'ops') return
  if (block.index <= log.head.index) {
    checkEquivocation(ring, block)
  } else if (block.index > log.head.index + 1) {
    if (gap.ahead.size < aheadBlocksMax) gap.ahead.set(block.index, block)
  } else {
    const fault = faultOf(block, log.head, log.lastView, ring.crypto)
    if (fault !== undefined) return note(ring, 'block-refused', { from, author: block.author, index: block.index, fault })
    appendBlock(ring, block)
    seeTurn(ring, block.epoch, block.turn)
  }
}

/** Two different signed blocks with one `(epoch, index)` prove that their author is faulty: both are kept as evidence. */
function checkEquivocation(ring: Ring, block: Block): void {
  const ours = ring.log.find(block.index)
  if (ours === undefined || ours.hash === block.hash || !sameEpoch(ours.epoch, block.epoch)) return
  if (!ring.log.lastView.members.includes(block.author) || !isSignedByAuthor(block, ring.crypto)) return
  stop(ring, { kind: 'equivocation', author: block.author, first: ours, second: block })
}

function fillFromAhead(ring: Ring, from: PeerId): void {
  const { ahead } = ring.gap
  while (ahead.size > 0) {
    const next = ring.log.head.index + 1
    const block = ahead.get(next)
    for (const index of ahead.keys()) if (index <= next) ahead.delete(index)
    if (block === undefined) break
    acceptOne(ring, from, block)
    if (ring.log.head.index < next) break
  }
  if (ahead.size > 0) askForTail(ring, from)
}

/** Asks for the rest of the log of our own epoch, at most once in a while. */
export function askForTail(ring: Ring, from: PeerId): void {
  if (ring.now - ring.gap.askedAt < timing.repeat) return
  ring.gap.askedAt = ring.now
  sendTo(ring, [from], { kind: 'fetch', what: 'tail', from: ring.log.head.index + 1 })
}
