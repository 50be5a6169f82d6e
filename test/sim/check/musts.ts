import type { Block } from '../../../src/ring/block.ts'
import type { Message } from '../../../src/ring/message.ts'
import type { Input, Output } from '../../../src/ring/types.ts'
import { epochName, letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { type Rule, Violation } from '../violation.ts'
import type { CommittedLog } from './agreement.ts'
import { orderOfEpochs } from './chain.ts'

type Epoch = Block['epoch']

const isSame = (a: Epoch, b: Epoch): boolean => orderOfEpochs(a, b) === 0

/**
 * What PROTOCOL says that a peer MUST (not) do, held against what it says and writes, while it does. Most of these rules
 * guard against schedules so rare that no run would show the harm itself; breaking one is a violation all the same.
 */
export class MustCheck {
  readonly #committed: CommittedLog
  /** By initiator: its last proposal, the configs of the log that it chose, and who has installed it. */
  readonly #proposals = new Map<
    number,
    { epoch: Epoch; view: readonly string[]; configs: readonly (readonly string[])[]; installed: Set<string> }
  >()

  /** By peer: what it has promised at this place in the outputs of its step. */
  readonly #promised = new Map<number, Epoch>()

  constructor(committed: CommittedLog) {
    this.#committed = committed
  }

  before(peer: SimPeer, input: Input): void {
    if (peer.replica !== undefined) this.#promised.set(peer.index, peer.replica.view.promised)
    if (input.kind !== 'receive' || input.message.kind !== 'installed') return
    const proposal = this.#proposals.get(peer.index)
    if (proposal !== undefined && isSame(proposal.epoch, input.message.epoch)) proposal.installed.add(input.from)
  }

  output(peer: SimPeer, output: Output, log: readonly Block[]): void {
    // What is said before it in the same step was said under the promise before.
    if (output.kind === 'note' && output.note.event === 'promised' && peer.replica !== undefined) {
      this.#promised.set(peer.index, peer.replica.view.promised)
    }
    if (output.kind === 'persist') this.#checkViews(peer, output.blocks, output.meta.promised)
    if (output.kind === 'send' || output.kind === 'gossip') this.#checkMessage(peer, output.message, log)
  }

  ended(peer: SimPeer): void {
    this.#proposals.delete(peer.index)
  }

  /** A log ends in the view that was promised; a later promise is right only where the last view is committed. */
  #checkViews(peer: SimPeer, blocks: readonly Block[], promised: Epoch): void {
    const last = blocks.findLast((block) => block.body.kind === 'view')
    if (last === undefined) return
    const order = orderOfEpochs(promised, last.epoch)
    const isCommitted = this.#committed.at(last.index)?.hash === last.hash
    if (order < 0) fail('S1', peer, `writes the view of ${epochName(last.epoch)} and has promised only ${epochName(promised)}`)
    if (order > 0 && !isCommitted) fail('S3', peer, `installs ${epochName(last.epoch)} after promising ${epochName(promised)}`)
  }

  #checkMessage(peer: SimPeer, message: Message, log: readonly Block[]): void {
    const promised = this.#promised.get(peer.index)
    const disk = peer.disk
    if (promised === undefined || disk === undefined) return
    switch (message.kind) {
      case 'token':
      case 'token-ack':
      case 'blocks':
      case 'durable':
      case 'want':
        if (!isSame(message.epoch, promised))
          fail('S3', peer, `sends a ${message.kind} of ${epochName(message.epoch)} after promising ${epochName(promised)}`)
        return
      case 'status':
        if (message.durable !== undefined && !isSame(message.epoch, promised))
          fail('S3', peer, 'names a durable index after a later promise')
        this.#committed.checkClaim(peer, message.commit)
        return
      case 'prepare':
        if (!isSame(message.epoch, promised)) fail('S3', peer, 'goes on with an attempt after a later promise')
        if (!isSame(message.epoch, disk.meta.promised)) fail('S1', peer, 'prepares an epoch before its promise is on disk')
        return
      case 'promise':
        if (disk.meta.forgotBelow !== undefined) fail('S2', peer, 'promises though it has forgotten its log')
        if (orderOfEpochs(disk.meta.promised, message.epoch) < 0) fail('S1', peer, 'promises before that is on disk')
        if (disk.rows[message.head.index]?.hash !== message.head.hash) fail('S3', peer, 'promises a head that is not on disk')
        return
      case 'installed':
        if (!isSame(message.epoch, promised))
          fail('S3', peer, `answers Installed of ${epochName(message.epoch)} after promising ${epochName(promised)}`)
        if (!disk.rows.some((block) => block.body.kind === 'view' && isSame(block.epoch, message.epoch))) {
          fail('S3', peer, 'answers Installed before the view is on disk')
        }
        return
      case 'install':
        if (!isSame(message.epoch, promised)) fail('S3', peer, 'goes on with an attempt after a later promise')
        this.#noteProposal(peer, message.viewBlock, log)
        return
      case 'activated':
        this.#checkActivation(peer, message.epoch)
        return
      default:
        return
    }
  }

  #noteProposal(peer: SimPeer, viewBlock: Block, log: readonly Block[]): void {
    if (viewBlock.body.kind !== 'view' || this.#isNoted(peer, viewBlock.epoch)) return
    const configs: (readonly string[])[] = []
    for (let i = viewBlock.index - 1; i >= 0; i--) {
      const { body } = log[i] as Block
      if (body.kind === 'ops') continue
      configs.push(body.kind === 'view' ? body.members : [body.genesis.founder])
      if (this.#committed.at(i)?.hash === log[i]?.hash) break
    }
    this.#proposals.set(peer.index, {
      epoch: viewBlock.epoch,
      view: viewBlock.body.members,
      configs,
      installed: new Set([peer.id]),
    })
  }

  #isNoted(peer: SimPeer, epoch: Epoch): boolean {
    const proposal = this.#proposals.get(peer.index)
    return proposal !== undefined && isSame(proposal.epoch, epoch)
  }

  /** Every config of the chosen log has a view quorum that installed it, the new view more than half. */
  #checkActivation(peer: SimPeer, epoch: Epoch): void {
    const proposal = this.#proposals.get(peer.index)
    if (proposal === undefined || !isSame(proposal.epoch, epoch)) return
    const { view, configs, installed } = proposal
    const count = (members: readonly string[]): number => members.filter((member) => installed.has(member)).length
    const enough = configs.every((members) => {
      const twice = 2 * count(members)
      return twice > members.length || (twice === members.length && installed.has(members[0] as string))
    })
    if (!enough || 2 * count(view) <= view.length)
      fail('S2', peer, `activates ${epochName(epoch)} without a quorum of every config`)
  }
}

function fail(rule: Rule, peer: SimPeer, text: string): never {
  throw new Violation(rule, `${letterOf(peer.index)} ${text}`)
}
