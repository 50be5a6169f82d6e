import { assert } from '../core/assert.ts'
import type { PeerId } from '../core/ids.ts'
import { appendBlock, dropTail } from './accept.ts'
import type { Block } from './block.ts'
import { faultOf } from './chain.ts'
import { moveCommit } from './commit.ts'
import { markChanged } from './disk.ts'
import { compareEpochs } from './epoch.ts'
import { viewOf } from './log.ts'
import { raisePromise } from './raise.ts'
import { isActive, note, type Ring } from './state.ts'

/**
 * Takes over committed blocks, and only such **[S2]**, of a peer that vouches for them; replaces a conflicting
 * uncommitted tail of our own. A view among them of an epoch above our promise raises that in the same step **[S1, S3]**
 * (PROTOCOL, section 5, Catching up).
 */
export function adoptCommitted(ring: Ring, from: PeerId, blocks: readonly Block[]): void {
  const { log } = ring
  if (ring.failed) return
  const chain = validChain(ring, from, blocks)
  const last = chain[chain.length - 1]
  if (last === undefined) return
  // An active peer gets the blocks of its own epoch by the ring itself.
  if (isActive(ring) && compareEpochs(last.epoch, ring.promised) <= 0) return
  const fork = chain.find((block) => !log.has(block.index, block.hash))
  if (fork !== undefined) {
    if (fork.index <= log.head.index) {
      assert(compareEpochs(last.epoch, log.head.epoch) >= 0, 'a committed block of an older epoch contradicts the head')
      dropTail(ring, fork.index)
    }
    for (const block of chain) {
      if (block.index < fork.index) continue
      appendBlock(ring, block)
      ownIncarnationSeen(ring, block)
    }
  }
  moveCommit(ring, last.index)
  note(ring, 'caught-up', { index: last.index, from })
  const { epoch } = log.committedView
  if (compareEpochs(epoch, ring.promised) > 0) raisePromise(ring, epoch)
  remember(ring)
}

/** Those of `blocks` that follow our commit without a gap, as far as they are valid. */
function validChain(ring: Ring, from: PeerId, blocks: readonly Block[]): readonly Block[] {
  const { log } = ring
  const chain: Block[] = []
  let previous = log.at(log.commit.index)
  let view = log.committedView
  for (const block of blocks) {
    if (block.index <= previous.index) continue
    const fault = log.has(block.index, block.hash) ? undefined : faultOf(block, previous, view, ring.crypto)
    if (fault !== undefined) {
      note(ring, 'fetched-refused', { from, index: block.index, fault })
      break
    }
    chain.push(block)
    view = viewOf(block) ?? view
    previous = block
  }
  return chain
}

/**
 * A peer that had forgotten its log counts again once the room has gone on without it: a committed view that lacks it,
 * newer than all it could have promised. Its incarnation is then above any in that log.
 */
function remember(ring: Ring): void {
  const { log, forgotBelow } = ring
  if (forgotBelow === undefined || forgotBelow === 0) return
  const view = log.committedView
  if (view.members.includes(ring.self) || view.epoch.number < forgotBelow) return
  ring.forgotBelow = undefined
  markChanged(ring, {})
  note(ring, 'remembered', { epoch: view.epoch.number })
}

/** Own blocks of an earlier life show which incarnations are used up. */
function ownIncarnationSeen(ring: Ring, block: Block): void {
  if (ring.forgotBelow === undefined || block.author !== ring.self || block.body.kind !== 'ops') return
  ring.incarnation = Math.max(ring.incarnation, block.body.incarnation + 1)
}
