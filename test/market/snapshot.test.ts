import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../src/core/codec.ts'
import type { AccountId, AuctionId, Instant } from '../../src/core/ids.ts'
import { requestsPerAuthorMax } from '../../src/core/limits.ts'
import { createAccount } from '../../src/market/bank.ts'
import { createMarket, restoreImage, restoreMarket } from '../../src/market/market.ts'
import { readSnapshot, writeSnapshot } from '../../src/market/snapshot.ts'
import { createState, type MarketState } from '../../src/market/state.ts'
import type { Market } from '../../src/market/types.ts'
import {
  accountsOf,
  ana,
  bid,
  bob,
  cancel,
  close,
  closeAuction,
  createRoom,
  deposit,
  encode,
  eve,
  extend,
  gif,
  open,
  pause,
  type Room,
  restored,
  resume,
  rules,
  sha256,
  start,
  startTime,
  transfer,
  withdraw,
} from './room.ts'

/** A room with something of everything. */
function fullRoom(): Room {
  const room = createRoom()
  room.accept(ana, open('ana', 'Ána'), deposit('ana', 1_000))
  room.accept(bob, open('bob'), open('old'), close('old'), deposit('bob', 300))
  room.accept(bob, start('bob', { reserve: 150, buyNow: 400, softClose: { window: 5, extension: 6, cap: 7 } }))
  room.accept(bob, start('bob', { picture: gif() }), start('bob', { durationMillis: 1 }), start('bob'), start('bob'))
  room.accept(bob, pause('BBBBBB-1-9', 1_000))
  room.accept(ana, bid('BBBBBB-1-5', 'ana', 120), bid('BBBBBB-1-6', 'ana', 200), bid('BBBBBB-1-7', 'ana', 250))
  room.submit(bob, cancel('BBBBBB-1-8', 'rain'), 'r1')
  room.submit(ana, withdraw('ana', 9_999), 'r1')
  room.submit(ana, transfer('ana', 'bob', 30, 'memo'), 'r2')
  room.submitBytes(eve, new Uint8Array([1]))
  room.time = startTime + 1
  room.accept(eve, closeAuction('BBBBBB-1-7'))
  return room
}

/** The bytes with a hash that fits: as a liar would make them, for a room that is founded anew. */
function sealed(content: Uint8Array): Uint8Array {
  return new Uint8Array([...content, ...sha256(content)])
}

describe('a snapshot', () => {
  it('of a new market comes back', () => {
    const market = createMarket(rules, sha256)
    const again = restored(market.snapshot())
    expect([again.stateHash, again.index, again.snapshot()]).toEqual([market.stateHash, 0, market.snapshot()])
  })

  it('brings back each entry’s own time, also where a block seems to have had two', () => {
    const state = createState(rules, sha256)
    const times = [5, 5, 6, 5] as Instant[]
    for (const id of ['ana', 'bob'] as AccountId[]) {
      const account = createAccount(id, 'Somebody', ana)
      for (const time of times) account.entries.add({ index: 1, time }, 'deposit', 1, undefined, undefined, '', 0, 0)
      state.bank.accounts.set(id, account)
    }
    const { accounts } = restored(writeSnapshot(state, sha256))
    expect([...accounts.values()].map(({ history }) => history.map(({ time }) => time))).toEqual([times, times])
  })

  it('brings back all that can be asked for, and the same bytes', () => {
    const { market } = fullRoom()
    const again = restored(market.snapshot())
    expect(again.snapshot()).toEqual(market.snapshot())
    expect(again.accounts.size).toBeGreaterThan(0)
    expect(accountsOf(again)).toEqual(accountsOf(market))
    expect(again.auctions).toEqual(market.auctions)
    expect(again.openAuctions).toEqual(market.openAuctions)
    expect([again.index, again.stateHash, again.issuer]).toEqual([market.index, market.stateHash, market.issuer])
    expect([again.incarnationOf(ana), again.incarnationOf(eve)]).toEqual([1, 1])
  })

  it('is the same wherever histories were cut: the newest 100 entries', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    for (let amount = 1; amount <= 250; amount++) {
      room.accept(ana, deposit('ana', amount))
      if (amount % 60 === 0) expect(restored(room.market.snapshot()).snapshot()).toEqual(room.market.snapshot())
    }
  })

  it('lets a market go on as if nothing had been', () => {
    const room = fullRoom()
    const twin = fullRoom()
    room.restore()
    for (const each of [room, twin]) {
      each.accept(ana, bid('BBBBBB-1-5', 'ana', 400), transfer('ana', 'bob', 1))
      each.submit(ana, withdraw('ana', 9_999), 'r1')
      each.submit(bob, close('bob'))
    }
    expect(room.market.stateHash).toBe(twin.market.stateHash)
    expect(room.market.snapshot()).toEqual(twin.market.snapshot())
  })
})

describe('an image of a market', () => {
  /** Everything that can change: balances, histories beyond the cut, bids, ends, requests beyond what is remembered. */
  const goesOn = (room: Room): void => {
    for (let amount = 1; amount <= 150; amount++) room.accept(ana, deposit('ana', amount))
    room.accept(ana, bid('BBBBBB-1-5', 'ana', 400), open('new'), deposit('new', 5))
    room.accept(bob, extend('BBBBBB-1-6', 5), resume('BBBBBB-1-9'), close('bob-2'))
    for (let number = 0; number < requestsPerAuthorMax; number++) room.submit(ana, transfer('ana', 'bob', 1), `again-${number}`)
  }
  const roomBefore = (): Room => {
    const room = fullRoom()
    room.accept(bob, open('bob-2'))
    for (let amount = 1; amount <= 120; amount++) room.accept(bob, deposit('bob', amount))
    for (let number = 0; number < requestsPerAuthorMax - 1; number++)
      room.submit(ana, transfer('ana', 'bob', 1), `first-${number}`)
    return room
  }

  it('shows it as it was, whatever is applied before and while it is written', () => {
    const room = roomBefore()
    const expected = room.market.snapshot().slice(0, -32)
    const image = room.market.image()
    const pieces: Uint8Array[] = []
    for (const piece of image.pieces()) {
      if (pieces.push(piece) === 1) goesOn(room)
    }
    expect(image.index).toBeLessThan(room.market.index)
    expect(concat(...pieces)).toEqual(expected)
    const late = restoreImage(concat(...image.pieces()), rules, sha256)
    expect('value' in late && late.value.snapshot().slice(0, -32)).toEqual(expected)
  })

  it('is written in pieces of bounded size, however much one account or author has', () => {
    const { market } = roomBefore()
    const sizes = Array.from(market.image().pieces(), ({ length }) => length)
    expect(sizes.length).toBeGreaterThan(10)
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024)
    // Each costs a row of its own.
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(32 * 1024)
  })
})

describe('bytes that are no snapshot are refused', () => {
  const bytes = fullRoom().market.snapshot()
  const isRefused = (given: Uint8Array): boolean => 'malformed' in restoreMarket(given, rules, sha256)

  it('with any one byte changed', () => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
      expect(isRefused(damaged), `byte ${at}`).toBe(true)
    }
  })

  it('at any other length', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(isRefused(bytes.subarray(0, length)), `${length} bytes`).toBe(true)
    expect(isRefused(new Uint8Array([...bytes, 0]))).toBe(true)
  })

  it('whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (given) => isRefused(given) && isRefused(sealed(given))))
  })

  it('of another version', () => {
    const content = bytes.slice(0, -32)
    expect(isRefused(sealed(content))).toBe(false)
    content[0] = 99
    expect(isRefused(sealed(content))).toBe(true)
  })
})

describe('a snapshot that a liar made', () => {
  const content = fullRoom().market.snapshot().slice(0, -32)

  it('is refused, or is a sound state that no operation trips over', () => {
    const change = fc.record({ at: fc.nat(content.length - 1), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const forged = content.slice()
        for (const { at, byte } of changes) forged[at] = byte
        const result = restoreMarket(sealed(forged), rules, sha256)
        if ('malformed' in result) return
        expect(sumOf(result.value)).toBe(0)
        goOn(result.value)
        expect(sumOf(result.value)).toBe(0)
        restored(result.value.snapshot())
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    ['an account', ({ bank }: MarketState) => bank.accounts.set('again' as AccountId, firstOf(bank.accounts))],
    ['an auction', ({ auctions }: MarketState) => auctions.byId.set('again' as AuctionId, firstOf(auctions.byId))],
    ['a request', ({ authors }: MarketState) => authors.get(ana)?.requests.ring.push(...(authors.get(ana)?.requests.ring ?? []))],
  ])('cannot name %s twice', (_name, repeat) => {
    const read = readSnapshot(sealed(content), rules, sha256)
    if ('malformed' in read) throw new Error(read.malformed)
    repeat(read.value)
    const forged = restoreMarket(writeSnapshot(read.value, sha256), rules, sha256)
    expect(forged).toEqual({ malformed: expect.stringContaining('twice') })
  })

  it('cannot make money', () => {
    let refused = 0
    const { market } = fullRoom()
    const balance = market.accounts.get('bob' as never)?.available as number
    // Wherever the two bytes of the balance stand, a little more there is found out.
    const [low, high] = [(balance & 0x7f) | 0x80, balance >> 7]
    for (let at = 0; at + 1 < content.length; at++) {
      if (content[at] !== low || content[at + 1] !== high) continue
      const forged = content.slice()
      forged[at] = low === 0xff ? low - 1 : low + 1
      const result = restoreMarket(sealed(forged), rules, sha256)
      if ('malformed' in result) refused++
      else expect(sumOf(result.value)).toBe(0)
    }
    expect(refused).toBeGreaterThan(0)
  })
})

function firstOf<Value>(map: ReadonlyMap<unknown, Value>): Value {
  return [...map.values()][0] as Value
}

function sumOf({ issuer, accounts }: Market): number {
  return [...accounts.values()].reduce<number>((sum, { available, held }) => sum + available + held, issuer)
}

/** Everybody tries everything that can be tried, now and when all auctions are over. */
function goOn(market: Market): void {
  for (const time of [startTime + 2, Number.MAX_SAFE_INTEGER]) {
    for (const author of [ana, bob, eve]) {
      const ids = [...market.accounts.keys()]
      const operations = [...market.auctions.keys()].flatMap((auction) => [
        ...ids.map((id) => bid(auction, id, market.auctions.get(auction)?.minimum ?? 1)),
        pause(auction),
        resume(auction),
        extend(auction, 1),
        cancel(auction, 'why'),
        closeAuction(auction),
      ])
      const ops = [...operations, ...ids.map((id) => withdraw(id, 1)), ...ids.map(close)].map((operation) => encode(operation))
      const place = { index: market.index, time: time as Instant, author, incarnation: market.incarnationOf(author) + 1 }
      market.apply({ ...place, firstSequence: 1, ops })
    }
  }
}
