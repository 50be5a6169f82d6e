import type { AppliedOutcome } from '../../../src/market/types.ts'
import type { Block } from '../../../src/ring/block.ts'
import type { Input, Output } from '../../../src/ring/types.ts'
import type { SimPeer } from '../peer.ts'
import { CommittedLog } from './agreement.ts'
import { AllBlocks } from './chain.ts'
import { MoneyCheck } from './money.ts'
import { MustCheck } from './musts.ts'
import { TurnCheck } from './turns.ts'

/**
 * S1 to S5 and L2 of PROTOCOL, section 7, after every step of every peer: only what that step changed is looked at. Throws
 * a `Violation`. Shares no code with what it checks.
 */
export class Checks {
  readonly committed: CommittedLog
  /** Epochs whose view block is committed. */
  epochs = 0
  readonly #all = new AllBlocks()
  readonly #money: MoneyCheck
  readonly #turns = new TurnCheck()
  readonly #musts: MustCheck
  /** The log of each peer, as it is in its memory at the end of a step. */
  readonly #logs = new Map<number, Block[]>()
  readonly #peers: () => readonly SimPeer[]

  constructor(genesis: Block, peers: () => readonly SimPeer[]) {
    this.#all.add(genesis)
    this.committed = new CommittedLog(genesis)
    this.#money = new MoneyCheck(genesis)
    this.#musts = new MustCheck(this.committed)
    this.#peers = peers
  }

  started(peer: SimPeer): void {
    this.#logs.set(peer.index, [...(peer.disk?.rows ?? [])])
    if (peer.disk !== undefined) this.committed.checkClaim(peer, peer.disk.meta.commit)
  }

  before(peer: SimPeer, input: Input): void {
    this.#musts.before(peer, input)
  }

  /** All outputs of one step, before any is carried out. */
  decided(peer: SimPeer, outputs: readonly Output[]): void {
    const log = this.#logs.get(peer.index) ?? []
    for (const output of outputs) {
      if (output.kind !== 'persist') continue
      if (output.cutFrom !== undefined) {
        this.committed.checkCut(peer, log, output.cutFrom)
        log.length = Math.min(log.length, output.cutFrom)
      }
      for (const block of output.blocks) {
        this.#all.add(block)
        log[block.index] = block
      }
    }
  }

  /** One of them, when it is carried out. */
  output(peer: SimPeer, output: Output): void {
    this.#musts.output(peer, output, this.#logs.get(peer.index) ?? [])
    this.#turns.output(peer, output)
  }

  stepped(peer: SimPeer): void {
    this.#turns.stepped(peer, this.#peers())
  }

  applied(peer: SimPeer, block: Block, outcomes: readonly AppliedOutcome[]): void {
    const isNew = this.committed.add(peer, block)
    if (isNew) {
      this.#money.add(block)
      if (block.body.kind === 'view') this.epochs++
    }
    this.#money.applied(peer, block, outcomes, isNew)
  }

  ended(peer: SimPeer): void {
    this.#turns.ended(peer)
    this.#musts.ended(peer)
  }

  /** Its log is gone, by a fault that is none of its own: there is nothing to be kept of it. */
  forgot(peer: SimPeer): void {
    this.#logs.delete(peer.index)
  }
}
