import type { PeerId } from '../core/ids.ts'
import { epochLeapMax } from '../core/limits.ts'
import { type Block, faultOf, type Head, viewOf } from './block.ts'
import { liarOf } from './faults.ts'
import type { FetchedMessage, StatusMessage } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { compareEpochs, sameEpoch } from './view.ts'

/** So much of a stranger's chain is kept until it shows that its sender is none. */
const unknownBytesMax = 64 * 1024 * 1024
/** So much of it may stand on a view of a maker whom nobody known has signed for: anybody can write such a one. */
const doubtfulBytesMax = 1024 * 1024

/** Answers of one peer on their way at the same time: one is sent, and one more may be asked for. Twice that, to be sure. */
const overtakenMax = 4

/** A chain from right after our commit, of a sender whose word does not count yet. */
interface Chain {
  readonly from: PeerId
  readonly blocks: readonly Block[]
  readonly begunAt: number
  /** When it last got on; one that may be made up never does. */
  readonly gotOnAt: number
}

/**
 * A stranger that trickles real blocks gets on as an honest one does: after so long another one is asked as well. Less costs a newcomer
 * on a slow line the same log twice; more is how long one stranger holds it up.
 */
const patienceFirst = 3_000
const patienceMost = 60_000
const hadPlaceMax = 64

/** Proof holds two blocks, which may be large: one this often to each member that needs it. */
const proofEvery = 2_000

/** Committed blocks of another peer's log (PROTOCOL, section 5, Catching up). */
export class CatchUp {
  readonly #ring: Ring
  /**
   * Of senders that are not known yet: at most two, the one that has long been followed and one beside it. The longest is
   * given up only where it gets on no more, so that whatever others do some chain comes to its end.
   */
  #unknown: readonly Chain[] = []
  /** How long a chain is the only one, and how long the next one beside it has a place: longer each time. */
  #patience = patienceFirst
  /** Those that had that place, and lost it: whoever has not had it comes before them. */
  readonly #hadPlace = new Set<PeerId>()
  /** Members that were told of proof out of turn: how often, and when last. */
  readonly #toldProof = new Map<PeerId, { readonly at: number; readonly count: number }>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** A status is an offer: asks where it names a later epoch or commit than our own. */
  consider(from: PeerId, status: StatusMessage): void {
    const { log, epochs, peers, out, fetching } = this.#ring
    const { commit, epoch } = status
    this.#tellProof(from, status)
    if (commit.index <= log.commit.index || log.has(commit.index, commit.hash)) return
    // An active peer gets the blocks of its own epoch by the ring itself.
    if (epochs.isActive && compareEpochs(epoch, log.installedView.epoch) <= 0) return
    const { useless } = peers.of(from)
    if (useless !== undefined && out.now < useless.until) return
    if (!log.isVoter(from) && (this.#hearsVoterAhead() || this.#isFollowingOther(from))) return
    const tip = this.#keptOf(from).at(-1)
    if (tip === undefined) return fetching.askForCommitted(from, log.commit.index + 1, false)
    // Of one whose chain is kept goes on where that ends: from its beginning on nothing new could come.
    if (!fetching.isAsked(from)) fetching.askForCommitted(from, tip.index + 1, true)
  }

  /**
   * Whoever was cut off when it was passed on hears who lied, as long as it stands in that very epoch: later it has no view at
   * hand that says whose word the proof is about. Again after a while, since it may be lost on the way.
   */
  #tellProof(from: PeerId, { epoch, active }: StatusMessage): void {
    const { log, faults, out } = this.#ring
    const mayKnow = !active && sameEpoch(epoch, log.installedView.epoch)
    if (faults.evidence.length === 0 || mayKnow || !log.wasMember(from)) return
    const told = this.#toldProof.get(from)
    if (told !== undefined && out.now - told.at < proofEvery) return
    const proofs = faults.evidence.filter(
      (proof) => proof.kind === 'two-blocks' && sameEpoch(proof.first.epoch, epoch) && liarOf(proof) !== from,
    )
    const count = told?.count ?? 0
    const evidence = proofs[count % proofs.length]
    if (evidence === undefined) return
    this.#toldProof.set(from, { at: out.now, count: count + 1 })
    out.send([from], { kind: 'evidence', evidence })
  }

  /**
   * Takes over committed blocks, and only such, of a peer whose word on what is committed counts; a conflicting
   * uncommitted tail gives way to them, whatever the epochs of the two. If the commit that the frame names is of a later
   * epoch than this peer has promised, it promises that one in this very step, also where the frame ends long before:
   * from then on it is not active in any other.
   */
  adopt(from: PeerId, { blocks: fetched, commit }: FetchedMessage): void {
    const { log, epochs, disk, counting, fetching, peers, out, faults, blocks } = this.#ring
    if (disk.failed || commit.index <= log.commit.index) return
    // Rule 5-catch-active [L]
    if (epochs.isActive && compareEpochs(commit.epoch, log.installedView.epoch) <= 0) return
    const kept = this.#keptOf(from)
    // Asked for before a part of what is kept; the sender's commit has moved on since, which is nobody's fault.
    const isOfEarlier = commit.index <= log.commit.index + kept.length
    const chain = this.#validChain(from, kept, fetched, commit.index)
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
      const isHere = fetched.length > 0 && fetched.every(({ index, hash }) => index <= log.commit.index || log.has(index, hash))
      return isHere ? this.#askPast(from, log.commit.index) : peers.foundUseless(from)
    }
    const word = this.#wordOf(from, chain, commit, hasCommit)
    if (word === 'none') return isOfEarlier ? undefined : peers.foundUseless(from)
    if (word === 'unknown' || word === 'doubtful') {
      if (this.#isFollowingOther(from)) return
      const hasGotOn = chain.length > kept.length
      this.#keep(from, chain, hasGotOn, word)
      const tip = (last as Block).index
      return hasGotOn ? fetching.askForCommitted(from, tip + 1, true) : this.#askPast(from, tip)
    }
    this.#unknown = []
    this.#patience = patienceFirst
    this.#hadPlace.clear()
    peers.update(from, { useless: undefined })
    // Rule 5-catch-raise [S1] [S3]
    if (epochs.isBelow(commit.epoch)) epochs.becomeFollowing(commit.epoch)
    // Rule 5-catch-tail [L]
    blocks.follow(chain)
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

  /**
   * Others' chains are kept, and get on: were they given up for each status of somebody else, no long one would come to its end.
   * But after a while there is a place beside the longest one, for one after the other.
   * Rule 5-catch-one [L]
   */
  #isFollowingOther(from: PeerId): boolean {
    if (this.#keptOf(from).length > 0) return false
    const newest = this.#othersThatGetOn(from)[0]
    // Everybody else has offered something by then.
    const wait = this.#hadPlace.has(from) ? 2 * timing.statusEvery : 0
    return newest !== undefined && this.#ring.out.now - newest.begunAt <= this.#patience + wait
  }

  /** Newest first. */
  #othersThatGetOn(from: PeerId): readonly Chain[] {
    const { now } = this.#ring.out
    return this.#othersThan(from).filter((chain) => now - chain.gotOnAt <= timing.unanswered)
  }

  #othersThan(from: PeerId): readonly Chain[] {
    const others = this.#unknown.filter((chain) => chain.from !== from && this.#keptOf(chain.from).length > 0)
    return others.sort((a, b) => b.begunAt - a.begunAt)
  }

  /** A chain has grown, or begins: beside the longest of those that get on, or of the others where none does. */
  #keep(from: PeerId, blocks: readonly Block[], hasGotOn: boolean, word: 'unknown' | 'doubtful'): void {
    const { now } = this.#ring.out
    const before = this.#unknown.find((chain) => chain.from === from)
    const live = this.#othersThatGetOn(from)
    const others = live.length > 0 ? live : this.#othersThan(from)
    const [longest, shorter] = [...others].sort((a, b) => b.blocks.length - a.blocks.length)
    if (live.length > 1 && shorter !== undefined) this.#givePlace(shorter.from)
    const gotOnAt = word === 'doubtful' ? Number.NEGATIVE_INFINITY : hasGotOn ? now : (before?.gotOnAt ?? now)
    const grown = { from, blocks, begunAt: before?.begunAt ?? now, gotOnAt }
    this.#unknown = longest === undefined ? [grown] : [longest, grown]
  }

  #givePlace(from: PeerId): void {
    this.#patience = Math.min(2 * this.#patience, patienceMost)
    // One that comes under a new name each time crowds the others out of this, and no more.
    if (this.#hadPlace.size >= hadPlaceMax) this.#hadPlace.clear()
    this.#hadPlace.add(from)
  }

  /** What this sender gave before, without a gap from right after our commit on. */
  #keptOf(from: PeerId): readonly Block[] {
    const { commit } = this.#ring.log
    const kept = this.#unknown.find((chain) => chain.from === from)?.blocks ?? []
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
