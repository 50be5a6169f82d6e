import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { isCommitQuorum, isViewQuorum, nextMembers } from '../../src/ring/view.ts'
import { id } from './harness.ts'

const ids = (text: string): PeerId[] => [...text] as PeerId[]

describe('the members of the next view', () => {
  const rows: {
    story: string
    self: string
    configs: string[]
    answered: string
    leavers?: string
    joiners?: string
    barred?: string
    untried?: string
    next: string
  }[] = [
    { story: 'those that answered, in ring order', self: 'B', configs: ['ABC'], answered: 'BC', next: 'BC' },
    { story: 'a silent one comes back by a later epoch', self: 'A', configs: ['ABCD'], answered: 'ACD', next: 'ACD' },
    { story: 'joiners come last', self: 'A', configs: ['ABC'], answered: 'ABCDE', joiners: 'DE', next: 'ABCDE' },
    {
      story: 'newcomers are fewer than those before them',
      self: 'A',
      configs: ['AB'],
      answered: 'ABCD',
      joiners: 'CD',
      next: 'ABC',
    },
    { story: 'who is alone takes in one other', self: 'A', configs: ['A'], answered: 'ABCD', joiners: 'BCD', next: 'AB' },
    { story: 'a joiner that did not answer stays out', self: 'A', configs: ['AB'], answered: 'AB', joiners: 'C', next: 'AB' },
    { story: 'a leaver goes', self: 'A', configs: ['ABC'], answered: 'ABC', leavers: 'B', next: 'AC' },
    {
      story: 'the initiator does not leave by its own epoch',
      self: 'A',
      configs: ['ABC'],
      answered: 'ABC',
      leavers: 'A',
      next: 'ABC',
    },
    {
      story: 'where nobody would stay, leavers stay',
      self: 'X',
      configs: ['AB', 'AB'],
      answered: 'ABX',
      leavers: 'AB',
      next: 'ABX',
    },
    {
      story: 'where nobody would stay, leavers stay, but no liar among them',
      self: 'X',
      configs: ['AB', 'AB'],
      answered: 'ABX',
      leavers: 'AB',
      barred: 'A',
      next: 'BX',
    },
    {
      story: 'configs with nobody in common begin with those of the last one that answered',
      self: 'B',
      configs: ['AB', 'CD'],
      answered: 'ABCD',
      next: 'CDB',
    },
    { story: 'and with no others of it', self: 'B', configs: ['AB', 'CD'], answered: 'ABC', next: 'CB' },
    {
      story: 'those in every config come first, also for another',
      self: 'B',
      configs: ['ABC', 'DCB'],
      answered: 'ABCD',
      next: 'CBD',
    },
    { story: 'those in every config come first', self: 'C', configs: ['ABC', 'CBD'], answered: 'BCD', next: 'CBD' },
    {
      story: 'members of the newest config alone count as newcomers',
      self: 'A',
      configs: ['A', 'ABCD'],
      answered: 'ABCD',
      next: 'AB',
    },
    {
      story: 'a newcomer that has not shown that it is here makes no room for others',
      self: 'A',
      configs: ['ABCDE'],
      answered: 'ABCDEFGHI',
      joiners: 'FGHI',
      untried: 'DE',
      next: 'ABCDE',
    },
    { story: 'a proven liar is in no view', self: 'A', configs: ['ABC'], answered: 'ABC', barred: 'B', next: 'AC' },
    { story: 'a liar does not join', self: 'A', configs: ['AB'], answered: 'ABC', joiners: 'C', barred: 'C', next: 'AB' },
    { story: 'an initiator from an older config is always in', self: 'A', configs: ['ABC', 'BC'], answered: 'ABC', next: 'BCA' },
  ]
  it.each(rows)('$story: $next', ({ self, configs, answered, leavers = '', joiners = '', barred = '', untried = '', next }) => {
    const members = nextMembers({
      self: self as PeerId,
      configs: configs.map((members, index) => ({
        epoch: { number: index + 1, initiator: 'A' as PeerId },
        index,
        members: ids(members),
        lost: [],
      })),
      answered: (peer) => answered.includes(peer),
      leavers: new Set(ids(leavers)),
      joiners: ids(joiners),
      barred: (peer) => barred.includes(peer),
      isUntried: (peer) => untried.includes(peer),
    })
    expect(members.join('')).toBe(next)
  })

  const viewOf = (members: readonly PeerId[], index = 1) => ({
    epoch: { number: index, initiator: id('A') },
    index,
    members,
    lost: [],
  })
  const peers = (count: number) => Array.from({ length: count }, (_, at) => id(`${at}`.padStart(3, '0')))
  const next = (configs: readonly (readonly PeerId[])[], self: PeerId, joiners: readonly PeerId[] = []) =>
    nextMembers({
      self,
      configs: configs.map((members, index) => viewOf(members, index + 1)),
      answered: () => true,
      leavers: new Set(),
      joiners,
      barred: () => false,
      isUntried: () => false,
    })

  it('need no newcomer to go on: those that were there are a majority, or alone and the first', () => {
    for (let size = 1; size <= 127; size++) {
      const before = peers(size)
      const members = next([before], before[0] as PeerId, peers(300).slice(size))
      const isBefore = (peer: PeerId): boolean => before.includes(peer)
      expect(isViewQuorum(members, isBefore), `${size}`).toBe(true)
      if (size > 1) expect(isCommitQuorum(members, isBefore), `${size}`).toBe(true)
      expect(members.slice(0, size)).toEqual(before)
    }
  })

  it('take in a class that comes at once in a few epochs', () => {
    const sizes = [1]
    for (let members = peers(1); members.length < 21; sizes.push(members.length)) {
      members = [...next([members], members[0] as PeerId, peers(21).slice(members.length))]
    }
    expect(sizes).toEqual([1, 2, 3, 5, 9, 17, 21])
  })

  it('are never too many to be read, and the initiator is one of them', () => {
    const full = peers(128)
    const late = id('late')
    expect(next([full], full[5] as PeerId, [late])).toEqual(full)
    expect(next([[...full.slice(1), late], full], late)).toEqual([...full.slice(1), late])
  })
})
