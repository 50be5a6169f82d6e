import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import {
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  id,
  noEpoch,
  opsAfter,
  placeOf,
  statusOf,
  token,
  view2,
  view3,
  viewAfter,
} from './harness.ts'
import { holder, request } from './requests.ts'

describe('a peer that leaves', () => {
  it('asks for it again and again, and goes when a majority of a view without it has that on disk', () => {
    const peer = follower().step({ kind: 'leave' })
    expect(peer.gossiped('request')).toMatchObject([{ purpose: 'leave', above: view3.epoch }])
    expect(peer.view.membership).toBe('leaving')
    expect(peer.after(599).gossiped('request')).toEqual([])
    expect(peer.after(1).gossiped('request').length).toBe(1)
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ACD')
    peer.follow(view4, [view3])
    expect(peer.view.stopped).toBeUndefined()
    const told = (index: number, epoch = view4.epoch) =>
      statusOf({ epoch: view4.epoch, promised: view4.epoch, commit: placeOf(view4), persistedCommit: { epoch, index } })
    peer.receive('A', told(3))
    expect(peer.view.stopped).toBeUndefined()
    peer.receive('C', told(2)).receive('D', told(3, view3.epoch))
    expect(peer.view.stopped).toBeUndefined()
    peer.receive('C', told(3))
    expect(peer.stopReason).toEqual({ kind: 'left' })
  })

  it('does not go while it may be needed in an epoch that it promised since', () => {
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ACD')
    const peer = follower().step({ kind: 'leave' }).follow(view4, [view3])
    peer.receive('A', { kind: 'prepare', epoch: epochOf(5, 'A'), views: [view4] })
    const told = { epoch: view4.epoch, promised: view4.epoch, persistedCommit: { epoch: view4.epoch, index: 3 } }
    for (const from of ['A', 'C', 'D']) peer.receive(from, statusOf({ ...told, commit: placeOf(view4) }))
    expect(peer.view.stopped).toBeUndefined()
  })

  it('in the midst of collecting requests lets go of the token', () => {
    const peer = holder().receive('D', request('join')).after(10).step({ kind: 'leave' })
    expect(peer.sent('token')).toMatchObject([{ turn: 3 }])
    expect(peer.after(400).notes('attempt-started')).toEqual([])
  })

  it('that holds the token hands it to a member that stays, where others ask too', () => {
    const peer = follower().step({ kind: 'leave' }).receive('C', request('leave')).receive('A', token(2))
    expect(peer.sent('token')).toMatchObject([{ to: 'A' }])
    expect(peer.after(400).notes('attempt-started')).toEqual([])
  })

  it('hands it past nobody that waits for the window to open, and two that leave do not send it to and fro', () => {
    const one = opsAfter(view3, ['x'])
    const leaver = () =>
      follower({ limits: { windowBlocks: 1 } })
        .push('A', [one])
        .step({ kind: 'leave' })
    const both = () => leaver().receive('C', request('leave'))
    const full = (waiting: 'A' | 'C') => ({
      ...token(3, one),
      commit: placeOf(view3),
      wants: [waiting === 'A', false, waiting === 'C'],
    })
    const resting = both().receive('A', full('C'))
    expect(resting.sent('token')).toEqual([])
    expect(resting.after(250).sent('token')).toMatchObject([{ to: 'C', turn: 4 }])
    expect(both().receive('A', full('A')).sent('token')).toMatchObject([{ to: 'A', turn: 4 }])
    expect(leaver().receive('A', full('C')).sent('token')).toMatchObject([{ to: 'C', turn: 4 }])
    expect(both().persisted().receive('A', full('C')).reports('C', one).sent('token')).toMatchObject([{ to: 'C', turn: 4 }])
  })
})

describe('a peer outside', () => {
  const newcomer = () =>
    new DrivenReplica({ self: 'X', blocks: [genesis], meta: { promised: noEpoch }, limits: { caughtUpBlocks: 2 } })
  const chain = [view2, view3]
  const far = (count: number): Block => {
    let block = view3
    for (let i = 0; i < count; i++) block = opsAfter(block, [`${i}`])
    return block
  }
  const status = (block: Block) =>
    statusOf({
      epoch: view3.epoch,
      commit: placeOf(block),
      persistedCommit: { epoch: view3.epoch, index: block.index },
      active: true,
    })

  it('asks to join once it has nearly all of the log, and not before', () => {
    const peer = newcomer().step({ kind: 'tick' }).during(700)
    expect(peer.gossiped('request')).toEqual([])
    peer.receive('A', status(far(1)))
    expect(peer.view.behind).toBe(3)
    expect(peer.during(700).gossiped('request')).toEqual([])
    const last = headOf(view3)
    peer.receive('A', status(far(1)))
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks: chain, commit: last, head: last }).persisted()
    expect(peer.view.behind).toBe(1)
    expect(peer.during(700).gossiped('request')).toMatchObject([{ purpose: 'join', loss: undefined }])
  })

  it('asks to join in the very moment in which it may, and then no more often than others', () => {
    const peer = newcomer().step({ kind: 'tick' })
    expect(peer.gossiped('request')).toEqual([])
    expect(peer.receive('A', status(far(1))).gossiped('request')).toEqual([])
    const last = headOf(view3)
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks: chain, commit: last, head: last })
    expect(peer.gossiped('request'), 'what it promised is not on its disk').toEqual([])
    expect(peer.persisted().gossiped('request')).toMatchObject([{ purpose: 'join', above: view3.epoch }])
    expect(peer.receive('A', status(far(0))).gossiped('request')).toEqual([])
    expect(peer.after(599).gossiped('request')).toEqual([])
    expect(peer.after(1).gossiped('request')).toHaveLength(1)
  })

  it('that lacks just as much as is allowed asks to join', () => {
    const asked = (count: number) =>
      newcomer()
        .step({ kind: 'tick' })
        .receive('A', status(far(count)))
        .during(700)
    expect(new DrivenReplica({ self: 'X', blocks: [genesis] }).view.behind).toBe(0)
    expect(asked(0).view.behind).toBe(2)
    expect(asked(0).gossiped('request')).toMatchObject([{ purpose: 'join' }])
    expect(asked(1).gossiped('request')).toEqual([])
  })

  it('asks for nothing while what it promised is not on its disk', () => {
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
      .during(700)
    expect(peer.gossiped('request')).toEqual([])
    expect(peer.persisted().during(700).gossiped('request')).toMatchObject([{ purpose: 'rejoin', above: epochOf(4, 'C') }])
  })

  it('is a learner, and takes no part', () => {
    const peer = newcomer().step({ kind: 'tick' })
    expect(peer.view.membership).toBe('learner')
    expect(peer.view.active).toBe(false)
    expect(follower().view.membership).toBe('member')
  })

  it('measures how far it is behind by what members say, where any do', () => {
    const peer = new DrivenReplica({ self: 'X' }).step({ kind: 'tick' })
    peer.receive('Z', status(far(50))).receive('Y', status(far(2)))
    expect(peer.view.behind).toBe(51)
    peer.receive('A', status(far(3)))
    expect(peer.view.behind).toBe(4)
    const member = newcomer()
      .step({ kind: 'tick' })
      .receive('Z', status(far(50)))
      .receive('A', status(genesis))
    expect(member.view.behind).toBe(0)
  })
})

describe('who can be reached', () => {
  it('is whoever was heard lately, and has not forgotten', () => {
    const peer = follower()
    peer.after(1_000).receive('C', statusOf())
    expect(peer.view.reachable(peer.now)).toEqual(['A', 'B', 'C'])
    expect(peer.view.hasQuorum(peer.now)).toBe(true)
    expect(peer.view.reachable(peer.now + 500)).toEqual(['A', 'B', 'C'])
    expect(peer.view.reachable(peer.now + 501)).toEqual(['B', 'C'])
    expect(peer.view.hasQuorum(peer.now + 1_501)).toBe(false)
    peer.receive('C', statusOf({ persistedCommit: { epoch: noEpoch, index: 0 } }))
    expect(peer.view.reachable(peer.now)).toEqual(['A', 'B'])
    peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
    expect(peer.view.reachable(peer.now)).toEqual(['B'])
    peer.receive('A', statusOf())
    expect(peer.view.reachable(peer.now)).toEqual(['A', 'B'])
  })
})
