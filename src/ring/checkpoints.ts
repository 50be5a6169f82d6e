import type { Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { Block, Checkpoint } from './block.ts'
import type { Ring } from './ring.ts'

/** How many states are remembered for checkpoints that lag behind, and how many of others may wait for ours. */
const statesMax = 1_024

/**
 * The market's states, held against what the others vouch for in their blocks (PROTOCOL, section 4). Who differs from more
 * than half is wrong: this peer stops, another is named. Where there is no such half nobody can say who is right.
 */
export class Checkpoints {
  readonly #ring: Ring
  #own: Checkpoint | undefined
  /** States lately applied. */
  readonly #states = new Map<number, Hash>()
  /** Blocks whose checkpoints are not reached yet, by the index that they speak of. */
  readonly #awaited = new Map<number, Block[]>()
  #awaitedCount = 0
  /** Members whose last comparable checkpoint said what our state did, and the blocks of those where it said something else. */
  readonly #agreeing = new Set<PeerId>()
  readonly #differing = new Map<PeerId, Block>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** The state that this peer had applied: what its next block vouches for. */
  get own(): Checkpoint | undefined {
    return this.#own
  }

  /** The market has applied the log up to `index`. */
  applied(index: number, stateHash: Hash): void {
    this.#own = { index, stateHash }
    this.#states.set(index, stateHash)
    this.#states.delete(index - statesMax)
    const awaited = this.#awaited.get(index)
    if (awaited === undefined) return
    this.#awaited.delete(index)
    this.#awaitedCount -= awaited.length
    for (const block of awaited) this.#judge(block, stateHash)
  }

  /** Holds the checkpoint in a block against our own state at that index, now or when we get there. */
  compare(block: Block): void {
    const { checkpoint, author } = block
    if (checkpoint === undefined || author === this.#ring.self) return
    const ours = this.#states.get(checkpoint.index)
    if (ours !== undefined) this.#judge(block, ours)
    else if (checkpoint.index > (this.#own?.index ?? -1) && this.#awaitedCount < statesMax) {
      const awaited = this.#awaited.get(checkpoint.index)
      if (awaited === undefined) this.#awaited.set(checkpoint.index, [block])
      else awaited.push(block)
      this.#awaitedCount++
    }
  }

  #judge(block: Block, ours: Hash): void {
    const { author, checkpoint } = block
    if (checkpoint?.stateHash === ours) {
      this.#agreeing.add(author)
      this.#differing.delete(author)
    } else {
      if (!this.#differing.has(author)) this.#ring.out.note('checkpoint-differs', { author, index: checkpoint?.index })
      this.#agreeing.delete(author)
      this.#differing.set(author, block)
    }
    if (this.#differing.size > 0) this.#settle()
  }

  // Rule 4-checkpoint [S4]
  #settle(): void {
    const { log, out, faults } = this.#ring
    const { members } = log.lastView
    const against = members.filter((member) => this.#differing.has(member))
    if (2 * against.length > members.length) {
      const index = this.#differing.get(against[0] as PeerId)?.checkpoint?.index ?? 0
      return out.stop({ kind: 'state-diverged', index, authors: against })
    }
    // Us, and those that agree with us.
    const agreeing = 1 + members.filter((member) => this.#agreeing.has(member)).length
    if (2 * agreeing > members.length) for (const block of this.#differing.values()) faults.add({ kind: 'checkpoint', block })
  }
}
