import type { AppliedOutcome } from '../../../src/market/types.ts'
import { letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'
import type { ReadBlock } from './blocks.ts'
import { NaiveMarket } from './naive-market.ts'

/** S4: every peer's market does what the naive one does, and all have one state at one index. */
export class MoneyCheck {
  readonly #naive: NaiveMarket
  readonly #answers: (readonly string[])[] = [[]]
  /** Up to here the balances of somebody who was as far as the room were looked at. */
  #compared = 0
  readonly #stateHashes = new Map<number, string>()

  constructor(genesis: ReadBlock) {
    if (genesis.genesis === undefined) throw new TypeError('not a genesis block')
    this.#naive = new NaiveMarket(genesis.genesis)
  }

  /** The pace that the newest committed block leaves the room at; `undefined`: nobody has set one. */
  get pace(): number | undefined {
    return this.#naive.pace
  }

  /** What the operations of a committed block come to: `ok`, `skipped`, or the code of the refusal. */
  answersAt(index: number): readonly string[] {
    return this.#answers[index] ?? []
  }

  /** A block is committed that was not before. */
  add(block: ReadBlock): void {
    this.#answers[block.index] = this.#naive.apply(block)
    if (this.#naive.total() !== 0)
      throw new Violation('S4', `the sum of all accounts is ${this.#naive.total()} after block ${block.index}`)
  }

  applied(peer: SimPeer, index: number, outcomes: readonly AppliedOutcome[]): void {
    const expected = this.answersAt(index)
    if (outcomes.length !== expected.length)
      throw new Violation('S4', `${letterOf(peer.index)}: block ${index} has ${outcomes.length} outcomes`)
    for (const [i, { outcome }] of outcomes.entries()) {
      const answer = outcome === undefined ? 'skipped' : outcome.accepted ? 'ok' : outcome.rejection.code
      if (answer !== expected[i]) {
        const text = `operation ${i} of block ${index} is ${answer}, and should be ${expected[i]}`
        throw new Violation('S4', `${letterOf(peer.index)}: ${text}`)
      }
    }
    const market = peer.machine?.market
    if (market === undefined) return
    const known = this.#stateHashes.get(index)
    if (known !== undefined && known !== market.stateHash)
      throw new Violation('S4', `${letterOf(peer.index)} has another state at ${index} than others`)
    this.#stateHashes.set(index, market.stateHash)
    if (index < this.#answers.length - 1 || index === this.#compared) return
    this.#compared = index
    this.compare(peer)
  }

  /** The market of a peer that is as far as the room. */
  compare({ index, machine }: SimPeer): void {
    if (machine === undefined) return
    const name = letterOf(index)
    if (machine.market.paceMillis !== this.#naive.pace)
      throw new Violation('S4', `${name} goes at a pace of ${machine.market.paceMillis}, and the host set ${this.#naive.pace}`)
    const accounts = machine.market.accounts as ReadonlyMap<string, { readonly held: number; readonly available: number }>
    for (const [id, { money }] of this.#naive.accounts) {
      const account = accounts.get(id)
      const held = this.#naive.held(id)
      if (account?.held !== held || account.available !== money - held) {
        const right = `${money - held} and ${held} would be right`
        throw new Violation('S4', `${name}: ${id} has ${account?.available} and ${account?.held} held; ${right}`)
      }
      if (account.available < 0) throw new Violation('S4', `${name}: ${id} is below 0`)
    }
  }

  /** Who won what, once everything is over: the highest valid bid in log order. */
  compareAuctions({ index, machine }: SimPeer): void {
    if (machine === undefined) return
    const auctions = machine.market.auctions as ReadonlyMap<string, { readonly leader: { readonly account: string } | undefined }>
    for (const [id, auction] of this.#naive.auctions) {
      const has = auctions.get(id)
      const best = auction.bids.at(-1)
      if (has === undefined || has.leader?.account !== best?.account)
        throw new Violation(
          'S4',
          `${letterOf(index)}: auction ${id} is led by ${has?.leader?.account}, and should be by ${best?.account}`,
        )
    }
  }
}
