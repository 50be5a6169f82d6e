import type { Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { type Block, type Commit, faultOf, headOf, viewOf } from './block.ts'
import type { FetchedMessage, FetchMessage } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { type Epoch, sameEpoch } from './view.ts'

/**
 * Blocks of another peer's log on their way here, to become this one's: a chain from right after our commit to `target`.
 * `choose`: the past of an epoch of ours; `install`: that of the view that another peer proposes.
 */
export type Stage = {
  readonly from: PeerId
  readonly epoch: Epoch
  readonly target: Commit
  readonly blocks: Block[]
  /** When it began, or last got on. */
  gotOnAt: number
} & ({ readonly purpose: 'choose' } | { readonly purpose: 'install'; readonly viewBlock: Block })

export type WantedStage = Stage extends infer One ? (One extends Stage ? Omit<One, 'blocks' | 'gotOnAt'> : never) : never

/** What a member said of its log that does not fit ours, in the epoch that this peer is active in. */
export interface Claim {
  readonly what: string
  readonly reason: string
  /** At this place its log has this block. */
  readonly index: number
  readonly hash: Hash
}

/** An answer that takes longer than this was not asked for. */
const answerMillis = 10_000
/** Fetches under way to different peers: what each is asked for is remembered. */
const askedMax = 64
/** Answers asked for ahead: fewer leave cores without work while one is taken, more keep more of them in memory. */
const aheadMax = 4

/** Blocks on request: serves them to others, and fetches what is missing here (PROTOCOL, sections 2.4 and 5). */
export class Fetching {
  readonly #ring: Ring
  #stage: Stage | undefined
  /** Whom this peer has asked for something, and when last: answers come from nobody else. */
  readonly #asked = new Map<PeerId, { tail: number; committed: number }>()
  #tailAskedAt = Number.NEGATIVE_INFINITY
  /** Of members whose log in the present epoch is to be compared with ours: what they said, when they were asked, and for what. */
  readonly #claims = new Map<PeerId, { claim: Claim; readonly askedAt: number; first: number }>()
  /** Committed blocks are asked for not before; the last one asked, where no answer came yet. */
  #syncAt: number
  #unanswered: { readonly to: PeerId; readonly at: number } | undefined
  /** What was asked for while answers before it are still looked at, in order. */
  #ahead: readonly { readonly to: PeerId; readonly first: number; readonly at: number }[] = []
  /** What comes after all of that, where so much is looked at that no more is asked for: as soon as the next answer is taken. */
  #deferred: { readonly from: PeerId; readonly first: number } | undefined

  constructor(ring: Ring) {
    this.#ring = ring
    this.#syncAt = ring.out.now
  }

  get stage(): Stage | undefined {
    return this.#stage
  }

  /** From memory, or by way of the driver from the store; the driver serves one at a time to each peer. */
  onFetch(from: PeerId, { what, from: first }: FetchMessage): void {
    const { log, out, limits } = this.#ring
    // Who catches up gets committed blocks only.
    // Rule 5-catch-committed [S2]
    const last = what === 'committed' ? log.commit.index : log.head.index
    if (first > last) return
    const answer = { kind: 'serve', to: from, what, commit: log.commitHead, head: headOf(log.head) } as const
    if (first < log.base) {
      const blocks = { from: first, through: Math.min(log.commit.index, log.durable) }
      return out.put({ ...answer, lamport: out.clock.advance(), blocks })
    }
    const blocks: Block[] = []
    let bytes = 0
    for (const block of log.slice(first, last)) {
      bytes += block.bytes.length
      if (bytes > limits.fetchedBytes && blocks.length > 0) break
      blocks.push(block)
    }
    out.put({ ...answer, lamport: out.clock.advance(), blocks })
  }

  /** Blocks of another log came: committed ones may always be taken over; others only for what they were asked for. */
  onFetched(from: PeerId, message: FetchedMessage): void {
    const { epochs, catchUp, faults, log } = this.#ring
    const asked = this.#asked.get(from)
    const at = message.what === 'tail' ? asked?.tail : asked?.committed
    if (at === undefined || this.#ring.out.now - at > answerMillis) {
      // An answer that comes twice, or late, or to this peer's earlier life, is nobody's fault; and only who takes part knows the members.
      if (asked === undefined && epochs.isActive && !log.wasMember(from))
        faults.refuse(from, 'fetched', 'it was not asked for', true)
      return
    }
    if (this.#unanswered?.to === from) this.#unanswered = undefined
    if (message.what === 'tail') {
      if (this.#stage?.from === from) this.#extendStage(this.#stage, message.blocks)
      else if (epochs.isActive) this.#takeTail(from, message)
    }
    if (this.#ring.out.stopped === undefined) catchUp.adopt(from, message)
  }

  /** The rest of the log of our own epoch, a frame at a time: the next at once, where this one was of use. */
  #takeTail(from: PeerId, { blocks, commit, head }: FetchedMessage): void {
    const { log, epochs } = this.#ring
    this.#checkClaim(from, blocks)
    const before = log.head.index
    this.#ring.blocks.accept(from, epochs.promised, blocks, commit)
    if (!epochs.isActive || log.head.index === before || !sameEpoch(head.epoch, epochs.promised)) return
    if (head.index > log.head.index) this.#ask(from, 'tail', log.head.index + 1)
  }

  /**
   * What a member says does not fit our log, in one epoch, in which no log changes. Either it lies, or somebody wrote two blocks
   * for one place, and told each of us one: so it is named only once what it has there is seen. Blocks of the two logs are
   * compared as they come in.
   */
  compareWith(from: PeerId, claim: Claim): void {
    const { out, log } = this.#ring
    const before = this.#claims.get(from)
    if (before !== undefined && out.now - before.askedAt < timing.repeat) {
      before.claim = claim
      return
    }
    // From the first that can differ on: what is committed does not.
    const first = log.commit.index + 1
    this.#claims.set(from, { claim, askedAt: out.now, first })
    this.#ask(from, 'tail', first)
  }

  /** Whether it has another block there than it said; asks on where the answer ends before. */
  #checkClaim(from: PeerId, blocks: readonly Block[]): void {
    const { epochs, faults } = this.#ring
    const compared = this.#claims.get(from)
    const last = blocks[blocks.length - 1]?.index
    if (compared === undefined || last === undefined) return
    const { index, hash, what, reason } = compared.claim
    const shown = blocks.find((block) => block.index === index && sameEpoch(block.epoch, epochs.promised))
    if (shown !== undefined && shown.hash !== hash) return faults.refuse(from, what, reason)
    if (last < compared.first || last >= index) return
    compared.first = last + 1
    this.#ask(from, 'tail', compared.first)
  }

  /** Asks for the rest of the log of our own epoch, at most once in a while. */
  askForTail(from: PeerId): void {
    const { out, log } = this.#ring
    if (out.now - this.#tailAskedAt < timing.repeat) return
    this.#tailAskedAt = out.now
    this.#ask(from, 'tail', log.head.index + 1)
  }

  /** Asks for committed blocks: once in a while; at once where an answer was of use. */
  askForCommitted(from: PeerId, first: number, isFollowUp: boolean): void {
    const { out, peers, log } = this.#ring
    if (!isFollowUp && out.now < this.#syncAt) return
    // What goes on with somebody unknown keeps nobody else from being asked.
    if (!isFollowUp || log.isVoter(from)) this.#syncAt = out.now + timing.syncEvery
    const before = this.#unanswered
    if (before !== undefined && out.now - before.at > timing.unanswered) peers.foundUseless(before.to)
    if (before?.to !== from) this.#unanswered = { to: from, at: out.now }
    const place = this.#ahead.findIndex((one) => one.to === from && one.first === first && out.now - one.at <= timing.unanswered)
    const isAsked = isFollowUp && place >= 0
    this.#ahead = isAsked ? this.#ahead.slice(place + 1) : []
    const deferred = this.#deferred
    this.#deferred = undefined
    if (!isAsked) this.#ask(from, 'committed', first)
    else if (deferred !== undefined) this.askAhead(deferred.from, deferred.first)
  }

  /** Committed blocks were asked of it just now. */
  isAsked(from: PeerId): boolean {
    const asked = this.#asked.get(from)
    return asked !== undefined && this.#ring.out.now - asked.committed < timing.syncEvery
  }

  /** The next parts of a long log are made ready while this peer looks at those before them. */
  askAhead(from: PeerId, first: number): void {
    const { out, log, epochs, disk } = this.#ring
    const at = this.#asked.get(from)?.committed
    if (at === undefined || out.now - at > answerMillis) return
    if (epochs.isActive || disk.failed || first <= log.commit.index) return
    if (this.#ahead.length >= aheadMax) {
      this.#deferred = { from, first }
      return
    }
    this.#ahead = [...this.#ahead, { to: from, first, at: out.now }]
    this.#ask(from, 'committed', first)
  }

  /** Starts to fetch another peer's log up to a target; a stage towards the same target, from the same peer, goes on. */
  beginStage(wanted: WantedStage): void {
    const stage = this.#stage
    const isSameWay = stage?.purpose === wanted.purpose && stage.from === wanted.from
    if (isSameWay && stage.target.hash === wanted.target.hash && sameEpoch(stage.epoch, wanted.epoch)) return
    this.#stage = { ...wanted, blocks: [], gotOnAt: this.#ring.out.now }
    this.askForStage()
  }

  /** The blocks after our commit up to `target`, once all are here: staged, or in our own log by whatever way they came. */
  stagedUpTo(target: Commit): readonly Block[] | undefined {
    const { log } = this.#ring
    if (log.has(target.index, target.hash)) return log.slice(log.commit.index + 1, target.index)
    const stage = this.#stage
    if (stage === undefined || stage.target.hash !== target.hash) return undefined
    this.#align(stage)
    return stage.blocks[stage.blocks.length - 1]?.hash === target.hash ? stage.blocks : undefined
  }

  endStage(): void {
    this.#stage = undefined
    this.#ring.due.disarm('stage')
  }

  /** A fetch ends with the epoch that it was for, and so does what was to be compared in the one before. */
  endStageOf(promised: Epoch): void {
    this.#claims.clear()
    if (this.#stage !== undefined && !sameEpoch(this.#stage.epoch, promised)) this.endStage()
  }

  /**
   * A fetch ends where its target can never become part of this log: the room has gone on without it.
   * Rule 5-fetch-ends [L]
   */
  endStageIfPassed(): void {
    const { log } = this.#ring
    const stage = this.#stage
    if (stage === undefined) return
    if (stage.target.index <= log.commit.index && !log.has(stage.target.index, stage.target.hash)) this.endStage()
  }

  askForStage(): void {
    const { out, log, due } = this.#ring
    const stage = this.#stage
    if (stage === undefined) return
    // Whoever made the epoch has given it up by then; its `Install`, repeated, would begin anew.
    if (out.now - stage.gotOnAt > timing.stageLife) return this.endStage()
    due.arm('stage', out.now + timing.repeat)
    this.#align(stage)
    const tip = stage.blocks[stage.blocks.length - 1]?.index ?? log.commit.index
    this.#ask(stage.from, 'tail', tip + 1)
  }

  #ask(to: PeerId, what: FetchMessage['what'], from: number): void {
    const { out } = this.#ring
    const never = Number.NEGATIVE_INFINITY
    const before = this.#asked.get(to) ?? { tail: never, committed: never }
    this.#asked.delete(to)
    this.#asked.set(to, { ...before, [what]: out.now })
    if (this.#asked.size > askedMax) for (const oldest of this.#asked.keys()) return void this.#asked.delete(oldest)
    out.send([to], { kind: 'fetch', what, from })
  }

  #extendStage(stage: Stage, fetched: readonly Block[]): void {
    const { log, crypto, faults } = this.#ring
    this.#align(stage)
    const before = stage.blocks.length
    let previous = stage.blocks[before - 1] ?? log.at(log.commit.index)
    let view = stage.blocks.reduce((last, block) => viewOf(block) ?? last, log.committedView)
    for (const block of fetched) {
      if (block.index <= previous.index || previous.hash === stage.target.hash) continue
      const fault = log.has(block.index, block.hash) ? undefined : faultOf(block, previous, view, crypto)
      if (fault !== undefined) {
        // The other log may have changed between two answers: begins again at our commit.
        stage.blocks.length = 0
        if (block.index !== previous.index + 1 || block.prevHash !== previous.hash) return
        stage.gotOnAt = Number.NEGATIVE_INFINITY
        faults.refuse(stage.from, 'a block', fault)
        return
      }
      stage.blocks.push(block)
      view = viewOf(block) ?? view
      previous = block
    }
    if (stage.blocks.length === before) return
    stage.gotOnAt = this.#ring.out.now
    if (previous.hash !== stage.target.hash) this.askForStage()
  }

  /** The commit may have moved since: a stage always starts right after it. */
  #align(stage: Stage): void {
    const { commit } = this.#ring.log
    const passed = stage.blocks.findIndex((block) => block.index > commit.index)
    stage.blocks.splice(0, passed < 0 ? stage.blocks.length : passed)
    const first = stage.blocks[0]
    if (first !== undefined && (first.index !== commit.index + 1 || first.prevHash !== commit.hash)) stage.blocks.length = 0
  }
}
