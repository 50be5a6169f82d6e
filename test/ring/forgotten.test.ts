import { describe, expect, it } from 'vitest'
import { roomMembersMax } from '../../src/core/limits.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
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
import { holder, lossesIn, membersIn, request, viewProposedBy } from './requests.ts'

describe('a loss', () => {
  it('that is written down lets its peer have a say again once that is on its disk', () => {
    const written = viewAfter(view2, epochOf(3, 'A'), 'AC', [{ peer: id('B'), loss: 7 }])
    const lost = new DrivenReplica({ self: 'B', blocks: [genesis], meta: { promised: noEpoch, loss: 7 } }).step({ kind: 'tick' })
    const offer = statusOf({
      epoch: written.epoch,
      promised: written.epoch,
      commit: placeOf(written),
      persistedCommit: { epoch: written.epoch, index: written.index },
      active: true,
    })
    for (const from of ['A', 'C']) lost.receive(from, offer)
    const past = { kind: 'fetched', what: 'committed', blocks: [view2, written], commit: headOf(written), head: headOf(written) }
    lost.receive('A', past as MessageOf<'fetched'>).after(5_000)
    const asked = { kind: 'pre-vote', attempt: 1, suspect: undefined } as const
    expect(lost.view.membership).toBe('learner')
    expect(lost.receive('A', asked).sent('agree')).toEqual([])
    expect(lost.persisted().receive('A', asked).sent('agree').length).toBe(1)
  })

  const rejoin = (loss: number) => request('rejoin', { above: noEpoch, loss })

  it('is written into a view without the peer that lost its disk', () => {
    const peer = holder().receive('C', rejoin(77)).after(300)
    const viewBlock = viewProposedBy(peer, ['A'])
    expect(membersIn(viewBlock)).toBe('AB')
    expect(lossesIn(viewBlock)).toEqual([{ peer: 'C', loss: 77 }])
  })

  it('is written down before those of strangers, however many say that they have lost something', () => {
    const peer = holder()
    for (let i = 0; i < 200; i++) peer.receive(`stranger${i}`, request('rejoin', { loss: i }))
    peer.receive('C', request('rejoin', { loss: 77 })).after(300)
    const losses = lossesIn(viewProposedBy(peer, ['A']))
    expect(losses?.length).toBe(roomMembersMax)
    expect(losses?.[0]).toEqual({ peer: 'C', loss: 77 })
  })

  it('is no newcomer’s matter', () => {
    const peer = holder()
      .receive('D', request('join', { loss: 77 }))
      .after(300)
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('that is written down already is not written again', () => {
    const written = viewAfter(view2, epochOf(3, 'A'), 'AB', [{ peer: id('C'), loss: 77 }])
    const handed = { ...token(2, written), served: [0, 0], wants: [false, false] }
    const asked = (loss: number) =>
      new DrivenReplica()
        .step({ kind: 'tick' })
        .follow(written, [view2])
        .receive('A', handed)
        .receive('C', rejoin(loss))
        .after(300)
        .notes('attempt-started').length
    expect(asked(77)).toBe(0)
    expect(asked(78)).toBe(1)
  })

  it('that the chosen log has, or whose peer is in the view, is not written into that view', () => {
    const attempt = () => {
      const peer = holder().receive('C', rejoin(77)).after(300).persisted()
      return { peer, epoch: (peer.sent('prepare')[0] as MessageOf<'prepare'>).epoch }
    }
    const chosen = attempt()
    const written = viewAfter(view3, epochOf(4, 'A'), 'AB', [{ peer: id('C'), loss: 77 }])
    chosen.peer.receive('A', { kind: 'promise', epoch: chosen.epoch, head: headOf(written), commit: placeOf(view3) }).after(600)
    const fetched = { kind: 'fetched', what: 'tail', blocks: [written], commit: headOf(view3), head: headOf(written) } as const
    expect(lossesIn(chosen.peer.receive('A', fetched).sent('install')[0]?.viewBlock)).toEqual([])
    const { peer, epoch } = attempt()
    for (const from of ['A', 'C']) peer.receive(from, { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
    const [install] = peer.sent('install')
    expect(membersIn(install?.viewBlock)).toBe('ABC')
    expect(lossesIn(install?.viewBlock)).toEqual([])
  })

  it('is forgotten with its epoch: whoever asked repeats it', () => {
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ABC')
    const peer = follower().receive('C', rejoin(77)).follow(view4, [view3])
    peer.receive('A', token(2, view4)).after(300)
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('makes promises of before void: they are no part of a quorum', () => {
    const five = viewAfter(genesis, epochOf(2, 'A'), 'ABCDE')
    const written = viewAfter(five, epochOf(3, 'A'), 'ABDE', [{ peer: id('C'), loss: 77 }])
    const peer = new DrivenReplica({ blocks: [genesis, five, written], commit: 1 }).step({ kind: 'tick' }).after(3_251)
    const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
    for (const from of ['A', 'D']) peer.receive(from, { kind: 'agree', attempt, promised: five.epoch })
    peer.persisted()
    const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
    const promise = (head: Block) => ({ kind: 'promise', epoch, head: headOf(head), commit: placeOf(five) }) as const
    peer.receive('A', promise(written)).receive('C', promise(five)).after(600)
    expect(peer.sent('install')).toEqual([])
    peer.receive('D', promise(written))
    expect(peer.sent('install').length).toBe(1)
  })
})

describe('a peer that has forgotten', () => {
  const loss = 77
  const lost = () => new DrivenReplica({ self: 'C', blocks: [genesis], meta: { promised: noEpoch, loss } }).step({ kind: 'tick' })
  const without = viewAfter(view3, epochOf(4, 'A'), 'AB', [{ peer: id('C'), loss }])
  const answer = (blocks: readonly Block[]): MessageOf<'fetched'> => {
    const last = headOf(blocks.at(-1) as Block)
    return { kind: 'fetched', what: 'committed', blocks, commit: last, head: last }
  }
  const offer = (block: Block) => statusOf({ epoch: block.epoch, promised: block.epoch, commit: placeOf(block), active: true })

  it('promises, installs and agrees to nothing', () => {
    const peer = lost()
    expect(peer.view.membership).toBe('forgotten')
    peer.receive('A', { kind: 'prepare', epoch: epochOf(4, 'A'), views: [view2] })
    expect(peer.view.promised).toEqual(noEpoch)
    expect(peer.sent('refuse')).toEqual([])
    peer.receive('A', { kind: 'pre-vote', attempt: 1, suspect: undefined })
    expect(peer.sent('agree')).toEqual([])
    expect(peer.persisted().sent('promise')).toEqual([])
  })

  it('answers no view of the epoch that it found its room in', () => {
    const peer = lost()
      .receive('A', offer(view3))
      .receive('A', answer([view2, view3]))
      .persisted()
    expect(peer.view.promised).toEqual(view3.epoch)
    peer.receive('A', { kind: 'install', epoch: view3.epoch, viewBlock: view3 })
    expect(peer.sent('installed')).toEqual([])
  })

  it('asks to be written down, with its number, and says that it can be relied on for nothing', () => {
    const peer = lost().during(700)
    expect(peer.gossiped('request')[0]).toMatchObject({ purpose: 'rejoin', loss })
    expect(peer.gossiped('status')[0]).toMatchObject({ persistedCommit: { epoch: noEpoch, index: 0 }, active: false })
  })

  it('catches up and still remembers nothing, until a committed view carries its number', () => {
    const peer = lost()
      .receive('A', offer(view3))
      .receive('A', answer([view2, view3]))
    expect(peer.view.commit.index).toBe(2)
    expect(peer.view.membership).toBe('forgotten')
    expect(peer.batches).toMatchObject([{ meta: { loss } }])
    peer
      .after(300)
      .receive('A', offer(without))
      .receive('A', answer([without]))
    expect(peer.view.membership).toBe('learner')
    expect(peer.batches).toMatchObject([{ meta: { loss: undefined } }])
    expect(peer.notes('remembered')).toEqual([{ epoch: 4 }])
  })

  it('that is started again after its loss was written down remembers at once', () => {
    const blocks = [genesis, view2, view3, without]
    const peer = new DrivenReplica({ self: 'C', blocks, meta: { loss } }).step({ kind: 'tick' })
    expect(peer.view.membership).toBe('learner')
    expect(peer.batches).toMatchObject([{ meta: { loss: undefined } }])
    const uncommitted = new DrivenReplica({ self: 'C', blocks, commit: 2, meta: { loss } }).step({ kind: 'tick' })
    expect(uncommitted.view.membership).toBe('forgotten')
  })

  it('remembers by its own number only', () => {
    const other = viewAfter(view3, epochOf(4, 'A'), 'AB', [{ peer: id('C'), loss: 78 }])
    const peer = lost()
      .receive('A', offer(other))
      .receive('A', answer([view2, view3, other]))
    expect(peer.view.commit.index).toBe(3)
    expect(peer.view.membership).toBe('forgotten')
  })

  it('learns which of its incarnations are used up', () => {
    const own = opsAfter(view3, ['x'], { author: 'C', incarnation: 6 })
    const peer = lost()
      .receive('A', offer(own))
      .receive('A', answer([view2, view3, own]))
    expect(peer.view.incarnation).toBe(7)
    expect(peer.batches).toMatchObject([{ meta: { incarnation: 7 } }])
    expect(peer.view.stopped).toBeUndefined()
  })

  it('founds nothing alone', () => {
    const peer = new DrivenReplica({ self: 'A', blocks: [genesis], meta: { loss } }).step({ kind: 'tick' })
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('leaves at once', () => {
    expect(lost().step({ kind: 'leave' }).stopReason).toEqual({ kind: 'left' })
  })
})

describe('a committed block of this very peer that it did not write', () => {
  const from = (incarnation: number) => {
    const own = opsAfter(view3, ['x'], { author: 'B', incarnation })
    const peer = follower({ meta: { incarnation: 3 } })
      .push('A', [own])
      .persisted()
    return peer.reports('A', placeOf(own))
  }
  it('of an earlier start is its own past', () => {
    expect(from(2).view.stopped).toBeUndefined()
    expect(from(2).view.commit.index).toBe(3)
  })

  it('of this start was written by a twin: it stops', () => {
    expect(from(3).stopReason).toEqual({ kind: 'own-later-block', which: 'twin', index: 3, incarnation: 3 })
  })

  it('of a later start shows that its disk is an older copy: it stops', () => {
    expect(from(4).stopReason).toEqual({ kind: 'own-later-block', which: 'older-copy', index: 3, incarnation: 4 })
  })
})
