import type { Message } from '../../../src/ring/message.ts'
import type { Input, Output } from '../../../src/ring/types.ts'
import { epochName, letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { type Rule, Violation } from '../violation.ts'
import type { CommittedLog } from './agreement.ts'
import type { ReadBlock, ReadEpoch } from './blocks.ts'
import { isHash } from './bytes.ts'
import { isSameEpoch, orderOfEpochs } from './chain.ts'
import type { DiskFacts } from './disk-claims.ts'

interface Proposal {
  readonly viewBlock: ReadBlock
  readonly epoch: ReadEpoch
  readonly view: readonly string[]
  readonly configs: readonly (readonly string[])[]
  readonly installed: Set<string>
}

/** What a process was at the beginning of a step, and since its start. */
interface Process {
  /** What it has promised at this place in the outputs of its step. */
  promised: ReadEpoch
  /** The last view of its log when it started: in that epoch it takes and writes nothing. */
  readonly startedIn: ReadEpoch
  readonly loss: number | undefined
  commitIndex: number
  /** The commit that the frame in hand names, where that is of a later epoch than was promised. */
  named: ReadEpoch | undefined
  /** The view that this step took in by an `Install`, and what was promised at that place of the step. */
  taken: { readonly index: number; readonly promised: ReadEpoch } | undefined
}

/**
 * What PROTOCOL says that a peer MUST (not) do, held against what it says and writes, while it does. Most of these rules
 * guard against schedules so rare that no run would show the harm itself; breaking one is a violation all the same.
 */
export class MustCheck {
  readonly #committed: CommittedLog
  readonly #factsOf: (peer: SimPeer) => DiskFacts | undefined
  /** By initiator: its last proposal, the configs of the log that it chose, and who has installed it. */
  readonly #proposals = new Map<number, Proposal>()
  readonly #processes: (Process | undefined)[] = []
  /** Epochs whose initiator had all the answers. */
  readonly #activated = new Set<string>()

  constructor(committed: CommittedLog, factsOf: (peer: SimPeer) => DiskFacts | undefined) {
    this.#committed = committed
    this.#factsOf = factsOf
  }

  started(peer: SimPeer, log: readonly ReadBlock[]): void {
    const view = peer.machine?.view
    const lastView = log.findLast((block) => block.members !== undefined)
    if (view === undefined || lastView === undefined) return
    this.#processes[peer.index] = {
      promised: view.promised,
      startedIn: lastView.epoch,
      loss: view.membership === 'forgotten' ? this.#factsOf(peer)?.loss : undefined,
      commitIndex: view.commit.index,
      named: undefined,
      taken: undefined,
    }
  }

  before(peer: SimPeer, input: Input): void {
    const process = this.#processes[peer.index]
    const view = peer.machine?.view
    if (view === undefined || process === undefined) return
    process.promised = view.promised
    process.commitIndex = view.commit.index
    process.named = undefined
    process.taken = undefined
    if (input.kind !== 'receive') return
    const { message } = input
    if (message.kind === 'installed') {
      const proposal = this.#proposals.get(peer.index)
      if (proposal !== undefined && isSameEpoch(proposal.epoch, message.epoch)) proposal.installed.add(input.from)
    }
    if (message.kind === 'fetched' && message.what === 'committed' && orderOfEpochs(message.commit.epoch, view.promised) > 0)
      process.named = message.commit.epoch
  }

  output(peer: SimPeer, output: Output, log: readonly (ReadBlock | undefined)[]): void {
    const process = this.#processes[peer.index]
    const view = peer.machine?.view
    if (process === undefined || view === undefined) return
    switch (output.kind) {
      case 'note':
        // What is said before it in the same step was said under the promise before.
        if (output.note.event === 'promised') process.promised = view.promised
        if (output.note.event === 'view-installed')
          process.taken = { index: Number(output.note.facts.index), promised: process.promised }
        return
      case 'persist':
        return this.#checkPersist(peer, process, output, log)
      case 'send':
      case 'gossip':
        return this.#checkMessage(peer, process, output.message, log)
      case 'serve':
        this.#committed.checkClaim(peer, output.commit)
        if (
          output.what === 'committed' &&
          'length' in output.blocks &&
          output.blocks.some(({ index }) => index > output.commit.index)
        )
          fail('S2', peer, 'gives blocks that are not committed to one that catches up')
    }
  }

  /** What must hold at the end of a step. */
  stepped(peer: SimPeer): void {
    const process = this.#processes[peer.index]
    const view = peer.machine?.view
    if (process === undefined || view === undefined) return
    if (process.named !== undefined && view.commit.index > process.commitIndex && orderOfEpochs(view.promised, process.named) < 0)
      fail(
        'S3',
        peer,
        `takes blocks of a room in ${epochName(process.named as never)}, and has promised only ${epochName(view.promised)}`,
      )
    if (view.holding !== undefined && isSameEpoch(view.installed, process.startedIn))
      fail('S1', peer, `takes the token of ${epochName(view.installed)}, in which it restarted`)
    if (view.holding !== undefined && view.membership === 'forgotten')
      fail('S2', peer, 'takes a token though it has forgotten its log')
  }

  /** A block is committed by somebody who is the first to know. */
  committed(peer: SimPeer, block: ReadBlock): void {
    const view = peer.machine?.view
    if (block.members === undefined || view === undefined || view.commit.index > block.index) return
    if (!this.#activated.has(epochName(block.epoch as never)))
      fail('S2', peer, `commits the view of ${epochName(block.epoch as never)}, which its initiator has not activated`)
  }

  ended(peer: SimPeer): void {
    this.#proposals.delete(peer.index)
    this.#processes[peer.index] = undefined
  }

  #checkPersist(
    peer: SimPeer,
    { loss, taken }: Process,
    { meta, blocks }: Extract<Output, { kind: 'persist' }>,
    log: readonly (ReadBlock | undefined)[],
  ): void {
    const view = log[blocks.findLast(({ body }) => body.kind === 'view')?.index ?? -1]
    // Whoever promises again later in the step has both in one record: the view came under the promise before.
    if (view !== undefined && view.index === taken?.index) this.#checkView(peer, taken.promised, view)
    else this.#checkView(peer, meta.promised, view)
    if (loss === undefined || meta.loss !== undefined) return
    const commit = peer.machine?.view.commit.index ?? 0
    const isWrittenDown = log.some(
      (block) =>
        block !== undefined && block.index <= commit && block.lost.some((one) => one.peer === peer.id && one.loss === loss),
    )
    if (!isWrittenDown) fail('S2', peer, 'counts again, and no committed view has its loss')
  }

  /** A log ends in the view that was promised; a later promise is right only where the last view is committed. */
  #checkView(peer: SimPeer, promised: ReadEpoch, view: ReadBlock | undefined): void {
    if (view?.members === undefined) return
    const order = orderOfEpochs(promised, view.epoch)
    const name = epochName(view.epoch as never)
    if (order < 0) fail('S1', peer, `writes the view of ${name} and has promised only ${epochName(promised as never)}`)
    if (order > 0 && !this.#committed.has(view))
      fail('S3', peer, `installs ${name} after promising ${epochName(promised as never)}`)
  }

  #checkMessage(peer: SimPeer, process: Process, message: Message, log: readonly (ReadBlock | undefined)[]): void {
    const { promised } = process
    const facts = this.#factsOf(peer)
    const { disk } = peer
    if (disk === undefined || facts === undefined) return
    if (facts.loss !== undefined && mute.has(message.kind))
      fail('S2', peer, `sends ${message.kind} though it has forgotten its log`)
    switch (message.kind) {
      case 'token':
      case 'token-ack':
      case 'blocks':
      case 'durable':
      case 'want':
        if (!isSameEpoch(message.epoch, promised))
          fail(
            'S3',
            peer,
            `sends a ${message.kind} of ${epochName(message.epoch)} after promising ${epochName(promised as never)}`,
          )
        if (isSameEpoch(message.epoch, process.startedIn))
          fail('S1', peer, `sends a ${message.kind} of ${epochName(message.epoch)}, in which it restarted`)
        return
      case 'status':
        if (message.durable !== undefined && !isSameEpoch(message.epoch, promised))
          fail('S3', peer, 'names a durable index after a later promise')
        if (message.durable !== undefined && facts.loss !== undefined)
          fail('S2', peer, 'names a durable index though it has forgotten')
        this.#committed.checkClaim(peer, message.commit)
        return
      case 'committed':
        this.#committed.checkClaim(peer, message.commit)
        return
      case 'prepare':
        if (!isSameEpoch(message.epoch, promised)) fail('S3', peer, 'goes on with an attempt after a later promise')
        if (orderOfEpochs(facts.promised, message.epoch) < 0) fail('S1', peer, 'prepares an epoch before its promise is on disk')
        return
      case 'promise':
        if (disk.rows[message.head.index] === undefined || log[message.head.index]?.hash !== message.head.hash)
          fail('S3', peer, 'promises a head that is not on disk')
        if (!isSameEpoch(message.epoch, promised)) fail('S3', peer, 'promises an epoch below one that it has promised')
        this.#committed.checkClaim(peer, message.commit)
        return
      case 'installed':
        return this.#checkInstalled(peer, promised, message.epoch, log)
      case 'install':
        if (!isSameEpoch(message.epoch, promised)) fail('S3', peer, 'goes on with an attempt after a later promise')
        return this.#noteProposal(peer, log, message.viewBlock.index)
      case 'activated':
        return this.#checkActivation(peer, message.epoch)
    }
  }

  #checkInstalled(peer: SimPeer, promised: ReadEpoch, epoch: ReadEpoch, log: readonly (ReadBlock | undefined)[]): void {
    if (!isSameEpoch(epoch, promised))
      fail('S3', peer, `answers Installed of ${epochName(epoch as never)} after promising ${epochName(promised as never)}`)
    const view = log.findLast((block) => block?.members !== undefined && isSameEpoch(block.epoch, epoch))
    if (view === undefined || !hasRow(peer, view)) fail('S3', peer, 'answers Installed before the view is on disk')
  }

  /** The initiator's view block is the last of its log when it first sends it. */
  #noteProposal(peer: SimPeer, log: readonly (ReadBlock | undefined)[], index: number): void {
    const viewBlock = log[index]
    if (viewBlock?.members === undefined) return
    const noted = this.#proposals.get(peer.index)
    if (noted !== undefined && isSameEpoch(noted.epoch, viewBlock.epoch)) return
    const configs: (readonly string[])[] = []
    for (let i = index - 1; i >= 0; i--) {
      const block = log[i]
      if (block?.members === undefined) continue
      configs.push(block.members)
      if (this.#committed.has(block)) break
    }
    // Alone it sends nothing, and is noted when it activates.
    this.#proposals.set(peer.index, { viewBlock, epoch: viewBlock.epoch, view: viewBlock.members, configs, installed: new Set() })
  }

  /** Every config of the chosen log has a view quorum that installed it, the new view more than half. */
  #checkActivation(peer: SimPeer, epoch: ReadEpoch): void {
    this.#activated.add(epochName(epoch as never))
    const proposal = this.#proposals.get(peer.index)
    if (proposal === undefined || !isSameEpoch(proposal.epoch, epoch)) return
    const { viewBlock, view, configs, installed } = proposal
    const has = (member: string): boolean => (member === peer.id ? hasRow(peer, viewBlock) : installed.has(member))
    const count = (members: readonly string[]): number => members.filter(has).length
    const enough = configs.every((members) => {
      const twice = 2 * count(members)
      return twice > members.length || (twice === members.length && has(members[0] as string))
    })
    if (!enough || 2 * count(view) <= view.length)
      fail('S2', peer, `activates ${epochName(epoch as never)} without a quorum of every config`)
  }

  /** An initiator that is told nothing by anybody activates its epoch by its own fsync. */
  activatedAlone(peer: SimPeer, epoch: ReadEpoch): void {
    this.#checkActivation(peer, epoch)
  }
}

/** What nobody says who has forgotten. */
const mute: ReadonlySet<Message['kind']> = new Set([
  'promise',
  'installed',
  'agree',
  'prepare',
  'install',
  'activated',
  'token',
  'token-ack',
  'durable',
  'pre-vote',
])

const hasRow = (peer: SimPeer, block: ReadBlock): boolean => {
  const row = peer.disk?.rows[block.index]
  return row !== undefined && isHash(row.hash, block.hash)
}

function fail(rule: Rule, peer: SimPeer, text: string): never {
  throw new Violation(rule, `${letterOf(peer.index)} ${text}`)
}
