import type { ReadBlock, ReadGenesis } from './blocks.ts'
import { hexOf } from './bytes.ts'
import { type ReadLot, type ReadOperation, readSubmission } from './operations.ts'

/** What of a block decides about its operations. */
type Written = Pick<ReadBlock, 'author' | 'incarnation' | 'firstSequence' | 'time' | 'ops'>

interface NaiveAccount {
  owner: string
  money: number
  closed: boolean
}

interface NaiveAuction {
  payee: string
  seller: string
  lot: ReadLot
  startedAt: number
  /** Until when it stands still, and since when; from then on it goes on. */
  still: { readonly from: number; readonly until: number } | undefined
  firstEnd: number
  end: number
  bids: { account: string; amount: number }[]
  over: boolean
}

/**
 * Bank and auctions as PRODUCT.md tells them, once more and as plainly as can be: money is one number an account, what is
 * held follows from the bids, and nothing is fast. Answers `ok`, or the code of the refusal; `undefined`: no answer.
 */
export class NaiveMarket {
  readonly accounts = new Map<string, NaiveAccount>()
  readonly auctions = new Map<string, NaiveAuction>()
  issuer = 0
  /** The last one that the host set. */
  pace: number | undefined
  /** Of the lab: their numbers by their sections, those that run. */
  readonly #experiments = new Map<string, number>()
  #experimentCount = 0
  /** Auctions that are not over, and some that are. */
  readonly #open = new Set<NaiveAuction>()
  readonly #genesis: ReadGenesis
  readonly #lastOf = new Map<string, { readonly incarnation: number; readonly sequence: number }>()
  readonly #requests = new Map<string, { body: string; answer: string; number: number }>()
  /** How many requests of each author were done that were not known. */
  readonly #done = new Map<string, number>()

  constructor(genesis: ReadGenesis) {
    this.#genesis = genesis
  }

  apply(block: Written): readonly string[] {
    const { author, incarnation, firstSequence, ops } = block
    return ops.map((bytes, i) => {
      if (!this.#isNext(author, incarnation, firstSequence + i)) return 'skipped'
      return this.#one(block, `${author.slice(-6)}-${incarnation}-${firstSequence + i}`, bytes)
    })
  }

  /** Exactly once: the next of its author, or the first of a later life. */
  #isNext(author: string, incarnation: number, sequence: number): boolean {
    const last = this.#lastOf.get(author) ?? { incarnation: 0, sequence: 0 }
    const isNext =
      incarnation === last.incarnation ? sequence === last.sequence + 1 : incarnation > last.incarnation && sequence === 1
    if (isNext) this.#lastOf.set(author, { incarnation, sequence })
    return isNext
  }

  held(account: string): number {
    let sum = 0
    for (const auction of this.#open) {
      const best = auction.bids.at(-1)
      if (auction.over) this.#open.delete(auction)
      else if (best?.account === account) sum += best.amount
    }
    return sum
  }

  total(): number {
    let sum = this.issuer
    for (const { money } of this.accounts.values()) sum += money
    return sum
  }

  #one(block: Written, name: string, bytes: Uint8Array): string {
    const read = readSubmission(bytes)
    if (read === undefined) return 'malformed'
    const { request, operation } = read
    if (request === undefined) return this.#act(block, name, operation)
    const key = `${block.author} ${request}`
    const body = hexOf(read.body)
    const done = this.#done.get(block.author) ?? 0
    const before = this.#requests.get(key)
    // Of each author the last 10,000 are known; an id from before them is new again.
    if (before !== undefined && before.number > done - 10_000) return before.body === body ? before.answer : 'request-reused'
    const answer = this.#act(block, name, operation)
    this.#done.set(block.author, done + 1)
    this.#requests.set(key, { body, answer, number: done + 1 })
    return answer
  }

  #act(block: Written, name: string, operation: ReadOperation): string {
    const { author, time } = block
    switch (operation.kind) {
      case 'void':
        return 'ok'
      case 'open-account':
        if (operation.account === 'issuer' || this.accounts.has(operation.account)) return 'account-taken'
        this.accounts.set(operation.account, { owner: author, money: 0, closed: false })
        return 'ok'
      case 'close-account': {
        const problem = this.#cannotUse(operation.account, author)
        if (problem !== undefined) return problem
        const account = this.#account(operation.account)
        if (account.money !== 0) return 'account-not-empty'
        if ([...this.auctions.values()].some((auction) => !auction.over && auction.payee === operation.account))
          return 'account-in-use'
        account.closed = true
        return 'ok'
      }
      case 'deposit': {
        const { deposits, founder } = this.#genesis
        const problem = this.#cannotUse(operation.account, deposits === 'open' ? author : undefined)
        if (problem !== undefined) return problem
        if (deposits === 'host' && author !== founder) return 'not-host'
        if (this.issuer - operation.amount < -9e15) return 'room-limit'
        this.issuer -= operation.amount
        this.#account(operation.account).money += operation.amount
        return 'ok'
      }
      case 'withdraw': {
        const problem = this.#cannotUse(operation.account, author)
        if (problem !== undefined) return problem
        if (this.#free(operation.account) < operation.amount) return 'funds-short'
        this.#account(operation.account).money -= operation.amount
        this.issuer += operation.amount
        return 'ok'
      }
      case 'transfer': {
        if (!this.accounts.has(operation.from) || !this.accounts.has(operation.to)) return 'account-unknown'
        const from = this.#account(operation.from)
        const to = this.#account(operation.to)
        if (from.closed || to.closed) return 'account-closed'
        if (from.owner !== author) return 'not-owner'
        if (this.#free(operation.from) < operation.amount) return 'funds-short'
        from.money -= operation.amount
        to.money += operation.amount
        return 'ok'
      }
      case 'start-auction': {
        const problem = this.#cannotUse(operation.payee, author)
        if (problem !== undefined) return problem
        const end = time + operation.durationMillis
        const times = { startedAt: time, still: undefined, firstEnd: end, end }
        const auction = { payee: operation.payee, seller: author, lot: operation, ...times, bids: [], over: false }
        this.auctions.set(name, auction)
        this.#open.add(auction)
        return 'ok'
      }
      case 'bid':
        return this.#bid(author, time, operation)
      case 'set-pace':
        if (author !== this.#genesis.founder) return 'not-host'
        this.pace = operation.millis
        return 'ok'
      case 'record-experiment': {
        if (author !== this.#genesis.founder) return 'not-host'
        const { what, section, experiment } = operation
        const running = this.#experiments.get(section)
        if (what === 'setup') {
          if (running !== undefined || this.#experiments.size >= 8) return 'experiment-running'
          this.#experiments.set(section, ++this.#experimentCount)
          return 'ok'
        }
        if (running !== experiment) return 'experiment-unknown'
        this.#experiments.delete(section)
        return 'ok'
      }
      case 'cancel-auction':
      case 'extend-auction':
      case 'pause-auction':
      case 'resume-auction': {
        const auction = this.auctions.get(operation.auction)
        if (auction === undefined) return 'auction-unknown'
        const host = author === this.#genesis.founder
        if (!host && author !== auction.seller) return 'not-owner'
        if (auction.over || time >= auction.end) return 'auction-closed'
        return this.#govern(auction, host, time, operation)
      }
      case 'close-auction': {
        const auction = this.auctions.get(operation.auction)
        if (auction === undefined) return 'auction-unknown'
        if (auction.over) return 'auction-closed'
        if (time < auction.end) return 'auction-open'
        this.#finish(auction)
        return 'ok'
      }
    }
  }

  #bid(author: string, time: number, operation: Extract<ReadOperation, { kind: 'bid' }>): string {
    const problem = this.#cannotUse(operation.account, author)
    if (problem !== undefined) return problem
    const auction = this.auctions.get(operation.auction)
    if (auction === undefined) return 'auction-unknown'
    if (auction.over || time >= auction.end) return 'auction-closed'
    if (isStill(auction, time)) return 'auction-paused'
    if (operation.account === auction.payee) return 'own-lot'
    const { lot } = auction
    const buyNow = lot.buyNow ?? Number.POSITIVE_INFINITY
    const best = auction.bids.at(-1)
    const least = Math.min(best === undefined ? lot.startingPrice : best.amount + lot.increment, buyNow)
    if (operation.amount < least) return 'bid-too-low'
    const amount = Math.min(operation.amount, buyNow)
    const own = best?.account === operation.account ? best.amount : 0
    if (this.#free(operation.account) + own < amount) return 'funds-short'
    auction.bids.push({ account: operation.account, amount })
    const soft = lot.softClose
    if (soft !== undefined && auction.end - time <= soft.window) {
      auction.end = Math.max(auction.end, Math.min(time + soft.extension, auction.firstEnd + soft.cap))
    }
    if (amount === buyNow) this.#finish(auction)
    return 'ok'
  }

  #govern(auction: NaiveAuction, host: boolean, time: number, operation: ReadOperation): string {
    const move = (millis: number): void => {
      auction.firstEnd += millis
      auction.end += millis
    }
    switch (operation.kind) {
      case 'cancel-auction':
        if (auction.bids.length > 0 && !host) return 'auction-has-bids'
        if (auction.bids.length > 0 && operation.reason === '') return 'reason-needed'
        auction.over = true
        return 'ok'
      case 'extend-auction':
        if (auction.firstEnd + operation.millis > auction.startedAt + 30 * 24 * 3_600_000) return 'auction-too-long'
        move(operation.millis)
        return 'ok'
      case 'pause-auction':
        if (isStill(auction, time)) return 'auction-paused'
        auction.still = { from: time, until: time + operation.millis }
        move(operation.millis)
        return 'ok'
      default: {
        const { still } = auction
        if (still === undefined || !isStill(auction, time)) return 'auction-not-paused'
        // Blocks of one time, and of an earlier one than the pause, give back no more than it took.
        move(Math.max(still.from, time) - still.until)
        auction.still = undefined
        return 'ok'
      }
    }
  }

  /** The highest bid in log order wins, if it reaches the reserve. */
  #finish(auction: NaiveAuction): void {
    auction.over = true
    const best = auction.bids.at(-1)
    if (best === undefined || best.amount < (auction.lot.reserve ?? 0)) return
    this.#account(best.account).money -= best.amount
    this.#account(auction.payee).money += best.amount
  }

  #cannotUse(id: string, owner: string | undefined): string | undefined {
    const account = this.accounts.get(id)
    if (account === undefined) return 'account-unknown'
    if (account.closed) return 'account-closed'
    return owner !== undefined && account.owner !== owner ? 'not-owner' : undefined
  }

  #account(id: string): NaiveAccount {
    return this.accounts.get(id) as NaiveAccount
  }

  #free(id: string): number {
    return this.#account(id).money - this.held(id)
  }
}

const isStill = ({ still }: NaiveAuction, time: number): boolean => still !== undefined && time < still.until
