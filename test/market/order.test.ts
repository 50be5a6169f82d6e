import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Operation } from '../../src/market/operation.ts'
import {
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
  open,
  pause,
  type Room,
  resume,
  rules,
  start,
  startTime,
  transfer,
  withdraw,
} from './room.ts'

/** Everybody must give the same answer to an operation with two faults: the first in the order of `Rejection`. */
describe('of two reasons the first in the fixed order is told', () => {
  const running = 'BBBBBB-1-6'
  const over = 'BBBBBB-1-7'
  const standing = 'BBBBBB-1-8'
  const unknown = 'BBBBBB-9-9'
  const rows: readonly (readonly [first: string, second: string, PeerId, Operation])[] = [
    ['account-unknown', 'account-closed', bob, transfer('old', 'nobody', 1)],
    ['account-unknown', 'not-owner', bob, transfer('eve', 'nobody', 1)],
    ['account-unknown', 'not-host', bob, deposit('nobody', 1)],
    ['account-unknown', 'auction-unknown', eve, bid(unknown, 'nobody', 1)],
    ['account-unknown', 'auction-closed', eve, bid(over, 'nobody', 1)],
    ['account-closed', 'not-owner', eve, withdraw('old', 1)],
    ['account-closed', 'not-owner', eve, transfer('bob', 'old', 1)],
    ['account-closed', 'not-host', bob, deposit('old', 1)],
    ['account-closed', 'funds-short', eve, transfer('eve', 'old', 9_999)],
    ['account-closed', 'auction-unknown', bob, bid(unknown, 'old', 1)],
    ['not-owner', 'funds-short', eve, transfer('bob', 'eve', 9_999)],
    ['not-owner', 'account-not-empty', bob, close('eve')],
    ['not-owner', 'account-in-use', eve, close('shop')],
    ['not-owner', 'auction-unknown', bob, bid(unknown, 'eve', 1)],
    ['not-owner', 'auction-closed', eve, cancel(over)],
    ['not-owner', 'own-lot', eve, bid(running, 'shop', 1)],
    ['not-host', 'room-limit', bob, deposit('rich', 1e13)],
    ['not-owner', 'auction-paused', eve, pause(standing)],
    ['not-owner', 'auction-not-paused', eve, resume(running)],
    ['not-owner', 'auction-too-long', eve, extend(running, 30 * 86_400_000)],
    ['not-owner', 'auction-closed', eve, extend(over, 1)],
    ['account-unknown', 'auction-paused', eve, bid(standing, 'nobody', 1)],
    ['auction-closed', 'auction-not-paused', bob, resume(over)],
    ['auction-closed', 'auction-too-long', bob, extend(over, 30 * 86_400_000)],
    ['auction-paused', 'own-lot', bob, bid(standing, 'shop', 1)],
    ['auction-paused', 'bid-too-low', eve, bid(standing, 'eve', 1)],
    ['auction-closed', 'own-lot', bob, bid(over, 'shop', 1)],
    ['auction-closed', 'bid-too-low', eve, bid(over, 'eve', 1)],
    ['auction-closed', 'auction-open', bob, closeAuction(over)],
    ['own-lot', 'bid-too-low', bob, bid(running, 'shop', 1)],
    ['own-lot', 'funds-short', bob, bid(running, 'shop', 9_999)],
    ['bid-too-low', 'funds-short', bob, bid(running, 'bob', 1)],
    ['account-not-empty', 'account-in-use', bob, close('full-shop')],
  ]

  it.each(rows)('%s before %s', (first, _second, author, operation) => {
    const room = roomOfTrouble()
    expect(room.codeOf(author, operation)).toBe(first)
  })

  it('malformed before request-reused', () => {
    const room = roomOfTrouble()
    room.submit(bob, deposit('bob', 1), 'r')
    const { outcome } = room.submitBytes(bob, encode(deposit('bob', 0), 'r'))
    expect(outcome).toMatchObject({ accepted: false, rejection: { code: 'malformed' } })
  })

  it('request-reused before any rule', () => {
    const room = roomOfTrouble()
    room.submit(bob, withdraw('bob', 1), 'r')
    const { outcome } = room.submit(bob, withdraw('nobody', 1), 'r')
    expect(outcome).toEqual({ accepted: false, rejection: { code: 'request-reused' } })
  })

  /** Only the host deposits. Eve has 1,000, `bob` and `shop` have nothing, `full-shop` has 10; `old` is closed. */
  function roomOfTrouble(): Room {
    const room = createRoom({ ...rules, deposits: 'host' })
    room.accept(eve, open('eve'))
    room.accept(ana, deposit('eve', 1_000))
    room.accept(bob, open('bob'), open('shop'), open('old'), close('old'), open('rich'), start('shop'))
    room.accept(bob, start('shop', { durationMillis: 1 }), start('shop'), pause(standing))
    room.time = startTime + 1
    room.accept(ana, closeAuction(over))
    room.accept(bob, open('full-shop'), start('full-shop'))
    room.accept(ana, deposit('full-shop', 10))
    for (let i = 0; i < 899; i++) room.accept(ana, deposit('rich', 1e13))
    return room
  }
})
