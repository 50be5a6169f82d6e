import type { Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { Block, Checkpoint, Commit } from './block.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { compareEpochs, type Epoch, sameEpoch } from './view.ts'

/** What a member says that it has on disk, in one epoch. */
interface Report {
  readonly epoch: Epoch
  /** The highest report whose block stands in our own log. */
  counted: number
  /** The highest one, where our log has not come so far yet: it counts once that very block is there. */
  ahead: Commit | undefined
}

/** Commit: what a quorum has on disk can no longer be lost (PROTOCOL, section 4). */
export class Counting {
  readonly #ring: Ring
  readonly #reports = new Map<PeerId, Report>()
  #hasAhead = false
  /** How far each member of the view has come, while that is counted: it is counted with every report. */
  #reached = new Float64Array(0)
  /** When the commit last moved, or a first block after it came: what a stall is counted from. */
  #progressAt: number

  constructor(ring: Ring) {
    this.#ring = ring
    this.#progressAt = ring.out.now
  }

  /** A peer says up to where it has the log of an epoch on disk. Reports of one peer only grow. */
  report(peer: PeerId, epoch: Epoch, durable: Commit): void {
    const { log } = this.#ring
    const installed = log.installedView.epoch
    if (compareEpochs(epoch, installed) < 0) return
    let report = this.#reports.get(peer)
    if (report === undefined || !sameEpoch(report.epoch, epoch)) {
      if (report !== undefined && compareEpochs(epoch, report.epoch) < 0) return
      report = { epoch, counted: -1, ahead: undefined }
      this.#reports.set(peer, report)
    }
    // Of an epoch that is still to be installed here, too: its blocks come soon.
    if (durable.index > log.head.index || !sameEpoch(epoch, installed)) {
      if (durable.index > (report.ahead?.index ?? -1)) report.ahead = durable
      this.#hasAhead = true
      // Rule 4-report-hash [S2] [S3]
    } else if (durable.index > report.counted && log.has(durable.index, durable.hash)) {
      report.counted = durable.index
      // What is committed already needs no more reports.
      if (durable.index > log.commit.index) this.#count()
    }
  }

  /** The log grew: reports that were ahead of it may count now. */
  appended(block: Block): void {
    if (!this.#hasAhead) return
    this.#hasAhead = false
    for (const report of this.#reports.values()) {
      const { ahead } = report
      if (ahead === undefined) continue
      if (ahead.index > block.index || !sameEpoch(report.epoch, block.epoch)) {
        this.#hasAhead = true
        continue
      }
      report.ahead = undefined
      if (ahead.index === block.index && ahead.hash === block.hash) report.counted = Math.max(report.counted, ahead.index)
    }
    this.#count()
  }

  /** This peer's own log reached the disk: counts it, and tells the authors of what is new (PROTOCOL, section 3). */
  reportOwn(before: number): void {
    const { log, epochs, out, self } = this.#ring
    const view = log.installedView
    // A batch that finished after a promise vouches for nothing: its blocks may be dropped.
    // Rule 3-durable [S3]
    if (!epochs.isActive || log.durable <= view.index) return
    const authors = new Set<PeerId>()
    for (let index = Math.max(before, view.index) + 1; index <= log.durable; index++) authors.add(log.at(index).author)
    authors.delete(self)
    const durable = { index: log.durable, hash: log.at(log.durable).hash }
    out.send([...authors], { kind: 'durable', epoch: view.epoch, durable })
    this.report(self, view.epoch, durable)
  }

  /** Another peer's commit, taken over only where our own log has that very block, never by index alone. */
  learn(commit: Commit): void {
    const { log } = this.#ring
    // Rule 3-commit-hash [S2]
    if (commit.index > log.commit.index && log.has(commit.index, commit.hash)) this.move(commit.index)
  }

  /** `index` is known to be committed: hands out what is new, once, in order. */
  move(index: number): void {
    const { log, out, own, blocks, disk, membership } = this.#ring
    const newly = log.commitTo(index)
    for (const block of newly) {
      const batch = blocks.ownBatch(block)
      if (batch !== undefined) own.committed(batch.firstSequence, batch.count)
      else membership.meetOwn(block)
    }
    out.put({ kind: 'apply', blocks: newly })
    this.progressed()
    disk.changeCommit()
    membership.remember()
  }

  progressed(): void {
    this.#progressAt = this.#ring.out.now
  }

  /** Uncommitted blocks, and no progress for so long. */
  isStalled(wait: number): boolean {
    const { log, out } = this.#ring
    return log.head.index > log.commit.index && out.now - this.#progressAt > wait
  }

  /** Nothing else carried the commit in time: says it by itself. */
  tell(): void {
    const { log, epochs, out, peers } = this.#ring
    if (!epochs.isActive) return
    const late = epochs.otherMembers.filter((member) => peers.of(member).commitTold < log.commit.index)
    out.send(late, { kind: 'committed', epoch: epochs.promised, commit: log.commit })
    peers.commitTold(late)
  }

  /**
   * Commits what a commit quorum of the installed view has on disk. Never the view block itself, which is committed only
   * by activating its epoch; earlier epochs are committed by standing before.
   */
  #count(): void {
    const { log, due, out } = this.#ring
    const view = log.installedView
    if (view !== log.lastView) return
    const { length } = view.members
    if (this.#reached.length !== length) this.#reached = new Float64Array(length)
    const reached = this.#reached
    let ahead = 0
    for (let i = 0; i < length; i++) {
      const report = this.#reports.get(view.members[i] as PeerId)
      const index = report !== undefined && sameEpoch(report.epoch, view.epoch) ? report.counted : -1
      if (index > log.commit.index) ahead++
      reached[i] = index
    }
    // Mostly so: to put them in order takes longer than all of this.
    if (2 * ahead <= length) return
    reached.sort()
    // So many, this one included, reach at least as far: more than half.
    const index = Math.min(reached[length - 1 - (length >> 1)] ?? -1, log.head.index)
    // Rule 4-view-block [S2] [S3]
    if (index <= view.index || index <= log.commit.index) return
    this.move(index)
    due.armBy('commitTell', out.now + timing.commitTell)
  }
}

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
    // Whoever is not in the view is one of those who have computed it, too: a room of one that lies is no majority.
    const count = new Set([...members, this.#ring.self]).size
    const against = members.filter((member) => this.#differing.has(member))
    if (2 * against.length > count) {
      const index = this.#differing.get(against[0] as PeerId)?.checkpoint?.index ?? 0
      return out.stop({ kind: 'state-diverged', index, authors: against })
    }
    // Us, and those that agree with us.
    const agreeing = 1 + members.filter((member) => this.#agreeing.has(member)).length
    if (2 * agreeing > count) for (const block of this.#differing.values()) faults.add({ kind: 'checkpoint', block })
  }
}
