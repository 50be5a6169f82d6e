import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { roomMembersMax } from '../../src/core/limits.ts'
import { createLabTellers } from '../../src/peer/lab-tellers.ts'

const member = (at: number): PeerId => `member ${String(at).padStart(3, '0')}` as PeerId
const stranger = (at: number): PeerId => `stranger ${String(at).padStart(3, '0')}` as PeerId
const tellersOf = () => createLabTellers((peer) => peer.startsWith('member'))
const heard = (peers: readonly PeerId[], now: number, tellers: ReturnType<typeof tellersOf>): number =>
  peers.filter((peer) => tellers.hears(peer, now)).length
const many = (name: (at: number) => PeerId, count: number): readonly PeerId[] =>
  Array.from({ length: count }, (_, at) => name(at))

describe('a peer that says much', () => {
  it('is heard twelve times a second', () => {
    const tellers = tellersOf()
    const again = (now: number) => heard(Array(20).fill(member(1)), now, tellers)
    expect(again(5_000)).toBe(12)
    expect(again(5_999)).toBe(0)
    expect(again(6_000)).toBe(12)
    expect(again(6_999)).toBe(0)
    expect(again(7_000)).toBe(12)
  })
})

describe('peers that are no members', () => {
  it('are heard as far as they are 32 at most; members all the same', () => {
    const tellers = tellersOf()
    expect(heard(many(member, 5), 0, tellers)).toBe(5)
    expect(heard(many(stranger, 40), 0, tellers)).toBe(32)
    expect(heard(many(member, 9), 0, tellers)).toBe(9)
    expect(heard(many(stranger, 40), 0, tellers)).toBe(32)
  })

  it('make room for others once they were heard first more than six seconds ago', () => {
    const tellers = tellersOf()
    expect(heard(many(stranger, 32), 1_000, tellers)).toBe(32)
    expect(tellers.hears(stranger(50), 7_000)).toBe(false)
    expect(tellers.hears(stranger(50), 7_001)).toBe(true)
  })

  it('are so many with members at most, however many of these there seem to be', () => {
    const tellers = tellersOf()
    expect(heard(many(member, 500), 0, tellers)).toBe(32 + roomMembersMax)
  })
})

describe('who records', () => {
  it('is whose records came in the last six seconds, in the order of their ids', () => {
    const tellers = tellersOf()
    for (const [at, now] of [
      [2, 1_000],
      [1, 3_000],
      [3, 3_000],
    ] as const) {
      tellers.hears(member(at), now)
      if (at !== 3) tellers.recorded(member(at), now)
    }
    tellers.recorded(member(9), 3_000)
    expect(tellers.recorders(7_000)).toEqual([member(1), member(2)])
    expect(tellers.recorders(7_001)).toEqual([member(1)])
    tellers.clear()
    expect(tellers.recorders(3_000)).toEqual([])
  })
})
