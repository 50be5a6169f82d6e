import type { AppliedOutcome } from '../../../src/market/types.ts'
import type { Block } from '../../../src/ring/block.ts'
import type { Evidence } from '../../../src/ring/faults.ts'
import type { Input, Output } from '../../../src/ring/types.ts'
import { letterOf, nameOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import { CommittedLog } from './agreement.ts'
import { AnswerCheck } from './answers.ts'
import { Library, type ReadBlock } from './blocks.ts'
import { hexOf, isHash, sameBytes } from './bytes.ts'
import { AllBlocks, isSameEpoch } from './chain.ts'
import { DiskClaims, type DiskFacts } from './disk-claims.ts'
import { IdleCheck } from './idle.ts'
import { MoneyCheck } from './money.ts'
import { MustCheck } from './musts.ts'
import { RepeatCheck } from './repeats.ts'
import { TurnCheck } from './turns.ts'

/** A block on a disk. */
interface Row {
  readonly index: number
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
}

/** The block that a row is, where it still stands in this log: most do, and need not be looked up by their names. */
function standingIn(log: readonly ReadBlock[] | undefined, { index, hash, bytes }: Row): ReadBlock | undefined {
  const block = log?.[index]
  return block !== undefined && isHash(hash, block.hash) && sameBytes(block.bytes, bytes) ? block : undefined
}

/** What the checks look at of a world. */
type Seen = Pick<World, 'now' | 'healed' | 'isCalm' | 'swarm' | 'peers'>

/**
 * S1 to S5, L1 and L2 of PROTOCOL, section 7, and what it says that peers MUST do, after every step of every peer: only what
 * that step changed is looked at. Throws a `Violation`. Shares no code with what it checks: it reads blocks from their bytes.
 */
export class Checks {
  readonly committed: CommittedLog
  readonly answers: AnswerCheck
  readonly repeats = new RepeatCheck()
  readonly money: MoneyCheck
  /** Epochs whose view block is committed. */
  epochs = 0
  /** Ids of peers that some honest peer holds something against, with what it was. */
  readonly named = new Map<string, string>()
  readonly #library = new Library()
  readonly #all: AllBlocks
  readonly #turns = new TurnCheck()
  readonly #idle: IdleCheck
  readonly #musts: MustCheck
  readonly #claims: DiskClaims
  /** The log of each peer, as it is in its memory at the end of a step. */
  readonly #logs: (ReadBlock[] | undefined)[] = []
  readonly #world: Seen

  constructor(genesis: Block, world: Seen, factsOf: (peer: SimPeer) => DiskFacts | undefined) {
    this.#world = world
    const block = this.#library.read(genesis.bytes, genesis.hash)
    this.#all = new AllBlocks(() => world.peers.every(({ doubtful }) => doubtful === undefined))
    this.#all.add(block)
    this.committed = new CommittedLog(
      block,
      () => world.peers,
      (peer, { index, hash }) => {
        const row = peer.disk?.rows[index]
        return row !== undefined && hexOf(row.hash) === hash
      },
    )
    this.money = new MoneyCheck(block)
    this.answers = new AnswerCheck(this.committed, (index) => this.money.answersAt(index))
    this.#musts = new MustCheck(this.committed, factsOf)
    this.#claims = new DiskClaims(factsOf)
    this.#idle = new IdleCheck(world.swarm.idleHop)
    this.#factsOf = factsOf
  }

  readonly #factsOf: (peer: SimPeer) => DiskFacts | undefined
  /** What was begun while there were faults has ended then. */
  #settledAt = Number.POSITIVE_INFINITY
  /** By peer: those whose epochs it saw come to nothing before the faults were over. A peer tells of it a while later. */
  readonly #unlucky = new Map<number, Set<string>>()
  /** Views that this step was the first to know as committed. */
  readonly #newViews: ReadBlock[] = []

  /** A process has read its disk, and sends nothing yet. */
  started(peer: SimPeer): void {
    const { disk, machine } = peer
    const facts = this.#factsOf(peer)
    if (disk === undefined || machine === undefined || facts === undefined) return
    const before = this.#logs[peer.index]
    const log = disk.rows.map((row) => standingIn(before, row) ?? this.#library.read(row.bytes, hexOf(row.hash)))
    this.#logs[peer.index] = log
    this.#musts.started(peer, log)
    if (peer.doubtful === 'liar') return
    this.committed.checkClaim(peer, machine.view.commit)
    this.#claims.started(peer, facts, machine.view.head)
  }

  before(peer: SimPeer, input: Input): void {
    this.#musts.before(peer, input)
    if (input.kind === 'submit' || input.kind === 'link') this.#idle.busy(this.#world.now)
  }

  /** All outputs of one step, before any is carried out. */
  stepped(peer: SimPeer, outputs: readonly Output[]): void {
    const log = this.#logs[peer.index] ?? []
    const isHonest = peer.doubtful !== 'liar'
    const { now, healed, isCalm } = this.#world
    const hasLiar = this.#hasLiar()
    if (healed) this.#settledAt = Math.min(this.#settledAt, now + settleMillis)
    for (const output of outputs) {
      if (output.kind === 'persist') this.#persisted(peer, output, log)
      if (now < this.#settledAt) this.#noteUnlucky(peer, output)
      if (healed) {
        this.#idle.output(now, output)
        if (isCalm && !hasLiar && (output.kind === 'send' || output.kind === 'gossip'))
          this.repeats.message(peer, output.message, now)
      }
    }
    // A block that came with the word that it is committed is applied before its write begins.
    for (const output of outputs) {
      if (output.kind === 'apply' && isHonest) for (const block of output.blocks) this.#commit(peer, block)
    }
    for (const output of outputs) {
      if (!isHonest) continue
      this.#musts.output(peer, output, log)
      if (output.kind === 'send' || output.kind === 'gossip') this.#claims.message(peer, output.message)
      if (output.kind === 'note' && output.note.event === 'epoch-activated')
        this.#musts.activatedAlone(peer, peer.machine?.view.promised as never)
      if (hasLiar) continue
      this.#turns.output(peer, output)
    }
    const view = peer.machine?.view
    const newViews = this.#newViews.length === 0 ? noViews : this.#newViews.splice(0)
    if (view === undefined || !isHonest) return
    this.#musts.stepped(peer)
    if (hasLiar) return
    for (const block of newViews) this.#musts.committed(peer, block)
    this.#turns.stepped(peer, this.#world.peers)
    if (healed && this.#world.swarm.byzantine === undefined) this.#idle.seen(now, view.installed, view.turnSeen)
  }

  #hasLiar(): boolean {
    for (const { doubtful } of this.#world.peers) if (doubtful === 'liar' || doubtful === 'twin') return true
    return false
  }

  #noteUnlucky(peer: SimPeer, output: Output): void {
    if (output.kind !== 'note' || output.note.event !== 'refused' || output.note.facts.reason !== inVain) return
    const unlucky = this.#unlucky.get(peer.index) ?? new Set()
    this.#unlucky.set(peer.index, unlucky.add(String(output.note.facts.from)))
  }

  #persisted(peer: SimPeer, { cutFrom, blocks }: Extract<Output, { kind: 'persist' }>, log: ReadBlock[]): void {
    const replaced = cutFrom === undefined ? undefined : log.slice(cutFrom)
    if (cutFrom !== undefined) {
      if (peer.doubtful !== 'liar') this.committed.checkCut(peer, log, cutFrom)
      log.length = Math.min(log.length, cutFrom)
    }
    for (const { bytes, hash, index } of blocks) {
      const block = this.#library.read(bytes, hash)
      const before = replaced?.[index - (cutFrom ?? 0)]
      if (before !== undefined && isSecond(before, block)) this.#demandEvidence(peer, block)
      if (index !== block.index || index !== log.length)
        throw new Violation('S2', `${letterOf(peer.index)} writes block ${block.index} at place ${log.length} of its log`)
      if (block.prevHash !== log[index - 1]?.hash)
        throw new Violation('S2', `${letterOf(peer.index)} writes block ${index} after one that it does not follow`)
      this.#all.add(block)
      log[index] = block
    }
  }

  /** Whoever has had two blocks of one author for one place of one epoch keeps proof against that author. */
  #demandEvidence(peer: SimPeer, { author, index }: ReadBlock): void {
    if (peer.doubtful !== undefined) return
    const isProven = peer.machine?.view.evidence.some(
      (evidence) => evidence.kind === 'two-blocks' && evidence.first.author === author && evidence.second.author === author,
    )
    if (isProven !== true)
      throw new Violation(
        'S1',
        `${letterOf(peer.index)} replaces block ${index} of ${nameOf(author as never)} by another, and names nobody`,
      )
  }

  /** A batch is on a disk. */
  written(peer: SimPeer, batch: { readonly blocks: readonly Row[] }): void {
    const log = this.#logs[peer.index]
    for (const row of batch.blocks) {
      const block = standingIn(log, row) ?? this.#library.find(hexOf(row.hash))
      if (block === undefined || !sameBytes(block.bytes, row.bytes))
        throw new Violation('S3', `${letterOf(peer.index)} has a row on its disk that is no block of its log`)
    }
    this.#claims.written(peer)
  }

  /** A replica knows that a block is committed, and will have it applied. */
  #commit(peer: SimPeer, { hash, index }: Block): void {
    const block = this.#library.find(hash)
    if (block === undefined) throw new Violation('S2', `${letterOf(peer.index)} applies block ${index}, which nobody ever had`)
    if (!this.committed.add(peer, block)) return
    const { pace } = this.money
    this.money.add(block)
    if (this.money.pace !== undefined && this.money.pace !== pace) this.paced(this.money.pace)
    this.answers.committed(block)
    if (block.members === undefined) return
    this.epochs++
    this.#newViews.push(block)
  }

  applied(peer: SimPeer, { hash, index }: Block, outcomes: readonly AppliedOutcome[]): void {
    if (peer.doubtful === 'liar') return
    if (!this.committed.has({ index, hash }))
      throw new Violation('S2', `${letterOf(peer.index)} applies block ${index}, which is not committed`)
    this.money.applied(peer, index, outcomes)
  }

  /** Somebody goes at another pace from here on. */
  paced(idleHop: number): void {
    this.#idle.paced(this.#world.now, idleHop)
  }

  ended(peer: SimPeer): void {
    this.#turns.ended(peer)
    this.#musts.ended(peer)
    this.#unlucky.delete(peer.index)
    this.repeats.ended(peer)
  }

  /** Its disk is another one now, by a fault that is none of its own: there is nothing to be kept of it. */
  forgot(peer: SimPeer): void {
    this.#logs[peer.index] = undefined
    this.#claims.forget(peer)
  }

  /** A peer holds a message against its sender. */
  refused(peer: SimPeer, culprit: string, reason: string): void {
    // An answer to the life before: here frames outlive a process, real streams end with it.
    if (reason.endsWith('it was not asked for')) return void this.named.set(culprit, reason)
    // Whoever crashes and is cut off again and again is unlucky; once faults are over, nobody is.
    if (reason.endsWith(inVain) && this.#unlucky.get(peer.index)?.has(culprit)) return void this.named.set(culprit, reason)
    this.#name(peer, culprit, reason)
  }

  faulty(peer: SimPeer, evidence: Evidence): void {
    const authors = evidence.kind === 'checkpoint' ? [evidence.block.author] : [evidence.first.author, evidence.second.author]
    if (new Set(authors).size === 1) this.#name(peer, authors[0] as string, `evidence: ${evidence.kind}`)
  }

  #name(peer: SimPeer, culprit: string, reason: string): void {
    if (peer.doubtful !== undefined) return
    this.named.set(culprit, reason)
    // A liar that is a member makes numbers leap, and the honest pass them on to whoever was away meanwhile.
    if (reason.endsWith('leaps') && this.#hasLiar()) return
    const accused = this.#world.peers.filter(({ id }) => id === culprit)
    const isBlameless = this.#isBlameless || (ofLogs.test(reason) && this.#hasOnlyLiars)
    if (accused.length > 0 && accused.every(({ doubtful }) => doubtful === undefined) && isBlameless)
      throw new Violation('bug', `${letterOf(peer.index)} names ${nameOf(culprit as never)}, which did nothing: ${reason}`)
  }

  /** Everybody is honest but for a liar, and nothing arrives twice, late, or in another order than it was sent in. */
  get #isBlameless(): boolean {
    const { weights, repeat, reorder, delayedShare } = this.#world.swarm
    return this.#hasOnlyLiars && weights.replay + repeat + delayedShare === 0 && !reorder
  }

  get #hasOnlyLiars(): boolean {
    return this.#world.peers.every(({ doubtful }) => doubtful === undefined || doubtful === 'liar')
  }

  /** Of all that are as far as the room: logs equal byte for byte, balances and winners recomputed. */
  end(peer: SimPeer): void {
    const rows = peer.disk?.rows ?? []
    const name = letterOf(peer.index)
    const commit = peer.machine?.view.commit.index ?? -1
    for (let index = 0; index <= Math.min(commit, rows.length - 1); index++) {
      const block = this.committed.at(index)
      if (block === undefined || !sameBytes(block.bytes, rows[index]?.bytes ?? none))
        throw new Violation('S2', `${name} has other bytes on its disk than the committed block ${index}`)
    }
    if (peer.machine?.market.index !== this.committed.length - 1) return
    this.money.compare(peer)
    this.money.compareAuctions(peer)
  }
}

const isSecond = (before: ReadBlock, block: ReadBlock): boolean =>
  before.hash !== block.hash && before.author === block.author && isSameEpoch(before.epoch, block.epoch)

/** That two logs of one epoch do not fit is never the fault of the one who goes on from what it was told. */
const ofLogs = /^(?:a block|a token): its (?:previous hash|head)/

const inVain = 'its epochs come to nothing'
/** An attempt that faults have spoilt comes to nothing so soon after the last of them. */
const settleMillis = 1_000
const none = new Uint8Array(0)
const noViews: readonly ReadBlock[] = []
