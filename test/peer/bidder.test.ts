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
