import { describe, expect, it } from 'vitest'
import type { AuctionId, PeerId } from '../../src/core/ids.ts'
import type { Operation } from '../../src/market/operation.ts'
import { auctionRoom, end, eventsOf, lamp, soft, view } from './auction-room.ts'
import {
  ana,
  balance,
  bid,
  bob,
  cancel,
  closeAuction,
  encode,
  eve,
  extend,
  gif,
  open,
  pause,
  type Room,
  rejectionOf,
  resume,
  start,
  startTime,
} from './room.ts'

describe('an operation on an auction is refused, with the numbers that explain it', () => {
  type Row = readonly [string, PeerId, Operation, object, ((room: Room) => void)?]
  const atEnd = (room: Room): void => {
    room.time = end
  }
  const longAfter = (room: Room): void => {
    room.time = end + 5_000
  }
  const eveBids = (room: Room): void => room.accept(eve, bid(lamp, 'eve', 100))
  const rest = startTime + 60_000
  const paused = (room: Room): void => room.accept(bob, pause(lamp))
  const cancelled = (room: Room): void => room.accept(bob, cancel(lamp))
  const rows: readonly Row[] = [
    ['to sell for an unknown account', bob, start('nobody'), { code: 'account-unknown', account: 'nobody' }],
    ['to sell for the issuer', ana, start('issuer'), { code: 'account-unknown', account: 'issuer' }],
    ['to sell for a closed account', eve, start('gone'), { code: 'account-closed', account: 'gone' }],
    ['to sell for another peer’s account', eve, start('shop'), { code: 'not-owner', account: 'shop' }],
    ['to bid with an unknown account', eve, bid(lamp, 'nobody', 100), { code: 'account-unknown', account: 'nobody' }],
    ['to bid with the issuer', ana, bid(lamp, 'issuer', 100), { code: 'account-unknown', account: 'issuer' }],
    ['to bid with a closed account', eve, bid(lamp, 'gone', 100), { code: 'account-closed', account: 'gone' }],
    ['to bid with another peer’s account', eve, bid(lamp, 'ana', 100), { code: 'not-owner', account: 'ana' }],
    ['to bid in an unknown auction', eve, bid('BBBBBB-1-9', 'eve', 100), { code: 'auction-unknown', auction: 'BBBBBB-1-9' }],
    ['to bid long after the end', eve, bid(lamp, 'eve', 100), { code: 'auction-closed', auction: lamp, at: end }, longAfter],
    ['to cancel long after the end', bob, cancel(lamp), { code: 'auction-closed', auction: lamp, at: end }, longAfter],
    ['to bid at the end', eve, bid(lamp, 'eve', 100), { code: 'auction-closed', auction: lamp, at: end }, atEnd],
    [
      'to bid in a cancelled auction',
      eve,
      bid(lamp, 'eve', 100),
      { code: 'auction-closed', auction: lamp, at: startTime },
      cancelled,
    ],
    ['to bid with the account that is paid', bob, bid(lamp, 'shop', 100), { code: 'own-lot' }],
    ['to bid less than the starting price', eve, bid(lamp, 'eve', 99), { code: 'bid-too-low', minimum: 100 }],
    [
      'to bid less than the increment over the leader',
      ana,
      bid(lamp, 'ana', 109),
      { code: 'bid-too-low', minimum: 110 },
      eveBids,
    ],
    [
      'to raise an own bid by less than the increment',
      eve,
      bid(lamp, 'eve', 109),
      { code: 'bid-too-low', minimum: 110 },
      eveBids,
    ],
    ['to bid more than is available', eve, bid(lamp, 'eve', 1_001), { code: 'funds-short', available: 1_000 }],
    ['to raise by more than is available', eve, bid(lamp, 'eve', 1_001), { code: 'funds-short', available: 900 }, eveBids],
    [
      'to beat an own bid from an account without the money',
      eve,
      bid(lamp, 'purse', 1_001),
      { code: 'funds-short', available: 1_000 },
      eveBids,
    ],
    ['to close an unknown auction', eve, closeAuction('BBBBBB-1-9'), { code: 'auction-unknown', auction: 'BBBBBB-1-9' }],
    ['to close before the end', bob, closeAuction(lamp), { code: 'auction-open', auction: lamp, until: end }],
    [
      'to close a cancelled auction',
      eve,
      closeAuction(lamp),
      { code: 'auction-closed', auction: lamp, at: startTime },
      cancelled,
    ],
    ['to cancel an unknown auction', bob, cancel('BBBBBB-1-9'), { code: 'auction-unknown', auction: 'BBBBBB-1-9' }],
    ['to cancel another peer’s auction', eve, cancel(lamp), { code: 'not-owner', account: 'shop' }],
    ['to cancel at the end, as seller', bob, cancel(lamp), { code: 'auction-closed', auction: lamp, at: end }, atEnd],
    ['to cancel at the end, as host', ana, cancel(lamp, 'why'), { code: 'auction-closed', auction: lamp, at: end }, atEnd],
    ['to cancel twice', bob, cancel(lamp), { code: 'auction-closed', auction: lamp, at: startTime }, cancelled],
    ['to cancel after a bid, as seller', bob, cancel(lamp, 'why'), { code: 'auction-has-bids', auction: lamp, bids: 1 }, eveBids],
    [
      'to cancel after a bid without a reason, as host',
      ana,
      cancel(lamp),
      { code: 'reason-needed', auction: lamp, bids: 1 },
      eveBids,
    ],
    ['to bid while it is paused', eve, bid(lamp, 'eve', 100), { code: 'auction-paused', auction: lamp, until: rest }, paused],
    [
      'to bid up to the last millisecond of a pause',
      eve,
      bid(lamp, 'eve', 100),
      { code: 'auction-paused', auction: lamp, until: rest },
      (room) => {
        paused(room)
        room.time = rest - 1
      },
    ],
    [
      'to bid at buy-now while it is paused',
      eve,
      bid(lamp, 'eve', 1_000),
      { code: 'auction-paused', auction: lamp, until: rest },
      paused,
    ],
    ['to pause it twice', ana, pause(lamp), { code: 'auction-paused', auction: lamp, until: rest }, paused],
    ['to pause another peer’s auction', eve, pause(lamp), { code: 'not-owner', account: 'shop' }],
    ['to pause an unknown auction', bob, pause('BBBBBB-1-9'), { code: 'auction-unknown', auction: 'BBBBBB-1-9' }],
    ['to pause at the end', bob, pause(lamp), { code: 'auction-closed', auction: lamp, at: end }, atEnd],
    ['to resume what goes on', bob, resume(lamp), { code: 'auction-not-paused', auction: lamp }],
    [
      'to resume what went on by itself',
      bob,
      resume(lamp),
      { code: 'auction-not-paused', auction: lamp },
      (room) => {
        paused(room)
        room.time = rest
      },
    ],
    ['to resume another peer’s auction', eve, resume(lamp), { code: 'not-owner', account: 'shop' }, paused],
    ['to resume a cancelled auction', bob, resume(lamp), { code: 'auction-closed', auction: lamp, at: startTime }, cancelled],
    [
      'to close it while it is paused',
      eve,
      closeAuction(lamp),
      { code: 'auction-open', auction: lamp, until: end + 60_000 },
      paused,
    ],
    ['to extend another peer’s auction', eve, extend(lamp, 1), { code: 'not-owner', account: 'shop' }],
    ['to extend at the end', bob, extend(lamp, 1), { code: 'auction-closed', auction: lamp, at: end }, atEnd],
    [
      'to extend past 30 days from its start',
      bob,
      extend(lamp, 30 * 86_400_000 - 29_999),
      { code: 'auction-too-long', auction: lamp, latest: startTime + 30 * 86_400_000 },
    ],
  ]

  for (const [name, author, operation, rejection, prepare] of rows)
    it(name, () => {
      const room = auctionRoom()
      prepare?.(room)
      const before = JSON.stringify([...room.market.auctions.values()])
      const balances = ['ana', 'bob', 'eve', 'purse', 'shop'].map((account) => balance(room, account))
      expect(rejectionOf(room.submit(author, operation).outcome)).toEqual(rejection)
      expect(JSON.stringify([...room.market.auctions.values()]), 'no auction changed').toBe(before)
      expect(['ana', 'bob', 'eve', 'purse', 'shop'].map((account) => balance(room, account))).toEqual(balances)
    })
})

describe('a bid', () => {
  it('holds its amount, and the money of the one that it beats is free at once, in one operation', () => {
    const room = auctionRoom()
    expect(eventsOf(room, eve, bid(lamp, 'eve', 100))).toEqual([
      { kind: 'held', account: 'eve', auction: lamp, amount: 100 },
      { kind: 'bid-accepted', auction: lamp, account: 'eve', amount: 100, endsAt: end },
    ])
    expect(balance(room, 'eve')).toBe('900+100')
    expect(eventsOf(room, ana, bid(lamp, 'ana', 250))).toEqual([
      { kind: 'held', account: 'ana', auction: lamp, amount: 250 },
      { kind: 'released', account: 'eve', auction: lamp, amount: 100 },
      { kind: 'bid-accepted', auction: lamp, account: 'ana', amount: 250, endsAt: end },
      { kind: 'outbid', auction: lamp, account: 'eve', by: 'ana', amount: 250 },
    ])
    expect([balance(room, 'eve'), balance(room, 'ana')]).toEqual(['1000+0', '750+250'])
    expect(view(room)).toMatchObject({ leader: { account: 'ana', amount: 250, at: startTime }, bids: 2, minimum: 260 })
  })

  it('by the leader needs only the difference, and counts as a bid', () => {
    const room = auctionRoom()
    room.accept(eve, bid(lamp, 'eve', 600))
    room.time += 7
    expect(eventsOf(room, eve, bid(lamp, 'eve', 1_000))).toEqual([
      { kind: 'held', account: 'eve', auction: lamp, amount: 400 },
      { kind: 'bid-accepted', auction: lamp, account: 'eve', amount: 1_000, endsAt: end },
    ])
    expect(balance(room, 'eve')).toBe('0+1000')
    expect(view(room)).toMatchObject({ leader: { account: 'eve', amount: 1_000, at: startTime + 7 }, bids: 2, minimum: 1_010 })
  })

  it('cannot be made with money that is held for another auction', () => {
    const room = auctionRoom()
    room.accept(bob, start('shop'))
    const [, other] = room.market.openAuctions
    room.accept(eve, bid(lamp, 'eve', 600))
    expect(rejectionOf(room.submit(eve, bid(other as AuctionId, 'eve', 401)).outcome)).toEqual({
      code: 'funds-short',
      available: 400,
    })
    room.accept(eve, bid(other as AuctionId, 'eve', 400))
    expect(balance(room, 'eve')).toBe('0+1000')
  })

  it('from another account of the leader’s owner needs the whole amount', () => {
    const room = auctionRoom()
    room.accept(eve, bid(lamp, 'eve', 600), bid(lamp, 'purse', 1_000))
    expect([balance(room, 'eve'), balance(room, 'purse')]).toEqual(['1000+0', '0+1000'])
  })

  it('may come from another account of the seller: only the one that is paid is refused', () => {
    const room = auctionRoom()
    room.accept(bob, bid(lamp, 'bob', 100))
    expect(view(room).leader?.account).toBe('bob')
  })

  it('counts up to the last millisecond before the end', () => {
    const room = auctionRoom()
    room.time = end - 1
    room.accept(eve, bid(lamp, 'eve', 100))
    expect(view(room).bids).toBe(1)
  })

  it('need never be above buy-now', () => {
    const room = auctionRoom({ buyNow: 105 })
    room.accept(eve, bid(lamp, 'eve', 100))
    expect(view(room).minimum).toBe(105)
    room.accept(ana, bid(lamp, 'ana', 105))
    expect(view(room).ended?.why).toBe('sold')
  })

  it('over buy-now pays buy-now and closes at once', () => {
    const room = auctionRoom({ buyNow: 300 })
    room.accept(eve, bid(lamp, 'eve', 100))
    expect(eventsOf(room, ana, bid(lamp, 'ana', 5_000))).toEqual([
      { kind: 'held', account: 'ana', auction: lamp, amount: 300 },
      { kind: 'released', account: 'eve', auction: lamp, amount: 100 },
      { kind: 'bid-accepted', auction: lamp, account: 'ana', amount: 300, endsAt: end },
      { kind: 'outbid', auction: lamp, account: 'eve', by: 'ana', amount: 300 },
      { kind: 'moved', from: 'ana', to: 'shop', amount: 300, memo: 'Lamp' },
      { kind: 'auction-ended', auction: lamp, why: 'sold', winner: 'ana', price: 300, reason: '' },
    ])
    expect([balance(room, 'ana'), balance(room, 'eve'), balance(room, 'shop')]).toEqual(['700+0', '1000+0', '800+0'])
    expect(room.codeOf(eve, bid(lamp, 'eve', 400))).toBe('auction-closed')
  })

  it('is remembered, but for those that 50 newer ones followed, after a restart too', () => {
    const room = auctionRoom({ increment: 1 })
    for (let amount = 100; amount <= 150; amount++) {
      room.time++
      room.accept(amount % 2 === 0 ? eve : ana, bid(lamp, amount % 2 === 0 ? 'eve' : 'ana', amount))
    }
    room.restore()
    const { recentBids, bids, leader } = view(room)
    expect([bids, recentBids.length]).toEqual([51, 50])
    expect(recentBids[0]).toEqual({ account: 'ana', amount: 101, at: startTime + 2 })
    expect(recentBids.at(-1)).toEqual(leader)
  })

  it('at buy-now by the leader needs only the difference', () => {
    const room = auctionRoom({ buyNow: 1_000 })
    room.accept(eve, bid(lamp, 'eve', 999), bid(lamp, 'eve', 2_000))
    expect([balance(room, 'eve'), balance(room, 'shop')]).toEqual(['0+0', '1500+0'])
  })
})

describe('lots', () => {
  it('are numbered as they were started, ended ones too, and after a restart', () => {
    const room = auctionRoom()
    room.accept(bob, cancel(lamp), start('shop'))
    room.restore()
    room.accept(eve, start('eve'))
    expect([...room.market.auctions.values()].map(({ number }) => number)).toEqual([1, 2, 3])
  })
})

describe('starting', () => {
  it('makes an auction whose id comes from the operation', () => {
    const room = auctionRoom()
    expect(eventsOf(room, eve, start('eve', { durationMillis: 5_000 }))).toEqual([
      { kind: 'auction-started', auction: 'EEEEEE-1-7', item: 'Lamp', endsAt: startTime + 5_000 },
    ])
    expect([...room.market.openAuctions]).toEqual([lamp, 'EEEEEE-1-7'])
    expect(view(room)).toMatchObject({ seller: bob, startedAt: startTime, firstEnd: end, endsAt: end, bids: 0, minimum: 100 })
    expect(view(room)).toMatchObject({ leader: undefined, ended: undefined })
  })

  it('keeps a picture of its own, not a part of the block that brought it', () => {
    const room = auctionRoom()
    room.accept(bob, start('shop', { picture: gif() }))
    const auction = [...room.market.auctions.values()].at(-1)
    expect(auction?.lot.picture).toEqual(gif())
    expect(auction?.lot.picture.buffer.byteLength).toBe(13)
  })

  it('is refused under an id that nobody could type', () => {
    const room = auctionRoom()
    const { market } = room
    const absurd = { author: bob, incarnation: Number.MAX_SAFE_INTEGER, firstSequence: 1 }
    const ops = [encode(start('shop'))]
    const [applied] = market.apply({ index: market.index + 1, time: startTime as never, ...absurd, ops })
    expect(rejectionOf(applied?.outcome)?.code).toBe('malformed')
    expect(market.auctions.size).toBe(1)
  })

  it('is refused under the id of another auction', () => {
    const room = auctionRoom()
    const twin = `${bob.slice(0, 20)}zz${bob.slice(22)}` as PeerId
    room.accept(twin, open('twin'), open('twin2'))
    expect(rejectionOf(room.submit(twin, start('twin')).outcome)?.code).toBe('malformed')
    expect(view(room).seller).toBe(bob)
  })

  it('at an absurd block time gives an auction that can still be kept and closed', () => {
    const room = auctionRoom()
    room.time = Number.MAX_SAFE_INTEGER
    room.accept(bob, start('shop', { softClose: soft }))
    const auction = [...room.market.openAuctions].at(-1) as AuctionId
    room.restore()
    room.accept(eve, closeAuction(auction))
    expect(room.market.auctions.get(auction)?.ended?.why).toBe('unsold')
  })
})
