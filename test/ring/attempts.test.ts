import { describe, expect, it } from 'vitest'
import { headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import { epoch4, initiator, promise } from './attempts.ts'
import {
  activeStatus,
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  healthy,
  id,
  placeOf,
  view2,
  view3,
  viewAfter,
} from './harness.ts'

describe('an epoch for a failure', () => {
  it('is started once a quorum of the last view agrees', () => {
    const peer = initiator()
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '4.B', why: 'failure' }])
    expect(peer.view.promised).toEqual(epoch4)
    expect(peer.view.active).toBe(false)
  })

  it('is not started for answers to another question, or by too few, or too late', () => {
    const asking = () => healthy(follower(), 1).step({ kind: 'link', peer: id('A'), state: 'refused' })
    const peer = asking()
    const [asked] = peer.sent('pre-vote')
    const attempt = asked?.attempt ?? 0
    peer.receive('C', { kind: 'agree', attempt: attempt + 1, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
    peer.receive('X', { kind: 'agree', attempt, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
    peer.after(501).receive('C', { kind: 'agree', attempt, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('asks for promises once its own is on disk', () => {
    const peer = initiator()
    expect(peer.sent('prepare')).toEqual([])
    peer.persisted()
    expect(peer.sent('prepare')).toMatchObject([{ to: 'AC', epoch: epoch4 }])
    expect(peer.sent('prepare')[0]?.views).toEqual([view3])
    peer.after(150)
    expect(peer.sent('prepare')).toMatchObject([{ to: 'AC' }])
  })

  it('asks again whoever does not answer, however often it looks', () => {
    const peer = initiator().persisted()
    expect(peer.during(460).sent('prepare')).toMatchObject([{ to: 'AC' }, { to: 'AC' }, { to: 'AC' }])
    expect(peer.during(900).sent('prepare').length).toBe(6)
    const waiting = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
      .receive('C', promise())
    expect(waiting.after(150).sent('prepare')).toMatchObject([{ to: 'A' }])
  })

  it('asks nobody for promises where it has promised another one before its own was on disk', () => {
    const peer = initiator().receive('C', { kind: 'prepare', epoch: epochOf(5, 'C'), views: [view3] })
    peer.persisted()
    expect(peer.sent('promise')).toMatchObject([{ to: 'C', epoch: epochOf(5, 'C') }])
    expect(peer.sent('prepare')).toEqual([])
  })

  it('proposes a view of those that promised, once nobody is worth waiting for', () => {
    const peer = initiator().persisted().receive('C', promise())
    const [install] = peer.sent('install')
    expect(install).toMatchObject({ to: 'C', epoch: epoch4, viewBlock: { index: 3, author: 'B', turn: 0, prevHash: view3.hash } })
    expect(install?.viewBlock.body).toMatchObject({ kind: 'view', members: ['B', 'C'], lost: [] })
    expect(peer.notes('epoch-activated')).toEqual([])
    expect(peer.outputs.filter(({ kind }) => kind === 'apply')).toEqual([])
  })

  it('waits a moment for a member that was heard lately', () => {
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
      .receive('C', promise())
    expect(peer.sent('install')).toEqual([])
    peer.after(599)
    expect(peer.sent('install')).toEqual([])
    peer.after(1)
    expect(peer.sent('install').length).toBe(1)
  })

  it('is active once its view is on enough disks, its own among them; then it has the token', () => {
    const peer = initiator().persisted().receive('C', promise())
    peer.receive('C', { kind: 'installed', epoch: epoch4 })
    expect(peer.notes('epoch-activated')).toEqual([])
    expect(peer.view.commit.index).toBe(2)
    peer.persisted()
    expect(peer.notes('epoch-activated')).toEqual([{ epoch: '4.B', members: 2, index: 3 }])
    expect(peer.view.active).toBe(true)
    expect(peer.view.holding).toBe(1)
    expect(peer.view.commit.index).toBe(3)
    expect(peer.sent('activated')).toMatchObject([{ to: 'AC', epoch: epoch4, commit: { index: 3 } }])
  })

  it('is above all that members say they have promised or installed', () => {
    const startedAfter = (changes: Partial<MessageOf<'status'>>): number => {
      const peer = healthy(follower(), 1).receive('C', activeStatus({ turn: 2, ...changes }))
      peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
      const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
      return peer.receive('C', { kind: 'agree', attempt, promised: view3.epoch }).view.promised.number
    }
    expect(startedAfter({})).toBe(4)
    expect(startedAfter({ promised: epochOf(9, 'C') })).toBe(10)
    expect(startedAfter({ epoch: epochOf(9, 'C') })).toBe(10)
    expect(startedAfter({ promised: epochOf(3 + 2 ** 20, 'C') })).toBe(4 + 2 ** 20)
    expect(startedAfter({ promised: epochOf(4 + 2 ** 20, 'C') })).toBe(4)
  })

  it('wants a quorum of every view of its log that is not settled, for its past and for its view', () => {
    const blocks = [genesis, view2, viewAfter(view2, epochOf(3, 'B'), 'BDE')]
    const peer = new DrivenReplica({ blocks, commit: 1 }).step({ kind: 'tick' }).after(3_251)
    const [asked] = peer.sent('pre-vote')
    expect(asked?.to).toBe('ACDE')
    for (const from of ['D', 'E']) peer.receive(from, { kind: 'agree', attempt: asked?.attempt ?? 0, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
    expect(peer.view.promised).toEqual(epochOf(3, 'B'))
    peer.receive('A', { kind: 'agree', attempt: asked?.attempt ?? 0, promised: view3.epoch }).persisted()
    for (const from of ['D', 'E']) peer.receive(from, promise(blocks[2], view2))
    peer.after(600)
    expect(peer.sent('install')).toEqual([])
    peer.receive('A', promise(view2, view2))
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['B', 'D'] })
    peer.persisted()
    for (const from of ['D', 'E']) peer.receive(from, { kind: 'installed', epoch: epoch4 })
    expect(peer.notes('epoch-activated')).toEqual([])
    peer.receive('A', { kind: 'installed', epoch: epoch4 })
    expect(peer.notes('epoch-activated').length).toBe(1)
  })

  it('does not count the promise of a stranger', () => {
    const peer = initiator().persisted()
    peer.receive('X', promise()).after(700)
    expect(peer.sent('install')).toEqual([])
  })

  it('starts over above a member’s refusal, after a while, without asking around again', () => {
    const peer = initiator().persisted()
    peer.receive('C', { kind: 'refuse', epoch: epoch4, promised: epochOf(8, 'C') })
    peer.during(600)
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '9.B', why: 'refused' }])
    expect(peer.notes('pre-vote')).toEqual([])
  })

  it('does not start over once it is a member of no view any more', () => {
    const peer = initiator().persisted()
    peer.receive('C', { kind: 'refuse', epoch: epoch4, promised: epochOf(8, 'C') })
    const without = viewAfter(view3, epochOf(4, 'A'), 'AC')
    peer.receive('A', activeStatus({ epoch: without.epoch, promised: without.epoch, commit: placeOf(without) }))
    const fetched = {
      kind: 'fetched',
      what: 'committed',
      blocks: [without],
      commit: headOf(without),
      head: headOf(without),
    } as const
    peer.receive('A', fetched)
    expect(peer.view.members).toEqual(['A', 'C'])
    expect(peer.during(1_000).notes('attempt-started')).toEqual([])
  })

  it('ends once its maker is a member of no view any more: who knows that would take it for a stranger', () => {
    const peer = initiator().persisted()
    const without = viewAfter(view3, epochOf(4, 'A'), 'AC')
    peer.receive('A', activeStatus({ epoch: without.epoch, promised: without.epoch, commit: placeOf(without) }))
    const [blocks, commit, head] = [[without], headOf(without), headOf(without)]
    expect(peer.notes('attempt-given-up')).toEqual([])
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks, commit, head })
    expect(peer.notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'preparing' }])
    expect(peer.receive('C', promise()).sent('install')).toEqual([])
    expect(peer.during(2_000).sent('prepare')).toEqual([])
  })

  it('does not mind a refusal for an epoch that is not above its own', () => {
    for (const promised of [epochOf(3, 'C'), epoch4]) {
      const peer = initiator().persisted()
      peer.receive('C', { kind: 'refuse', epoch: epoch4, promised }).receive('C', promise())
      expect(peer.sent('install').length).toBe(1)
    }
    const above = initiator()
      .persisted()
      .receive('C', { kind: 'refuse', epoch: epoch4, promised: epochOf(5, 'C') })
    expect(above.during(600).notes('attempt-started')).toEqual([{ epoch: '6.B', why: 'refused' }])
  })

  it('is not given up while its own disk is slow: its time begins when it asks', () => {
    const peer = initiator().after(5_000)
    expect(peer.notes('attempt-given-up')).toEqual([])
    expect(peer.persisted().sent('prepare')).toMatchObject([{ to: 'AC', epoch: epoch4 }])
    expect(peer.during(2_490).notes('attempt-given-up')).toEqual([])
    expect(peer.during(20).notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'preparing' }])
  })

  it('is given up after a while', () => {
    const peer = initiator().persisted()
    expect(peer.during(2_490).notes('attempt-given-up')).toEqual([])
    expect(peer.during(20).notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'preparing' }])
    const installing = initiator().persisted().receive('C', promise())
    expect(installing.during(3_000).notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'installing' }])
  })

  it('ends with a write that failed: no view is proposed any more', () => {
    const peer = initiator().persisted().step({ kind: 'persist-failed' }).receive('C', promise())
    expect(peer.sent('install')).toEqual([])
    expect(peer.during(3_000).sent('install')).toEqual([])
    expect(peer.view.head).toEqual(headOf(view3))
  })

  it('ends with a promise to another', () => {
    const peer = initiator().persisted()
    peer.receive('C', { kind: 'prepare', epoch: epochOf(5, 'C'), views: [view3] }).receive('C', promise())
    expect(peer.sent('install')).toEqual([])
    expect(peer.view.promised).toEqual(epochOf(5, 'C'))
  })

  it('proposes its view again to those that do not answer', () => {
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
      .receive('C', promise())
      .receive('A', promise())
    expect(peer.sent('install').map(({ to }) => to)).toEqual(['CA'])
    peer.receive('C', { kind: 'installed', epoch: epoch4 }).after(150)
    expect(peer.sent('install').map(({ to }) => to)).toEqual(['A'])
  })

  it('tells members that did not answer again and again, for as long as it lasts', () => {
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
      .receive('C', promise())
      .receive('A', promise())
    peer.receive('C', { kind: 'installed', epoch: epoch4 }).persisted()
    expect(peer.notes('epoch-activated').length).toBe(1)
    peer.after(199)
    expect(peer.sent('activated')).toEqual([])
    peer.after(1)
    expect(peer.sent('install')).toMatchObject([{ to: 'A' }])
    expect(peer.sent('activated')).toMatchObject([{ to: 'A', commit: { index: 3 } }])
    expect(peer.after(200).sent('activated')).toMatchObject([{ to: 'A' }])
    peer.receive('A', { kind: 'installed', epoch: epoch4 }).after(250)
    expect(peer.sent('activated')).toEqual([])
  })
})

describe('a peer alone', () => {
  it('founds its ring at once, and waits for nobody', () => {
    const peer = new DrivenReplica({ self: 'A', blocks: [genesis] }).step({ kind: 'tick' })
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '2.A', why: 'alone' }])
    peer.persisted()
    peer.persisted()
    expect(peer.view.active).toBe(true)
    expect(peer.view.holding).toBe(1)
    peer.submit('x').persisted()
    expect(peer.view.commit.index).toBe(2)
  })

  it('proposes no view that nobody could accept', () => {
    const last = viewAfter(genesis, epochOf(2, 'A'), 'A', [], { lamport: 2 ** 48 })
    const peer = new DrivenReplica({ self: 'A', blocks: [genesis, last] }).step({ kind: 'tick' }).persisted()
    expect(peer.notes('own-block-refused')).toEqual([{ index: 2, turn: 0, fault: 'its Lamport time does not grow' }])
    expect(peer.view.head).toEqual(headOf(last))
    expect(peer.during(3_000).notes('attempt-given-up')).toEqual([])
  })

  it('by one view of its log, and not by the next, waits for others', () => {
    const blocks = [genesis, viewAfter(genesis, epochOf(2, 'A'), 'ABC')]
    const peer = new DrivenReplica({ self: 'A', blocks, commit: 0 }).step({ kind: 'tick' })
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('of a view of two goes on alone only as its first member', () => {
    const two = viewAfter(genesis, epochOf(2, 'A'), 'AB')
    const first = new DrivenReplica({ self: 'A', blocks: [genesis, two] }).step({ kind: 'tick' })
    expect(first.notes('attempt-started').length).toBe(1)
    const second = new DrivenReplica({ self: 'B', blocks: [genesis, two] }).step({ kind: 'tick' })
    expect(second.notes('attempt-started')).toEqual([])
  })
})
