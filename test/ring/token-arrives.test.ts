import { describe, expect, it } from 'vitest'
import { headOf } from '../../src/ring/block.ts'
import { DrivenReplica, epochOf, follower, id, opsAfter, placeOf, token, view2, view3, viewAfter } from './harness.ts'

const one = opsAfter(view3, ['x'])

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
