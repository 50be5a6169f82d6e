import type { AccountId } from '../../../src/core/ids.ts'
import type { AppliedOutcome } from '../../../src/market/types.ts'
import type { Block } from '../../../src/ring/block.ts'
import { letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'
import { NaiveMarket } from './naive-market.ts'

/** S4: every peer's market does what the naive one does, and all have one state at one index. */
export class MoneyCheck {
  readonly #naive: NaiveMarket
  readonly #answers: (readonly string[])[] = [[]]
  readonly #stateHashes = new Map<number, string>()

  constructor(genesis: Block) {
    if (genesis.body.kind !== 'genesis') throw new TypeError('not a genesis block')
    this.#naive = new NaiveMarket(genesis.body.genesis)
  }

  /** A block is committed that was not before. */
  add(block: Block): void {
    this.#answers[block.index] = this.#naive.apply(block)
    if (this.#naive.total() !== 0)
      throw new Violation('S4', `the sum of all accounts is ${this.#naive.total()} after block ${block.index}`)
  }

  applied(peer: SimPeer, block: Block, outcomes: readonly AppliedOutcome[], isNew: boolean): void {
    const expected = this.#answers[block.index] ?? []
    for (const [i, { outcome }] of outcomes.entries()) {
      const answer = outcome === undefined ? 'skipped' : outcome.accepted ? 'ok' : outcome.rejection.code
      if (answer !== expected[i]) {
        throw new Violation(
          'S4',
          `${letterOf(peer.index)}: operation ${i} of block ${block.index} is ${answer}, and should be ${expected[i]}`,
        )
      }
    }
    const known = this.#stateHashes.get(block.index)
    const { stateHash } = peer.market
    if (known !== undefined && known !== stateHash)
      throw new Violation('S4', `${letterOf(peer.index)} has another state at ${block.index} than others`)
    this.#stateHashes.set(block.index, stateHash)
    if (isNew) this.#compareBalances(peer)
  }

  /** The market of a peer that is as far as the room. */
  #compareBalances({ index, market }: SimPeer): void {
    for (const [id, { money }] of this.#naive.accounts) {
      const account = market.accounts.get(id as AccountId)
      const held = this.#naive.held(id)
      if (account?.held !== held || account.available !== money - held) {
        throw new Violation(
          'S4',
          `${letterOf(index)}: ${id} has ${account?.available} and ${account?.held} held; ${money - held} and ${held} would be right`,
        )
      }
      if (account.available < 0) throw new Violation('S4', `${letterOf(index)}: ${id} is below 0`)
    }
  }
}
