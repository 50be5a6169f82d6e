import { expect } from 'vitest'
import type { AccountId, AuctionId } from '../../src/core/ids.ts'
import type { AccountView, Market } from '../../src/market/types.ts'
import { best, least, type NaiveRoom } from './naive.ts'

/** S4 of PROTOCOL, section 7, and all that the market and the naive one can be asked for. */
export function compare(model: NaiveRoom, { market, straight }: { readonly market: Market; readonly straight: Market }): void {
  expect(market.stateHash).toBe(straight.stateHash)
  expect(market.issuer, 'deposits less withdrawals').toBe(model.money('issuer'))
  expect([...market.accounts.keys()]).toEqual(model.accounts.map(({ id }) => id))
  expect(market.paceMillis, 'the pace').toBe(model.paces.at(-1))
  const running = model.experiments.filter(({ isOver }) => !isOver).map(({ section, number }) => [section, number])
  expect([market.experiments.count, [...market.experiments.running].map(([section, { number }]) => [section, number])]).toEqual([
    model.experiments.length,
    running,
  ])
  let total: number = market.issuer
  for (const { id, owner, closed } of model.accounts) {
    const view = market.accounts.get(id as AccountId) as AccountView
    const { available, held } = view
    expect([view.owner, view.closed, available, held]).toEqual([owner, closed, model.free(id), model.held(id)])
    expect(available).toBeGreaterThanOrEqual(0)
    total += available + held
    compareHistory(view)
  }
  expect(total, 'the sum of all accounts').toBe(0)
  expect([...market.openAuctions]).toEqual(model.auctions.filter(({ ended }) => ended === undefined).map(({ id }) => id))
  for (const [at, auction] of model.auctions.entries()) {
    const { number, paused, recentBids, bids, minimum, seller, endsAt, firstEnd, leader, ended } =
      market.auctions.get(auction.id as AuctionId) ?? {}
    expect([seller, bids, minimum, firstEnd, endsAt]).toEqual([
      auction.seller,
      auction.bids.length,
      least(auction),
      auction.firstEnd,
      auction.end,
    ])
    expect([number, paused]).toEqual([at + 1, auction.stops])
    expect(recentBids).toEqual(auction.bids.slice(-50))
    expect(leader, 'the highest valid bid').toEqual(best(auction))
    expect(ended && { why: ended.why, at: ended.at }).toEqual(auction.ended)
  }
}

/** Its entries make up its balance, as far as they are kept, and the last one shows it. */
function compareHistory({ history, available, held }: AccountView): void {
  const last = history.at(-1)
  expect([last?.available ?? 0, last?.held ?? 0]).toEqual([available, held])
  const follows = history.every(
    ({ available: after, change }, at) => at === 0 || after === (history[at - 1]?.available ?? 0) + change,
  )
  expect(follows, 'each entry follows from the one before it').toBe(true)
}
