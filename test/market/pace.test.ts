import { describe, expect, it } from 'vitest'
import { restoreMarket } from '../../src/market/market.ts'
import { ana, bob, createRoom, encode, rejectionOf, rules, setPace, sha256 } from './room.ts'

describe('the pace of the ring', () => {
  it('is nobody’s until the host sets it, and then the last that it was set to', () => {
    const room = createRoom()
    expect(room.market.paceMillis).toBeUndefined()
    room.accept(ana, setPace(1_500))
    expect(room.market.paceMillis).toBe(1_500)
    room.accept(ana, setPace(50))
    expect(room.market.paceMillis).toBe(50)
  })

  it('is told as an event, also where it stays as it was', () => {
    const room = createRoom()
    for (const millis of [3_000, 3_000]) {
      expect(room.submit(ana, setPace(millis)).outcome).toEqual({ accepted: true, events: [{ kind: 'pace-set', millis }] })
    }
  })

  it('is the host’s to set', () => {
    const room = createRoom()
    expect(rejectionOf(room.submit(bob, setPace(100)).outcome)).toEqual({ code: 'not-host' })
    expect(room.market.paceMillis).toBeUndefined()
  })

  it.each([0, 1, 49, 3_001, 2 ** 40])('is none of %i ms', (millis) => {
    const room = createRoom()
    expect(rejectionOf(room.submitBytes(ana, encode(setPace(millis))).outcome)).toEqual({
      code: 'malformed',
      detail: 'a pace is 50 to 3000 ms',
    })
  })

  it('is in the state that peers compare', () => {
    const [slow, fast] = [createRoom(), createRoom()]
    slow.accept(ana, setPace(3_000))
    fast.accept(ana, setPace(50))
    expect(slow.market.stateHash).not.toBe(fast.market.stateHash)
  })

  it('is in a snapshot: a restart keeps it, and so does a room that goes on from another', () => {
    const room = createRoom()
    room.accept(ana, setPace(777))
    const bytes = room.market.snapshot()
    for (const given of [rules, { ...rules, founder: bob }]) {
      const restored = restoreMarket(bytes, given, sha256)
      expect('value' in restored && restored.value.paceMillis).toBe(777)
      expect('value' in restored && restored.value.snapshot()).toEqual(bytes)
    }
  })
})
