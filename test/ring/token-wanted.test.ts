import { describe, expect, it } from 'vitest'
import { DrivenReplica, epochOf, follower, opsAfter, token, view2, view3, viewAfter } from './harness.ts'

const one = opsAfter(view3, ['x'])

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
