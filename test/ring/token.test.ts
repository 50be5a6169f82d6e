import { describe, expect, it } from 'vitest'
import type { Block } from '../../src/ring/block.ts'
import {
  activeStatus,
  DrivenReplica,
  epochOf,
  follower,
  opsAfter,
  placeOf,
  statusOf,
  token,
  view2,
  view3,
  viewAfter,
} from './harness.ts'

const one = opsAfter(view3, ['x'])

describe('who holds the token', () => {
  it('appends what waits, in one block, tells the others, and passes it on', () => {
    const peer = follower().submit('x', 'y').receive('A', token(2))
    expect(peer.view.head.index).toBe(3)
    const [block] = peer.sent('blocks')[0]?.blocks ?? []
    expect(block).toMatchObject({
      author: 'B',
      turn: 2,
      index: 3,
      epoch: view3.epoch,
      body: { incarnation: 1, firstSequence: 1 },
    })
    expect(block?.body.kind === 'ops' && block.body.ops.length).toBe(2)
    expect(peer.sent('blocks')).toMatchObject([{ to: 'AC', commit: placeOf(view3) }])
    expect(peer.view.pending.map(({ written }) => written)).toEqual([true, true])
  })

  it('hands it to the next that wants it, with its block in the same frame', () => {
    const peer = follower()
      .submit('x')
      .receive('A', token(2, view3, { wants: [true, false, false] }))
    const [passed] = peer.sent('token')
    expect(passed).toMatchObject({ to: 'A', turn: 3, head: { index: 3 }, wants: [true, false, false] })
    expect(passed?.blocks.map(({ index }) => index)).toEqual([3])
    expect(peer.sent('blocks')).toMatchObject([{ to: 'C' }])
    expect(peer.view.holding).toBeUndefined()
  })

  it('chooses in ring order from itself on', () => {
    const both = follower().receive('A', token(2, view3, { wants: [true, true, true] }))
    expect(both.sent('token')).toMatchObject([{ to: 'C', turn: 3 }])
  })

  it('knows who wants it by the requests that came, above those that were served', () => {
    const peer = follower().receive('C', { kind: 'want', epoch: view3.epoch, request: 2 })
    peer.receive('A', token(2, view3, { served: [0, 0, 1] }))
    expect(peer.sent('token')).toMatchObject([{ to: 'C' }])
    const served = follower().receive('C', { kind: 'want', epoch: view3.epoch, request: 2 })
    served.receive('A', token(2, view3, { served: [0, 0, 2] }))
    expect(served.sent('token')).toEqual([])
    const old = follower().receive('C', { kind: 'want', epoch: view2.epoch, request: 2 }).receive('A', token(2))
    expect(old.sent('token')).toEqual([])
    const lesser = follower().receive('C', { kind: 'want', epoch: view3.epoch, request: 2 })
    lesser.receive('C', { kind: 'want', epoch: view3.epoch, request: 1 }).receive('A', token(2, view3, { served: [0, 0, 1] }))
    expect(lesser.sent('token')).toMatchObject([{ to: 'C' }])
  })

  it('keeps it for a while where nobody wants it, then hands it to its neighbour', () => {
    const peer = follower().receive('A', token(2)).after(249)
    expect(peer.sent('token')).toEqual([])
    peer.after(1)
    expect(peer.sent('token')).toMatchObject([{ to: 'C', turn: 3, wants: [false, false, false] }])
  })

  it('writes at most one block a turn; what comes then waits for the next turn, of its own where nobody wants it', () => {
    const peer = follower().submit('x').receive('A', token(2))
    expect(peer.view.head.index).toBe(3)
    peer.persisted().submit('y')
    expect(peer.view.head.index).toBe(4)
    expect(peer.view.holding).toBe(3)
    expect(peer.view.turnSeen).toBe(3)
    expect(peer.during(500).gossiped('status')[0]?.turn).toBe(3)
    const wanted = follower().submit('x').receive('A', token(2))
    wanted.receive('C', { kind: 'want', epoch: view3.epoch, request: 1 }).submit('y')
    expect(wanted.view.head.index).toBe(3)
  })

  it('says in the token that it wants it again, and what it asked for is served', () => {
    const peer = follower().submit('x')
    expect(peer.sent('want')).toMatchObject([{ to: 'AC', epoch: view3.epoch, request: 1 }])
    peer.receive('A', token(2, view3, { wants: [false, false, true] }))
    expect(peer.sent('token')).toMatchObject([{ to: 'C', served: [0, 1, 0], wants: [false, false, true] }])
  })

  it('asks nobody for it where the token itself says that it wants it again', () => {
    const peer = new DrivenReplica({ limits: { blockOps: 1 } }).step({ kind: 'tick' }).follow(view3, [view2])
    peer.submit('x', 'y').receive('A', token(2, view3, { wants: [false, false, true] }))
    expect(peer.sent('token')).toMatchObject([{ to: 'C', wants: [false, true, true] }])
    expect(peer.sent('want')).toEqual([])
    expect(peer.after(100).sent('want')).toEqual([])
  })

  it('waits for its own disk before its next block, but not for long', () => {
    const peer = follower().submit('x').receive('A', token(2)).submit('y')
    expect(peer.view.head.index).toBe(3)
    expect(peer.outputs).toContainEqual({ kind: 'wake', at: peer.now + 2 })
    peer.after(1.5)
    expect(peer.view.head.index).toBe(3)
    peer.after(0.5)
    expect(peer.view.head.index).toBe(4)
  })

  it('stops where so many blocks are not committed, and goes on when they are', () => {
    const peer = new DrivenReplica({ limits: { windowBlocks: 2 } }).step({ kind: 'tick' }).follow(view3, [view2])
    peer.receive('A', token(2))
    for (const op of ['x', 'y', 'z']) peer.submit(op).persisted()
    expect(peer.view.head.index).toBe(4)
    expect(peer.sent('token')).toEqual([])
    peer.reports('A', placeOf({ ...peer.view.head } as Block))
    expect(peer.view.commit.index).toBe(4)
    expect(peer.view.head.index).toBe(5)
  })

  it('whose block all would refuse writes none, gives the token up and wants another epoch', () => {
    const status = (turn: number) => statusOf({ epoch: view3.epoch, promised: view3.epoch, active: true, turn })
    const peer = follower()
      .receive('A', status(2 ** 32))
      .receive('C', status(2 ** 32))
    peer.submit('x').receive('A', token(2 ** 33))
    expect(peer.notes('own-block-refused')).toEqual([{ index: 3, turn: 2 ** 33, fault: 'its turn leaps' }])
    expect(peer.view.head.index).toBe(2)
    expect(peer.view.holding).toBeUndefined()
    expect(peer.view.active).toBe(false)
    expect(peer.during(4_000).notes('pre-vote')[0]).toEqual({ why: 'spoiled', suspect: undefined })
  })

  it('with the last turn that can be told gives it up, and wants another epoch', () => {
    const last = 2 ** 48
    const peer = follower()
    for (let turn = 0; turn < last; turn += 2 ** 32) peer.receive('A', activeStatus({ turn: turn + 2 ** 32 - 1 }))
    peer.receive('C', activeStatus({ turn: last - 1 })).receive('A', token(last, view3, { wants: [true, false, false] }))
    expect(peer.sent('token')).toEqual([])
    expect(peer.view.holding).toBeUndefined()
    expect(peer.during(4_000).notes('pre-vote')[0]).toEqual({ why: 'spoiled', suspect: undefined })
  })

  it('with a disk that failed hands it on and writes nothing', () => {
    const peer = follower().receive('A', token(2)).submit().step({ kind: 'persist-failed' })
    expect(peer.sent('token')).toMatchObject([{ to: 'C', turn: 3 }])
    expect(peer.after(20).sent('token-ack')).toEqual([])
    peer.submit('x')
    expect(peer.view.head.index).toBe(2)
  })

  it('tells of a commit only whom no block and no token of its own has told', () => {
    const committing = (): DrivenReplica => {
      const peer = follower().push('A', [one]).persisted().receive('A', token(3, one))
      return peer.reports('A', one)
    }
    expect(committing().view.commit.index).toBe(3)
    expect(committing().after(2).sent('committed')).toMatchObject([{ to: 'AC' }])
    expect(committing().submit('y').after(2).sent('committed')).toEqual([])
    const passed = committing().receive('C', { kind: 'want', epoch: view3.epoch, request: 1 })
    expect(passed.sent('token')).toMatchObject([{ to: 'C' }])
    expect(passed.notes('token-passed')).toEqual([{ to: 'C', turn: 4 }])
    expect(passed.after(2).sent('committed')).toMatchObject([{ to: 'A' }])
  })

  it('holds none any more once it has stopped', () => {
    const peer = follower().push('A', [one]).receive('A', token(3, one))
    expect(peer.view.holding).toBe(3)
    const own = opsAfter(one, ['y'], { author: 'B', incarnation: 2, turn: 9 })
    peer.push('A', [own], placeOf(own))
    expect(peer.stopReason).toMatchObject({ kind: 'own-later-block' })
    expect(peer.view.holding).toBeUndefined()
  })

  it('does not pass it to itself for nothing, although it once wanted it', () => {
    const peer = follower().receive('A', token(2, view3, { wants: [false, true, false] }))
    expect(peer.view.holding).toBe(2)
  })

  it('writes what it wrote in a tail that was dropped again, under the same number', () => {
    const peer = follower().submit('x').receive('A', token(2)).persisted()
    expect(peer.view.head.index).toBe(3)
    const view4 = viewAfter(view3, epochOf(4, 'C'), 'ABC')
    peer.follow(view4, [view3])
    expect(peer.view.head.hash).toBe(view4.hash)
    peer.receive('C', token(2, view4, { epoch: view4.epoch, commit: placeOf(view4) }))
    const [block] = peer.sent('blocks')[0]?.blocks ?? []
    expect(block).toMatchObject({ index: 4, body: { firstSequence: 1 } })
    expect(block?.body.kind === 'ops' && block.body.ops.map((bytes) => new TextDecoder().decode(bytes))).toEqual(['x'])
  })

  it('gives it up in the moment in which it promises another epoch', () => {
    const peer = follower().receive('A', token(2))
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    expect(peer.view.holding).toBeUndefined()
    peer.submit('x').during(1_000)
    expect(peer.sent('token')).toEqual([])
    expect(peer.view.head.index).toBe(2)
  })
})

describe('a token that was passed on', () => {
  const passing = () => follower().receive('A', token(2, view3, { wants: [false, false, true] }))

  it('is repeated to the same member until that acknowledges it', () => {
    const peer = passing()
    const [passed] = peer.sent('token')
    peer.after(149)
    expect(peer.sent('token')).toEqual([])
    peer.after(1)
    expect(peer.sent('token')).toEqual([passed])
    peer.after(150)
    expect(peer.sent('token')).toEqual([passed])
    peer.receive('C', { kind: 'token-ack', epoch: view3.epoch, turn: 3 }).after(500)
    expect(peer.sent('token')).toEqual([])
  })

  it('is not acknowledged by another member, for another turn or for another epoch', () => {
    const peer = passing()
    peer.receive('A', { kind: 'token-ack', epoch: view3.epoch, turn: 3 })
    peer.receive('C', { kind: 'token-ack', epoch: view3.epoch, turn: 2 })
    peer.receive('C', { kind: 'token-ack', epoch: view2.epoch, turn: 3 })
    expect(peer.after(150).sent('token').length).toBe(1)
  })

  it('is known to be taken by a block or a status with its turn', () => {
    const block = opsAfter(view3, ['z'], { author: 'C', turn: 3 })
    expect(passing().push('C', [block]).after(150).sent('token')).toEqual([])
    const told = statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(view3), turn: 3 })
    expect(passing().receive('C', told).after(150).sent('token')).toEqual([])
    expect(
      passing()
        .receive('C', { ...told, turn: 2 })
        .after(150)
        .sent('token').length,
    ).toBe(1)
  })

  it('is repeated no more once another epoch is promised', () => {
    const peer = passing().receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    expect(peer.during(1_000).sent('token')).toEqual([])
  })
})
