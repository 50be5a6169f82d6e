import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { nextMembers } from '../../src/ring/view.ts'

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
    next: string
  }[] = [
    { story: 'those that answered, in ring order', self: 'B', configs: ['ABC'], answered: 'BC', next: 'BC' },
    { story: 'a silent one comes back by a later epoch', self: 'A', configs: ['ABCD'], answered: 'ACD', next: 'ACD' },
    { story: 'joiners come last', self: 'A', configs: ['AB'], answered: 'ABCD', joiners: 'CD', next: 'ABCD' },
    { story: 'newcomers at most double the ring', self: 'A', configs: ['A'], answered: 'ABCD', joiners: 'BCD', next: 'AB' },
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
    { story: 'a proven liar is in no view', self: 'A', configs: ['ABC'], answered: 'ABC', barred: 'B', next: 'AC' },
    { story: 'a liar does not join', self: 'A', configs: ['AB'], answered: 'ABC', joiners: 'C', barred: 'C', next: 'AB' },
    { story: 'an initiator from an older config is always in', self: 'A', configs: ['ABC', 'BC'], answered: 'ABC', next: 'BCA' },
  ]
  it.each(rows)('$story: $next', ({ self, configs, answered, leavers = '', joiners = '', barred = '', next }) => {
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
    })
    expect(members.join('')).toBe(next)
  })
})
