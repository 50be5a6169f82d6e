import fc from 'fast-check'
import type { Operation } from '../../src/market/operation.ts'
import { bid, cancel, close, closeAuction, deposit, open, start, transfer, withdraw } from './room.ts'

/** Who writes. */
export type Name = 'ana' | 'bob' | 'eve'

/** What a drawn operation is about, known only when its turn comes. */
export interface Around {
  /** The author's accounts. */
  readonly own: readonly string[]
  readonly auction: string
  /** The least bid there. */
  readonly minimum: number
}

/** Something to be written: most of it makes sense, since a history of refusals alone would show nothing. */
export interface Drawn {
  readonly author: Name
  readonly waitMillis: number
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

const amount = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 400 }) }, { weight: 1, arbitrary: fc.constant(1e13) })
const over = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: -1 }) },
  { weight: 1, arbitrary: fc.nat(1_500) },
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

const make: fc.Arbitrary<Drawn['make']> = fc.oneof(
  { weight: 2, arbitrary: someAccount.map((id) => () => open(id)) },
  { weight: 2, arbitrary: account.map((id) => (around: Around) => close(nameOf(id, around))) },
  {
    weight: 4,
    arbitrary: fc.tuple(account, amount).map(
      ([id, cents]) =>
        (around: Around) =>
          deposit(nameOf(id, around), cents),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(account, amount).map(
      ([id, cents]) =>
        (around: Around) =>
          withdraw(nameOf(id, around), cents),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(account, someAccount, amount).map(
      ([from, to, cents]) =>
        (around: Around) =>
          transfer(nameOf(from, around), to, cents),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(account, lot).map(
      ([payee, changes]) =>
        (around: Around) =>
          start(nameOf(payee, around), changes),
    ),
  },
  {
    weight: 16,
    arbitrary: fc.tuple(account, over).map(
      ([id, cents]) =>
        (around: Around) =>
          bid(around.auction, nameOf(id, around), Math.max(1, around.minimum + cents)),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'why not').map((reason) => (around: Around) => cancel(around.auction, reason)) },
  { weight: 4, arbitrary: fc.constant((around: Around) => closeAuction(around.auction)) },
  { weight: 1, arbitrary: fc.constant((): Operation => ({ kind: 'void' })) },
)

export const drawn: fc.Arbitrary<Drawn> = fc.record({
  author: fc.constantFrom<Name>('ana', 'bob', 'eve'),
  waitMillis: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.nat(1_000) },
    { weight: 1, arbitrary: fc.nat(9_000) },
  ),
  make,
  auction: fc.record({ number: fc.nat(20), isRunning: fc.constantFrom(true, true, true, false) }),
  request: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((number) => `r${number}`) },
  ),
  delivery: fc.constantFrom('once', 'once', 'once', 'once', 'once', 'once', 'twice', 'with a gap', 'after a restart'),
})
