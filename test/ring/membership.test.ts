import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import { nextMembers } from '../../src/ring/view.ts'
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
  view2,
  view3,
  viewAfter,
} from './harness.ts'

const request = (purpose: 'join' | 'rejoin' | 'leave', changes: Partial<MessageOf<'request'>> = {}): MessageOf<'request'> => ({
  kind: 'request',
  purpose,
  above: view3.epoch,
  loss: undefined,
  ...changes,
})

const token = (turn: number, head: Block = view3): MessageOf<'token'> => ({
  kind: 'token',
  epoch: head.epoch,
  turn,
  head: headOf(head),
  commit: placeOf(head),
  served: [0, 0, 0],
  wants: [false, false, false],
  blocks: [],
})

/** It holds the token, and makes an epoch for whoever asks. */
const holder = () => follower().receive('A', token(2))

/** All that `peer` asked took a promise; answers the view that it proposes, and tells it is on disk. */
function viewProposedBy(peer: DrivenReplica, promises: readonly string[]): Block | undefined {
  peer.persisted()
  const [prepare] = peer.sent('prepare')
  if (prepare === undefined) return undefined
  const { epoch } = prepare
  for (const from of promises) peer.receive(from, { kind: 'promise', epoch, head: peer.view.head, commit: peer.view.commit })
  if (peer.sent('install').length === 0) peer.after(600)
  return peer.sent('install')[0]?.viewBlock
}

const lossesIn = (block: Block | undefined) => (block?.body.kind === 'view' ? block.body.lost : undefined)
const membersIn = (block: Block | undefined) => (block?.body.kind === 'view' ? block.body.members.join('') : undefined)

describe('a request', () => {
  it('to join is served by the holder, after others had a moment to come, in one epoch', () => {
    const peer = holder().receive('D', request('join'))
    expect(peer.view.holding).toBe(2)
    peer.receive('E', request('join')).after(299)
    expect(peer.notes('attempt-started')).toEqual([])
    peer.after(1)
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '4.B', why: 'requests' }])
    expect(peer.view.holding).toBeUndefined()
    peer.persisted()
    expect(peer.sent('prepare')).toMatchObject([{ to: 'ABCDE', epoch: epochOf(4, 'B') }].map((one) => ({ ...one, to: 'ACDE' })))
  })

  it('brings the newcomer in, behind those that were there', () => {
    const peer = holder().receive('D', request('join')).after(300)
    expect(membersIn(viewProposedBy(peer, ['A', 'C', 'D']))).toBe('ABCD')
  })

  it('of one that is here, and does not answer, keeps the room waiting for less long than a member does', () => {
    const peer = holder().receive('D', request('join')).after(300).persisted()
    const [prepare] = peer.sent('prepare')
    peer.step({ kind: 'link', peer: id('D'), state: 'up' }).receive('D', statusOf())
    const promise = { kind: 'promise', epoch: prepare?.epoch ?? noEpoch, head: headOf(view3), commit: placeOf(view3) } as const
    peer.receive('A', promise).receive('C', promise).after(249)
    expect(peer.sent('install')).toEqual([])
    expect(peer.after(1).sent('install').length).toBeGreaterThan(0)
  })

  it('does not bring in a newcomer that has not caught up', () => {
    const peer = holder().receive('D', request('join')).after(300).persisted()
    const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
    for (const from of ['A', 'C']) peer.receive(from, { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
    peer.receive('D', { kind: 'promise', epoch, head: { ...headOf(view3), hash: 'ee'.repeat(32) }, commit: placeOf(genesis) })
    expect(membersIn(peer.sent('install')[0]?.viewBlock)).toBe('ABC')
  })

  it('of a newcomer that then promises another epoch does not end the one that is made for it', () => {
    const peer = holder().receive('D', request('join')).after(300).persisted()
    const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
    peer.receive('D', { kind: 'refuse', epoch, promised: epochOf(9, 'D') })
    expect(peer.after(150).sent('prepare')).toMatchObject([{ to: 'AC' }])
    for (const from of ['A', 'C']) peer.receive(from, { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
    expect(membersIn(peer.sent('install')[0]?.viewBlock)).toBe('ABC')
  })

  it('brings in a newcomer that lacks few enough blocks', () => {
    const isIn = (caughtUpBlocks: number): boolean => {
      const peer = new DrivenReplica({ limits: { caughtUpBlocks } })
        .step({ kind: 'tick' })
        .receive('C', { kind: 'ping', nonce: 0 })
      peer.follow(view3, [view2]).receive('A', token(2)).receive('D', request('join')).after(300).persisted()
      const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
      peer.receive('D', { kind: 'promise', epoch, head: headOf(view2), commit: placeOf(view2) })
      return membersIn(peer.sent('install')[0]?.viewBlock) === 'ABCD'
    }
    expect(isIn(0)).toBe(false)
    expect(isIn(1)).toBe(true)
  })

  it('goes above what its sender promised', () => {
    const peer = holder()
      .receive('D', request('join', { above: epochOf(40, 'D') }))
      .after(300)
    expect(peer.view.promised).toEqual(epochOf(41, 'B'))
  })

  it('of a member counts only where it cannot follow this epoch any more', () => {
    expect(holder().receive('C', request('rejoin')).after(300).notes('attempt-started')).toEqual([])
    const above = holder()
      .receive('C', request('rejoin', { above: epochOf(4, 'C') }))
      .after(300)
    expect(above.notes('attempt-started')).toEqual([{ epoch: '5.B', why: 'requests' }])
  })

  it('to leave takes a member out', () => {
    const peer = holder().receive('C', request('leave')).after(300)
    expect(membersIn(viewProposedBy(peer, ['A', 'C']))).toBe('AB')
  })

  it('to leave that a member said in an epoch of before, and that comes late, takes nobody out', () => {
    const peer = holder()
      .receive('C', request('leave', { above: view2.epoch }))
      .after(300)
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('to leave of somebody who is out already and can be needed by nobody is served no more', () => {
    expect(holder().receive('X', request('leave')).after(300).notes('attempt-started')).toEqual([])
    const needed = holder()
      .receive('X', request('leave', { above: epochOf(9, 'X') }))
      .after(300)
    expect(needed.notes('attempt-started').length).toBe(1)
    const just = holder()
      .receive('X', request('leave', { above: epochOf(4, 'X') }))
      .after(300)
    expect(just.notes('attempt-started').length).toBe(1)
  })

  it('is forgotten with its epoch', () => {
    const peer = follower().receive('D', request('join')).receive('A', request('leave'))
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABC'), [view3])
    peer.receive('A', token(2, viewAfter(view3, epochOf(4, 'C'), 'ABC'))).after(300)
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('of one that did not answer is given up with the attempt that it led to', () => {
    const peer = holder().receive('D', request('join')).after(300).persisted()
    expect(peer.sent('prepare')[0]?.to).toBe('ACD')
    peer.during(2_600)
    expect(peer.notes('attempt-given-up').length).toBe(1)
    const next: string[] = []
    for (let waited = 0; waited < 6_000 && next.length === 0; waited += 10) {
      peer.after(10)
      const [asked] = peer.sent('pre-vote')
      if (asked !== undefined) peer.receive('C', { kind: 'agree', attempt: asked.attempt, promised: view3.epoch }).persisted()
      next.push(...peer.sent('prepare').map(({ to }) => to))
    }
    expect(next).toEqual(['AC'])
  })

  it('of one that did its part is kept, although the attempt came to nothing', () => {
    const peer = holder().receive('D', request('join')).receive('E', request('join')).after(300).persisted()
    const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
    peer.receive('D', { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
    expect(peer.during(2_600).notes('attempt-given-up').length).toBe(1)
    peer.after(10)
    for (let woken = 0; woken < 1_000 && peer.sent('prepare').length === 0; woken++) {
      const [asked] = peer.after(10).sent('pre-vote')
      if (asked !== undefined) peer.receive('C', { kind: 'agree', attempt: asked.attempt, promised: view3.epoch }).persisted()
    }
    expect(peer.sent('prepare').map(({ to }) => to)).toEqual(['ACD'])
  })

  it('of a member that takes part again is served at once', () => {
    const isServed = (changes: Partial<MessageOf<'status'>>): boolean => {
      const peer = holder()
        .receive('C', request('rejoin', { above: epochOf(4, 'C') }))
        .after(300)
      const { epoch } = viewProposedBy(peer, ['A', 'C']) as Block
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'installed', epoch })
      peer.persisted().receive('C', statusOf({ epoch, promised: epoch, active: true, ...changes }))
      peer.receive('C', request('rejoin', { above: epochOf(9, 'C') }))
      const place = { epoch, head: peer.view.head, commit: peer.view.commit }
      return (
        peer
          .receive('A', { ...token(50, view3), ...place })
          .after(300)
          .notes('attempt-started').length > 0
      )
    }
    expect(isServed({})).toBe(true)
    expect(isServed({ active: false })).toBe(false)
    expect(isServed({ epoch: view3.epoch })).toBe(false)
  })

  it('of one that was proposed and did not install is given up, too, and no other', () => {
    const peer = holder().receive('D', request('join')).receive('E', request('join')).after(300).persisted()
    const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
    const behind = { ...headOf(view3), hash: 'ee'.repeat(32) }
    for (const from of ['D', 'E']) peer.receive(from, { kind: 'promise', epoch, head: behind, commit: placeOf(genesis) })
    for (const from of ['A', 'C']) peer.receive(from, { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
    expect(peer.sent('install')).toMatchObject([{ to: 'DEAC' }])
    peer.receive('D', { kind: 'installed', epoch })
    peer.during(2_600)
    expect(peer.notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'installing' }])
    for (let woken = 0; woken < 1_000 && peer.sent('prepare').length === 0; woken++) {
      const [asked] = peer.after(10).sent('pre-vote')
      if (asked === undefined) continue
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'agree', attempt: asked.attempt, promised: view3.epoch })
      peer.persisted()
    }
    expect(peer.sent('prepare').map(({ to }) => to)).toEqual(['ACD'])
  })

  it('is one of so many that are served at a time, whatever they ask for', () => {
    const peer = holder()
    for (let i = 0; i < 30; i++) peer.receive(`leaver${i}`, request('leave', { above: epochOf(9, 'X') }))
    for (let i = 0; i < 30; i++) peer.receive(`lost${i}`, request('rejoin', { loss: i }))
    for (let i = 0; i < 300; i++) peer.receive(`joiner${i}`, request('join'))
    peer.after(300).persisted()
    const asked = peer.outputs.flatMap((output) => (output.kind === 'send' && output.message.kind === 'prepare' ? output.to : []))
    expect(asked.filter((to) => to.startsWith('joiner')).length).toBe(256 - 60)
  })

  /** `D` asks so many milliseconds after each epoch that was made for it and in which it did nothing; `talks`: else. */
  const asking = (
    pauses: readonly number[],
    talks = true,
  ): { readonly peer: DrivenReplica; readonly last: Block; readonly isServed: boolean } => {
    const peer = holder().receive('D', request('join')).after(300)
    let isServed = true
    let last = view3
    for (const [times, pause] of pauses.entries()) {
      last = viewProposedBy(peer, ['A', 'C']) as Block
      const { epoch } = last
      if (talks) peer.receive('D', { kind: 'ping', nonce: 1 })
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'installed', epoch })
      peer.persisted().after(pause)
      peer.receive('D', request('join', { above: epoch }))
      peer.receive('A', { ...token(50 + times, view3), epoch, head: peer.view.head, commit: peer.view.commit }).after(300)
      isServed = peer.notes('attempt-started').length > 0
    }
    return { peer, last, isServed }
  }
  it('of one whose epochs come to nothing has to wait longer each time, and in the end its sender is named', () => {
    expect(asking([1_999]).isServed).toBe(false)
    expect(asking([2_000]).isServed).toBe(true)
    expect(asking([2_000, 3_999]).isServed).toBe(false)
    const twice = asking([2_000, 4_000])
    expect(twice.isServed).toBe(true)
    expect(asking([2_000, 4_000, 7_999]).isServed).toBe(false)
    const often = asking([2_000, 4_000, 8_000, 1])
    expect(twice.peer.view.refused.get(id('D'))).toBeUndefined()
    expect(often.peer.view.refused.get(id('D'))?.reason).toBe('request: its epochs come to nothing')
    const silent = asking([2_000, 4_000, 8_000, 1], false)
    expect(silent.peer.view.refused.get(id('D'))).toBeUndefined()
    often.peer.follow(viewAfter(often.last, epochOf(60, 'C'), 'ABCD'))
    expect(often.peer.view.refused.get(id('D'))).toBeUndefined()
  })

  /**
   * `D` asks `C` and this peer, `C` makes the epochs, and none has a place for `D`, so many times, each as long after the one
   * before as is given. In the first `here` of them it says that it has the view that came. Answers whether this peer serves
   * it after that.
   */
  const leftOut = (pauses: readonly number[], here: number): { readonly peer: DrivenReplica; readonly isServed: boolean } => {
    const peer = follower()
    let last = view3
    for (const [times, pause] of pauses.entries()) {
      const viewBlock = viewAfter(last, epochOf(4 + times, 'C'), 'ABC')
      const { epoch } = viewBlock
      peer.receive('D', request('join', { above: last.epoch })).follow(viewBlock, [last])
      if (times < here) peer.receive('D', statusOf({ epoch, promised: epoch, commit: placeOf(viewBlock) }))
      peer.receive('D', { kind: 'ping', nonce: 1 }).after(pause)
      last = viewBlock
    }
    peer.receive('D', request('join', { above: last.epoch }))
    peer.receive('A', { ...token(2, last), head: peer.view.head, commit: peer.view.commit }).after(300)
    return { peer, isServed: peer.notes('attempt-started').length > 0 }
  }

  it('of one that follows each epoch and finds no place in it is no later served, and it is not named', () => {
    expect(leftOut([2_000, 2_000, 2_000, 2_000, 1_999], 9).isServed).toBe(false)
    expect(leftOut([2_000, 2_000], 1).isServed).toBe(true)
    const often = leftOut([2_000, 2_000, 2_000, 2_000, 2_000], 9)
    expect(often.isServed).toBe(true)
    expect(often.peer.view.refused.get(id('D'))).toBeUndefined()
  })

  it('of one that follows no epoch has to wait longer each time, and only who makes the epochs can name it', () => {
    expect(leftOut([2_000, 3_999], 0).isServed).toBe(false)
    expect(leftOut([2_000, 4_000], 0).isServed).toBe(true)
    const often = leftOut([2_000, 4_000, 8_000, 16_000, 32_000], 0)
    expect(often.isServed).toBe(true)
    expect(often.peer.view.refused.get(id('D'))).toBeUndefined()
  })

  /** `B` makes the epochs, and `D`, which is behind each time, does its part in them; in the first `silent` it only says so. */
  const behind = (pauses: readonly number[], silent: number): { readonly peer: DrivenReplica; readonly isServed: boolean } => {
    const peer = new DrivenReplica({ limits: { caughtUpBlocks: 0 } })
      .step({ kind: 'tick' })
      .receive('C', { kind: 'ping', nonce: 0 })
      .follow(view3, [view2])
    peer.receive('A', token(2)).receive('D', request('join')).after(300)
    let isServed = true
    for (const [times, pause] of pauses.entries()) {
      peer.persisted()
      const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
      const { head, commit } = peer.view
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'promise', epoch, head, commit })
      if (times >= silent) peer.receive('D', { kind: 'promise', epoch, head: headOf(genesis), commit: placeOf(genesis) })
      else peer.after(600)
      peer.receive('D', { kind: 'installed', epoch })
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'installed', epoch })
      peer.receive('D', { kind: 'ping', nonce: 1 }).persisted()
      expect(peer.view.members.join('')).toBe('ABC')
      peer.receive('D', { kind: 'installed', epoch })
      peer.receive('D', statusOf({ epoch, promised: epoch })).after(pause)
      peer.receive('D', request('join', { above: epoch }))
      peer.receive('A', { ...token(50 + times), epoch, head: peer.view.head, commit: peer.view.commit }).after(300)
      isServed = peer.notes('attempt-started').length > 0
    }
    return { peer, isServed }
  }

  it('of one that answers, and is behind in the end, is no later served, and it is not named', () => {
    expect(behind([2_000, 2_000, 2_000, 1_999], 0).isServed).toBe(false)
    const often = behind([2_000, 2_000, 2_000, 2_000], 0)
    expect(often.isServed).toBe(true)
    expect(often.peer.view.refused.get(id('D'))).toBeUndefined()
  })

  it('of one that does not answer is not sooner served for what it says of itself', () => {
    expect(behind([2_000, 3_999], 2).isServed).toBe(false)
    expect(behind([2_000, 4_000, 8_000, 1], 4).peer.view.refused.get(id('D'))?.reason).toContain('come to nothing')
  })

  it('of one that answers at last is served as soon as at first', () => {
    expect(behind([2_000, 4_000, 1_999], 2).isServed).toBe(false)
    expect(behind([2_000, 4_000, 2_000], 2).isServed).toBe(true)
  })

  it('of one that does nothing in epochs that are given up is named as well', () => {
    const refusalAfter = (pauses: readonly number[]): string | undefined => {
      const peer = holder()
      let last = view3
      for (const [times, pause] of pauses.entries()) {
        peer
          .receive('D', request('join', { above: last.epoch }))
          .after(300)
          .persisted()
        expect(peer.sent('prepare')[0]?.to).toContain('D')
        peer.during(2_300).receive('D', { kind: 'ping', nonce: 1 })
        expect(peer.during(300).notes('attempt-given-up').length).toBe(1)
        const viewBlock = viewAfter(last, epochOf(60 + times, 'C'), 'ABC')
        peer.follow(viewBlock, [last]).after(pause)
        expect(peer.view.installed).toEqual(viewBlock.epoch)
        peer.receive('A', { ...token(2, viewBlock), head: peer.view.head, commit: peer.view.commit })
        last = viewBlock
      }
      return peer.view.refused.get(id('D'))?.reason
    }
    expect(refusalAfter([2_000, 4_000, 8_000])).toBeUndefined()
    expect(refusalAfter([2_000, 4_000, 8_000, 1])).toContain('come to nothing')
  })

  it('with a loss that others did not write down waits as long, and is held against nobody', () => {
    const lost = (pauses: readonly number[]): { readonly peer: DrivenReplica; readonly isServed: boolean } => {
      const peer = follower()
      let last = view3
      for (const [times, pause] of pauses.entries()) {
        const viewBlock = viewAfter(last, epochOf(4 + times, 'C'), 'ABC')
        peer.receive('D', request('rejoin', { loss: 77 })).follow(viewBlock, [last])
        peer.receive('D', { kind: 'ping', nonce: 1 }).after(pause)
        last = viewBlock
      }
      peer.receive('D', request('rejoin', { loss: 77 }))
      peer.receive('A', { ...token(2, last), head: peer.view.head, commit: peer.view.commit }).after(300)
      return { peer, isServed: peer.notes('attempt-started').length > 0 }
    }
    expect(lost([1_999]).isServed).toBe(false)
    expect(lost([2_000]).isServed).toBe(true)
    expect(lost([2_000, 4_000, 8_000, 16_000]).peer.view.refused.get(id('D'))).toBeUndefined()
  })

  it('that comes while an epoch is made already has had no turn in it: it is served after that as soon as it is repeated', () => {
    const isServed = (asksBefore: boolean): boolean => {
      const peer = follower()
      if (asksBefore) peer.receive('D', request('join'))
      const view4 = viewAfter(view3, epochOf(4, 'C'), 'ABC')
      peer.receive('C', { kind: 'prepare', epoch: view4.epoch, views: [view3] }).persisted()
      peer.receive('D', request('join')).follow(view4)
      peer.receive('D', request('join', { above: view4.epoch })).receive('A', token(9, view4))
      return peer.after(300).notes('attempt-started').length > 0
    }
    expect(isServed(true)).toBe(false)
    expect(isServed(false)).toBe(true)
  })

  it('of one whose epochs come to nothing is served ever more seldom', () => {
    const peer = holder().receive('D', request('join')).after(300)
    const { epoch } = viewProposedBy(peer, ['A', 'C']) as Block
    for (const from of ['A', 'C']) peer.receive(from, { kind: 'installed', epoch })
    peer.persisted()
    expect(peer.view.members.join('')).toBe('ABC')
    expect(peer.view.active).toBe(true)
    peer.receive('D', request('join', { above: epoch })).after(300)
    expect(peer.notes('attempt-started')).toEqual([])
  })
})

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

describe('the next view', () => {
  const members = (answered: string, ...configs: readonly string[]): string =>
    nextMembers({
      self: id('B'),
      configs: configs.map((names, index) => ({ epoch: epochOf(index, 'A'), index, members: [...names].map(id), lost: [] })),
      answered: (peer) => answered.includes(peer),
      leavers: new Set(),
      joiners: [],
      barred: () => false,
    }).join('')

  it('of a log whose views have nobody in common begins with those of the last one that answered', () => {
    expect(members('ABCD', 'AB', 'CD')).toBe('CDB')
    expect(members('ABC', 'AB', 'CD')).toBe('CB')
  })

  it('begins with those that are in every view', () => {
    expect(members('ABCD', 'ABC', 'DCB')).toBe('CBD')
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
