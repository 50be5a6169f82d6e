import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import {
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  id,
  noEpoch,
  placeOf,
  statusOf,
  token,
  view2,
  view3,
  viewAfter,
} from './harness.ts'
import { holder, membersIn, preparedWith, request, viewProposedBy } from './requests.ts'

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

  it('has its moment from when the question leaves: what the own disk takes before that is nobody else’s fault', () => {
    const peer = holder().receive('D', request('join')).after(300).after(1_400)
    peer
      .step({ kind: 'link', peer: id('D'), state: 'up' })
      .receive('D', statusOf())
      .persisted()
    const [prepare] = peer.sent('prepare')
    expect(prepare?.to).toBe('ACD')
    const promise = { kind: 'promise', epoch: prepare?.epoch ?? noEpoch, head: headOf(view3), commit: placeOf(view3) } as const
    peer.receive('A', promise).receive('C', promise).after(249)
    expect(peer.sent('install')).toEqual([])
    peer.receive('D', promise)
    expect(peer.sent('install')).toMatchObject([{ to: 'ACD' }])
  })

  it('of one that did not answer the last time is waited for as long as a member: its disk may be slow', () => {
    const peer = holder().receive('D', request('join')).after(300)
    const view = viewProposedBy(peer, ['A', 'C']) as Block
    for (const from of ['A', 'C']) peer.receive(from, { kind: 'installed', epoch: view.epoch })
    peer.persisted().after(2_000)
    peer
      .receive('A', token(5, view))
      .receive('D', request('join', { above: view.epoch }))
      .after(300)
      .persisted()
    const [prepare] = peer.sent('prepare')
    peer.step({ kind: 'link', peer: id('D'), state: 'up' }).receive('D', statusOf())
    const promise = { kind: 'promise', epoch: prepare?.epoch ?? noEpoch, head: headOf(view), commit: placeOf(view) } as const
    peer.receive('A', promise).receive('C', promise).after(599)
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

  it('to leave of one that has just come in waits for its turn, also where an epoch is made for another', () => {
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ABCD')
    const leave = request('leave', { above: view4.epoch })
    const ofFour = { served: [0, 0, 0, 0], wants: [false, false, false, false] }
    const peer = follower().follow(view4, [view3]).receive('D', leave).receive('C', leave)
    peer.receive('A', token(2, view4, ofFour))
    expect(membersIn(viewProposedBy(peer.after(300), ['A', 'C', 'D']))).toBe('ABD')
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
    peer.after(10)
    expect(preparedWith(peer, ['C']).to).toBe('AC')
  })

  it('of one that did its part is kept, although the attempt came to nothing', () => {
    const peer = holder().receive('D', request('join')).receive('E', request('join')).after(300).persisted()
    const { epoch } = peer.sent('prepare')[0] as MessageOf<'prepare'>
    peer.receive('D', { kind: 'promise', epoch, head: headOf(view3), commit: placeOf(view3) })
    expect(peer.during(2_600).notes('attempt-given-up').length).toBe(1)
    peer.after(10)
    expect(preparedWith(peer, ['C']).to).toBe('ACD')
  })

  it('of the next stranger is served once the one before has answered that it has the view, and not sooner', () => {
    const servedAfter = (answer: boolean): number => {
      const peer = holder().receive('D', request('join')).after(300)
      const view = viewProposedBy(peer, ['A', 'C', 'D']) as Block
      for (const from of ['A', 'C']) peer.receive(from, { kind: 'installed', epoch: view.epoch })
      peer.persisted()
      expect([peer.view.holding, membersIn(view)]).toEqual([1, 'ABCD'])
      if (answer) peer.receive('D', { kind: 'installed', epoch: view.epoch })
      return peer
        .receive('E', request('join', { above: view.epoch }))
        .after(300)
        .notes('attempt-started').length
    }
    expect([servedAfter(true), servedAfter(false)]).toEqual([1, 0])
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
    expect(preparedWith(peer, ['A', 'C']).to).toBe('ACD')
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
    // Strangers together have to wait, whoever is to blame.
    const often = leftOut([2_000, 2_000, 2_000, 2_000, 4_000], 9)
    expect(often.isServed).toBe(true)
    expect(often.peer.view.refused.get(id('D'))).toBeUndefined()
    // But not for ever longer.
    const longest = [2_000, 2_000, 2_000, 2_000, 4_000, 8_000, 15_000]
    expect(leftOut([...longest, 14_999], 9).isServed).toBe(false)
    expect(leftOut([...longest, 15_000], 9).isServed).toBe(true)
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

  it('with a loss, of one that asked in an earlier life too, is one request all the same', () => {
    const peer = follower()
    let last = view3
    for (const [times, pause] of [2_000, 4_000, 8_000].entries()) {
      const viewBlock = viewAfter(last, epochOf(4 + times, 'C'), 'ABC')
      peer
        .receive('D', request('join', { above: last.epoch }))
        .receive('D', request('rejoin', { loss: 77 }))
        .follow(viewBlock, [last])
      peer.receive('D', { kind: 'ping', nonce: 1 }).after(pause)
      last = viewBlock
    }
    peer.receive('D', request('rejoin', { loss: 77 }))
    peer.receive('A', { ...token(2, last), head: peer.view.head, commit: peer.view.commit }).after(300)
    expect(peer.notes('attempt-started').length).toBe(1)
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
