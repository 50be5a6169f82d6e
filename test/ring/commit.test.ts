import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import { DrivenReplica, epochOf, follower, id, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'

const one = opsAfter(view3, ['x'])
const two = opsAfter(one, ['y'])
const other = opsAfter(view3, ['z'])

/** `B` has these on disk. */
function having(...blocks: readonly Block[]) {
  const peer = follower()
  if (blocks.length > 0) peer.push('A', blocks).persisted()
  return peer
}

describe('a block is committed', () => {
  it('once more than half of the view has it on disk, and is then applied, once', () => {
    const peer = having(one)
    expect(peer.view.commit.index).toBe(2)
    peer.reports('A', placeOf(one))
    expect(peer.view.commit).toEqual(placeOf(one))
    expect(peer.applied).toEqual([3])
    peer.reports('C', placeOf(one))
    peer.reports('A', placeOf(one))
    expect(peer.applied).toEqual([])
  })

  it('with all before it, in order', () => {
    const peer = having(one, two)
    peer.reports('C', placeOf(two))
    expect(peer.applied).toEqual([3, 4])
  })

  it('not by one of three alone, however often it says so', () => {
    const peer = follower().push('A', [one])
    for (let i = 0; i < 3; i++) peer.reports('A', placeOf(one))
    expect(peer.view.commit.index).toBe(2)
    peer.persisted()
    expect(peer.view.commit.index).toBe(3)
  })

  it('by the highest that each member has said of an epoch, in whatever order that came', () => {
    const counted = follower().push('A', [one, two]).reports('A', placeOf(two)).reports('A', placeOf(one)).persisted()
    expect(counted.view.commit).toEqual(placeOf(two))
    const ahead = follower().reports('A', placeOf(two)).reports('A', placeOf(one)).push('A', [one, two]).persisted()
    expect(ahead.view.commit).toEqual(placeOf(two))
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ABC')
    const next = opsAfter(view4, ['x'])
    const early = follower().reports('C', placeOf(next), view4.epoch).reports('C', placeOf(view3))
    early.follow(view4, [view3]).push('A', [next]).persisted()
    expect(early.view.commit).toEqual(placeOf(next))
  })

  it('of four by three, not by two', () => {
    const wide = viewAfter(view2, epochOf(3, 'A'), 'ABCD')
    const peer = new DrivenReplica().step({ kind: 'tick' }).follow(wide, [view2])
    const block = opsAfter(wide, ['x'])
    peer.push('A', [block]).persisted().reports('A', placeOf(block))
    expect(peer.view.commit.index).toBe(2)
    peer.reports('D', placeOf(block))
    expect(peer.view.commit.index).toBe(3)
  })

  it('by reports of the very block only', () => {
    const peer = having(one)
    peer.reports('A', { index: 3, hash: other.hash })
    expect(peer.view.commit.index).toBe(2)
  })

  it('by reports of this very epoch only', () => {
    const peer = having(one)
    peer.receive('A', { kind: 'durable', epoch: view2.epoch, durable: placeOf(one) })
    expect(peer.view.commit.index).toBe(2)
    const next = viewAfter(one, epochOf(4, 'C'), 'ABC')
    peer.follow(next, [view3])
    const third = opsAfter(next, ['w'], { author: 'C' })
    peer.push('C', [third]).persisted()
    peer.receive('A', { kind: 'durable', epoch: view3.epoch, durable: placeOf(third) })
    expect(peer.view.commit.index).toBe(4)
    peer.reports('A', placeOf(third))
    expect(peer.view.commit.index).toBe(5)
  })

  it('where a member has even more than this peer, once this peer has it too', () => {
    const peer = having()
    peer.reports('A', placeOf(two)).reports('C', placeOf(two))
    expect(peer.view.commit.index).toBe(2)
    peer.push('A', [one])
    expect(peer.view.commit.index).toBe(2)
    peer.push('A', [two])
    expect(peer.view.commit.index).toBe(4)
    expect(peer.applied).toEqual([3, 4])
  })

  it('where the reports ran ahead: the lesser of them counts first', () => {
    const peer = having()
    peer.reports('A', placeOf(two)).reports('C', placeOf(one))
    peer.push('A', [one]).persisted()
    expect(peer.view.commit.index).toBe(3)
    peer.push('A', [two]).persisted()
    expect(peer.view.commit.index).toBe(4)
  })

  it('but no report that ran ahead with another block counts', () => {
    const peer = having()
    peer.reports('A', { index: 3, hash: other.hash }).reports('C', { index: 3, hash: other.hash })
    peer.push('A', [one])
    expect(peer.view.commit.index).toBe(2)
  })

  it('and a report below one that is counted takes nothing back', () => {
    const peer = having(one, two)
    peer.reports('A', placeOf(two))
    peer.reports('A', placeOf(one))
    expect(peer.view.commit.index).toBe(4)
  })

  it('of an epoch that is still on its way here, too: its report counts when its blocks have come', () => {
    const peer = having()
    const next = viewAfter(view3, epochOf(4, 'C'), 'ABC')
    const block = opsAfter(next, ['w'], { author: 'C' })
    peer.receive('C', { kind: 'prepare', epoch: next.epoch, views: [view3] }).persisted()
    peer.receive('A', { kind: 'durable', epoch: next.epoch, durable: placeOf(block) })
    peer.receive('C', { kind: 'install', epoch: next.epoch, viewBlock: next }).persisted()
    peer.push('C', [block]).persisted()
    // Said before this peer was a member of that epoch: not obeyed then, so it has to be said again.
    peer.reports('A', placeOf(block))
    expect(peer.view.commit.index).toBe(4)
  })
})

describe('a view block', () => {
  it('is committed by its initiator’s word, never by counting reports', () => {
    const peer = new DrivenReplica().step({ kind: 'tick' })
    const { epoch } = view3
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] }).persisted()
    peer.receive('A', { kind: 'install', epoch, viewBlock: view3 }).persisted()
    expect(peer.view.active).toBe(true)
    peer.receive('A', { kind: 'durable', epoch, durable: placeOf(view3) })
    peer.receive('C', { kind: 'durable', epoch, durable: placeOf(view3) })
    expect(peer.view.commit.index).toBe(1)
    peer.receive('C', { kind: 'activated', epoch, commit: placeOf(view3) })
    expect(peer.view.commit.index).toBe(1)
    peer.receive('A', { kind: 'activated', epoch, commit: placeOf(view3) })
    expect(peer.view.commit.index).toBe(2)
    expect(peer.applied).toEqual([2])
  })

  it('is committed with the first block after it that is', () => {
    const peer = new DrivenReplica().step({ kind: 'tick' })
    const { epoch } = view3
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] }).persisted()
    peer.receive('A', { kind: 'install', epoch, viewBlock: view3 }).persisted()
    peer.push('A', [one]).persisted().reports('A', placeOf(one))
    expect(peer.applied).toEqual([2, 3])
  })

  it('whose word names a block that is not here yet is asked for', () => {
    const peer = having()
    peer.receive('A', { kind: 'activated', epoch: view3.epoch, commit: placeOf(two) })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 3 }])
    expect(peer.view.commit.index).toBe(2)
  })
})

describe('another peer’s commit', () => {
  it('is taken over where the own log holds that very block', () => {
    const peer = having(one, two)
    peer.receive('C', { kind: 'committed', epoch: view3.epoch, commit: { index: 4, hash: other.hash } })
    expect(peer.view.commit.index).toBe(2)
    peer.receive('C', { kind: 'committed', epoch: view3.epoch, commit: placeOf(one) })
    expect(peer.view.commit.index).toBe(3)
    peer.receive('C', { kind: 'committed', epoch: view3.epoch, commit: placeOf(view3) })
    expect(peer.view.commit.index).toBe(3)
    expect(peer.applied).toEqual([])
  })

  it('comes with blocks and with statuses, too', () => {
    expect(follower().push('A', [one, two], placeOf(one)).view.commit.index).toBe(3)
    expect(having(one).receive('C', statusOf({ commit: placeOf(one), epoch: view3.epoch })).view.commit.index).toBe(3)
  })

  it('is nothing in the mouth of somebody who is no member', () => {
    const peer = having(one)
    peer.receive('X', { kind: 'committed', epoch: view3.epoch, commit: placeOf(one) })
    peer.receive('X', statusOf({ commit: placeOf(one), epoch: view3.epoch, durable: placeOf(one) }))
    peer.receive('X', { kind: 'durable', epoch: view3.epoch, durable: placeOf(one) })
    expect(peer.view.commit.index).toBe(2)
  })
})

describe('what this peer has on disk', () => {
  it('it reports to the authors of what is new, and not to itself', () => {
    const byC = opsAfter(one, ['y'], { author: 'C' })
    const peer = follower().push('A', [one, byC])
    expect(peer.sent('durable')).toEqual([])
    peer.persisted()
    expect(peer.sent('durable')).toMatchObject([{ to: 'AC', epoch: view3.epoch, durable: placeOf(byC) }])
    const last = opsAfter(byC, ['w'], { author: 'C' })
    peer.push('C', [last]).persisted()
    expect(peer.sent('durable')).toMatchObject([{ to: 'C', durable: placeOf(last) }])
  })

  it('it does not report once it has promised another epoch', () => {
    const peer = follower().push('A', [one])
    const id = peer.issued
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    peer.persisted(id)
    expect(peer.view.durable).toBe(3)
    expect(peer.sent('durable')).toEqual([])
    peer.reports('A', placeOf(one), view3.epoch)
    expect(peer.view.commit.index).toBe(2)
  })
})

describe('a commit that moved', () => {
  it('is told, after a moment, to those that no frame has told it yet', () => {
    const peer = having(one)
    peer.reports('A', placeOf(one))
    expect(peer.sent('committed')).toEqual([])
    peer.after(2)
    expect(peer.sent('committed')).toMatchObject([{ to: 'AC', epoch: view3.epoch, commit: placeOf(one) }])
    peer.after(2)
    expect(peer.sent('committed')).toEqual([])
  })

  it('is told at once beside a request for the token, to those that no frame has told it yet, and not again', () => {
    const peer = having(one).reports('A', placeOf(one)).submit('x')
    expect(peer.sent('want')).toMatchObject([{ to: 'AC' }])
    expect(peer.sent('committed')).toMatchObject([{ to: 'AC', epoch: view3.epoch, commit: placeOf(one) }])
    expect(peer.after(2).sent('committed')).toEqual([])
    // What others have said is theirs to tell.
    const hearer = having(one).receive('A', { kind: 'committed', epoch: view3.epoch, commit: placeOf(one) })
    expect(hearer.submit('x').sent('committed')).toEqual([])
  })

  it('that a status has told is not told again', () => {
    const peer = having(one).during(495)
    peer.reports('A', placeOf(one))
    peer.now += 5
    peer.step({ kind: 'tick' })
    expect(peer.gossiped('status')).toMatchObject([{ commit: placeOf(one) }])
    expect(peer.sent('committed')).toEqual([])
    const greeting = having(one)
      .reports('A', placeOf(one))
      .step({ kind: 'link', peer: id('C'), state: 'up' })
    expect(greeting.sent('status')).toMatchObject([{ to: 'C', commit: placeOf(one) }])
    expect(greeting.after(2).sent('committed')).toMatchObject([{ to: 'A' }])
  })
})

describe('a status', () => {
  const told = (durable: Block) =>
    statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(view3), active: true, durable: placeOf(durable) })
  it('makes up for a report that was lost', () => {
    expect(having(one).receive('A', told(one)).view.commit).toEqual(placeOf(one))
  })

  it('shows what is missing here of the own epoch, which is fetched', () => {
    expect(having(one).receive('A', told(two)).sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: 4 }])
    expect(having(one).receive('A', told(one)).sent('fetch')).toEqual([])
  })

  it('of strangers, however many, makes no member forgotten', () => {
    const peer = follower().receive('A', told(view3)).receive('C', told(view3))
    for (let i = 0; i < 600; i++) peer.receive(`stranger${i}`, told(view3))
    expect(peer.view.reachable(peer.now)).toEqual(['A', 'B', 'C'])
  })
})

describe('a commit', () => {
  it('is told by nobody who takes no part any more', () => {
    const peer = having(one).reports('A', placeOf(one))
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] }).after(2)
    expect(peer.sent('committed')).toEqual([])
  })

  it('is progress: what waits behind it has not stalled yet', () => {
    const isAgreed = (millis: number): boolean => {
      const peer = having(one).after(1_400).push('A', [two]).persisted().reports('A', placeOf(one))
      expect(peer.view.commit).toEqual(placeOf(one))
      return peer.after(millis).receive('C', { kind: 'pre-vote', attempt: 1, suspect: undefined }).sent('agree').length > 0
    }
    expect(isAgreed(1_500)).toBe(false)
    expect(isAgreed(1_501)).toBe(true)
  })
})

describe('what is on the own disk', () => {
  it('is told to the authors of it, and not to oneself', () => {
    const peer = follower().submit('x')
    const { epoch } = view3
    const token = { kind: 'token', epoch, turn: 2, head: headOf(view3), commit: placeOf(view3), blocks: [] } as const
    peer.receive('A', { ...token, served: [0, 0, 0], wants: [false, false, false] }).persisted()
    expect(peer.view.durable).toBe(3)
    expect(peer.sent('durable')).toEqual([])
    expect(follower().push('A', [one]).persisted().sent('durable')).toMatchObject([{ to: 'A', durable: { index: 3 } }])
  })
})
