import type { Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { Block, Checkpoint } from './block.ts'
import { type Ring, stop } from './state.ts'

/** How many states are remembered for checkpoints that lag behind, and how many of others may wait for ours. */
const statesMax = 1_024

/** The state that this peer had applied: what its next block vouches for (PROTOCOL, section 4). */
export function ownCheckpoint(ring: Ring): Checkpoint | undefined {
  return ring.market.applied
}

/** The market has applied the log up to `index`. */
export function onApplied(ring: Ring, index: number, stateHash: Hash): void {
  const { market } = ring
  market.applied = { index, stateHash }
  market.states.set(index, stateHash)
  market.states.delete(index - statesMax)
  const expected = market.expected.get(index)
  market.expected.delete(index)
  if (expected !== undefined) compare(ring, index, stateHash, expected.stateHash, expected.author)
}

/** Holds the checkpoint in a block against our own state at that index, now or when we get there. */
export function compareCheckpoint(ring: Ring, block: Block): void {
  const { checkpoint } = block
  if (checkpoint === undefined) return
  const { market } = ring
  const ours = market.states.get(checkpoint.index)
  if (ours !== undefined) compare(ring, checkpoint.index, ours, checkpoint.stateHash, block.author)
  else if (checkpoint.index > (market.applied?.index ?? -1) && market.expected.size < statesMax) {
    market.expected.set(checkpoint.index, { stateHash: checkpoint.stateHash, author: block.author })
  }
}

function compare(ring: Ring, index: number, ours: Hash, theirs: Hash, author: PeerId): void {
  if (ours !== theirs && author !== ring.self) stop(ring, { kind: 'state-diverged', index, author })
}
