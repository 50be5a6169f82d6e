import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { compareEpochs, isCommitQuorum, isViewQuorum, nextInRing, previousInRing } from '../../src/ring/view.ts'

const ids = (text: string): PeerId[] => [...text] as PeerId[]

describe('quorums', () => {
  // members, present, view quorum, commit quorum
  const rows: [string, string, boolean, boolean][] = [
    ['A', 'A', true, true],
    ['A', '', false, false],
    ['AB', 'A', true, false],
    ['AB', 'B', false, false],
    ['AB', 'AB', true, true],
    ['ABC', 'A', false, false],
    ['ABC', 'BC', true, true],
    ['ABCD', 'AD', true, false],
    ['ABCD', 'BC', false, false],
    ['ABCD', 'BCD', true, true],
    ['ABCDE', 'AB', false, false],
    ['ABCDE', 'CDE', true, true],
    ['AB', 'AXY', true, false],
  ]
  it.each(rows)('of %s, %s are a view quorum: %s, a commit quorum: %s', (members, present, view, commit) => {
    const has = (peer: PeerId): boolean => present.includes(peer)
    expect(isViewQuorum(ids(members), has)).toBe(view)
    expect(isCommitQuorum(ids(members), has)).toBe(commit)
  })

  it('of no members is nobody, whoever is asked', () => {
    expect(isViewQuorum([], () => true)).toBe(false)
    expect(isCommitQuorum([], () => true)).toBe(false)
  })

  it('two view quorums of one view always meet, and a commit quorum meets every view quorum', () => {
    for (let size = 1; size <= 6; size++) {
      const members = ids('ABCDEF'.slice(0, size))
      const subsets = Array.from({ length: 2 ** size }, (_, bits) => members.filter((_member, i) => (bits >> i) % 2 === 1))
      for (const one of subsets) {
        if (!isViewQuorum(members, (peer) => one.includes(peer))) continue
        for (const other of subsets) {
          const has = (peer: PeerId): boolean => other.includes(peer)
          if (isViewQuorum(members, has) || isCommitQuorum(members, has))
            expect(one.some((peer) => other.includes(peer))).toBe(true)
        }
      }
    }
  })
})

it('ring order goes round', () => {
  const members = ids('ABC')
  expect(members.map((member) => nextInRing(members, member)).join('')).toBe('BCA')
  expect(members.map((member) => previousInRing(members, member)).join('')).toBe('CAB')
})

it('epochs are ordered by number, then by initiator', () => {
  const epoch = (number: number, initiator: string) => ({ number, initiator: initiator as PeerId })
  expect(compareEpochs(epoch(2, 'A'), epoch(1, 'Z'))).toBeGreaterThan(0)
  expect(compareEpochs(epoch(2, 'A'), epoch(2, 'B'))).toBeLessThan(0)
  expect(compareEpochs(epoch(2, 'B'), epoch(2, 'B'))).toBe(0)
})
