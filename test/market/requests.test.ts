import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { ana, balance, bob, createRoom, deposit, encode, open, rejectionOf, start, withdraw } from './room.ts'

describe('a request id', () => {
  it('that comes again with the same body gives the first result, and nothing happens', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    const first = room.submit(ana, deposit('ana', 5), 'r1')
    const again = room.submit(ana, deposit('ana', 5), 'r1')
    expect(again.outcome).toEqual(first.outcome)
    expect([first.isRepeat, again.isRepeat]).toEqual([undefined, true])
    expect(balance(room, 'ana')).toBe('5+0')
  })

  it('gives a rejection again, although the operation would be accepted by now', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    const first = room.submit(ana, withdraw('ana', 5), 'r1')
    room.accept(ana, deposit('ana', 5))
    expect(rejectionOf(first.outcome)).toEqual({ code: 'funds-short', available: 0 })
    expect(room.submit(ana, withdraw('ana', 5), 'r1').outcome).toEqual(first.outcome)
    expect(balance(room, 'ana')).toBe('5+0')
  })

  it('with another body is refused, and still stands for the first', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    const first = room.submit(ana, deposit('ana', 5), 'r1')
    const other = room.submit(ana, deposit('ana', 6), 'r1')
    expect(other).toMatchObject({ outcome: { accepted: false, rejection: { code: 'request-reused' } } })
    expect(other.isRepeat).toBeUndefined()
    expect(room.submit(ana, deposit('ana', 5), 'r1').outcome).toEqual(first.outcome)
  })

  it('is its author’s own: another peer may use the same', () => {
    const room = createRoom()
    room.submit(ana, open('ana'), 'r1')
    expect(room.submit(bob, open('bob'), 'r1').outcome).toMatchObject({ accepted: true })
  })

  it('is not used up by an operation that is malformed', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    room.submitBytes(ana, encode(deposit('ana', 0), 'r1'))
    expect(room.submit(ana, deposit('ana', 1), 'r1').outcome).toMatchObject({ accepted: true })
  })

  it('is not used up by an auction whose id another peer has taken', () => {
    const room = createRoom()
    room.accept(bob, open('bob'), start('bob'))
    const twin = `${bob.slice(0, 20)}zz${bob.slice(22)}` as PeerId
    room.accept(twin, open('twin'))
    expect(rejectionOf(room.submit(twin, start('twin'), 'r1').outcome)?.code).toBe('malformed')
    room.restore()
    expect(room.submit(twin, deposit('twin', 1), 'r1').outcome).toMatchObject({ accepted: true })
  })

  it('of an auction names the auction that was started first', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    const first = room.submit(ana, start('ana'), 'r1')
    expect(room.submit(ana, start('ana'), 'r1').outcome).toEqual(first.outcome)
    expect(room.market.auctions.size).toBe(1)
  })

  it('is remembered after a restart, with results of every sort', () => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    const operations = [deposit('ana', 5), withdraw('ana', 9), start('ana'), open('ana')]
    const first = operations.map((operation, i) => room.submit(ana, operation, `r${i}`).outcome)
    room.restore()
    expect(operations.map((operation, i) => room.submit(ana, operation, `r${i}`).outcome)).toEqual(first)
    expect(rejectionOf(room.submit(ana, deposit('ana', 6), 'r0').outcome)).toEqual({ code: 'request-reused' })
  })

  it.each([false, true])('is forgotten after 10,000 others of its author, oldest first (restarted: %s)', (restarts) => {
    const room = createRoom()
    room.accept(ana, open('ana'))
    room.accept(bob, open('bob'))
    room.submit(bob, deposit('bob', 1), 'first')
    const submit = (number: number): boolean => room.submit(ana, deposit('ana', 1), `r${number}`).isRepeat === true
    for (let number = 0; number < 10_005; number++) expect(submit(number)).toBe(false)
    if (restarts) room.restore()
    // The first five are gone; the sixth is the oldest that is known, and asking for it does not make it any newer.
    expect(submit(5)).toBe(true)
    expect(submit(4)).toBe(false)
    expect(submit(6)).toBe(true)
    expect(submit(5)).toBe(false)
    expect(room.submit(bob, deposit('bob', 1), 'first').isRepeat).toBe(true)
  })
})
