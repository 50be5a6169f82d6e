import { describe, expect, it } from 'vitest'
import type { AuctionId } from '../../src/core/ids.ts'
import type { Lot } from '../../src/market/operation.ts'
import { auctionRoom, end, eventsOf, lamp, soft, view } from './auction-room.ts'
import {
  ana,
  balance,
  bid,
  bob,
  cancel,
  close,
  closeAuction,
  eve,
  extend,
  open,
  pause,
  rejectionOf,
  resume,
  start,
  startTime,
} from './room.ts'

describe('a soft close', () => {
  const rows: readonly (readonly [string, Lot['softClose'], readonly number[], number])[] = [
    ['is off by default', undefined, [29_999], 30_000],
    ['leaves the end alone before its window', soft, [24_999], 30_000],
    ['counts its window from the end that it moved', soft, [25_000, 29_999], 35_000],
    ['moves the end from the first moment of its window on', soft, [25_000], 35_000],
    ['moves the end again', soft, [25_000, 31_000], 41_000],
    ['never moves it past the first end and cap', soft, [25_000, 34_000, 41_999], 42_000],
    ['never moves the end back', { window: 20_000, extension: 1, cap: 9_000 }, [15_000], 30_000],
    ['moves nothing where the cap is 0', { window: 5_000, extension: 10_000, cap: 0 }, [29_000], 30_000],
  ]

  it.each(rows)('%s', (_name, softClose, bidsAfter, endsAfter) => {
    const room = auctionRoom({ softClose })
    let amount = 100
    for (const millis of bidsAfter) {
      room.time = startTime + millis
      room.accept(eve, bid(lamp, 'eve', amount))
      amount += 10
    }
    expect(view(room).endsAt - startTime).toBe(endsAfter)
    expect(view(room).firstEnd - startTime).toBe(30_000)
    const moved = view(room).endsAt
    room.time = moved - 1
    expect(rejectionOf(room.submit(ana, closeAuction(lamp)).outcome)).toEqual({
      code: 'auction-open',
      auction: lamp,
      until: moved,
    })
    room.time = moved
    expect(room.codeOf(ana, bid(lamp, 'ana', amount))).toBe('auction-closed')
    room.accept(ana, closeAuction(lamp))
  })
})

describe('an extension', () => {
  it('moves the end, by the seller and by the host, and the end that a soft close counts from', () => {
    const room = auctionRoom({ softClose: soft })
    expect(eventsOf(room, bob, extend(lamp, 5_000))).toEqual([{ kind: 'auction-extended', auction: lamp, endsAt: end + 5_000 }])
    room.accept(ana, extend(lamp, 1_000))
    expect(view(room)).toMatchObject({ firstEnd: end + 6_000, endsAt: end + 6_000 })
    room.time = end + 5_999
    room.accept(eve, bid(lamp, 'eve', 100))
    expect(view(room).endsAt).toBe(end + 15_999)
    room.time = end + 15_998
    room.accept(eve, bid(lamp, 'eve', 110))
    expect(view(room).endsAt, 'no further than first end and cap').toBe(end + 18_000)
  })

  it('moves an end that a soft close has moved before', () => {
    const room = auctionRoom({ softClose: soft })
    room.time = end - 1
    room.accept(eve, bid(lamp, 'eve', 100))
    room.accept(bob, extend(lamp, 500))
    expect(view(room)).toMatchObject({ firstEnd: end + 500, endsAt: end + 9_999 + 500 })
  })

  it('reaches 30 days from the start to the millisecond', () => {
    const room = auctionRoom()
    room.accept(bob, extend(lamp, 30 * 86_400_000 - 30_000))
    expect(view(room).endsAt).toBe(startTime + 30 * 86_400_000)
    expect(room.codeOf(bob, extend(lamp, 1))).toBe('auction-too-long')
  })
})

describe('a pause', () => {
  it('stops the countdown: what was left of it is left when the seller or the host resumes', () => {
    const room = auctionRoom({ softClose: soft })
    room.time = startTime + 10_000
    expect(eventsOf(room, bob, pause(lamp, 60_000))).toEqual([
      { kind: 'auction-paused', auction: lamp, until: startTime + 70_000, endsAt: end + 60_000 },
    ])
    expect(view(room)).toMatchObject({ paused: { at: startTime + 10_000, until: startTime + 70_000 }, firstEnd: end + 60_000 })
    room.time = startTime + 25_000
    expect(eventsOf(room, ana, resume(lamp))).toEqual([{ kind: 'auction-resumed', auction: lamp, endsAt: end + 15_000 }])
    expect(view(room)).toMatchObject({ paused: undefined, firstEnd: end + 15_000, endsAt: end + 15_000 })
    room.accept(eve, bid(lamp, 'eve', 100))
  })

  it('that nobody ends is over at its time, and the auction ends by itself', () => {
    const room = auctionRoom()
    room.accept(eve, bid(lamp, 'eve', 100))
    room.accept(bob, pause(lamp, 1_000))
    room.time = startTime + 1_000
    room.accept(ana, bid(lamp, 'ana', 200))
    room.time = end + 999
    expect(room.codeOf(eve, closeAuction(lamp))).toBe('auction-open')
    room.time = end + 1_000
    expect(room.codeOf(ana, bid(lamp, 'ana', 300))).toBe('auction-closed')
    room.accept(eve, closeAuction(lamp))
    expect(view(room).ended?.why).toBe('sold')
  })

  it('may follow another, and be extended and called off', () => {
    const room = auctionRoom()
    room.accept(bob, pause(lamp, 1_000), resume(lamp), pause(lamp, 1_000), extend(lamp, 50))
    expect(view(room).endsAt).toBe(end + 1_050)
    room.time = startTime + 1_000
    room.accept(ana, pause(lamp, 2_000))
    room.accept(bob, resume(lamp))
    expect(view(room).endsAt).toBe(end + 1_050)
    room.accept(ana, pause(lamp), cancel(lamp, 'rain'))
    expect(view(room)).toMatchObject({ paused: undefined, ended: { why: 'cancelled' } })
  })

  it('at an absurd block time can still be kept, resumed and closed', () => {
    const room = auctionRoom()
    room.time = Number.MAX_SAFE_INTEGER - 5
    room.accept(bob, start('shop', { durationMillis: 4 }))
    const auction = [...room.market.openAuctions].at(-1) as AuctionId
    room.accept(bob, pause(auction))
    room.restore()
    room.time++
    room.accept(bob, resume(auction))
    room.restore()
    room.time = Number.MAX_SAFE_INTEGER - 1
    room.accept(bob, start('shop'))
    const last = [...room.market.openAuctions].at(-1) as AuctionId
    room.accept(bob, pause(last))
    room.restore()
    room.time++
    for (const each of [auction, last]) room.accept(eve, closeAuction(each))
  })
})

describe('an auction past its end', () => {
  it('is closed by any peer, once, and pays the seller from the hold', () => {
    const room = auctionRoom({ reserve: 200 })
    room.accept(eve, bid(lamp, 'eve', 200))
    room.time = end + 1_234
    expect(eventsOf(room, ana, closeAuction(lamp))).toEqual([
      { kind: 'moved', from: 'eve', to: 'shop', amount: 200, memo: 'Lamp' },
      { kind: 'auction-ended', auction: lamp, why: 'sold', winner: 'eve', price: 200, reason: '' },
    ])
    expect([balance(room, 'eve'), balance(room, 'shop')]).toEqual(['800+0', '700+0'])
    expect(rejectionOf(room.submit(bob, closeAuction(lamp)).outcome)).toEqual({
      code: 'auction-closed',
      auction: lamp,
      at: end + 1_234,
    })
    expect([balance(room, 'eve'), balance(room, 'shop')]).toEqual(['800+0', '700+0'])
    expect([...room.market.openAuctions]).toEqual([])
  })

  it('gives the money back where the reserve was not met', () => {
    const room = auctionRoom({ reserve: 200 })
    room.accept(eve, bid(lamp, 'eve', 199))
    room.time = end
    expect(eventsOf(room, bob, closeAuction(lamp))).toEqual([
      { kind: 'released', account: 'eve', auction: lamp, amount: 199 },
      { kind: 'auction-ended', auction: lamp, why: 'reserve-not-met', winner: undefined, price: undefined, reason: '' },
    ])
    expect([balance(room, 'eve'), balance(room, 'shop')]).toEqual(['1000+0', '500+0'])
  })

  it('ends unsold where nobody bid', () => {
    const room = auctionRoom()
    room.time = end
    expect(eventsOf(room, eve, closeAuction(lamp))).toEqual([
      { kind: 'auction-ended', auction: lamp, why: 'unsold', winner: undefined, price: undefined, reason: '' },
    ])
    expect(view(room).ended).toEqual({ why: 'unsold', at: end, reason: '' })
  })

  it('lets the account that it paid into be closed', () => {
    const room = auctionRoom()
    room.accept(bob, open('till'), start('till'))
    const auction = [...room.market.openAuctions].at(-1) as AuctionId
    expect(rejectionOf(room.submit(bob, close('till')).outcome)).toEqual({ code: 'account-in-use', auction })
    room.time = end
    room.accept(ana, closeAuction(auction))
    room.accept(bob, close('till'))
  })
})

describe('cancelling', () => {
  it('is the seller’s right before the first bid, with or without a reason', () => {
    for (const reason of ['', 'it broke']) {
      const room = auctionRoom()
      room.accept(bob, cancel(lamp, reason))
      expect(view(room).ended).toEqual({ why: 'cancelled', at: startTime, reason })
    }
  })

  it('is the host’s right with a reason after a bid, and releases the hold', () => {
    const room = auctionRoom()
    room.accept(eve, bid(lamp, 'eve', 100))
    room.time = end - 1
    expect(eventsOf(room, ana, cancel(lamp, 'a forgery'))).toEqual([
      { kind: 'released', account: 'eve', auction: lamp, amount: 100 },
      { kind: 'auction-ended', auction: lamp, why: 'cancelled', winner: undefined, price: undefined, reason: 'a forgery' },
    ])
    expect(balance(room, 'eve')).toBe('1000+0')
  })
})
