import type { PeerId } from '../core/ids.ts'
import { type Block, isSignedByAuthor } from './block.ts'
import { faultOf } from './chain.ts'
import type { MessageOf } from './message.ts'
import type { Ring } from './ring.ts'
import { compareEpochs, type Epoch, sameEpoch } from './view.ts'

/** What a peer does for the epoch that another one makes (PROTOCOL, sections 5.2, 5.4 and 5.5). */
export class Promises {
  readonly #ring: Ring

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** Step 2: promises what is higher, answers the same again, refuses what is lower. */
  onPrepare(from: PeerId, { epoch }: MessageOf<'prepare'>): void {
    const { epochs, membership, disk, out, log } = this.#ring
    epochs.saw(epoch)
    // Who has forgotten cannot know what it promised before.
    if (membership.hasForgotten || disk.failed) return
    const order = compareEpochs(epochs.promised, epoch)
    if (order > 0) return out.send([from], { kind: 'refuse', epoch, promised: epochs.promised })
    if (order < 0) epochs.becomeFollowing(epoch)
    disk.whenDurable(() => {
      // The head is read after the promise took force, and is on disk.
      // Rule 5.2-head [S2] [S3]
      if (sameEpoch(epochs.promised, epoch)) {
        out.send([from], { kind: 'promise', epoch, head: log.durableHead, commit: log.commit })
      }
    })
  }

  /** Step 4: our log becomes the initiator's, if our promise is still for its epoch. */
  onInstall(from: PeerId, { epoch, viewBlock }: MessageOf<'install'>): void {
    const { epochs, membership, disk, log, fetching, faults } = this.#ring
    if (membership.hasForgotten || disk.failed || !sameEpoch(epochs.promised, epoch)) return
    const fault = this.#faultOfProposal(epoch, viewBlock)
    if (fault !== undefined) return faults.refuse(from, 'install', fault)
    // A repeated one changes nothing: the peer only answers again.
    // Rule 5.4-repeated [S1] [S3]
    if (log.hasView(viewBlock)) return this.#answer(from, epoch, viewBlock)
    if (viewBlock.index <= log.commit.index)
      return faults.refuse(from, 'install', 'its view would stand before what is committed')
    const target = { index: viewBlock.index - 1, hash: viewBlock.prevHash }
    if (log.has(target.index, target.hash)) this.#install(from, epoch, [], viewBlock)
    else fetching.beginStage({ purpose: 'install', epoch, from, target, viewBlock })
  }

  /** Goes on with an `Install` once the blocks before its view are here, by whatever way they came. */
  advanceInstall(): void {
    const { fetching, epochs } = this.#ring
    fetching.endStageIfPassed()
    const { stage } = fetching
    if (stage?.purpose !== 'install') return
    const blocks = fetching.stagedUpTo(stage.target)
    if (blocks === undefined) return
    fetching.endStage()
    // Looked at again in the very step that replaces the log, after all fetching.
    // Rule 5.4-recheck [S3]
    if (sameEpoch(epochs.promised, stage.epoch)) this.#install(stage.from, stage.epoch, blocks, stage.viewBlock)
  }

  /** Step 5: the view block is committed, by the word of the initiator whose epoch this peer promised. */
  onActivated(from: PeerId, { commit }: MessageOf<'activated'>): void {
    const { log, counting, fetching } = this.#ring
    if (log.has(commit.index, commit.hash)) counting.learn(commit)
    else if (commit.index > log.commit.index) fetching.askForCommitted(from, log.commit.index + 1, true)
  }

  #faultOfProposal(epoch: Epoch, viewBlock: Block): string | undefined {
    const { crypto } = this.#ring
    if (viewBlock.body.kind !== 'view' || !sameEpoch(viewBlock.epoch, epoch)) return 'it proposes no view of its epoch'
    if (viewBlock.author !== epoch.initiator) return 'its view block is not its initiator’s'
    return isSignedByAuthor(viewBlock, crypto) ? undefined : 'its view block is not signed by its author'
  }

  /** Replaces a conflicting tail from the first block that differs on, and appends the view: one atomic batch. */
  #install(from: PeerId, epoch: Epoch, past: readonly Block[], viewBlock: Block): void {
    const { log, blocks, out, faults, crypto } = this.#ring
    if (log.hasView(viewBlock)) return this.#answer(from, epoch, viewBlock)
    const previous = past[past.length - 1] ?? log.find(viewBlock.index - 1)
    if (previous === undefined || previous.hash !== viewBlock.prevHash || viewBlock.index <= log.commit.index) return
    const fault = faultOf(viewBlock, previous, log.lastView, crypto)
    if (fault !== undefined) return faults.refuse(from, 'install', fault)
    const wanted = [...past, viewBlock]
    const fork = wanted.find((block) => !log.has(block.index, block.hash)) as Block
    if (fork.index <= log.head.index) blocks.dropTail(fork.index)
    for (const block of wanted) if (block.index >= fork.index) blocks.append(block)
    out.note('view-installed', { number: epoch.number, index: viewBlock.index })
    this.#answer(from, epoch, viewBlock)
  }

  /** Once the view block is on disk, and only if no later promise was made during the fsync. */
  #answer(to: PeerId, epoch: Epoch, viewBlock: Block): void {
    const { disk, log, epochs, out } = this.#ring
    disk.whenDurable(() => {
      const isOnDisk = log.hasView(viewBlock) && log.durable >= viewBlock.index
      // Rule 5.4-installed [S2] [S3]
      if (isOnDisk && sameEpoch(epochs.promised, epoch)) out.send([to], { kind: 'installed', epoch })
    })
  }
}
