import type { Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { epochLeapMax, numberMax } from '../core/limits.ts'
import { type Block, type Commit, faultOf, type Head, isSignedByAuthor } from './block.ts'
import type { MessageOf } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { compareEpochs, type Epoch, sameEpoch, type View } from './view.ts'

/** Who asked for the epoch that this peer makes. */
export interface Wishes {
  /** From outside the view. */
  readonly joiners: ReadonlySet<PeerId>
  readonly leavers: ReadonlySet<PeerId>
  /** Peers that have forgotten, and the numbers of their losses. */
  readonly lost: ReadonlyMap<PeerId, number>
}

/** Steps 1 to 3 of PROTOCOL, section 5: this peer asks for promises. */
export interface Preparing extends Wishes {
  readonly kind: 'preparing'
  readonly epoch: Epoch
  repeatAt: number
  /** When `Prepare` left: not before our own promise is on disk, however long that takes. */
  askedAt: number | undefined
  readonly asked: Set<PeerId>
  readonly promises: Map<PeerId, { readonly head: Head; readonly commit: Commit }>
  /** By the hash of their heads: what other promised logs hold after our commit. */
  readonly logs: Map<Hash, readonly Block[]>
}

/** Steps 4 and 5: the view block is proposed, and wants answers. */
export interface Installing {
  readonly kind: 'installing'
  readonly epoch: Epoch
  readonly since: number
  repeatAt: number
  readonly viewBlock: Block
  /** Of the chosen log, without the new view. */
  readonly configs: readonly View[]
  /** All that promised, this peer left out: to these `Install` goes. */
  readonly promised: readonly PeerId[]
  readonly asked: ReadonlySet<PeerId>
  readonly installed: Set<PeerId>
}

/** An epoch of ours that is active, told to those that did not answer its `Install`, for as long as it lasts. */
export interface Leading {
  readonly kind: 'leading'
  readonly epoch: Epoch
  readonly viewBlock: Block
  readonly promised: readonly PeerId[]
  readonly missing: Set<PeerId>
}

export type EpochState = { readonly kind: 'following' } | Preparing | Installing | Leading

const following: EpochState = { kind: 'following' }

/** What this peer has promised, and what it does about the epoch that it promised (PROTOCOL, section 5). */
export class Epochs {
  readonly #ring: Ring
  #promised: Epoch
  /** The last view in the log when this peer started: in that epoch it takes and writes nothing. */
  readonly #startedIn: Epoch
  /** The highest number of an epoch seen anywhere; only members and this peer's own log move it. */
  #highest: number
  #state: EpochState = following
  #promisedAt = Number.NEGATIVE_INFINITY
  #others: { readonly of: readonly PeerId[]; readonly list: readonly PeerId[] } = { of: [], list: [] }

  constructor(ring: Ring, promised: Epoch) {
    this.#ring = ring
    this.#promised = promised
    this.#startedIn = ring.log.lastView.epoch
    this.#highest = Math.max(promised.number, ring.log.lastView.epoch.number)
  }

  get state(): EpochState {
    return this.#state
  }

  /** The highest epoch that this peer has promised to take part in. */
  get promised(): Epoch {
    return this.#promised
  }

  get promisedAt(): number {
    return this.#promisedAt
  }

  get highest(): number {
    return this.#highest
  }

  /** Restarted in the very epoch that it promised: it cannot take part in that any more. */
  get hasRestartedIn(): boolean {
    return sameEpoch(this.#startedIn, this.#promised)
  }

  /**
   * Installed, and promised nothing since (PROTOCOL, section 1): only then a peer takes, appends, accepts and reports.
   * Rule 1-active [S1]
   */
  get isActive(): boolean {
    const { log, disk, membership, faults, out } = this.#ring
    const { epoch } = log.installedView
    return (
      sameEpoch(epoch, this.#promised) &&
      // Rule 2.3-fresh [S1]
      !sameEpoch(epoch, this.#startedIn) &&
      this.isInView &&
      !disk.failed &&
      !membership.hasForgotten &&
      !faults.isSpoiled(epoch) &&
      out.stopped === undefined
    )
  }

  get isInView(): boolean {
    return this.#ring.log.installedView.members.includes(this.#ring.self)
  }

  /** The promised epoch has come about: what happens now is a new matter, and needs no quiet time. */
  get isSettled(): boolean {
    return this.isActive && sameEpoch(this.#ring.log.committedView.epoch, this.#promised)
  }

  /** The very same list for as long as the view stays. */
  get otherMembers(): readonly PeerId[] {
    const { log, self } = this.#ring
    const { members } = log.installedView
    if (this.#others.of !== members) this.#others = { of: members, list: members.filter((member) => member !== self) }
    return this.#others.list
  }

  /** A member speaks of an epoch: one's own next one is above it. What leaps is not believed, whatever it came with. */
  saw({ number }: Epoch): void {
    if (number > this.#highest && number - this.#highest <= epochLeapMax) this.#highest = number
  }

  /** Promises another peer's epoch, or one that the room was found to have made without this peer. */
  becomeFollowing(epoch: Epoch): void {
    this.#promise(epoch)
    this.#state = following
  }

  /** Promises an epoch of its own above all that was seen. Answers the attempt; `undefined`: there is no number left. */
  becomePreparing(wishes: Wishes, above: number): Preparing | undefined {
    const { self } = this.#ring
    const epoch: Epoch = { number: Math.max(this.#highest, this.#promised.number, above) + 1, initiator: self }
    if (epoch.number > numberMax) return undefined
    this.#promise(epoch)
    const state: Preparing = {
      ...wishes,
      kind: 'preparing',
      epoch,
      repeatAt: Number.POSITIVE_INFINITY,
      askedAt: undefined,
      asked: new Set(),
      promises: new Map(),
      logs: new Map(),
    }
    this.#state = state
    return state
  }

  becomeInstalling(preparing: Preparing, viewBlock: Block, configs: readonly View[]): Installing {
    const { out, self } = this.#ring
    const state: Installing = {
      kind: 'installing',
      epoch: preparing.epoch,
      since: out.now,
      repeatAt: out.now + timing.repeat,
      viewBlock,
      configs,
      promised: [...preparing.promises.keys()].filter((peer) => peer !== self),
      asked: preparing.asked,
      installed: new Set(),
    }
    this.#state = state
    return state
  }

  becomeLeading({ epoch, viewBlock, promised }: Installing, missing: Iterable<PeerId>): void {
    this.#state = { kind: 'leading', epoch, viewBlock, promised, missing: new Set(missing) }
  }

  /** Makes no epoch of its own any more; what it promised stays promised. */
  giveUp(): void {
    const { fetching } = this.#ring
    if (fetching.stage?.purpose === 'choose') fetching.endStage()
    this.#state = following
  }

  /** A view of another epoch is on disk (PROTOCOL, section 2.1): counts of the one before mean nothing any more. */
  enterIfNew(): void {
    const { token, asking, log, membership, blocks, counting } = this.#ring
    if (sameEpoch(token.epoch, log.installedView.epoch)) return
    token.enterEpoch()
    asking.enterEpoch()
    membership.enterEpoch()
    blocks.forgetAhead()
    counting.progressed()
  }

  /**
   * From this very moment, before the write even starts, it has no token, repeats none, takes none, reports nothing and
   * makes no attempt of its own for any epoch below (PROTOCOL, section 5.2).
   * Rule 5.2-at-once [S1] [S2] [S3]
   */
  #promise(epoch: Epoch): void {
    const { token, blocks, fetching, suspicion, membership, disk, out, patience } = this.#ring
    const { keptBy } = token
    if (keptBy !== undefined && keptBy !== epoch.initiator) patience.keptToken(keptBy)
    this.#promised = epoch
    this.#highest = Math.max(this.#highest, epoch.number)
    this.#promisedAt = out.now
    token.becomeAbsent()
    blocks.forgetAhead()
    fetching.endStageOf(epoch)
    suspicion.keepQuiet()
    membership.epochBegins()
    disk.change()
    out.note('promised', { number: epoch.number, initiator: epoch.initiator })
  }

  isBelow(epoch: Epoch): boolean {
    return compareEpochs(this.#promised, epoch) < 0
  }
}

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
    blocks.follow([...past, viewBlock])
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
