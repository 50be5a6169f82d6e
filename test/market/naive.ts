import type { Operation } from '../../src/market/operation.ts'

interface Bid {
  readonly account: string
  readonly amount: number
  readonly at: number
}

export interface NaiveAuction {
  readonly id: string
  readonly seller: string
  readonly startedAt: number
  readonly lot: Extract<Operation, { kind: 'start-auction' }>
  firstEnd: number
  end: number
  /** The pause that nobody has ended yet. */
  stops: { readonly at: number; readonly until: number } | undefined
  readonly bids: Bid[]
  ended: { readonly why: string; readonly at: number } | undefined
}

/** What the rules say no with. */
export type Refusal = { readonly code: string } & Readonly<Record<string, unknown>>

/**
 * PRODUCT, Money and Auctions, as plainly as can be, and sharing no code with the market: money is the sum of all
 * payments ever made, what is held follows from the bids, and everything is looked for from the beginning.
 */
export class NaiveRoom {
  readonly accounts: { readonly id: string; readonly owner: string; closed: boolean }[] = []
  readonly payments: { readonly from: string; readonly to: string; readonly amount: number }[] = []
  readonly auctions: NaiveAuction[] = []
  /** All that it was ever set to. */
  readonly paces: number[] = []
  readonly experiments: { readonly number: number; readonly section: string; isOver: boolean }[] = []
  readonly #founder: string
  readonly #deposits: 'open' | 'host'
  readonly #requests = new Map<string, { readonly body: string; readonly answer: Refusal | undefined }>()

  constructor(founder: string, deposits: 'open' | 'host') {
    this.#founder = founder
    this.#deposits = deposits
  }

  money(id: string): number {
    return this.payments.reduce((sum, { from, to, amount }) => sum + (to === id ? amount : 0) - (from === id ? amount : 0), 0)
  }

  held(id: string): number {
    const leading = this.auctions.filter((auction) => auction.ended === undefined && best(auction)?.account === id)
    return leading.reduce((sum, auction) => sum + (best(auction)?.amount ?? 0), 0)
  }

  free(id: string): number {
    return this.money(id) - this.held(id)
  }

  /** Whether this is the same body under an id that its author has used: it is not done again. */
  isRepeat(author: string, operation: Operation, request: string | undefined): boolean {
    return this.#requests.get(`${author} ${request}`)?.body === JSON.stringify(operation)
  }

  /** The refusal, or `undefined` where it was done. `name`: the id of the auction that it may start. */
  submit(author: string, time: number, name: string, operation: Operation, request: string | undefined): Refusal | undefined {
    // What is no operation at all comes before everything.
    if (operation.kind === 'transfer' && operation.from === operation.to) return { code: 'malformed' }
    if (operation.kind === 'set-pace' && (operation.millis < 50 || operation.millis > 3_000)) return { code: 'malformed' }
    const key = `${author} ${request}`
    const body = JSON.stringify(operation)
    const known = request === undefined ? undefined : this.#requests.get(key)
    if (known !== undefined) return known.body === body ? known.answer : { code: 'request-reused' }
    const answer = this.#act(author, time, name, operation)
    if (request !== undefined) this.#requests.set(key, { body, answer })
    return answer
  }

  #act(author: string, time: number, name: string, operation: Operation): Refusal | undefined {
    switch (operation.kind) {
      case 'void':
        return undefined
      case 'open-account': {
        const { account } = operation
        if (account === 'issuer' || this.#find(account) !== undefined) return { code: 'account-taken', account }
        this.accounts.push({ id: account, owner: author, closed: false })
        return undefined
      }
      case 'close-account': {
        const { account } = operation
        const refusal = this.#mayUse(author, account)
        if (refusal !== undefined) return refusal
        if (this.money(account) !== 0)
          return { code: 'account-not-empty', available: this.free(account), held: this.held(account) }
        const paying = this.auctions.find(({ lot, ended }) => ended === undefined && lot.payee === account)
        if (paying !== undefined) return { code: 'account-in-use', auction: paying.id }
        this.accounts.forEach((known) => {
          if (known.id === account) known.closed = true
        })
        return undefined
      }
      case 'deposit': {
        const { account, amount } = operation
        const owner = this.#deposits === 'open' ? author : this.#find(account)?.owner
        const refusal = this.#mayUse(owner ?? author, account)
        if (refusal !== undefined) return refusal
        if (this.#deposits === 'host' && author !== this.#founder) return { code: 'not-host' }
        const room = 9_000_000_000_000_000 + this.money('issuer')
        if (amount > room) return { code: 'room-limit', available: room }
        this.payments.push({ from: 'issuer', to: account, amount })
        return undefined
      }
      case 'withdraw': {
        const { account, amount } = operation
        const refusal = this.#mayUse(author, account) ?? this.#mustHave(account, amount)
        if (refusal === undefined) this.payments.push({ from: account, to: 'issuer', amount })
        return refusal
      }
      case 'transfer': {
        const { from, to, amount } = operation
        const ends = [from, to]
        const unknown = ends.find((end) => this.#find(end) === undefined)
        if (unknown !== undefined) return { code: 'account-unknown', account: unknown }
        const closed = ends.find((end) => this.#find(end)?.closed)
        if (closed !== undefined) return { code: 'account-closed', account: closed }
        const refusal = this.#mayUse(author, from) ?? this.#mustHave(from, amount)
        if (refusal === undefined) this.payments.push({ from, to, amount })
        return refusal
      }
      case 'start-auction': {
        const refusal = this.#mayUse(author, operation.payee)
        if (refusal !== undefined) return refusal
        const end = time + operation.durationMillis
        this.auctions.push({ id: name, seller: author, startedAt: time, lot: operation, firstEnd: end, end, ...fresh() })
        return undefined
      }
      case 'bid':
        return this.#bid(author, time, operation)
      case 'cancel-auction': {
        const auction = this.#governed(author, time, operation.auction)
        if ('code' in auction) return auction
        const bids = auction.bids.length
        if (bids > 0 && author !== this.#founder) return { code: 'auction-has-bids', auction: auction.id, bids }
        if (bids > 0 && operation.reason.length === 0) return { code: 'reason-needed', auction: auction.id, bids }
        this.#over(auction, 'cancelled', time)
        return undefined
      }
      case 'extend-auction': {
        const auction = this.#governed(author, time, operation.auction)
        if ('code' in auction) return auction
        const { startedAt, firstEnd } = auction
        const most = 2_592_000_000
        if (firstEnd + operation.millis - startedAt > most)
          return { code: 'auction-too-long', auction: auction.id, latest: startedAt + most }
        auction.firstEnd += operation.millis
        auction.end += operation.millis
        return undefined
      }
      case 'pause-auction': {
        const auction = this.#governed(author, time, operation.auction)
        if ('code' in auction) return auction
        if (stands(auction, time)) return { code: 'auction-paused', auction: auction.id, until: auction.stops?.until }
        auction.stops = { at: time, until: time + operation.millis }
        auction.firstEnd += operation.millis
        auction.end += operation.millis
        return undefined
      }
      case 'resume-auction': {
        const auction = this.#governed(author, time, operation.auction)
        if ('code' in auction) return auction
        const { stops } = auction
        if (stops === undefined || !stands(auction, time)) return { code: 'auction-not-paused', auction: auction.id }
        // As if it had been paused for just so long.
        auction.firstEnd += time - stops.until
        auction.end += time - stops.until
        auction.stops = undefined
        return undefined
      }
      case 'set-pace':
        if (author !== this.#founder) return { code: 'not-host' }
        this.paces.push(operation.millis)
        return undefined
      case 'record-experiment': {
        const { what, section } = operation
        if (author !== this.#founder) return { code: 'not-host' }
        const own = this.experiments.findLast((one) => one.section === section && !one.isOver)
        const isSetup = what === 'setup'
        if (isSetup && own !== undefined) return { code: 'experiment-running', section, experiment: own.number }
        if (isSetup) this.experiments.push({ number: this.experiments.length + 1, section, isOver: false })
        else if (own === undefined || own.number !== operation.experiment)
          return { code: 'experiment-unknown', experiment: operation.experiment }
        else own.isOver = true
        return undefined
      }
      case 'close-auction': {
        const auction = this.#auction(operation.auction)
        if (auction === undefined) return { code: 'auction-unknown', auction: operation.auction }
        if (auction.ended !== undefined) return { code: 'auction-closed', auction: auction.id, at: auction.ended.at }
        if (time < auction.end) return { code: 'auction-open', auction: auction.id, until: auction.end }
        this.#finish(auction, time)
        return undefined
      }
    }
  }

  #bid(author: string, time: number, { auction: id, account, amount }: Extract<Operation, { kind: 'bid' }>): Refusal | undefined {
    const refusal = this.#mayUse(author, account)
    if (refusal !== undefined) return refusal
    const auction = this.#auction(id)
    if (auction === undefined) return { code: 'auction-unknown', auction: id }
    if (isOver(auction, time)) return { code: 'auction-closed', auction: id, at: auction.ended?.at ?? auction.end }
    if (stands(auction, time)) return { code: 'auction-paused', auction: id, until: auction.stops?.until }
    if (account === auction.lot.payee) return { code: 'own-lot' }
    const { softClose } = auction.lot
    const minimum = least(auction)
    if (amount < minimum) return { code: 'bid-too-low', minimum }
    const price = Math.min(amount, auction.lot.buyNow ?? amount)
    const own = best(auction)?.account === account ? (best(auction)?.amount ?? 0) : 0
    if (price > this.free(account) + own) return { code: 'funds-short', available: this.free(account) }
    auction.bids.push({ account, amount: price, at: time })
    if (softClose !== undefined && time >= auction.end - softClose.window) {
      const moved = Math.min(time + softClose.extension, auction.firstEnd + softClose.cap)
      if (moved > auction.end) auction.end = moved
    }
    if (price === auction.lot.buyNow) this.#finish(auction, time)
    return undefined
  }

  #finish(auction: NaiveAuction, time: number): void {
    const winning = best(auction)
    const isMet = winning !== undefined && winning.amount >= (auction.lot.reserve ?? 0)
    this.#over(auction, winning === undefined ? 'unsold' : isMet ? 'sold' : 'reserve-not-met', time)
    if (winning !== undefined && isMet)
      this.payments.push({ from: winning.account, to: auction.lot.payee, amount: winning.amount })
  }

  #over(auction: NaiveAuction, why: string, at: number): void {
    auction.ended = { why, at }
    auction.stops = undefined
  }

  /** One that runs, and that this author may call off, extend, pause and resume. */
  #governed(author: string, time: number, id: string): NaiveAuction | Refusal {
    const auction = this.#auction(id)
    if (auction === undefined) return { code: 'auction-unknown', auction: id }
    if (author !== auction.seller && author !== this.#founder) return { code: 'not-owner', account: auction.lot.payee }
    return isOver(auction, time) ? { code: 'auction-closed', auction: id, at: auction.ended?.at ?? auction.end } : auction
  }

  #mayUse(author: string, id: string): Refusal | undefined {
    const account = this.#find(id)
    if (account === undefined) return { code: 'account-unknown', account: id }
    if (account.closed) return { code: 'account-closed', account: id }
    return account.owner === author ? undefined : { code: 'not-owner', account: id }
  }

  #mustHave(id: string, amount: number): Refusal | undefined {
    return this.free(id) < amount ? { code: 'funds-short', available: this.free(id) } : undefined
  }

  #find(id: string) {
    return this.accounts.find((account) => account.id === id)
  }

  #auction(id: string): NaiveAuction | undefined {
    return this.auctions.find((auction) => auction.id === id)
  }
}

const fresh = (): Pick<NaiveAuction, 'stops' | 'bids' | 'ended'> => ({ stops: undefined, bids: [], ended: undefined })

/** Whether its countdown stands still. */
const stands = ({ stops }: NaiveAuction, time: number): boolean => stops !== undefined && time < stops.until

function isOver({ ended, end }: NaiveAuction, time: number): boolean {
  return ended !== undefined || time >= end
}

/** The highest of all bids, whenever it was made. */
export function best({ bids }: NaiveAuction): Bid | undefined {
  return [...bids].sort((a, b) => b.amount - a.amount)[0]
}

/** What the next bid must be. */
export function least(auction: NaiveAuction): number {
  const { lot } = auction
  const leading = best(auction)
  const next = leading === undefined ? lot.startingPrice : leading.amount + lot.increment
  return lot.buyNow === undefined ? next : Math.min(next, lot.buyNow)
}
