import { describe, expect, it } from 'vitest'
import { quorumOf, quorumSize } from '../../src/mutex/quorums.ts'
import { membersOf } from './rooms.ts'

describe('quorums', () => {
  it('of the same members meet, each with its own peer in it, and all of one size', () => {
    for (const count of [...Array.from({ length: 34 }, (_, index) => index + 1), 50, 128]) {
      const members = membersOf(count)
      const quorums = members.map((member) => quorumOf(member, members))
      for (const [at, quorum] of quorums.entries()) {
        expect(quorum).toContain(members[at])
        expect(new Set(quorum).size).toBe(quorumSize(count))
        for (const other of quorums) expect(other.some((peer) => quorum.includes(peer))).toBe(true)
      }
    }
  })

  it('are as small as a projective plane has them, where there is one', () => {
    expect([3, 7, 13, 21, 31].map(quorumSize)).toEqual([2, 3, 4, 5, 6])
  })
})
