import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import {
  activeStatus,
  DrivenReplica,
  epochOf,
  follower,
  id,
  opsAfter,
  placeOf,
  statusOf,
  token,
  view2,
  view3,
  viewAfter,
} from './harness.ts'
import { membersIn, request, viewProposedBy } from './requests.ts'

const one = opsAfter(view3, ['x'])

describe('a member that takes the token, says so, and keeps it', () => {
  const epochAfter = (peer: DrivenReplica, initiator: string) => epochOf(peer.view.promised.number + 1, initiator)
  /** B, which has the token, hands it to C, and nothing more is seen of it until it is missed; A and C go on talking. */
  const stall = (peer: DrivenReplica, { isPassedOn = false, talks = 4_000, isLater = false } = {}): DrivenReplica => {
    const { epoch } = peer.view.head
    peer.after(300)
    const turn = peer.sent('token')[0]?.turn ?? 0
    peer.receive('C', { kind: 'token-ack', epoch, turn })
    const said = (turnSaid: number) => statusOf({ epoch, promised: epoch, active: true, turn: turnSaid })
    for (let waited = 0; waited <= 3_500; waited += 250) {
      const later = epochAfter(peer, 'A')
      peer.after(250).receive('A', isLater ? statusOf({ epoch: later, promised: later, active: true }) : said(0))
      if (waited < talks) peer.receive('C', said(isPassedOn ? turn + 1 : turn))
    }
    return peer
  }
  /** Another epoch is made, in which B has the token. */
  const goOn = (peer: DrivenReplica, last: Block, initiator = 'A'): Block => {
    const view = viewAfter(last, epochAfter(peer, initiator), 'ABC')
    peer.follow(view, [last]).receive(initiator, token(2, view))
    expect(peer.view.holding).toBe(2)
    return view
  }
  const nextViewOf = (peer: DrivenReplica) =>
    membersIn(viewProposedBy(peer.receive('D', request('join')).after(300), ['A', 'C', 'D']))

  it('twice in a row has no place for a while', () => {
    const peer = stall(follower().receive('A', token(2)))
    const view = goOn(peer, view3)
    goOn(stall(peer), view)
    expect(nextViewOf(peer)).toBe('ABD')
  })

  it('once is unlucky', () => {
    const peer = stall(follower().receive('A', token(2)))
    goOn(peer, view3)
    expect(nextViewOf(peer)).toBe('ABCD')
  })

  it('once is unlucky, however many epochs are tried then', () => {
    const peer = stall(follower().receive('A', token(2)))
    peer.receive('A', { kind: 'prepare', epoch: epochAfter(peer, 'A'), views: [view3] }).persisted()
    goOn(peer, view3)
    expect(nextViewOf(peer)).toBe('ABCD')
  })

  it.each([
    ['that has passed it on', { isPassedOn: true }, 'A'],
    ['that has fallen silent', { talks: 2_750 }, 'A'],
    ['without which the room has gone on in another epoch', { isLater: true }, 'A'],
    ['that makes the next epoch itself', {}, 'C'],
  ])('is told from one %s', (_what, how, initiator) => {
    const peer = stall(follower().receive('A', token(2)), how)
    const view = goOn(peer, view3, initiator)
    goOn(stall(peer, how), view, initiator)
    expect(nextViewOf(peer)).toBe('ABCD')
  })

  it('and passes one on in between begins anew', () => {
    const peer = stall(follower().receive('A', token(2)))
    const view = goOn(peer, view3)
    peer.after(300).receive('C', token(4, view))
    expect(peer.view.holding).toBe(4)
    goOn(stall(peer), view)
    expect(nextViewOf(peer)).toBe('ABCD')
  })
})

describe('a token that arrives', () => {
  it('is taken, and acknowledged after a moment', () => {
    const peer = follower().receive('A', token(2))
    expect(peer.view.holding).toBe(2)
    expect(peer.sent('token-ack')).toEqual([])
    peer.after(20)
    expect(peer.sent('token-ack')).toMatchObject([{ to: 'A', epoch: view3.epoch, turn: 2 }])
    peer.after(20)
    expect(peer.sent('token-ack')).toEqual([])
  })

  it('is acknowledged by handing it back, but by no token to another', () => {
    const back = follower().receive('A', token(2, view3, { wants: [true, false, false] }))
    expect(back.sent('token')).toMatchObject([{ to: 'A' }])
    expect(back.after(20).sent('token-ack')).toEqual([])
    const on = follower().receive('A', token(2, view3, { wants: [false, false, true] }))
    expect(on.sent('token')).toMatchObject([{ to: 'C' }])
    expect(on.after(20).sent('token-ack')).toMatchObject([{ to: 'A', turn: 2 }])
  })

  it('is acknowledged once, and before the next one is taken', () => {
    const peer = follower().receive('A', token(2)).after(20)
    expect(peer.view.turnSeen).toBe(2)
    expect(peer.sent('token-ack')).toMatchObject([{ to: 'A', turn: 2 }])
    expect(peer.after(230).receive('A', token(5)).sent('token-ack')).toEqual([])
    const on = follower().receive('A', token(2, view3, { wants: [false, false, true] }))
    on.receive('C', { kind: 'token-ack', epoch: view3.epoch, turn: 3 }).receive('C', token(4))
    expect(on.sent('token-ack')).toMatchObject([{ to: 'A', turn: 2 }])
    expect(on.view.holding).toBe(4)
  })

  it('is acknowledged by a block of its new holder as well', () => {
    const peer = follower().submit('x').receive('A', token(2))
    expect(peer.sent('blocks')).toMatchObject([{ to: 'AC' }])
    expect(peer.after(20).sent('token-ack')).toEqual([])
  })

  it('is taken once: an older or equal one is only acknowledged', () => {
    const peer = follower().receive('A', token(2)).after(300)
    expect(peer.view.holding).toBeUndefined()
    peer.receive('C', { kind: 'token-ack', epoch: view3.epoch, turn: 3 })
    for (const turn of [2, 1]) {
      peer.receive('A', token(turn))
      expect(peer.view.holding).toBeUndefined()
      expect(peer.sent('token-ack')).toMatchObject([{ to: 'A', turn }])
    }
    expect(peer.receive('A', token(4)).view.holding).toBe(4)
  })

  it('is no token where it has turn 0 or does not fit the view, and its sender is named', () => {
    for (const bad of [token(0), token(2, view3, { served: [0, 0] }), token(2, view3, { wants: [true] })]) {
      const peer = follower().receive('A', bad)
      expect(peer.view.holding).toBeUndefined()
      expect(peer.view.refused.get(id('A'))?.reason).toBe('a token: it does not fit the view')
    }
  })

  it('is none to a peer that holds it already', () => {
    const peer = follower().push('A', [one]).receive('A', token(2, one)).receive('C', token(5, one))
    expect(peer.view.holding).toBe(2)
  })

  it('to a peer that holds it is held against its sender only where its head is made up: another one may have handed it to two', () => {
    const shown = { kind: 'fetched', what: 'tail', blocks: [one], commit: headOf(view3), head: headOf(one) } as const
    const holder = () => follower().push('A', [one]).receive('A', token(2, one))
    const honest = holder().receive('C', token(5, one))
    expect(honest.sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 3 }])
    expect(honest.receive('C', shown).view.refused.size).toBe(0)
    const lying = holder().receive('C', token(5, opsAfter(view3, ['y'])))
    expect(lying.receive('C', shown).view.refused.get(id('C'))?.reason).toContain('holds the token')
  })

  it('of another epoch, or from a stranger, or to a peer that has promised another epoch, changes nothing', () => {
    expect(follower().receive('A', token(2, view3, { epoch: view2.epoch })).view.holding).toBeUndefined()
    expect(follower().receive('X', token(2)).view.holding).toBeUndefined()
    const peer = follower().receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    peer.receive('A', token(2))
    expect(peer.view.holding).toBeUndefined()
    expect(peer.after(50).sent('token-ack')).toEqual([])
  })

  it('counts its turns anew in each epoch, of which a peer that takes no part has taken none', () => {
    const turnTold = (peer: DrivenReplica) => peer.during(600).gossiped('status')[0]?.turn
    expect(turnTold(new DrivenReplica().step({ kind: 'tick' }))).toBe(0)
    const next = viewAfter(view3, epochOf(4, 'C'), 'ABC')
    const peer = follower().receive('A', token(2)).follow(next, [view3])
    expect(turnTold(peer)).toBe(0)
  })

  it('of an epoch that is over is held against nobody, and takes nothing from a holder', () => {
    const late = token(9, view3, { epoch: view2.epoch })
    const holder = follower().receive('A', token(2)).receive('A', late)
    expect(holder.view.holding).toBe(2)
    expect(holder.receive('A', { ...late, served: [0], wants: [false] }).view.refused.size).toBe(0)
    const handing = holder.after(250)
    expect(handing.sent('token')).toMatchObject([{ to: 'C', turn: 3 }])
    expect(handing.receive('A', late).after(150).sent('token')).toMatchObject([{ to: 'C', turn: 3 }])
  })

  it('before the blocks up to its head waits for them, and asks for them', () => {
    const peer = follower().receive('A', token(2, one))
    expect(peer.view.holding).toBeUndefined()
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: 3 }])
    peer.push('C', [one])
    expect(peer.view.holding).toBe(2)
  })

  it('brings its commit also where that is known only with the blocks that it waited for', () => {
    const peer = follower()
      .receive('A', token(2, one, { commit: placeOf(one) }))
      .push('C', [one])
    expect(peer.view.holding).toBe(2)
    expect(peer.view.commit.index).toBe(3)
  })

  it('brings blocks and a commit along', () => {
    const peer = follower().receive('A', token(3, one, { blocks: [one], commit: placeOf(one) }))
    expect(peer.view.head.index).toBe(3)
    expect(peer.view.commit.index).toBe(3)
    expect(peer.view.holding).toBe(3)
  })

  it('whose head does not extend the log is given up, and its sender named once it shows that it has another', () => {
    const other = opsAfter(view3, ['y'])
    const peer = follower().push('A', [one]).receive('A', token(3, other))
    expect(peer.view.holding).toBeUndefined()
    expect(peer.view.refused.size).toBe(0)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: 3 }])
    peer.receive('A', { kind: 'fetched', what: 'tail', blocks: [one], commit: headOf(view3), head: headOf(one) })
    expect(peer.view.refused.get(id('A'))?.reason).toContain('does not extend the log')
    expect(peer.after(10).view.refused.get(id('A'))?.count).toBe(1)
    // Nor one that ends before what is here.
    peer.receive('A', token(3, view3))
    expect(peer.view.holding).toBeUndefined()
    expect(peer.receive('A', token(3, one)).view.holding).toBe(3)
  })

  it('whose head stands before the view names its sender at once: no honest one is there', () => {
    const peer = follower().receive('A', token(3, view2, { epoch: view3.epoch }))
    expect(peer.view.refused.get(id('A'))?.reason).toContain('does not extend the log')
    expect(peer.sent('fetch')).toEqual([])
  })

  it('that waits is given up with its epoch', () => {
    const peer = follower().receive('A', token(2, one))
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] }).push('A', [one])
    expect(peer.view.holding).toBeUndefined()
  })
})

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

describe('a peer that wants the token', () => {
  it('asks once, and again with growing pauses while nothing comes', () => {
    const peer = follower().submit('x')
    expect(peer.sent('want')).toMatchObject([{ to: 'AC', request: 1 }])
    expect(peer.submit('y').sent('want')).toEqual([])
    expect(peer.after(199).sent('want')).toEqual([])
    expect(peer.after(1).sent('want').length).toBe(1)
    expect(peer.after(399).sent('want')).toEqual([])
    expect(peer.after(1).sent('want').length).toBe(1)
    expect(peer.after(800).sent('want').length).toBe(1)
    expect(peer.after(1_599).sent('want')).toEqual([])
    expect(peer.after(1).sent('want')).toMatchObject([{ request: 1 }])
  })

  it('asks for nothing that is not there, and not where it takes no part', () => {
    expect(follower().after(300).sent('want')).toEqual([])
    expect(new DrivenReplica().submit('x').after(300).sent('want')).toEqual([])
  })

  it('is quiet once it holds the token, has written all, or takes no part any more', () => {
    const full = new DrivenReplica({ limits: { windowBlocks: 1 } }).step({ kind: 'tick' }).follow(view3, [view2])
    const holder = full.push('A', [one]).submit('x').receive('A', token(3, one))
    expect(holder.view.holding).toBe(3)
    expect(holder.during(240).sent('want')).toEqual([])
    const written = follower().submit('x').receive('A', token(2))
    expect(written.during(240).sent('want')).toEqual([])
    const gone = follower()
      .submit('x')
      .receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    expect(gone.during(2_000).sent('want')).toEqual([])
  })

  it('asks anew in a new epoch also where the token of the last one knew that it wants more, and once', () => {
    const view4 = viewAfter(view3, epochOf(4, 'C'), 'ABC')
    const peer = new DrivenReplica({ limits: { blockOps: 1 } }).step({ kind: 'tick' }).receive('C', { kind: 'ping', nonce: 0 })
    peer
      .follow(view3, [view2])
      .submit('x', 'y')
      .receive('A', token(2, view3, { wants: [false, false, true] }))
    expect(peer.sent('token')).toMatchObject([{ to: 'C', wants: [false, true, true] }])
    peer.receive('C', { kind: 'prepare', epoch: view4.epoch, views: [view3] }).persisted()
    peer.receive('C', { kind: 'install', epoch: view4.epoch, viewBlock: view4 }).persisted()
    expect(peer.sent('want')).toMatchObject([{ to: 'AC', epoch: view4.epoch, request: 1 }])
    expect(peer.submit('z').sent('want')).toEqual([])
  })

  it('asks anew in a new epoch', () => {
    const peer = follower().submit('x')
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABC'), [view3])
    const asked = peer.during(250).sent('want')
    expect(asked.every(({ request, epoch }) => request === 1 && epoch.number === 4)).toBe(true)
    expect(asked.length).toBeGreaterThan(0)
  })

  it('shows others what waits, for eyes', () => {
    const peer = follower().submit('x', 'y').after(100)
    const [shown] = peer.gossiped('announce')
    expect(shown).toMatchObject({ domain: 'bank', epoch: view3.epoch, request: 1 })
    expect(shown?.ops.map(({ sequence, incarnation }) => [incarnation, sequence])).toEqual([
      [1, 1],
      [1, 2],
    ])
    expect(peer.after(100).gossiped('announce')).toEqual([])
    expect(follower().submit('x').after(100).gossiped('announce')[0]?.ops.length).toBe(1)
  })

  it('shows nothing where what waits first is too long to be shown', () => {
    const peer = follower().submit('x'.repeat(9_000))
    expect(peer.sent('want').length).toBeGreaterThan(0)
    expect(peer.after(100).gossiped('announce')).toEqual([])
  })

  it('shows nothing that is written at once, and what comes then only once it has waited, too', () => {
    const peer = follower().submit('x').after(50)
    peer.receive('A', token(2, view3, { wants: [false, false, true] }))
    expect(peer.submit('y').after(50).gossiped('announce')).toEqual([])
    expect(peer.after(50).gossiped('announce')).toMatchObject([{ ops: [{ sequence: 2 }] }])
    const part = new DrivenReplica({ limits: { blockOps: 1 } }).step({ kind: 'tick' }).follow(view3, [view2])
    part.submit('x', 'y').receive('A', token(2, view3, { wants: [false, false, true] }))
    expect(part.after(100).gossiped('announce')).toMatchObject([{ ops: [{ sequence: 2 }] }])
  })
})
