import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccountId, AuctionId, Instant } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import type { AccountView, AuctionView } from '../../src/market/types.ts'
import { createBidders, decideBid, faultOfBidder } from '../../src/peer/bidder.ts'
import type { Session } from '../../src/peer/session.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { peerNamed } from './keyed-crypto.ts'
import { account, cents, lotOf } from './rig.ts'
import { createTestContext } from './test-context.ts'

const auctionOf = (changes: Partial<AuctionView>): AuctionView => ({
  id: 'AAAAAA-1-1' as AuctionId,
  number: 1,
  lot: lotOf('seller'),
  seller: peerNamed('A'),
  startedAt: 0 as Instant,
  firstEnd: 30_000 as Instant,
  endsAt: 30_000 as Instant,
  paused: undefined,
  leader: undefined,
  bids: 0,
  recentBids: [],
  minimum: cents(100),
  ended: undefined,
  ...changes,
})
const accountOf = (available: number, closed = false): AccountView => ({
  id: account('ana'),
  holder: 'Ana',
  owner: peerNamed('A'),
  available: cents(available),
  held: cents(0),
  closed,
  history: [],
})
const bidder = {
  auction: 'AAAAAA-1-1' as AuctionId,
  account: account('ana'),
  raise: { least: 1, most: 100 },
  paceMillis: 3_000,
  maximum: 5_000,
}
const decide = (auction: AuctionView | undefined, own: AccountView | undefined, time = 0, changes: Partial<typeof bidder> = {}) =>
  decideBid({ ...bidder, ...changes }, auction, own, time as Instant, createRandom(7))

describe('an automatic bidder', () => {
  const leader = (id: string) => ({ account: id as AccountId, amount: cents(100), at: 0 as Instant })
  const rows = [
    ['waits while it leads', auctionOf({ leader: leader('ana') }), accountOf(9_000), 'wait'],
    [
      'is done when the auction has ended',
      auctionOf({ ended: { why: 'sold', at: 0 as Instant, reason: '' } }),
      accountOf(9_000),
      'over',
    ],
    ['is done when its time has passed', auctionOf({ endsAt: 0 as Instant }), accountOf(9_000), 'over'],
    ['is done when the least bid is over its maximum', auctionOf({ minimum: cents(5_001) }), accountOf(9_000), 'over'],
    ['is done when its account is closed', auctionOf({}), accountOf(0, true), 'over'],
    ['waits for money that may come back', auctionOf({}), accountOf(99), 'wait'],
    ['waits for an auction that it does not know yet', undefined, accountOf(9_000), 'wait'],
    [
      'waits while the auction is paused',
      auctionOf({ paused: { at: 0 as Instant, until: 1 as Instant } }),
      accountOf(9_000),
      'wait',
    ],
    ['bids all that it has rather than nothing', auctionOf({}), accountOf(100), 100],
    ['bids no more than its maximum', auctionOf({ minimum: cents(5_000) }), accountOf(9_000), 5_000],
    ['pays no more than buy-now', auctionOf({ lot: lotOf('seller', { buyNow: cents(100) }) }), accountOf(9_000), 100],
  ] as const
  for (const [what, auction, own, decision] of rows) it(what, () => expect(decide(auction, own)).toBe(decision))

  it('bids the least that leads, where no range was told', () => {
    expect(decide(auctionOf({ minimum: cents(110) }), accountOf(9_000), 0, { raise: { least: 0, most: 0 } })).toBe(110)
  })

  it('goes on after a pause', () => {
    const paused = auctionOf({ paused: { at: 0 as Instant, until: 5 as Instant } })
    expect(decide(paused, accountOf(9_000), 5, { raise: { least: 0, most: 0 } })).toBe(100)
  })

  it('raises by its range, drawn from its seed', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(50), fc.nat(50), (seed, least, more) => {
        const raise = { least, most: least + more }
        const amount = decideBid({ ...bidder, raise }, auctionOf({}), accountOf(9_000), 0 as Instant, createRandom(seed))
        expect(amount).toBeGreaterThanOrEqual(100 + least)
        expect(amount).toBeLessThanOrEqual(100 + least + more)
        expect(decideBid({ ...bidder, raise }, auctionOf({}), accountOf(9_000), 0 as Instant, createRandom(seed))).toBe(amount)
      }),
    )
  })
})

describe('an automatic bidder that would never bid is refused, for the first reason', () => {
  const self = peerNamed('A')
  const other = peerNamed('B')
  const at = 30_000 as Instant
  const rows: readonly (readonly [string, object, object | undefined, object | undefined])[] = [
    ['no such account', { code: 'account-unknown', account: 'ana' }, {}, undefined],
    ['a closed account', { code: 'account-closed', account: 'ana' }, {}, { closed: true }],
    ['an account of another peer', { code: 'not-owner', account: 'ana' }, {}, { owner: other }],
    ['no such auction', { code: 'auction-unknown', auction: 'AAAAAA-1-1' }, undefined, {}],
    [
      'an auction that has ended',
      { code: 'auction-closed', auction: 'AAAAAA-1-1', at: 7 },
      { ended: { why: 'sold', at: 7, reason: '' } },
      {},
    ],
    ['an auction whose time has passed', { code: 'auction-closed', auction: 'AAAAAA-1-1', at: 0 }, { endsAt: 0 }, {}],
    ['the lot of the account itself', { code: 'own-lot' }, { lot: lotOf('ana') }, {}],
    ['a maximum below the least bid', { code: 'bid-too-low', minimum: 5_001 }, { minimum: 5_001 }, {}],
  ]

  it.each(rows)('%s', (_name, rejection, auction, own) => {
    const given = auction && auctionOf(auction)
    expect(faultOfBidder(bidder, given, own && { ...accountOf(9_000), ...own }, self, 0 as Instant)).toEqual(rejection)
  })

  it('one that can bid is not, nor one that leads with all it may', () => {
    expect(faultOfBidder(bidder, auctionOf({}), accountOf(0), self, (at - 1) as Instant)).toBeUndefined()
    const leads = auctionOf({ minimum: cents(5_001), leader: { account: account('ana'), amount: cents(5_000), at } })
    expect(faultOfBidder(bidder, leads, accountOf(0), self, 0 as Instant)).toBeUndefined()
    const less = { ...bidder, maximum: 4_999 }
    expect(faultOfBidder(less, leads, accountOf(0), self, 0 as Instant)).toEqual({ code: 'bid-too-low', minimum: 5_000 })
  })
})

describe('automatic bidders of the last start', () => {
  const owner = peerNamed('A')
  /** Bidders on this disk, in a room with this auction and account. */
  const createBiddersIn = async (store: ReturnType<typeof createMemoryStore>, auction?: AuctionView, own?: AccountView) => {
    await store.open()
    const { context } = createTestContext(owner, { store })
    const market = {
      auctions: new Map(auction && [[auction.id, auction]]),
      accounts: new Map(own && [[own.id, own]]),
    }
    context.room = { market, view: { time: () => 0 } } as unknown as Session
    return createBidders(context, () => Promise.resolve())
  }
  const ended = auctionOf({ ended: { why: 'sold', at: 0 as Instant, reason: '' } })
  const rows = [
    ['go on', auctionOf({}), accountOf(9_000), true],
    ['wait for an auction of which this peer has yet to hear', undefined, accountOf(9_000), true],
    ['wait for an account of which this peer has yet to hear', auctionOf({}), undefined, true],
    ['are gone where the auction has ended', ended, accountOf(9_000), false],
    ['are gone where the account is closed', auctionOf({}), accountOf(0, true), false],
  ] as const
  for (const [what, auction, own, goesOn] of rows) {
    it(what, async () => {
      const store = createMemoryStore()
      const before = await createBiddersIn(store, auctionOf({}), accountOf(9_000))
      expect(before.start(bidder)).toBeUndefined()
      await before.close()
      await store.close()
      const after = await createBiddersIn(store, auction, own)
      await after.restore()
      expect(after.list()).toEqual(goesOn ? [bidder] : [])
      await after.close()
    })
  }

  it('are gone where they were stopped by hand, once', async () => {
    const store = createMemoryStore()
    const before = await createBiddersIn(store, auctionOf({}), accountOf(9_000))
    before.start(bidder)
    expect([1, 2].map(() => before.stop(bidder.auction, bidder.account))).toEqual([true, false])
    await before.close()
    await store.close()
    const after = await createBiddersIn(store, auctionOf({}), accountOf(9_000))
    await after.restore()
    expect(after.list()).toEqual([])
  })
})

it('an automatic bidder that was stopped by hand is on the disk no more', async () => {
  const store = createMemoryStore()
  await store.open()
  const { context } = createTestContext(peerNamed('A'), { store })
  const market = { auctions: { get: () => auctionOf({}) }, accounts: { get: () => accountOf(9_000) } }
  context.room = { market, view: { time: () => 0 } } as unknown as Session
  const bidders = createBidders(context, () => Promise.resolve())
  const kept = () => store.readValue('bidders').then((bytes) => bytes?.length)
  bidders.start(bidder)
  await bidders.close()
  const one = await kept()
  expect(bidders.stop(bidder.auction, account('nobody'))).toBe(false)
  await bidders.close()
  expect(await kept()).toBe(one)
  expect(bidders.stop(bidder.auction, bidder.account)).toBe(true)
  await bidders.close()
  expect(await kept()).toBeLessThan(one ?? 0)
})

describe('an automatic bidder that runs', () => {
  const owner = peerNamed('A')
  /** Bidders in a room with this auction, whose clock the test moves. */
  async function createRunning(pace = 3_000) {
    let now = 0
    let timers: { readonly at: number; readonly task: () => void }[] = []
    const clock = {
      monotonic: () => now,
      wall: () => now,
      soon: (task: () => void) => task(),
      at(at: number, task: () => void) {
        const timer = { at, task }
        timers.push(timer)
        return () => {
          timers = timers.filter((one) => one !== timer)
        }
      },
    }
    const store = createMemoryStore()
    await store.open()
    const { context } = createTestContext(owner, { store, clock })
    const room = { auction: auctionOf({ endsAt: 1e9 as Instant }), account: accountOf(9_000) }
    const market = {
      auctions: { get: () => room.auction },
      accounts: { get: () => room.account },
    }
    context.room = { market, view: { time: () => now } } as unknown as Session
    const bids: { readonly amount: number; readonly at: number; readonly deadline: number }[] = []
    let settle: () => Promise<unknown> = () => Promise.resolve()
    const bidders = createBidders(context, (operation, deadline) => {
      if (operation.kind !== 'bid') throw new Error('it does more than bid')
      bids.push({ amount: operation.amount, at: now, deadline })
      return settle()
    })
    const start = (changes: Partial<typeof bidder> = {}) =>
      bidders.start({ ...bidder, paceMillis: pace, raise: { least: 0, most: 0 }, ...changes })
    return {
      bidders,
      bids,
      room,
      start,
      timers: () => timers.map(({ at }) => at),
      answer: (answer: () => Promise<unknown>) => {
        settle = answer
      },
      /** The next timer goes off. */
      async next() {
        const timer = timers.toSorted((one, other) => one.at - other.at)[0]
        if (timer === undefined) throw new Error('nothing is to come')
        now = timer.at
        timers = timers.filter((one) => one !== timer)
        timer.task()
        await new Promise((resolve) => setImmediate(resolve))
      },
    }
  }

  it('looks a part of its pace after its start, then once in its pace, and bids each time that it does not lead', async () => {
    const { bids, start, timers, next } = await createRunning()
    expect(start()).toBeUndefined()
    const [first = -1] = timers()
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(3_000)
    await next()
    await next()
    expect(bids).toEqual([
      { amount: 100, at: first, deadline: 5_000 },
      { amount: 100, at: first + 3_000, deadline: 5_000 },
    ])
  })

  it('waits while it leads, and goes on when a bid was not settled', async () => {
    const { bids, room, start, answer, timers, next } = await createRunning()
    start()
    answer(() => Promise.reject(new Error('not settled')))
    await next()
    room.auction = auctionOf({
      endsAt: 1e9 as Instant,
      leader: { account: account('ana'), amount: cents(100), at: 0 as Instant },
    })
    await next()
    expect([bids.length, timers().length]).toEqual([1, 1])
  })

  it('bids no more while its last bid is under way', async () => {
    const { bids, start, answer, timers, next } = await createRunning()
    start()
    answer(() => new Promise(() => undefined))
    await next()
    expect([bids.length, timers()]).toEqual([1, []])
  })

  it('ends with the auction, on the disk as well', async () => {
    const { bidders, room, start, timers, next } = await createRunning()
    start()
    await new Promise((resolve) => setImmediate(resolve))
    room.auction = auctionOf({ ended: { why: 'sold', at: 0 as Instant, reason: '' } })
    await next()
    expect([bidders.list(), timers()]).toEqual([[], []])
    await bidders.close()
    room.auction = auctionOf({ endsAt: 1e9 as Instant })
    await bidders.restore()
    expect(bidders.list()).toEqual([])
  })

  it('takes the place of the one before it for the same auction and account, and of no other', async () => {
    const { bidders, start, timers } = await createRunning()
    start()
    start({ maximum: 4_000 })
    expect([bidders.list().map(({ maximum }) => maximum), timers().length]).toEqual([[4_000], 1])
    start({ account: account('bob') })
    expect([bidders.list().length, timers().length]).toEqual([2, 2])
  })

  it('that was stopped looks no more, though a bid was under way', async () => {
    const { bidders, start, answer, timers, next } = await createRunning()
    const { promise, resolve } = Promise.withResolvers<void>()
    start()
    answer(() => promise)
    await next()
    bidders.stop(bidder.auction, bidder.account)
    resolve()
    await promise
    await Promise.resolve()
    expect(timers()).toEqual([])
    start()
    await bidders.close()
    expect(timers()).toEqual([])
  })
})

it('a thousand automatic bidders are kept', async () => {
  const store = createMemoryStore()
  await store.open()
  const { context } = createTestContext(peerNamed('A'), { store })
  const market = { auctions: { get: () => auctionOf({}) }, accounts: { get: () => accountOf(9_000) } }
  context.room = { market, view: { time: () => 0 } } as unknown as Session
  const create = () => createBidders(context, () => Promise.resolve())
  const before = create()
  for (let at = 0; at < 1_001; at++) before.start({ ...bidder, account: `a${at}` as AccountId, paceMillis: 1e8 })
  await before.close()
  const after = create()
  await after.restore()
  expect([before.list().length, after.list().length]).toEqual([1_001, 1_000])
  await after.close()
})
