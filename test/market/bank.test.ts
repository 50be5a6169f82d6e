import { describe, expect, it } from 'vitest'
import type { AccountId, PeerId } from '../../src/core/ids.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { AccountEntry } from '../../src/market/types.ts'
import {
  ana,
  balance,
  bid,
  bob,
  close,
  closeAuction,
  createRoom,
  deposit,
  eve,
  open,
  type Room,
  rejectionOf,
  rules,
  start,
  startTime,
  transfer,
  withdraw,
} from './room.ts'

/** `ana` has 1,000, `bob` 50, `old` and `older` are closed, `shop` is bob's and is paid by an open auction; all but `ana` are bob's. */
function filledRoom(deposits: 'open' | 'host' = 'open'): Room {
  const room = createRoom({ ...rules, deposits })
  room.accept(ana, open('ana'))
  room.accept(bob, open('bob'), open('old'), open('shop'), close('old'), start('shop'))
  room.accept(bob, open('older'), close('older'))
  room.accept(ana, deposit('ana', 1_000))
  room.accept(deposits === 'open' ? bob : ana, deposit('bob', 50))
  return room
}

const shopAuction = 'BBBBBB-1-5'

describe('a bank operation is refused, with the numbers that explain it', () => {
  const rows: readonly (readonly [string, PeerId, Operation, object])[] = [
    ['to open an id that exists', eve, open('ana'), { code: 'account-taken', account: 'ana' }],
    ['to open an id that was closed', bob, open('old'), { code: 'account-taken', account: 'old' }],
    ['to open the issuer', ana, open('issuer'), { code: 'account-taken', account: 'issuer' }],
    ['to close an unknown account', ana, close('nobody'), { code: 'account-unknown', account: 'nobody' }],
    ['to close the issuer', ana, close('issuer'), { code: 'account-unknown', account: 'issuer' }],
    ['to close an account twice', bob, close('old'), { code: 'account-closed', account: 'old' }],
    ['to close another peer’s account', eve, close('bob'), { code: 'not-owner', account: 'bob' }],
    ['to close an account with money', bob, close('bob'), { code: 'account-not-empty', available: 50, held: 0 }],
    ['to close an account that an auction pays into', bob, close('shop'), { code: 'account-in-use', auction: shopAuction }],
    ['to deposit to an unknown account', ana, deposit('nobody', 1), { code: 'account-unknown', account: 'nobody' }],
    ['to deposit to the issuer', ana, deposit('issuer', 1), { code: 'account-unknown', account: 'issuer' }],
    ['to deposit to a closed account', bob, deposit('old', 1), { code: 'account-closed', account: 'old' }],
    ['to deposit to another peer’s account', ana, deposit('bob', 1), { code: 'not-owner', account: 'bob' }],
    ['to withdraw from an unknown account', ana, withdraw('nobody', 1), { code: 'account-unknown', account: 'nobody' }],
    ['to withdraw from a closed account', bob, withdraw('old', 1), { code: 'account-closed', account: 'old' }],
    ['to withdraw from another peer’s account', ana, withdraw('bob', 1), { code: 'not-owner', account: 'bob' }],
    ['to withdraw more than there is', bob, withdraw('bob', 51), { code: 'funds-short', available: 50 }],
    ['to pay from an unknown account', ana, transfer('nobody', 'ana', 1), { code: 'account-unknown', account: 'nobody' }],
    ['to pay to an unknown account', ana, transfer('ana', 'nobody', 1), { code: 'account-unknown', account: 'nobody' }],
    [
      'to pay from one unknown account to another',
      ana,
      transfer('who', 'nobody', 1),
      { code: 'account-unknown', account: 'who' },
    ],
    ['to pay from one closed account to another', bob, transfer('older', 'old', 1), { code: 'account-closed', account: 'older' }],
    ['to pay to the issuer', ana, transfer('ana', 'issuer', 1), { code: 'account-unknown', account: 'issuer' }],
    ['to pay from the issuer', ana, transfer('issuer', 'ana', 1), { code: 'account-unknown', account: 'issuer' }],
    ['to pay to a closed account', ana, transfer('ana', 'old', 1), { code: 'account-closed', account: 'old' }],
    ['to pay from a closed account', bob, transfer('old', 'ana', 1), { code: 'account-closed', account: 'old' }],
    ['to pay from another peer’s account', eve, transfer('ana', 'bob', 1), { code: 'not-owner', account: 'ana' }],
    ['to pay more than there is', bob, transfer('bob', 'ana', 51), { code: 'funds-short', available: 50 }],
    [
      'to pay to the paying account',
      bob,
      transfer('bob', 'bob', 1),
      { code: 'malformed', detail: 'a transfer needs two accounts' },
    ],
  ]

  it.each(rows)('%s', (_name, author, operation, rejection) => {
    const room = filledRoom()
    const { accounts, issuer } = room.market
    const before = JSON.stringify([...accounts.values()], withoutSets)
    expect(rejectionOf(room.submit(author, operation).outcome)).toEqual(rejection)
    expect(JSON.stringify([...accounts.values()], withoutSets), 'nothing changed').toBe(before)
    expect(room.market.issuer).toBe(issuer)
  })
})

describe('where only the host deposits', () => {
  it('the founder’s peer may deposit to any account', () => {
    const room = filledRoom('host')
    room.accept(ana, deposit('bob', 7))
    expect(balance(room, 'bob')).toBe('57+0')
  })

  it('nobody else may, not even to an own account', () => {
    expect(rejectionOf(filledRoom('host').submit(bob, deposit('bob', 7)).outcome)).toEqual({ code: 'not-host' })
  })
})

describe('money', () => {
  it('comes from the issuer and goes back there, so that the sum is always 0', () => {
    const room = filledRoom()
    expect(room.market.issuer).toBe(-1_050)
    room.accept(ana, withdraw('ana', 400), transfer('ana', 'bob', 100))
    expect(room.market.issuer).toBe(-650)
    expect([balance(room, 'ana'), balance(room, 'bob')]).toEqual(['500+0', '150+0'])
  })

  it('is refused where the room would have more than 9·10^15, and what still fits is named', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    for (let i = 0; i < 899; i++) room.accept(ana, deposit('ana', 1e13))
    room.accept(ana, deposit('ana', 1e13 - 5))
    expect(rejectionOf(room.submit(ana, deposit('ana', 6)).outcome)).toEqual({ code: 'room-limit', available: 5 })
    room.accept(ana, deposit('ana', 5))
    expect(room.market.issuer).toBe(-9e15)
    expect(balance(room, 'ana')).toBe('9000000000000000+0')
  })

  it('leaves an account only by its owner, to the last cent', () => {
    const room = filledRoom()
    room.accept(bob, transfer('bob', 'ana', 50), close('bob'))
    expect(room.market.accounts.get('bob' as AccountId)).toMatchObject({ closed: true, available: 0, held: 0 })
  })

  it('that is held cannot be spent, and keeps its account from closing', () => {
    const room = filledRoom()
    room.accept(ana, bid(shopAuction, 'ana', 900))
    expect(rejectionOf(room.submit(ana, withdraw('ana', 101)).outcome)).toEqual({ code: 'funds-short', available: 100 })
    room.accept(ana, withdraw('ana', 100))
    expect(rejectionOf(room.submit(ana, close('ana')).outcome)).toEqual({ code: 'account-not-empty', available: 0, held: 900 })
  })
})

describe('an account’s history', () => {
  it('tells each movement with the balance after it', () => {
    const room = filledRoom()
    room.accept(ana, transfer('ana', 'bob', 30, 'lunch'), bid(shopAuction, 'ana', 100))
    room.accept(ana, bid(shopAuction, 'ana', 150), withdraw('ana', 20))
    const { history } = room.market.accounts.get('ana' as AccountId) ?? { history: [] }
    expect(
      history.map(({ kind, change, available, held, counterparty, memo }) => [kind, change, available, held, counterparty, memo]),
    ).toEqual([
      ['deposit', 1_000, 1_000, 0, 'issuer', ''],
      ['sent', -30, 970, 0, 'bob', 'lunch'],
      ['held', -100, 870, 100, undefined, ''],
      ['held', -50, 820, 150, undefined, ''],
      ['withdraw', -20, 800, 150, 'issuer', ''],
    ])
  })

  it('tells where, when and with whom, and of money in an auction which one', () => {
    const room = filledRoom()
    const [index, time] = [room.market.index, room.time + 30_000]
    room.accept(ana, transfer('ana', 'bob', 30, 'lunch'), bid(shopAuction, 'ana', 100))
    room.accept(bob, deposit('bob', 500), bid(shopAuction, 'bob', 200))
    room.time = time
    room.accept(eve, closeAuction(shopAuction))
    const historyOf = (id: string): readonly AccountEntry[] => room.market.accounts.get(id as AccountId)?.history ?? []
    const usual = { time: startTime, counterparty: undefined, auction: undefined, memo: '', held: 0 }
    expect(historyOf('ana').slice(1)).toEqual([
      { ...usual, index: index + 1, kind: 'sent', change: -30, counterparty: 'bob', memo: 'lunch', available: 970 },
      { ...usual, index: index + 2, kind: 'held', change: -100, auction: shopAuction, available: 870, held: 100 },
      { ...usual, index: index + 4, kind: 'released', change: 100, auction: shopAuction, available: 970 },
    ])
    const paid = { ...usual, index: index + 5, time, auction: shopAuction }
    expect(historyOf('bob').slice(1)).toEqual([
      { ...usual, index: index + 1, kind: 'received', change: 30, counterparty: 'ana', memo: 'lunch', available: 80 },
      { ...usual, index: index + 3, kind: 'deposit', change: 500, counterparty: 'issuer', available: 580 },
      { ...usual, index: index + 4, kind: 'held', change: -200, auction: shopAuction, available: 380, held: 200 },
      { ...paid, kind: 'paid', change: 0, counterparty: 'shop', available: 380 },
    ])
    expect(historyOf('shop')).toEqual([{ ...paid, kind: 'sold', change: 200, counterparty: 'bob', available: 200 }])
  })

  it('keeps the newest 100 entries, oldest first, and of fewer all', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    for (let amount = 1; amount <= 1_000; amount++) {
      room.accept(ana, deposit('ana', amount))
      const kept = Math.min(100, amount)
      const { history } = room.market.accounts.get('ana' as AccountId) ?? { history: [] }
      expect(history.map(({ change }) => change)).toEqual(Array.from({ length: kept }, (_, i) => amount - kept + 1 + i))
    }
  })
})

describe('an accepted operation tells what changed', () => {
  const rows: readonly (readonly [string, Operation, readonly object[]])[] = [
    ['opening', open('new', 'Ana'), [{ kind: 'account-opened', account: 'new', holder: 'Ana' }]],
    ['a deposit', deposit('ana', 5), [{ kind: 'moved', from: 'issuer', to: 'ana', amount: 5, memo: '' }]],
    ['a withdrawal', withdraw('ana', 5), [{ kind: 'moved', from: 'ana', to: 'issuer', amount: 5, memo: '' }]],
    ['a transfer', transfer('ana', 'bob', 5, 'hi'), [{ kind: 'moved', from: 'ana', to: 'bob', amount: 5, memo: 'hi' }]],
    ['a void operation: nothing', { kind: 'void' }, []],
  ]

  it.each(rows)('%s', (_name, operation, events) => {
    expect(filledRoom().submit(ana, operation).outcome).toEqual({ accepted: true, events })
  })

  it('closing', () => {
    const room = filledRoom()
    room.accept(bob, open('new'))
    expect(room.submit(bob, close('new')).outcome).toEqual({
      accepted: true,
      events: [{ kind: 'account-closed', account: 'new' }],
    })
  })
})

const withoutSets = (_key: string, value: unknown): unknown => (value instanceof Set ? [...value] : value)
