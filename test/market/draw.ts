import fc from 'fast-check'
import type { Operation } from '../../src/market/operation.ts'
import {
  bid,
  cancel,
  close,
  closeAuction,
  deposit,
  experiment,
  extend,
  open,
  pause,
  resume,
  setPace,
  start,
  transfer,
  withdraw,
} from './room.ts'

/** Who writes. */
export type Name = 'ana' | 'bob' | 'eve'

/** What a drawn operation is about, known only when its turn comes. */
export interface Around {
  /** The author's accounts. */
  readonly own: readonly string[]
  readonly free: (account: string) => number
  readonly auction: string
  /** The least bid there. */
  readonly minimum: number
}

/** Something to be written: most of it makes sense, since a history of refusals alone would show nothing. */
export interface Drawn {
  readonly author: Name
  /** In milliseconds, or to the very moment from which on a rule says something else. */
  readonly wait: number | 'until the end' | 'until the window' | 'until it goes on'
  readonly make: (around: Around) => Operation
  /** Which auction: one of those that still run, if there are any, or one of all, of which the last is unknown. */
  readonly auction: { readonly number: number; readonly isRunning: boolean }
  readonly request: string | undefined
  readonly delivery: 'once' | 'twice' | 'with a gap' | 'after a restart'
}

const someAccount = fc.constantFrom('a', 'b', 'e', 'spare', 'other', 'till', 'issuer')
/** One of the author's own by its number, or one by its name. */
const account = fc.oneof({ weight: 5, arbitrary: fc.nat(9) }, { weight: 3, arbitrary: someAccount })
const nameOf = (which: number | string, { own }: Around): string =>
  typeof which === 'string' ? which : (own[which % own.length] ?? 'nobody')

/** No operation may name more. */
const amountMax = 1e13
/** `all`: what is free on the account, to the last cent. */
const amount = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 400 }) },
  { weight: 2, arbitrary: fc.constant('all' as const) },
  { weight: 1, arbitrary: fc.constant(amountMax) },
)
const centsOf = (which: number | 'all', id: string, { free }: Around): number =>
  which === 'all' ? Math.min(Math.max(1, free(id)), amountMax) : which
const over = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: -1 }) },
  { weight: 1, arbitrary: fc.nat(1_500) },
  { weight: 1, arbitrary: fc.constant('all' as const) },
)

const rise = fc.option(fc.nat(150), { nil: undefined })
const softClose = fc.record({
  window: fc.integer({ min: 1, max: 8_000 }),
  extension: fc.integer({ min: 1, max: 8_000 }),
  cap: fc.nat(10_000),
})
const lot = fc
  .record({
    startingPrice: fc.integer({ min: 1, max: 100 }),
    reserveOver: rise,
    buyNowOver: rise,
    increment: fc.integer({ min: 1, max: 30 }),
    durationMillis: fc.integer({ min: 1, max: 20_000 }),
    softClose: fc.option(softClose, { nil: undefined, freq: 2 }),
  })
  .map(({ startingPrice, reserveOver, buyNowOver, ...rest }) => {
    const reserve = reserveOver === undefined ? undefined : startingPrice + reserveOver
    const buyNow = buyNowOver === undefined ? undefined : (reserve ?? startingPrice) + buyNowOver
    return { ...rest, startingPrice, reserve, buyNow }
  })

/** An extension is refused past 30 days: this one nearly always, or by a hair. */
const longest = fc.integer({ min: 30 * 86_400_000 - 20_000, max: 30 * 86_400_000 })
const governed =
  (operation: (auction: string, millis: number) => Operation) =>
  (millis: number): Drawn['make'] =>
  ({ auction }) =>
    operation(auction, millis)

const make: fc.Arbitrary<Drawn['make']> = fc.oneof(
  { weight: 2, arbitrary: someAccount.map((id) => () => open(id)) },
  { weight: 3, arbitrary: account.map((id) => (around: Around) => close(nameOf(id, around))) },
  { weight: 4, arbitrary: fc.tuple(account, amount).map(([id, cents]) => paid(deposit, id, cents === 'all' ? 1 : cents)) },
  { weight: 2, arbitrary: fc.tuple(account, amount).map(([id, cents]) => paid(withdraw, id, cents)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(account, someAccount, amount)
      .map(([from, to, cents]) => paid((id, exact) => transfer(id, to, exact), from, cents)),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(account, lot).map(
      ([payee, changes]) =>
        (around: Around) =>
          start(nameOf(payee, around), changes),
    ),
  },
  { weight: 16, arbitrary: fc.tuple(account, over).map(([id, cents]) => bidOver(id, cents)) },
  { weight: 3, arbitrary: fc.constantFrom('', 'why not').map((reason) => (around: Around) => cancel(around.auction, reason)) },
  { weight: 4, arbitrary: fc.constant((around: Around) => closeAuction(around.auction)) },
  { weight: 1, arbitrary: fc.oneof(fc.integer({ min: 1, max: 9_000 }), longest).map(governed(extend)) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 30_000 }).map(governed(pause)) },
  { weight: 4, arbitrary: fc.constant((around: Around) => resume(around.auction)) },
  { weight: 1, arbitrary: fc.integer({ min: 49, max: 3_001 }).map((millis) => () => setPace(millis)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom('setup' as const, 'result' as const, 'stop' as const),
        fc.constant('a'),
        fc.integer({ min: 1, max: 2 }),
      )
      .map(
        ([what, section, number]) =>
          () =>
            experiment(what, section, what === 'setup' ? 0 : number),
      ),
  },
  { weight: 1, arbitrary: fc.constant((): Operation => ({ kind: 'void' })) },
)

function paid(pay: (id: string, cents: number) => Operation, which: number | string, cents: number | 'all'): Drawn['make'] {
  return (around) => {
    const id = nameOf(which, around)
    return pay(id, centsOf(cents, id, around))
  }
}

/** So much over the least bid, or all that is free. */
function bidOver(which: number | string, cents: number | 'all'): Drawn['make'] {
  return (around) => {
    const id = nameOf(which, around)
    const exact = cents === 'all' ? centsOf(cents, id, around) : Math.min(Math.max(1, around.minimum + cents), amountMax)
    return bid(around.auction, id, exact)
  }
}

export const drawn: fc.Arbitrary<Drawn> = fc.record({
  author: fc.constantFrom<Name>('ana', 'bob', 'eve'),
  wait: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.nat(1_000) },
    { weight: 1, arbitrary: fc.nat(9_000) },
    { weight: 1, arbitrary: fc.constantFrom('until the end' as const, 'until the window' as const, 'until it goes on' as const) },
  ),
  make,
  auction: fc.record({ number: fc.nat(20), isRunning: fc.constantFrom(true, true, true, false) }),
  request: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((number) => `r${number}`) },
  ),
  delivery: fc.constantFrom('once', 'once', 'once', 'once', 'once', 'once', 'twice', 'with a gap', 'after a restart'),
})
