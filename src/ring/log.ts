import { assert } from '../core/assert.ts'
import type { Hash } from '../core/crypto.ts'
import { type Block, type Commit, type Head, headOf } from './block.ts'
import { compareEpochs, type Epoch, noEpoch } from './epoch.ts'
import { memoryBlocks } from './timing.ts'
import type { View } from './view.ts'

const noView: View = { epoch: noEpoch, index: -1, members: [] }

/** A peer's log as far as it must be at hand: the uncommitted tail, a little before it, and the views that can matter. */
export class Log {
  /** Without a gap, oldest first; never empty. */
  #blocks: Block[]
  /** The last committed view, and every uncommitted one after it, oldest first: the configs of this log (PROTOCOL, section 1). */
  #views: View[]
  /**
   * The last block known to be committed. Moved by {@link commitTo}, never back. Holds: durable may be below or above it,
   * commit <= head.
   */
  #commit: Commit
  /**
   * The index up to which this very log is on disk, fsynced. Moved on by the disk, back only by {@link cut}.
   * Holds: durable <= head.
   */
  durable: number

  constructor(blocks: readonly Block[], views: readonly View[], commit: Commit) {
    assert(blocks.length > 0 && views.length > 0, 'a log has at least its genesis block')
    this.#blocks = [...blocks]
    this.#views = [...views]
    this.#commit = commit
    this.durable = this.head.index
  }

  get head(): Block {
    return this.#blocks[this.#blocks.length - 1] as Block
  }

  get commit(): Commit {
    return this.#commit
  }

  /** Index of the oldest block in memory. */
  get base(): number {
    return (this.#blocks[0] as Block).index
  }

  get configs(): readonly View[] {
    return this.#views
  }

  get lastView(): View {
    return this.#views[this.#views.length - 1] as View
  }

  get committedView(): View {
    return this.#views[0] as View
  }

  /** The last view that is on disk: its epoch is what PROTOCOL calls `installed`. Without members while none is. */
  get installedView(): View {
    for (let i = this.#views.length - 1; i >= 0; i--) {
      const view = this.#views[i] as View
      if (view.index <= this.durable) return view
    }
    return noView
  }

  /** The last block that is on disk. */
  get durableHead(): Head {
    return headOf(this.at(this.durable))
  }

  /** `undefined` beyond the head and below what is in memory. */
  find(index: number): Block | undefined {
    return this.#blocks[index - this.base]
  }

  at(index: number): Block {
    const block = this.find(index)
    assert(block !== undefined, `block ${index} is not in memory`)
    return block
  }

  has(index: number, hash: Hash): boolean {
    return this.find(index)?.hash === hash
  }

  slice(from: number, through: number): readonly Block[] {
    return this.#blocks.slice(Math.max(0, from - this.base), through - this.base + 1)
  }

  append(block: Block): void {
    assert(block.index === this.head.index + 1 && block.prevHash === this.head.hash, 'a block extends the head')
    this.#blocks.push(block)
    const view = viewOf(block)
    if (view !== undefined) this.#views.push(view)
  }

  /** Drops everything from `from` on, never anything committed **[S3]**. Answers what was dropped. */
  cut(from: number): readonly Block[] {
    assert(from > this.#commit.index, `a committed block is never dropped: cut from ${from}, commit ${this.#commit.index}`)
    const dropped = this.#blocks.splice(from - this.base)
    while (this.lastView.index >= from) this.#views.pop()
    this.durable = Math.min(this.durable, from - 1)
    return dropped
  }

  /** Moves the commit on to a block of this log; answers the newly committed ones. */
  commitTo(index: number): readonly Block[] {
    const newly = this.slice(this.#commit.index + 1, index)
    const block = this.at(index)
    this.#commit = { index, hash: block.hash }
    while (this.#views.length > 1 && (this.#views[1] as View).index <= index) this.#views.shift()
    this.#trim()
    return newly
  }

  /** Never beyond what is on disk: the next batch still needs the rest. */
  #trim(): void {
    const spare = Math.min(this.#commit.index, this.durable) - memoryBlocks - this.base
    if (spare > memoryBlocks) this.#blocks.splice(0, spare)
  }
}

/** The view that a block installs; `undefined` where it holds operations. */
export function viewOf(block: Block): View | undefined {
  switch (block.body.kind) {
    case 'genesis':
      return { epoch: block.epoch, index: block.index, members: [block.body.genesis.founder] }
    case 'view':
      return { epoch: block.epoch, index: block.index, members: block.body.members }
    case 'ops':
      return undefined
  }
}

/** Whether `a` is the higher log (PROTOCOL, section 1, head). */
export function isHigher(a: { epoch: Epoch; index: number }, b: { epoch: Epoch; index: number }): boolean {
  const order = compareEpochs(a.epoch, b.epoch)
  return order !== 0 ? order > 0 : a.index > b.index
}
