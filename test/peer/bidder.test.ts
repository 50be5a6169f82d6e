import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccountId, AuctionId, Instant } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import type { AccountView, AuctionView } from '../../src/market/types.ts'
import { decideBid } from '../../src/peer/bidder.ts'
import { peerNamed } from './keyed-crypto.ts'
import { account, cents, lotOf } from './rig.ts'

const auctionOf = (changes: Partial<AuctionView>): AuctionView => ({
  id: 'AAAAAA-1-1' as AuctionId,
  lot: lotOf('seller'),
  seller: peerNamed('A'),
  startedAt: 0 as Instant,
  firstEnd: 30_000 as Instant,
  endsAt: 30_000 as Instant,
  leader: undefined,
  bids: 0,
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
  decideBid({ ...bidder, ...changes }, auction, own, time, createRandom(7))

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
    ['bids all that it has rather than nothing', auctionOf({}), accountOf(100), 100],
    ['bids no more than its maximum', auctionOf({ minimum: cents(5_000) }), accountOf(9_000), 5_000],
    ['pays no more than buy-now', auctionOf({ lot: lotOf('seller', { buyNow: cents(100) }) }), accountOf(9_000), 100],
  ] as const
  for (const [what, auction, own, decision] of rows) it(what, () => expect(decide(auction, own)).toBe(decision))

  it('raises by its range, drawn from its seed', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(50), fc.nat(50), (seed, least, more) => {
        const raise = { least, most: least + more }
        const amount = decideBid({ ...bidder, raise }, auctionOf({}), accountOf(9_000), 0, createRandom(seed))
        expect(amount).toBeGreaterThanOrEqual(100 + least)
        expect(amount).toBeLessThanOrEqual(100 + least + more)
        expect(decideBid({ ...bidder, raise }, auctionOf({}), accountOf(9_000), 0, createRandom(seed))).toBe(amount)
      }),
    )
  })
})
