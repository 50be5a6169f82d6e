import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import { DrivenReplica, epochOf, follower, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'

const ours = 'aa'.repeat(32)
const theirs = 'bb'.repeat(32)

/** A block of `author` that vouches for a state after block `index`. */
function vouching(previous: Block, author: string, index: number, stateHash: string): Block {
  return opsAfter(previous, [author], { author, checkpoint: { index, stateHash } })
}

/** The market has applied the view block at 2. */
function applied(stateHash = ours) {
  return follower().step({ kind: 'applied', index: 2, stateHash })
}

describe('a checkpoint', () => {
  it('that says what our state does changes nothing', () => {
    const peer = applied().push('A', [vouching(view3, 'A', 2, ours)])
    expect(peer.notes('checkpoint-differs')).toEqual([])
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.stopped).toBeUndefined()
  })

  it('that differs is pointed at once, and accuses nobody while nobody knows who is right', () => {
    const peer = applied()
    const one = vouching(view3, 'A', 2, theirs)
    peer.push('A', [one])
    expect(peer.notes('checkpoint-differs')).toEqual([{ author: 'A', index: 2 }])
    expect(peer.view.evidence).toEqual([])
    peer.push('A', [vouching(one, 'A', 2, theirs)])
    expect(peer.notes('checkpoint-differs')).toEqual([])
    expect(peer.view.stopped).toBeUndefined()
  })

  it('of one member that differs from ours and another’s proves that it lies: kept on disk, and it is in no view of ours', () => {
    const peer = applied()
    const one = vouching(view3, 'A', 2, theirs)
    const two = vouching(one, 'C', 2, ours)
    peer.push('A', [one]).push('C', [two])
    expect(peer.view.evidence).toEqual([{ kind: 'checkpoint', block: one }])
    expect(peer.batches[0]?.evidence).toEqual([{ kind: 'checkpoint', block: one }])
    expect(peer.notes('checkpoint')).toMatchObject([{ author: 'A', index: 3 }])
    expect(peer.gossiped('evidence')).toEqual([])
    expect(peer.view.active).toBe(true)
    peer.push('C', [vouching(two, 'C', 2, ours)])
    expect(peer.batches.flatMap(({ evidence }) => evidence)).toEqual([])
    expect(peer.view.stopped).toBeUndefined()
    peer.receive('A', { kind: 'prepare', epoch: epochOf(4, 'A'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
  })

  it('in which more than half differ from us stops this peer, and names them', () => {
    const peer = applied()
    const one = vouching(view3, 'A', 2, theirs)
    peer.push('A', [one, vouching(one, 'C', 2, theirs)])
    expect(peer.stopReason).toEqual({ kind: 'state-diverged', index: 2, authors: ['A', 'C'] })
    expect(peer.view.stopped).toEqual(peer.stopReason)
    expect(peer.after(1_000).outputs).toEqual([])
  })

  it('of the only member stops nobody who is not in the view, and accuses nobody: one stands against one', () => {
    const alone = viewAfter(view2, epochOf(3, 'A'), 'A')
    const one = vouching(alone, 'A', 2, theirs)
    const taken = placeOf(one)
    const outside = new DrivenReplica().step({ kind: 'tick' }).receive('A', statusOf({ commit: taken }))
    const answer = { kind: 'fetched', what: 'committed', blocks: [alone, one], commit: headOf(one), head: headOf(one) } as const
    outside.receive('A', answer).step({ kind: 'applied', index: 2, stateHash: ours })
    expect(outside.view.commit).toEqual(taken)
    expect(outside.notes('checkpoint-differs')).toEqual([{ author: 'A', index: 2 }])
    expect([outside.view.stopped, outside.view.evidence]).toEqual([undefined, []])
  })

  it('in which exactly half differ from us stops nobody', () => {
    const wide = viewAfter(view2, epochOf(3, 'A'), 'ABCD')
    const peer = new DrivenReplica().step({ kind: 'tick' }).follow(wide, [view2])
    peer.step({ kind: 'applied', index: 2, stateHash: ours })
    const one = vouching(wide, 'A', 2, theirs)
    const two = vouching(one, 'C', 2, theirs)
    peer.push('A', [one, two])
    expect(peer.view.stopped).toBeUndefined()
    // And two that agree are no majority either.
    peer.push('D', [vouching(two, 'D', 2, ours)])
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.stopped).toBeUndefined()
  })

  it('that differs counts against its author, also where it agreed before', () => {
    const wide = viewAfter(view2, epochOf(3, 'A'), 'ABCD')
    const peer = new DrivenReplica().step({ kind: 'tick' }).follow(wide, [view2])
    peer.step({ kind: 'applied', index: 1, stateHash: ours }).step({ kind: 'applied', index: 2, stateHash: ours })
    const one = vouching(wide, 'A', 2, ours)
    const two = vouching(one, 'C', 1, ours)
    peer.push('A', [one, two, vouching(two, 'C', 2, theirs)])
    expect(peer.notes('checkpoint-differs')).toEqual([{ author: 'C', index: 2 }])
    expect(peer.view.evidence).toEqual([])
  })

  it('of the first of those that differ is the one that is named', () => {
    const peer = applied().step({ kind: 'applied', index: 3, stateHash: ours })
    const one = vouching(view3, 'C', 2, theirs)
    const two = vouching(one, 'A', 3, theirs)
    peer.push('A', [one, two])
    expect(peer.stopReason).toEqual({ kind: 'state-diverged', index: 3, authors: ['A', 'C'] })
  })

  it('of a state that is still to come is looked at when it comes', () => {
    const peer = follower()
    const one = vouching(view3, 'A', 2, theirs)
    peer.push('A', [one, vouching(one, 'C', 2, theirs)])
    expect(peer.view.stopped).toBeUndefined()
    peer.step({ kind: 'applied', index: 2, stateHash: ours })
    expect(peer.stopReason).toMatchObject({ kind: 'state-diverged', authors: ['A', 'C'] })
  })

  it('of a state that is still to come is looked at however many came before', () => {
    const peer = follower()
    let last = view3
    for (let i = 0; i < 1_030; i++) {
      const next = vouching(last, 'A', last.index, ours)
      peer.push('A', [next]).step({ kind: 'applied', index: last.index, stateHash: ours })
      last = next
    }
    const wrong = vouching(last, 'A', last.index, theirs)
    peer.push('A', [wrong]).step({ kind: 'applied', index: last.index, stateHash: ours })
    expect(peer.notes('checkpoint-differs')).toEqual([{ author: 'A', index: last.index }])
  })

  it('of a state that is still to come and agrees lets things be', () => {
    const peer = follower().push('A', [vouching(view3, 'A', 2, ours)])
    peer.step({ kind: 'applied', index: 2, stateHash: ours })
    expect(peer.notes('checkpoint-differs')).toEqual([])
  })

  it('of long ago, which this peer does not remember, says nothing', () => {
    const peer = follower()
    for (let index = 2; index < 1_028; index++) peer.step({ kind: 'applied', index, stateHash: ours })
    // States 4 to 1027 are remembered; a block speaks of one before itself.
    const one = vouching(view3, 'A', 2, theirs)
    peer.push('A', [one])
    expect(peer.notes('checkpoint-differs')).toEqual([])
  })

  it('that is made good by a later one is forgiven', () => {
    const peer = applied()
    const one = vouching(view3, 'A', 2, theirs)
    const two = vouching(one, 'A', 2, ours)
    peer.push('A', [one]).push('A', [two])
    peer.push('C', [vouching(two, 'C', 2, theirs)])
    expect(peer.view.stopped).toBeUndefined()
    expect(peer.view.evidence.map((evidence) => evidence.kind === 'checkpoint' && evidence.block.author)).toEqual(['C'])
  })

  it('of this peer itself is compared with nothing', () => {
    const peer = applied()
    const own = vouching(view3, 'B', 2, theirs)
    peer.push('A', [own])
    expect(peer.view.head.index).toBe(3)
    expect(peer.notes('checkpoint-differs')).toEqual([])
  })

  it('of somebody who is no member any more counts for nothing', () => {
    const peer = applied()
    const one = vouching(view3, 'A', 2, theirs)
    const view4 = viewAfter(one, epochOf(4, 'C'), 'BCD')
    peer.push('A', [one]).follow(view4, [view3])
    peer.push('D', [vouching(view4, 'D', 2, theirs)])
    expect(peer.notes('checkpoint-differs')).toEqual([{ author: 'D', index: 2 }])
    // Only one of three differs now.
    expect(peer.view.stopped).toBeUndefined()
  })
})

describe('what this peer vouches for', () => {
  it('is the last state that its market applied', () => {
    const peer = follower().step({ kind: 'applied', index: 1, stateHash: theirs })
    peer.step({ kind: 'applied', index: 2, stateHash: ours }).submit('x')
    const members = 3
    peer.receive('A', {
      kind: 'token',
      epoch: view3.epoch,
      turn: 2,
      head: { epoch: view3.epoch, ...placeOf(view3) },
      commit: placeOf(view3),
      served: new Array(members).fill(0),
      wants: new Array(members).fill(false),
      blocks: [],
    })
    expect(peer.sent('blocks')[0]?.blocks[0]?.checkpoint).toEqual({ index: 2, stateHash: ours })
  })
})
