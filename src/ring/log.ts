import { assert } from '../core/assert.ts'
import type { Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { leapMax } from '../core/limits.ts'
import { type Block, type Commit, faultOf, type Head, headOf, isSignedByAuthor, viewOf } from './block.ts'
import type { Ring } from './ring.ts'
import { compareEpochs, type Epoch, noEpoch, sameEpoch, type View } from './view.ts'

const noView: View = { epoch: noEpoch, index: -1, members: [], lost: [] }

/** A view of this log, with the signed block that installs it. */
interface Config extends View {
  readonly block: Block
}

/** A peer's log as far as it must be at hand: the uncommitted tail, a little before it, and the views that can matter. */
export class Log {
  /** Without a gap, oldest first; never empty. */
  #blocks: Block[]
  /** The last committed view, and every uncommitted one after it, oldest first: the configs of this log (PROTOCOL, section 1). */
  #configs: Config[] = []
  /** Members of all views that this log has or had since the start. */
  readonly #everMembers = new Set<PeerId>()
  /** Losses in the views of this log, of those that it has or had since the start, oldest first. */
  readonly #lost: { readonly peer: PeerId; readonly loss: number; readonly epoch: Epoch; readonly index: number }[] = []
  /**
   * The last block known to be committed. Moved by {@link commitTo}, never back. Holds: durable may be below or above it,
   * commit <= head.
   */
  #commit: Commit
  /**
   * The index up to which this very log is on disk, fsynced. Moved on by {@link reachDisk}, back only by {@link cut}.
   * Holds: durable <= head.
   */
  #durable: number
  readonly #memoryBlocks: number

  constructor(blocks: readonly Block[], viewBlocks: readonly Block[], commit: Commit, memoryBlocks: number) {
    assert(blocks.length > 0 && viewBlocks.length > 0, 'a log has at least its genesis block')
    this.#blocks = [...blocks]
    for (const block of viewBlocks) this.#addView(block)
    this.#commit = commit
    this.#durable = this.head.index
    this.#memoryBlocks = memoryBlocks
  }

  get head(): Block {
    return this.#blocks[this.#blocks.length - 1] as Block
  }

  get commit(): Commit {
    return this.#commit
  }

  get durable(): number {
    return this.#durable
  }

  /** The committed block at the commit, as a place with its epoch. */
  get commitHead(): Head {
    return headOf(this.at(this.#commit.index))
  }

  /** Index of the oldest block in memory. */
  get base(): number {
    return (this.#blocks[0] as Block).index
  }

  get configs(): readonly View[] {
    return this.#configs
  }

  /** The signed blocks of the configs, in log order, but for the genesis block, which everybody has. */
  get configBlocks(): readonly Block[] {
    return this.#configs.map(({ block }) => block).filter(({ body }) => body.kind === 'view')
  }

  get lastView(): View {
    return this.#configs[this.#configs.length - 1] as View
  }

  get committedView(): View {
    return this.#configs[0] as View
  }

  /** The last view that is on disk: its epoch is what PROTOCOL calls `installed`. Without members while none is. */
  get installedView(): View {
    for (let i = this.#configs.length - 1; i >= 0; i--) {
      const view = this.#configs[i] as View
      if (view.index <= this.#durable) return view
    }
    return noView
  }

  /** The last block that is on disk. */
  get durableHead(): Head {
    return headOf(this.at(this.#durable))
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

  /** The view block is in this log, also where it has left the memory for blocks: the configs are always at hand. */
  hasView({ index, hash }: Block): boolean {
    return this.has(index, hash) || this.#configs.some(({ block }) => block.hash === hash)
  }

  slice(from: number, through: number): readonly Block[] {
    return this.#blocks.slice(Math.max(0, from - this.base), through - this.base + 1)
  }

  /** In any config of this log. */
  isVoter(peer: PeerId): boolean {
    for (const view of this.#configs) if (view.members.includes(peer)) return true
    return false
  }

  /** In a view of this log, or of one that it had since the start. */
  wasMember(peer: PeerId): boolean {
    return this.#everMembers.has(peer)
  }

  /** The epoch of the last view that named the peer as lost; `undefined`: none did. */
  lostIn(peer: PeerId): Epoch | undefined {
    return this.#lost.findLast((lost) => lost.peer === peer)?.epoch
  }

  /** This very loss is written down in this log. */
  hasLoss(peer: PeerId, loss: number): boolean {
    return this.#lost.some((lost) => lost.peer === peer && lost.loss === loss)
  }

  /** A committed view block carries this very loss. */
  hasCommittedLoss(peer: PeerId, loss: number): boolean {
    return this.#lost.some((lost) => lost.peer === peer && lost.loss === loss && lost.index <= this.#commit.index)
  }

  append(block: Block): void {
    assert(block.index === this.head.index + 1 && block.prevHash === this.head.hash, 'a block extends the head')
    this.#blocks.push(block)
    this.#addView(block)
  }

  /** Drops everything from `from` on, never anything committed. Answers what was dropped. Rule 7-no-drop [S3] */
  cut(from: number): readonly Block[] {
    assert(from > this.#commit.index, `a committed block is never dropped: cut from ${from}, commit ${this.#commit.index}`)
    const dropped = this.#blocks.splice(from - this.base)
    while (this.lastView.index >= from) this.#configs.pop()
    while ((this.#lost.at(-1)?.index ?? -1) >= from) this.#lost.pop()
    this.#durable = Math.min(this.#durable, from - 1)
    return dropped
  }

  /** This log is on disk up to `index`. */
  reachDisk(index: number): void {
    this.#durable = Math.max(this.#durable, Math.min(index, this.head.index))
  }

  /** Moves the commit on to a block of this log; answers the newly committed ones. */
  commitTo(index: number): readonly Block[] {
    const newly = this.slice(this.#commit.index + 1, index)
    const block = this.at(index)
    this.#commit = { index, hash: block.hash }
    while (this.#configs.length > 1 && (this.#configs[1] as View).index <= index) this.#configs.shift()
    this.#trim()
    return newly
  }

  #addView(block: Block): void {
    const view = viewOf(block)
    if (view === undefined) return
    this.#configs.push({ ...view, block })
    for (const member of view.members) this.#everMembers.add(member)
    for (const { peer, loss } of view.lost) this.#lost.push({ peer, loss, epoch: view.epoch, index: view.index })
  }

  /** Never beyond what is on disk: the next batch still needs the rest. */
  #trim(): void {
    const spare = Math.min(this.#commit.index, this.#durable) - this.#memoryBlocks - this.base
    if (4 * spare > this.#memoryBlocks) this.#blocks.splice(0, spare)
  }
}

/** First sequence and count of a block's operations. */
export interface OwnBatch {
  readonly firstSequence: number
  readonly count: number
}

/** How blocks get into the log and out of it: those of the epoch that this peer is active in (PROTOCOL, section 3). */
export class Blocks {
  readonly #ring: Ring
  /** By index: blocks that came ahead of what they follow, and who sent them. */
  readonly #ahead = new Map<number, { readonly from: PeerId; readonly block: Block }>()

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

  /** The log becomes `chain` from the first block of it on that is not here: what contradicts it goes, in the same batch. */
  follow(chain: readonly Block[]): void {
    const { log } = this.#ring
    const fork = chain.find((block) => !log.has(block.index, block.hash))
    if (fork === undefined) return
    if (fork.index <= log.head.index) this.dropTail(fork.index, chain)
    for (const block of chain) if (block.index >= fork.index) this.append(block)
  }

  /**
   * Drops the log's tail from `from` on, for `chain` to take its place; own operations in it go back to the queue, under the
   * same ids.
   */
  dropTail(from: number, chain: readonly Block[] = []): void {
    const { log, own, disk, out } = this.#ring
    this.#compare(chain)
    for (const block of log.cut(from)) {
      const batch = this.ownBatch(block)
      if (batch !== undefined) own.dropped(batch.firstSequence)
    }
    disk.cutLog(from)
    // As far as frames could have moved it. Who wrote these blocks may have leapt with each: from there nobody would take our next one.
    out.clock.goBackTo(log.head.lamport + leapMax / 2)
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

  /**
   * The last moment that both are in hand: where the two logs differ within one epoch, somebody wrote twice. Of one author
   * it is proof against that one; of two either may have been misled by what stands before.
   */
  #compare(chain: readonly Block[]): void {
    const { log, faults } = this.#ring
    let clash: readonly [Block, Block] | undefined
    for (const block of chain) {
      const ours = log.find(block.index)
      if (ours === undefined || !isClash(ours, block)) continue
      if (ours.author === block.author) return faults.blocksClash(ours, block)
      clash ??= [ours, block]
    }
    if (clash !== undefined) faults.blocksClash(...clash)
  }

  #acceptOne(from: PeerId, block: Block): void {
    const { log, epochs, faults, token, crypto } = this.#ring
    if (!epochs.isActive || !sameEpoch(block.epoch, epochs.promised) || block.body.kind !== 'ops') return
    if (block.index <= log.head.index) {
      const ours = log.find(block.index)
      if (ours !== undefined && isClash(ours, block)) faults.blocksClash(ours, block)
    } else if (block.index > log.head.index + 1) {
      this.#keepAhead(from, block)
    } else {
      const fault = faultOf(block, log.head, log.lastView, crypto)
      if (fault !== undefined) return this.#refuse(from, block, fault)
      this.append(block)
      token.sawBlock(block.epoch, block.turn)
    }
  }

  #keepAhead(from: PeerId, block: Block): void {
    const { log, faults, limits } = this.#ring
    if (block.index - log.head.index > limits.aheadBlocks) return
    const other = this.#ahead.get(block.index)?.block
    if (other !== undefined && isClash(other, block)) faults.blocksClash(other, block)
    this.#ahead.set(block.index, { from, block })
  }

  /**
   * One that a member wrote after another block than ours, in this very epoch: somebody told the two of us different things,
   * and its sender may be the other one.
   */
  #refuse(from: PeerId, block: Block, fault: string): void {
    const { log, faults, fetching, crypto } = this.#ring
    const isOfOtherLog = block.prevHash !== log.head.hash && log.lastView.members.includes(block.author)
    if (!isOfOtherLog || !isSignedByAuthor(block, crypto)) return faults.refuse(from, 'a block', fault)
    fetching.compareWith(from, { what: 'a block', reason: fault, index: block.index - 1, hash: block.prevHash })
  }

  #fillFromAhead(from: PeerId): void {
    const { log, fetching } = this.#ring
    while (this.#ahead.size > 0) {
      const next = log.head.index + 1
      const waiting = this.#ahead.get(next)
      for (const index of this.#ahead.keys()) if (index <= next) this.#ahead.delete(index)
      if (waiting === undefined) break
      // Whoever sent that one answers for it, and not whoever filled the gap.
      this.#acceptOne(waiting.from, waiting.block)
      if (log.head.index < next) break
    }
    if (this.#ahead.size > 0) fetching.askForTail(from)
  }
}

/** Two blocks for one place of one epoch: at most one of them is honest (PROTOCOL, section 3). */
const isClash = (one: Block, other: Block): boolean =>
  one.hash !== other.hash && one.index === other.index && sameEpoch(one.epoch, other.epoch)

/** Whether `a` is the higher log (PROTOCOL, section 1, head). */
export function isHigher(a: { epoch: Epoch; index: number }, b: { epoch: Epoch; index: number }): boolean {
  const order = compareEpochs(a.epoch, b.epoch)
  return order !== 0 ? order > 0 : a.index > b.index
}
