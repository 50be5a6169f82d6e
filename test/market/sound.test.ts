import { describe, expect, it } from 'vitest'
import type { AccountId, AuctionId, Instant } from '../../src/core/ids.ts'
import { issuerCentsMin } from '../../src/core/limits.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Auction } from '../../src/market/auctions.ts'
import { type Account, createAccount } from '../../src/market/bank.ts'
import { readSnapshot } from '../../src/market/snapshot.ts'
import { faultOfState } from '../../src/market/sound.ts'
import type { MarketState } from '../../src/market/state.ts'
import { ana, bid, bob, close, createRoom, deposit, open, rules, sha256, start } from './room.ts'

const lamp = 'BBBBBB-1-2' as AuctionId

/** Ana leads with 120 of her 1,000, in an auction that pays into `bob`; `old` is closed. */
function soundState(): MarketState {
  const room = createRoom()
  room.accept(bob, open('bob'), start('bob', { buyNow: 500 }), open('old'), close('old'))
  room.accept(ana, open('ana'), deposit('ana', 1_000), bid(lamp, 'ana', 120))
  const state = readSnapshot(room.market.snapshot(), rules, sha256)
  if ('malformed' in state) throw new Error(state.malformed)
  return state.value
}

const account = ({ bank }: MarketState, id: string): Account => bank.accounts.get(id as AccountId) as Account
const auction = ({ auctions }: MarketState): Auction => auctions.byId.get(lamp) as Auction
const lead = (state: MarketState, id: string, amount: number): void => {
  auction(state).leader = { account: id as AccountId, amount: amount as Cents, at: 0 as Instant }
  auction(state).recentBids.length = 0
}
const pausedFrom = (state: MarketState, at: number, millis: number): void => {
  auction(state).paused = { at: at as Instant, until: (at + millis) as Instant }
}
const add = (state: MarketState, id: string): void => {
  state.bank.accounts.set(id as AccountId, createAccount(id as AccountId, 'Somebody', ana))
}

describe('a state that was read is sound', () => {
  it('as the market left it', () => {
    expect(faultOfState(soundState())).toBeUndefined()
  })

  it('as the market left it, in the middle of a pause', () => {
    const state = soundState()
    pausedFrom(state, auction(state).startedAt, 30_000)
    expect(faultOfState(state)).toBeUndefined()
  })

  const edges: readonly (readonly [string, (state: MarketState) => void])[] = [
    [
      'whose every cent was one bid',
      (state) => {
        Object.assign(auction(state).lot, { startingPrice: 1 })
        Object.assign(auction(state), { bids: 120 })
      },
    ],
    ['whose leader offers just the starting price', (state) => Object.assign(auction(state).lot, { startingPrice: 120 })],
    ['whose leader offers just what buys it', (state) => Object.assign(auction(state).lot, { buyNow: 120 })],
    ['whose leader’s bid is the only one that is remembered', (state) => Object.assign(auction(state), { bids: 2 })],
    ['that ends when it was to end first', (state) => Object.assign(auction(state), { endsAt: auction(state).firstEnd })],
    [
      'that lasts no time',
      (state) => Object.assign(auction(state), { firstEnd: auction(state).startedAt, endsAt: auction(state).startedAt }),
    ],
    ['that stands still until its very end', (state) => pausedFrom(state, auction(state).endsAt - 5, 5)],
    ['of the fastest room', (state) => Object.assign(state.pace, { millis: 50 })],
    ['of the slowest room', (state) => Object.assign(state.pace, { millis: 3_000 })],
    [
      'with all the money that a room can have',
      (state) => {
        Object.assign(account(state, 'bob'), { available: -issuerCentsMin - 1_000 })
        Object.assign(state.bank.issuer, { available: issuerCentsMin })
      },
    ],
  ]
  it.each(edges)('as one %s', (_, change) => {
    const state = soundState()
    change(state)
    expect(faultOfState(state)).toBeUndefined()
  })

  const rows: readonly (readonly [string, RegExp, (state: MarketState) => void])[] = [
    ['the sum is 0', /sum/, (state) => Object.assign(account(state, 'bob'), { available: 1 })],
    ['the issuer owes what there is', /sum/, (state) => Object.assign(state.bank.issuer, { available: -999 })],
    [
      'there is no more money than a room can have',
      /more money/,
      (state) => Object.assign(account(state, 'bob'), { available: 9e15 }),
    ],
    [
      'no account holds more than it bids',
      /holds/,
      (state) => Object.assign(account(state, 'ana'), { available: 870, held: 130 }),
    ],
    [
      'no account holds less than it bids',
      /holds/,
      (state) => Object.assign(account(state, 'ana'), { available: 1_000, held: 0 }),
    ],
    [
      'nothing is held for an auction that is over',
      /holds/,
      (state) => Object.assign(auction(state), { ended: { why: 'sold' } }),
    ],
    ['its pace is one that a room can have', /pace/, (state) => Object.assign(state.pace, { millis: 49 })],
    ['an open auction pays into an account', /payee/, (state) => state.bank.accounts.delete('bob' as AccountId)],
    ['that account is open', /payee/, (state) => Object.assign(account(state, 'bob'), { closed: true })],
    ['its leader has an account', /leader/, (state) => lead(state, 'nobody', 120)],
    ['that account is open', /leader/, (state) => lead(state, 'old', 120)],
    ['its leader is not the one that is paid', /leading bid/, (state) => lead(state, 'bob', 120)],
    ['its leader offers the starting price', /leading bid/, (state) => lead(state, 'ana', 99)],
    ['its leader offers no more than buy-now', /leading bid/, (state) => lead(state, 'ana', 501)],
    [
      'there are no more bids than fit under the leading one',
      /leading bid/,
      (state) => Object.assign(auction(state), { bids: 121 }),
    ],
    ['who leads has bid', /no bids/, (state) => Object.assign(auction(state), { bids: 0 })],
    ['bids make a leader', /no leader/, (state) => Object.assign(auction(state), { leader: undefined })],
    ['it ends after it starts', /times/, (state) => Object.assign(auction(state), { firstEnd: 0 })],
    ['its end never moved back', /times/, (state) => Object.assign(auction(state), { endsAt: auction(state).firstEnd - 1 })],
    ['a pause begins after the start', /pause/, (state) => pausedFrom(state, auction(state).startedAt - 1, 5)],
    ['a pause ends after it begins', /pause/, (state) => pausedFrom(state, auction(state).startedAt, 0)],
    ['a pause ends before the auction does', /pause/, (state) => pausedFrom(state, auction(state).endsAt - 4, 5)],
    [
      'the end was put off by the whole pause',
      /pause/,
      (state) => {
        // So that only the first end is too early for it.
        Object.assign(auction(state), { endsAt: auction(state).startedAt + 100_000 })
        pausedFrom(state, auction(state).startedAt, 30_001)
      },
    ],
    [
      'the last bid is the leading one',
      /last bid/,
      (state) => auction(state).recentBids.push({ account: 'ana' as AccountId, amount: 119 as Cents, at: 0 as Instant }),
    ],
    [
      'there are no more bids than were made',
      /last bid/,
      (state) => auction(state).recentBids.unshift(...auction(state).recentBids),
    ],
    ['accounts have ids that can be opened', /no such id/, (state) => add(state, 'a b')],
    ['the issuer is none of them', /no such id/, (state) => add(state, 'issuer')],
  ]

  for (const [name, fault, change] of rows) {
    it(`in that ${name} (${fault.source})`, () => {
      const state = soundState()
      change(state)
      expect(faultOfState(state)).toMatch(fault)
    })
  }
})
