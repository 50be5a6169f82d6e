import { describe, expect, it } from 'vitest'
import { DrivenReplica, epochOf, follower, opsAfter, placeOf, statusOf, view3 } from './harness.ts'

describe('a replica', () => {
  it('says when it wants to be woken, and again only when that changes', () => {
    const peer = follower().after(260).persisted().after(1)
    peer.after(0)
    expect(peer.outputs.filter(({ kind }) => kind === 'wake')).toEqual([])
    peer.submit('x')
    expect(peer.outputs.filter(({ kind }) => kind === 'wake')).toEqual([{ kind: 'wake', at: peer.now + 100 }])
    peer.after(50)
    expect(peer.outputs).toEqual([])
  })

  it('lets no time go back', () => {
    const peer = follower().after(1_000).persisted().after(1)
    peer.now = 400
    peer.submit('x')
    expect(peer.outputs).toContainEqual({ kind: 'wake', at: 1_101 })
  })

  it('says nothing any more once it has stopped, whatever comes', () => {
    const peer = follower({ meta: { incarnation: 3 } })
    const own = opsAfter(view3, ['x'], { author: 'B', incarnation: 9 })
    peer.push('A', [own]).persisted().reports('A', placeOf(own))
    expect(peer.outputs.at(-1)).toMatchObject({ kind: 'stopped' })
    expect(peer.outputs.filter(({ kind }) => kind === 'wake')).toEqual([])
    expect(peer.submit('x').outputs).toEqual([])
    expect(peer.receive('A', statusOf()).outputs).toEqual([])
    expect(peer.view.active).toBe(false)
  })

  it('that finds itself to be broken stops, and says why', () => {
    const meta = { commit: { index: 99, hash: 'ee'.repeat(32) } }
    const peer = new DrivenReplica({ meta }).step({ kind: 'tick' })
    peer.receive('C', { kind: 'fetch', what: 'tail', from: 1 })
    expect(peer.stopReason).toEqual({ kind: 'bug', message: 'block 99 is not in memory' })
    expect(peer.after(1_000).outputs).toEqual([])
  })

  it('tells others its clock with each frame, ahead of all that it has heard', () => {
    const peer = follower().receive('A', { kind: 'ping', nonce: 1 }, 500)
    expect(peer.outputs).toMatchObject([{ kind: 'send', lamport: 502 }])
    expect(peer.view.lamport).toBe(502)
  })

  it('shows what waits, and what of it can be withdrawn', () => {
    const peer = follower().submit('x', 'y')
    const texts = (): string[] => peer.view.pending.map(({ bytes }) => new TextDecoder().decode(bytes))
    expect(peer.view.pending.map(({ sequence, written }) => [sequence, written])).toEqual([
      [1, false],
      [2, false],
    ])
    peer.step({ kind: 'withdraw', sequence: 2, replacement: new TextEncoder().encode('void') })
    expect(texts()).toEqual(['x', 'void'])
  })

  it('shows its place in the ring', () => {
    const peer = follower()
    expect(peer.view).toMatchObject({
      membership: 'member',
      promised: epochOf(3, 'A'),
      installed: epochOf(3, 'A'),
      active: true,
      members: ['A', 'B', 'C'],
      durable: 2,
      commit: placeOf(view3),
      failed: false,
      behind: 0,
      turnSeen: 0,
    })
    expect(peer.push('A', [opsAfter(view3, ['x'], { turn: 4 })]).view.turnSeen).toBe(4)
  })
})
