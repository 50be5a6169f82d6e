import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { AccountId, AuctionId, Instant } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { addAuction, createAuction } from '../../src/market/auctions.ts'
import { createAccount, createBank, hold, post, release } from '../../src/market/bank.ts'
import { createMarket } from '../../src/market/market.ts'
import type { Operation } from '../../src/market/operation.ts'
import { faultOfState } from '../../src/market/sound.ts'
import { createState } from '../../src/market/state.ts'
import {
  ana,
  bid,
  bob,
  cancel,
  closeAuction,
  createRoom,
  deposit,
  encode,
  eve,
  open,
  restored,
  rules,
  sha256,
  start,
  transfer,
  withdraw,
} from './room.ts'

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A little of everything. */
function history() {
  const room = createRoom()
  room.accept(ana, open('ana'), deposit('ana', 1_000))
  room.accept(bob, open('bob'), start('bob', { buyNow: 900, reserve: 200 }), start('bob'))
  room.accept(eve, open('eve'), deposit('eve', 500))
  room.submit(eve, bid('BBBBBB-1-2', 'eve', 150), 'r1')
  room.submit(ana, bid('BBBBBB-1-2', 'ana', 300), 'r1')
  room.submit(ana, withdraw('ana', 9_999), 'r2')
  room.accept(ana, transfer('ana', 'eve', 7), withdraw('ana', 3))
  room.accept(bob, cancel('BBBBBB-1-3', 'rain'))
  room.time += 30_000
  room.accept(eve, closeAuction('BBBBBB-1-2'))
  return room
}

describe('what all peers must have in common for the life of a room', () => {
  it('is the state that a history leads to, to the last bit', () => {
    expect(history().market.stateHash).toBe('537778273914ee0cb24d50dc7f321f250fdc8d373ea1a10aa04dd63e75335446')
  })

  it('and the bytes of a snapshot', () => {
    expect(hashOf(history().market.snapshot())).toBe('c95cfecbabab3acb576f69ef358991345b136ab9a81f8b0d887ff47d64b50beb')
  })

  it('and the bytes of operations', () => {
    expect(Buffer.from(encode(bid('BBBBBB-1-2', 'eve', 150), 'r1')).toString('hex')).toBe(
      '01027231070a4242424242422d312d32036576659601',
    )
    expect(hashOf(encode(start('bob', { buyNow: 900, reserve: 200 })))).toBe(
      'b84e40cfea66d2d72b28bc7c5adfc2e647b403ef3a2e7080d88a4f2806561a1b',
    )
  })
})

describe('a peer that wrote only what nobody could apply', () => {
  it('has written nothing', () => {
    const { market } = createRoom()
    const block = { index: 1, time: 1 as Instant, author: ana, incarnation: 4, firstSequence: 2, ops: [encode(open('a'))] }
    expect(market.apply(block)).toEqual([{ sequence: 2, outcome: undefined }])
    expect(market.incarnationOf(ana)).toBe(0)
    expect(restored(market.snapshot()).incarnationOf(ana)).toBe(0)
  })
})

describe('two operations under one request id', () => {
  it.each([0, 1, 15, 30, 31])('are two where their hashes differ in byte %i only', (differing) => {
    const hash = (bytes: Uint8Array): Uint8Array => {
      const digest = new Uint8Array(32).fill(7)
      digest[differing] = sha256(bytes)[0] as number
      return digest
    }
    const market = createMarket(rules, hash)
    const submit = (sequence: number, account: string) => {
      const ops = [encode(open(account), 'r1')]
      return market.apply({ index: sequence, time: 1 as Instant, author: ana, incarnation: 1, firstSequence: sequence, ops })[0]
    }
    expect(submit(1, 'a')?.outcome?.accepted).toBe(true)
    expect(submit(2, 'b')?.outcome).toEqual({ accepted: false, rejection: { code: 'request-reused' } })
    expect(submit(3, 'a')?.isRepeat).toBe(true)
  })
})

describe('a balance below 0', () => {
  const place = { index: 1, time: 1 as Instant, author: ana }
  const auction = 'BBBBBB-1-1' as AuctionId
  const withMoney = (available: number, held: number) =>
    Object.assign(createAccount('a' as AccountId, 'A', ana), { available: available as Cents, held: held as Cents })
  const bank = createBank(rules)

  it('is a bug of the market’s own, whichever part of the balance it is', () => {
    expect(() => hold(bank, withMoney(5, 0), place, 6, auction)).toThrow('no balance below 0')
    expect(() => release(bank, withMoney(0, 5), place, 6, auction)).toThrow('no balance below 0')
    expect(() => post(bank, withMoney(9, 5), withMoney(0, 0), place, 6, auction)).toThrow('no balance below 0')
    expect(() => hold(bank, withMoney(5, 0), place, 5, auction)).not.toThrow()
  })
})

describe('a state', () => {
  const account = (available: number) =>
    Object.assign(createAccount('a' as AccountId, 'A', ana), { available: available as Cents })

  it('may hold all the money that a room can have, and no cent more', () => {
    for (const [total, isSound] of [
      [9 * 10 ** 15, true],
      [9 * 10 ** 15 + 1, false],
    ] as const) {
      const state = createState(rules, sha256)
      state.bank.accounts.set('a' as AccountId, account(total))
      state.bank.issuer.available = -total as Cents
      expect(faultOfState(state) === undefined).toBe(isSound)
    }
  })

  it('has no auction that nobody can name', () => {
    const state = createState(rules, sha256)
    state.bank.accounts.set('a' as AccountId, account(0))
    const { kind: _kind, ...lot } = start('a') as Extract<Operation, { kind: 'start-auction' }>
    const named = (id: string) => {
      state.auctions.byId.clear()
      addAuction(state.bank, state.auctions, createAuction(id as AuctionId, 1, lot, ana, 1 as Instant, 2 as Instant))
      return faultOfState(state)
    }
    expect(named('BBBBBB-1-2')).toBeUndefined()
    expect(named('nobody')).toBe('auction nobody: its id is none')
  })
})

describe('a snapshot that is too short to have a hash', () => {
  it.each([0, 1, 31])('of %i bytes ends too early', (length) => {
    expect(() => restored(new Uint8Array(length))).toThrow('ends too early')
  })

  it('of one more is damaged', () => {
    expect(() => restored(new Uint8Array(32))).toThrow('damaged')
  })
})
