import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import { DrivenReplica, epochOf, follower, id, opsAfter, placeOf, token, view2, view3, viewAfter } from './harness.ts'

const one = opsAfter(view3, ['x'])

describe('a tail that is dropped', () => {
  it('takes its Lamport times along, or the next block of one’s own would be a leap that nobody takes', () => {
    const leaping = opsAfter(view3, ['x'], { lamport: 2 ** 32 })
    const peer = follower().push('A', [leaping, opsAfter(leaping, ['y'], { lamport: 2 ** 33 })])
    const view4 = viewAfter(view3, epochOf(4, 'C'), 'ABC')
    peer.follow(view4, [view3]).submit('z').receive('A', token(2, view4))
    expect(peer.notes('own-block-refused')).toEqual([])
    expect(peer.view.head.index).toBe(4)
  })

  it('takes nothing along of what members said', () => {
    const peer = follower().push('A', [one])
    const { lamport } = peer.receive('A', { kind: 'ping', nonce: 1 }, 1_000).view
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] }).persisted()
    peer.receive('C', { kind: 'install', epoch: epochOf(4, 'C'), viewBlock: viewAfter(view3, epochOf(4, 'C'), 'ABC') })
    expect(peer.view.head.index).toBe(3)
    expect(peer.view.lamport).toBeGreaterThan(lamport)
  })
})

describe('a block that comes by itself', () => {
  const two = opsAfter(one, ['y'])
  it('waits where the one before it is still to come, and the gap is asked for', () => {
    const peer = follower().push('A', [two])
    expect(peer.view.head.index).toBe(2)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: 3 }])
    peer.push('C', [one])
    expect(peer.view.head.index).toBe(4)
  })

  it('waits with others for the one before them, and all are taken in one step', () => {
    const three = opsAfter(two, ['z'])
    const peer = follower().push('A', [three]).push('A', [two]).after(200).push('A', [one])
    expect(peer.view.head.index).toBe(5)
    expect(peer.sent('fetch')).toEqual([])
  })

  it('and waits is forgotten with its epoch: nothing is asked for in vain', () => {
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ABC')
    const peer = follower().push('A', [opsAfter(opsAfter(two, ['z']), ['w'])])
    peer
      .follow(view4, [view3])
      .after(200)
      .push('A', [opsAfter(view4, ['x'])])
    expect(peer.view.head.index).toBe(4)
    expect(peer.sent('fetch')).toEqual([])
  })

  it('moves the clock on, however far it is ahead of the frame that brought it', () => {
    expect(follower().push('A', [opsAfter(view3, ['x'], { lamport: 1_000 })]).view.lamport).toBeGreaterThan(1_000)
  })

  it('is asked for once in a while only', () => {
    const peer = follower().push('A', [two])
    expect(peer.after(149).push('A', [two]).sent('fetch')).toEqual([])
    expect(peer.after(1).push('A', [two]).sent('fetch').length).toBe(1)
  })

  it('too far ahead is not kept', () => {
    const tight = () => new DrivenReplica({ limits: { aheadBlocks: 2 } }).step({ kind: 'tick' }).follow(view3, [view2])
    const three = opsAfter(two, ['z'])
    expect(tight().push('A', [two]).push('A', [one]).view.head.index).toBe(4)
    expect(tight().push('A', [three]).push('A', [one, two]).view.head.index).toBe(4)
  })

  it('is refused where it breaks a rule, and its sender is named', () => {
    const peer = follower().push('A', [opsAfter(view3, ['x'], { turn: 0 })])
    expect(peer.view.head.index).toBe(2)
    expect(peer.view.refused.get(id('A'))?.reason).toContain('turn does not grow')
  })

  it('of another epoch, or a view that nobody proposed, changes nothing', () => {
    const peer = follower()
    peer.receive('A', { kind: 'blocks', epoch: view2.epoch, blocks: [one], commit: placeOf(view3) })
    peer.push('A', [opsAfter(view3, ['x'], { epoch: epochOf(4, 'A') })])
    peer.push('A', [viewAfter(view3, epochOf(4, 'A'), 'A')])
    expect(peer.view.head.index).toBe(2)
    expect(peer.view.refused.size).toBe(0)
  })

  it('may be many turns after the one before it, but not more than any room can have passed', () => {
    const far = opsAfter(view3, ['x'], { turn: 2 ** 32 })
    const further = opsAfter(far, ['y'], { turn: 2 ** 33 })
    expect(follower().push('A', [far, further]).view.head.index).toBe(4)
    const leap = follower().push('A', [far, opsAfter(far, ['y'], { turn: 2 ** 33 + 1 })])
    expect(leap.view.head.index).toBe(3)
    expect(leap.view.refused.get(id('A'))?.reason).toBe('a block: its turn leaps')
  })

  it('that waited and turns out to be invalid is asked for by nobody', () => {
    const bad = opsAfter(one, ['y'], { turn: one.turn })
    const peer = follower().push('A', [bad]).after(200).push('C', [one])
    expect(peer.view.head.index).toBe(3)
    expect(peer.sent('fetch')).toEqual([])
  })

  it('fetched from a member fills the gap a frame at a time', () => {
    const peer = follower().push('A', [two])
    const answer = (blocks: readonly Block[]): MessageOf<'fetched'> => ({
      kind: 'fetched',
      what: 'tail',
      blocks,
      commit: headOf(view3),
      head: headOf(opsAfter(two, ['z'])),
    })
    peer.receive('A', answer([one]))
    expect(peer.view.head.index).toBe(4)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: 5 }])
    const useless = follower().push('A', [two]).receive('A', answer([]))
    expect(useless.sent('fetch')).toEqual([])
    const whole = follower()
      .push('A', [two])
      .receive('A', { ...answer([one]), head: headOf(two) })
    expect(whole.view.head.index).toBe(4)
    expect(whole.sent('fetch')).toEqual([])
  })
})
