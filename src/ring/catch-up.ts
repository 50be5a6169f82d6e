import type { PeerId } from '../core/ids.ts'
import { epochLeapMax } from '../core/limits.ts'
import { type Block, type Commit, faultOf, type Head, headOf, viewOf } from './block.ts'
import type { FetchedMessage, FetchMessage, StatusMessage } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { compareEpochs, type Epoch, sameEpoch } from './view.ts'

/** So much of a stranger's chain is kept until it shows that its sender is none. */
const unknownBytesMax = 64 * 1024 * 1024
/** So much of it may stand on a view of a maker whom nobody known has signed for: anybody can write such a one. */
const doubtfulBytesMax = 1024 * 1024

/** Answers of one peer on their way at the same time: one is sent, and one more may be asked for. Twice that, to be sure. */
const overtakenMax = 4

/** Committed blocks of another peer's log (PROTOCOL, section 5, Catching up). */
export class CatchUp {
  readonly #ring: Ring
  /** A chain from right after our commit, whose sender is not known yet, and when it last got on; one that may be made up never does. */
  #unknown: { readonly from: PeerId; readonly blocks: Block[]; readonly gotOnAt: number } | undefined

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** A status is an offer: asks where it names a later epoch or commit than our own. */
  consider(from: PeerId, { commit, epoch }: StatusMessage): void {
    const { log, epochs, peers, out, fetching } = this.#ring
    if (commit.index <= log.commit.index || log.has(commit.index, commit.hash)) return
    // An active peer gets the blocks of its own epoch by the ring itself.
    if (epochs.isActive && compareEpochs(epoch, log.installedView.epoch) <= 0) return
    const { useless } = peers.of(from)
    if (useless !== undefined && out.now < useless.until) return
    if (!log.isVoter(from) && (this.#hearsVoterAhead() || this.#isFollowingOther(from))) return
    // Of one whose chain is kept goes on where that ends: from its beginning on nothing new could come.
    fetching.askForCommitted(from, (this.#keptOf(from).at(-1)?.index ?? log.commit.index) + 1, false)
  }

  /**
   * Takes over committed blocks, and only such, of a peer whose word on what is committed counts; a conflicting
   * uncommitted tail gives way to them, whatever the epochs of the two. If the commit that the frame names is of a later
   * epoch than this peer has promised, it promises that one in this very step, also where the frame ends long before:
   * from then on it is not active in any other.
   */
  adopt(from: PeerId, { blocks, commit }: FetchedMessage): void {
    const { log, epochs, disk, counting, fetching, peers, out, faults } = this.#ring
    if (disk.failed || commit.index <= log.commit.index) return
    // Rule 5-catch-active [L]
    if (epochs.isActive && compareEpochs(commit.epoch, log.installedView.epoch) <= 0) return
    const kept = this.#keptOf(from)
    // Asked for before a part of what is kept; the sender's commit has moved on since, which is nobody's fault.
    const isOfEarlier = commit.index <= log.commit.index + kept.length
    const chain = this.#validChain(from, kept, blocks, commit.index)
    const last = chain[chain.length - 1]
    if (last !== undefined && compareEpochs(last.epoch, commit.epoch) > 0) {
      return faults.refuse(from, 'fetched', 'it holds blocks of a later epoch than the commit that it names')
    }
    const atCommit = last?.index === commit.index ? last : log.find(commit.index)
    const hasCommit = atCommit?.hash === commit.hash
    if (hasCommit && !sameEpoch(atCommit.epoch, commit.epoch)) {
      return faults.refuse(from, 'fetched', 'the commit that it names is of another epoch')
    }
    if (last?.index === commit.index && !hasCommit) return peers.foundUseless(from)
    if (last === undefined && !hasCommit) {
      const isHere = blocks.length > 0 && blocks.every(({ index, hash }) => index <= log.commit.index || log.has(index, hash))
      return isHere ? this.#askPast(from, log.commit.index) : peers.foundUseless(from)
    }
    const word = this.#wordOf(from, chain, commit, hasCommit)
    if (word === 'none') return isOfEarlier ? undefined : peers.foundUseless(from)
    if (word === 'unknown' || word === 'doubtful') {
      if (this.#isFollowingOther(from)) return
      const hasGotOn = chain.length > kept.length
      const gotOnAt = word === 'doubtful' ? Number.NEGATIVE_INFINITY : hasGotOn ? out.now : (this.#unknown?.gotOnAt ?? out.now)
      this.#unknown = { from, blocks: [...chain], gotOnAt }
      const tip = (last as Block).index
      return hasGotOn ? fetching.askForCommitted(from, tip + 1, true) : this.#askPast(from, tip)
    }
    this.#unknown = undefined
    peers.update(from, { useless: undefined })
    // Rule 5-catch-raise [S1] [S3]
    if (epochs.isBelow(commit.epoch)) epochs.becomeFollowing(commit.epoch)
    this.#take(chain)
    const reached = log.has(commit.index, commit.hash) ? commit.index : (last?.index ?? log.commit.index)
    if (reached > log.commit.index) counting.move(reached)
    if (out.stopped !== undefined) return
    out.note('caught-up', { index: log.commit.index, from })
    // At once, not at the next status, until it has the commit that was named.
    if (commit.index > log.commit.index) fetching.askForCommitted(from, log.commit.index + 1, true)
  }

  /**
   * All of an answer is here already, up to `index`: it was overtaken by another one, which is nobody's fault. But not again and
   * again, or whoever names a far commit, and never sends what leads there, is asked for ever.
   * Rule 5-catch-overtaken [L]
   */
  #askPast(from: PeerId, index: number): void {
    const { peers, fetching } = this.#ring
    const before = peers.of(from).overtaken
    const count = before?.index === index ? before.count + 1 : 1
    peers.update(from, { overtaken: { index, count } })
    if (count <= overtakenMax) return fetching.askForCommitted(from, index + 1, false)
    peers.foundUseless(from)
  }

  #take(chain: readonly Block[]): void {
    const { log, blocks } = this.#ring
    const fork = chain.find((block) => !log.has(block.index, block.hash))
    if (fork === undefined) return
    // Rule 5-catch-tail [L]
    if (fork.index <= log.head.index) blocks.dropTail(fork.index)
    for (const block of chain) if (block.index >= fork.index) blocks.append(block)
  }

  /**
   * Another one's chain is kept, and gets on: were it given up for each status of somebody else, no long one would come to its end.
   * Rule 5-catch-one [L]
   */
  #isFollowingOther(from: PeerId): boolean {
    const unknown = this.#unknown
    if (unknown === undefined || unknown.from === from || this.#keptOf(unknown.from).length === 0) return false
    return this.#ring.out.now - unknown.gotOnAt <= timing.unanswered
  }

  /** What this sender gave before, without a gap from right after our commit on. */
  #keptOf(from: PeerId): readonly Block[] {
    const { commit } = this.#ring.log
    const kept = this.#unknown?.from === from ? this.#unknown.blocks : []
    return kept[0]?.index === commit.index + 1 && kept[0].prevHash === commit.hash ? kept : []
  }

  /**
   * What follows our commit without a gap, as far as it is valid: what is kept, and more of it. No further than `through`,
   * the commit that the frame in hand names: for what an earlier one gave beyond it this one does not speak.
   */
  #validChain(from: PeerId, kept: readonly Block[], fetched: readonly Block[], through: number): readonly Block[] {
    const { log, crypto, faults } = this.#ring
    const chain = kept.filter(({ index }) => index <= through)
    let previous = chain[chain.length - 1] ?? log.at(log.commit.index)
    let view = chain.reduce((last, block) => viewOf(block) ?? last, log.committedView)
    for (const block of fetched) {
      if (block.index <= previous.index || block.index > through) continue
      const fault = log.has(block.index, block.hash) ? undefined : faultOf(block, previous, view, crypto)
      if (fault !== undefined) {
        // One that does not follow may belong to an answer that was overtaken.
        if (block.index === previous.index + 1 && block.prevHash === previous.hash)
          faults.refuse(from, 'a committed block', fault)
        break
      }
      chain.push(block)
      view = viewOf(block) ?? view
      previous = block
    }
    return chain
  }

  /**
   * Whether the sender's word that blocks are committed is taken. Members do not lie, but whoever knows the code can say
   * anything: its word counts if it is in a config of our log, or in a view of this chain, each of whose views was made by
   * somebody known before, or stands under a block of such a one: a view that was proposed, and given up for the next one's, may
   * be all that has ever named the next one's maker. `unknown`: more of the chain may show that it is; or how the room came to an
   * epoch that is far ahead of all that is known here. `doubtful`: so may a chain that is made up. Others may serve blocks, but vouch for nothing: what they call committed may be a tail
   * that the room drops.
   */
  #wordOf(from: PeerId, chain: readonly Block[], commit: Head, isWhole: boolean): 'counts' | 'unknown' | 'doubtful' | 'none' {
    const { log, self, membership, epochs } = this.#ring
    const isOutside = !log.isVoter(self) || membership.hasForgotten
    const reach = Math.max(epochs.highest, chain[chain.length - 1]?.epoch.number ?? 0) + epochLeapMax
    const isLeap = !isOutside && commit.epoch.number > reach
    if (log.isVoter(from) && !isLeap) return 'counts'
    const known = new Set(log.configs.flatMap(({ members }) => members))
    let kept = 0
    /** Members of views whose maker is not known, until one that is signs what stands above; and the bytes since one did. */
    let doubtful: PeerId[] = []
    let doubtfulBytes = 0
    for (const { author, body, bytes } of chain) {
      kept += bytes.length
      if (known.has(author)) {
        for (const member of doubtful) known.add(member)
        doubtful = []
        doubtfulBytes = 0
      }
      if (body.kind === 'view') {
        if (known.has(author)) for (const member of body.members) known.add(member)
        else doubtful.push(...body.members)
      }
      doubtfulBytes += bytes.length
    }
    if (known.has(from) && !isLeap) return 'counts'
    if (isWhole || kept >= unknownBytesMax || doubtfulBytes >= doubtfulBytesMax || chain.length === 0) return 'none'
    return doubtful.length > 0 ? 'doubtful' : 'unknown'
  }

  /** A peer of a config of our log is heard that has more of it committed than we. */
  #hearsVoterAhead(): boolean {
    const { log, peers, self, out } = this.#ring
    for (const [peer, { persistedCommit, useless }] of peers.all) {
      if (peer === self || (persistedCommit?.index ?? 0) <= log.commit.index || !log.isVoter(peer)) continue
      if (!peers.isSilent(peer, timing.suspectAfter) && (useless === undefined || out.now >= useless.until)) return true
    }
    return false
  }
}

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

/** An answer that takes longer than this was not asked for. */
const answerMillis = 10_000
/** Fetches under way to different peers: what each is asked for is remembered. */
const askedMax = 64
/** Answers asked for ahead: more keep the sender busier, and more of them in memory. */
const aheadMax = 2

/** Blocks on request: serves them to others, and fetches what is missing here (PROTOCOL, sections 2.4 and 5). */
export class Fetching {
  readonly #ring: Ring
  #stage: Stage | undefined
  /** Whom this peer has asked for something, and when last: answers come from nobody else. */
  readonly #asked = new Map<PeerId, { tail: number; committed: number }>()
  #tailAskedAt = Number.NEGATIVE_INFINITY
  /** Committed blocks are asked for not before; the last one asked, where no answer came yet. */
  #syncAt: number
  #unanswered: { readonly to: PeerId; readonly at: number } | undefined
  /** What was asked for while answers before it are still looked at, in order. */
  #ahead: readonly { readonly to: PeerId; readonly first: number; readonly at: number }[] = []

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
    const before = log.head.index
    this.#ring.blocks.accept(from, epochs.promised, blocks, commit)
    if (!epochs.isActive || log.head.index === before || !sameEpoch(head.epoch, epochs.promised)) return
    if (head.index > log.head.index) this.#ask(from, 'tail', log.head.index + 1)
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
    const { out, peers } = this.#ring
    if (!isFollowUp && out.now < this.#syncAt) return
    this.#syncAt = out.now + timing.syncEvery
    const before = this.#unanswered
    if (before !== undefined && out.now - before.at > timing.unanswered) peers.foundUseless(before.to)
    if (before?.to !== from) this.#unanswered = { to: from, at: out.now }
    const place = this.#ahead.findIndex((one) => one.to === from && one.first === first && out.now - one.at <= timing.unanswered)
    const isAsked = isFollowUp && place >= 0
    this.#ahead = isAsked ? this.#ahead.slice(place + 1) : []
    if (!isAsked) this.#ask(from, 'committed', first)
  }

  /** The next parts of a long log are made ready while this peer looks at those before them. */
  askAhead(from: PeerId, first: number): void {
    const { out, log, epochs, disk } = this.#ring
    const at = this.#asked.get(from)?.committed
    if (at === undefined || out.now - at > answerMillis || this.#ahead.length >= aheadMax) return
    if (epochs.isActive || disk.failed || first <= log.commit.index) return
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

  /** A fetch ends with the epoch that it was for. */
  endStageOf(promised: Epoch): void {
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
