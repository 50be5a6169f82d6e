import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AccountId, type AuctionId, auctionId, type Instant } from '../../src/core/ids.ts'
import { createMarket } from '../../src/market/market.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Market, RoomRules } from '../../src/market/types.ts'
import { best, least, NaiveRoom } from './naive.ts'
import {
  ana,
  bid,
  bob,
  cancel,
  close,
  closeAuction,
  deposit,
  encode,
  eve,
  open,
  restored,
  rules,
  sha256,
  start,
  transfer,
  withdraw,
} from './room.ts'

const people = { ana, bob, eve }
type Name = keyof typeof people

/** The market under test, beside one that is never restarted: both must have one state. */
interface Real {
  readonly rules: RoomRules
  market: Market
  readonly straight: Market
  time: number
  readonly last: Record<Name, { incarnation: number; sequence: number }>
}

type Command = fc.Command<NaiveRoom, Real>

/** Somebody writes something; `delivery` says how it comes into the log. */
class Write implements Command {
  readonly #author: Name
  readonly #wait: number
  readonly #make: (auction: string, minimum: number) => Operation
  readonly #auction: number
  readonly #request: string | undefined
  readonly #delivery: 'once' | 'twice' | 'with a gap' | 'after a restart'
  #done = 'not run'

  constructor(drawn: Drawn) {
    this.#author = drawn.author
    this.#wait = drawn.wait
    this.#make = drawn.make
    this.#auction = drawn.auction
    this.#request = drawn.request
    this.#delivery = drawn.delivery
  }

  check(): boolean {
    return true
  }

  run(model: NaiveRoom, real: Real): void {
    real.time += this.#wait
    // Mostly one of those that exist; the one after the last is unknown.
    const known = model.auctions[this.#auction % (model.auctions.length + 1)]
    const operation = this.#make(known?.id ?? 'EEEEEE-9-9', known === undefined ? 100 : least(known))
    this.#done = `${this.#author} at ${real.time}, ${this.#delivery}, request ${this.#request}: ${JSON.stringify(operation)}`
    const last = real.last[this.#author]
    if (this.#delivery === 'after a restart') {
      last.incarnation += 2
      last.sequence = 0
    }
    const place = { incarnation: last.incarnation, sequence: last.sequence + 1 }
    if (this.#delivery === 'with a gap') {
      expect(this.#apply(real, operation, { ...place, sequence: place.sequence + 1 })).toBe('skipped')
    } else {
      const author = people[this.#author]
      const name = auctionId(author, place.incarnation, place.sequence)
      const expected = model.submit(author, real.time, name, operation, this.#request)
      expect(this.#apply(real, operation, place)).toMatchObject(expected ?? { accepted: true })
      last.sequence++
      if (this.#delivery === 'twice') expect(this.#apply(real, operation, place)).toBe('skipped')
    }
    compare(model, real)
  }

  toString(): string {
    return this.#done
  }

  /** The rejection; `accepted`; or `skipped`. */
  #apply(real: Real, operation: Operation, { incarnation, sequence }: { incarnation: number; sequence: number }): unknown {
    const ops = [encode(operation, this.#request)]
    const block = { time: real.time as Instant, author: people[this.#author], incarnation, firstSequence: sequence, ops }
    const [applied] = real.market.apply({ ...block, index: real.market.index + 1 })
    expect(real.straight.apply({ ...block, index: real.straight.index + 1 })).toStrictEqual([applied])
    const outcome = applied?.outcome
    if (outcome === undefined) return 'skipped'
    return outcome.accepted ? { accepted: true } : outcome.rejection
  }
}

/** The peer is restarted from its snapshot. */
class Restart implements Command {
  check(): boolean {
    return true
  }

  run(model: NaiveRoom, real: Real): void {
    const bytes = real.market.snapshot()
    real.market = restored(bytes, real.rules)
    expect(real.market.snapshot()).toEqual(bytes)
    compare(model, real)
  }

  toString(): string {
    return 'restart'
  }
}

interface Drawn {
  readonly author: Name
  readonly wait: number
  readonly make: (auction: string, minimum: number) => Operation
  readonly auction: number
  readonly request: string | undefined
  readonly delivery: 'once' | 'twice' | 'with a gap' | 'after a restart'
}

const account = fc.constantFrom('a', 'a', 'b', 'b', 'e', 'e', 'spare', 'issuer')
const amount = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 400 }) }, { weight: 1, arbitrary: fc.constant(1e13) })
const price = fc.integer({ min: 0, max: 150 })
const lot = fc
  .record({
    startingPrice: fc.integer({ min: 1, max: 100 }),
    overStart: fc.option(price, { nil: undefined }),
    overReserve: fc.option(price, { nil: undefined }),
    increment: fc.integer({ min: 1, max: 30 }),
    durationMillis: fc.integer({ min: 1, max: 20_000 }),
    softClose: fc.option(
      fc.record({
        window: fc.integer({ min: 1, max: 8_000 }),
        extension: fc.integer({ min: 1, max: 8_000 }),
        cap: fc.nat(10_000),
      }),
      { nil: undefined },
    ),
  })
  .map(({ startingPrice, overStart, overReserve, ...rest }) => {
    const reserve = overStart === undefined ? undefined : startingPrice + overStart
    return {
      ...rest,
      startingPrice,
      reserve,
      buyNow: overReserve === undefined ? undefined : (reserve ?? startingPrice) + overReserve,
    }
  })

const always = (operation: Operation) => (): Operation => operation
const make: fc.Arbitrary<Drawn['make']> = fc.oneof(
  { weight: 2, arbitrary: account.map((id) => always(open(id))) },
  { weight: 1, arbitrary: account.map((id) => always(close(id))) },
  { weight: 3, arbitrary: fc.tuple(account, amount).map(([id, cents]) => always(deposit(id, cents))) },
  { weight: 2, arbitrary: fc.tuple(account, amount).map(([id, cents]) => always(withdraw(id, cents))) },
  { weight: 3, arbitrary: fc.tuple(account, account, amount).map(([from, to, cents]) => always(transfer(from, to, cents))) },
  { weight: 3, arbitrary: fc.tuple(account, lot).map(([payee, changes]) => always(start(payee, changes))) },
  {
    weight: 8,
    arbitrary: fc.tuple(account, fc.oneof(fc.integer({ min: -5, max: 80 }), fc.nat(900))).map(([id, over]) => bidOver(id, over)),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'why not').map((reason) => (auction: string) => cancel(auction, reason)) },
  { weight: 2, arbitrary: fc.constant(closeAuction) },
  { weight: 1, arbitrary: fc.constant(always({ kind: 'void' })) },
)
const bidOver =
  (id: string, over: number) =>
  (auction: string, minimum: number): Operation =>
    bid(auction, id, Math.max(1, minimum + over))

const write = fc
  .record<Drawn>({
    author: fc.constantFrom<Name>('ana', 'bob', 'eve'),
    wait: fc.oneof(fc.constant(0), fc.nat(1_000), fc.nat(9_000)),
    make,
    auction: fc.nat(8),
    request: fc.option(fc.constantFrom('r0', 'r1', 'r2'), { nil: undefined, freq: 3 }),
    delivery: fc.constantFrom('once', 'once', 'once', 'once', 'twice', 'with a gap', 'after a restart'),
  })
  .map((drawn) => new Write(drawn))
const restart = fc.constant(undefined).map(() => new Restart())

const usual: readonly (readonly [Name, Operation])[] = [
  ['ana', open('a')],
  ['bob', open('b')],
  ['eve', open('e')],
  ['ana', deposit('a', 1_000)],
  ['bob', deposit('b', 1_000)],
  ['eve', deposit('e', 1_000)],
]

function setup(deposits: RoomRules['deposits']): { model: NaiveRoom; real: Real } {
  const given: RoomRules = { ...rules, deposits }
  const model = new NaiveRoom(ana, deposits)
  const at = (): { incarnation: number; sequence: number } => ({ incarnation: 1, sequence: 0 })
  const real: Real = {
    rules: given,
    market: createMarket(given, sha256),
    straight: createMarket(given, sha256),
    time: 1_000_000,
    last: { ana: at(), bob: at(), eve: at() },
  }
  for (const [name, operation] of usual) {
    const author: Name = deposits === 'host' && operation.kind === 'deposit' ? 'ana' : name
    new Write({ author, wait: 0, make: () => operation, auction: 0, request: undefined, delivery: 'once' }).run(model, real)
  }
  return { model, real }
}

/** S4 of PROTOCOL, section 7, and all that the two can be asked for. */
function compare(model: NaiveRoom, { market, straight }: Real): void {
  expect(market.stateHash).toBe(straight.stateHash)
  expect([...market.accounts.keys()]).toEqual(model.accounts.map(({ id }) => id))
  let total: number = market.issuer
  for (const { id, owner, closed } of model.accounts) {
    const view = market.accounts.get(id as AccountId)
    expect(view).toMatchObject({ owner, closed, available: model.free(id), held: model.held(id) })
    expect(view?.available).toBeGreaterThanOrEqual(0)
    total += (view?.available ?? 0) + (view?.held ?? 0)
  }
  expect(total, 'the sum of all accounts').toBe(0)
  expect([...market.openAuctions]).toEqual(model.auctions.filter(({ ended }) => ended === undefined).map(({ id }) => id))
  for (const auction of model.auctions) {
    const view = market.auctions.get(auction.id as AuctionId)
    const leading = best(auction)
    const { account: leader, amount: offered } = view?.leader ?? {}
    expect([leader, offered]).toEqual([leading?.account, leading?.amount])
    expect(view).toMatchObject({
      seller: auction.seller,
      bids: auction.bids.length,
      minimum: least(auction),
      endsAt: auction.end,
    })
    expect(view?.ended?.why).toBe(auction.ended)
  }
}

describe('the market does what a naive one does', () => {
  it.each(['open', 'host'] as const)('where deposits are %s', (deposits) => {
    const commands = fc.commands([write, write, write, write, write, write, restart], { maxCommands: 120, size: 'max' })
    fc.assert(
      fc.property(commands, (drawn) => fc.modelRun(() => setup(deposits), drawn)),
      { numRuns: 200 },
    )
  })
})
