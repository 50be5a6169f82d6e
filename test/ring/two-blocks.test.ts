import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { Evidence } from '../../src/ring/faults.ts'
import {
  activeStatus,
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  healthy,
  id,
  opsAfter,
  placeOf,
  tailOf,
  token,
  view3,
  viewAfter,
} from './harness.ts'

/** C tells A one block and B another for the same place; A, who is honest, goes on from the one that it was told. */
const toA = opsAfter(view3, ['pays A'], { author: 'C', turn: 2 })
const toB = opsAfter(view3, ['pays B'], { author: 'C', turn: 2 })
const byA = opsAfter(toA, ['honest'], { author: 'A', turn: 3 })
const view4 = viewAfter(byA, epochOf(4, 'A'), 'ABC')

const misled = (): DrivenReplica => follower().push('C', [toB]).persisted()

function expectLiar(peer: DrivenReplica): void {
  expect(peer.view.evidence).toMatchObject([{ kind: 'two-blocks', first: { author: 'C' }, second: { author: 'C' } }])
  expect(peer.view.refused.size).toBe(0)
}

describe('one of two peers that were told different blocks for one place', () => {
  it('names nobody for what the other one writes, asks for its log, and finds out who lied', () => {
    const peer = misled().push('A', [byA])
    expect(peer.view.refused.size).toBe(0)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: toA.index }])
    expectLiar(peer.receive('A', tailOf([toA, byA])))
    expect(peer.view.active).toBe(false)
    expect(peer.gossiped('evidence').length).toBe(1)
  })

  it('does the same for its token', () => {
    const peer = misled().receive('A', token(3, toA))
    expect(peer.view.holding).toBeUndefined()
    expect(peer.view.refused.size).toBe(0)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: toA.index }])
    expectLiar(peer.receive('A', tailOf([toA])))
  })

  it('finds out where the token came first, and the blocks up to its head with the answer', () => {
    const peer = misled().receive('A', token(4, byA))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: byA.index }])
    peer.receive('A', tailOf([byA]))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: toA.index }])
    expectLiar(peer.receive('A', tailOf([toA, byA])))
  })

  it('asks the other one so often at most, and goes on where an answer ended', () => {
    const [one, two, three] = [1, 2, 3].map((count) => chainOf(count).at(-1) as Block) as [Block, Block, Block]
    const after = opsAfter(opsAfter(three, ['x'], { author: 'C', turn: 8 }), ['y'], { author: 'A', turn: 9 })
    const peer = follower().push('C', [one, two, three, opsAfter(three, ['other'], { author: 'C', turn: 8 })])
    expect(peer.push('A', [after]).sent('fetch').length).toBe(1)
    expect(peer.push('A', [after]).sent('fetch')).toEqual([])
    expect(peer.receive('A', tailOf([one])).sent('fetch')).toMatchObject([{ to: 'A', from: two.index }])
    expect(peer.receive('A', tailOf([one])).sent('fetch')).toEqual([])
    expect(peer.receive('A', tailOf([two, three])).sent('fetch')).toMatchObject([{ to: 'A', from: three.index + 1 }])
    peer.after(151)
    expect(healthy(peer, 3).push('A', [after]).sent('fetch')).toMatchObject([{ to: 'A', from: one.index }])
  })

  it('names the other one after all where that has what it has, and not what it said', () => {
    const peer = misled().push('A', [byA])
    peer.receive('A', tailOf([toB, byA]))
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.refused.get(id('A'))?.reason).toBe('a block: its previous hash is not that of the block before')
    expect(peer.view.active).toBe(true)
  })

  it('compares nothing of an epoch that is over', () => {
    const peer = misled().push('A', [byA])
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    expect(peer.receive('A', tailOf([toB, byA])).view.refused.size).toBe(0)
  })

  it('keeps both at the latest when the one takes the other’s place, as the past of a new view', () => {
    const peer = misled()
      .receive('A', { kind: 'prepare', epoch: view4.epoch, views: [view3] })
      .persisted()
    peer.receive('A', { kind: 'install', epoch: view4.epoch, viewBlock: view4 })
    peer.receive('A', tailOf([toA, byA]))
    expectLiar(peer)
    expect(peer.batches[0]?.evidence.length).toBe(1)
    expect(peer.persisted().view.head.hash).toBe(view4.hash)
  })

  it('or as the log that it chooses itself', () => {
    const peer = misled()
    // Everybody is heard, and the token is missed by two of three.
    for (let i = 0; i < 40 && peer.sent('prepare').length === 0; i++) {
      healthy(peer, 2).during(200)
      const [asked] = peer.sent('pre-vote')
      if (asked === undefined) continue
      peer.receive('A', { kind: 'agree', attempt: asked.attempt, promised: view3.epoch }).persisted()
    }
    const [prepare] = peer.sent('prepare')
    expect(prepare).toBeDefined()
    const epoch = prepare?.epoch ?? view3.epoch
    peer.receive('A', { kind: 'promise', epoch, head: headOf(byA), commit: placeOf(view3) }).during(700)
    peer.receive('A', tailOf([toA, byA]))
    expectLiar(peer)
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['A', 'B'] })
  })

  it('or as what is committed', () => {
    const peer = misled()
      .receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
      .persisted()
    const committed = viewAfter(byA, epochOf(5, 'A'), 'AC')
    peer.after(300).receive('A', activeStatus({ epoch: committed.epoch, promised: committed.epoch, commit: placeOf(committed) }))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 3 }])
    peer.receive('A', { ...tailOf([toA, byA, committed]), what: 'committed', commit: headOf(committed) })
    expect(peer.view.commit).toEqual(placeOf(committed))
    expectLiar(peer)
  })

  it('accuses neither of two authors of one place, unless one of them wrote the place before it twice', () => {
    const onB = opsAfter(toB, ['on B'], { author: 'B', turn: 4 })
    const peer = follower().push('C', [toB, onB]).persisted()
    expect(peer.push('A', [byA]).view.evidence).toMatchObject([{ first: { author: 'B' }, second: { author: 'A' } }])
    peer.receive('A', { kind: 'prepare', epoch: view4.epoch, views: [view3] }).persisted()
    peer.receive('A', { kind: 'install', epoch: view4.epoch, viewBlock: view4 }).receive('A', tailOf([toA, byA]))
    expect(peer.notes('two-blocks')).toMatchObject([{ author: 'C' }])
  })
})

describe('proof that a member lied', () => {
  const evidence = { kind: 'two-blocks', first: toA, second: toB } as const
  const inView3 = (active: boolean) => activeStatus({ active })

  it('is told once more to whoever still takes part in that epoch, one piece now and then', () => {
    const peer = misled().receive('A', { kind: 'evidence', evidence })
    expect(peer.receive('A', inView3(true)).sent('evidence')).toEqual([{ kind: 'evidence', evidence, to: 'A' }])
    expect(peer.after(1_999).receive('A', inView3(true)).sent('evidence')).toEqual([])
    expect(peer.after(1).receive('A', inView3(true)).sent('evidence').length).toBe(1)
  })

  it('of several is told piece by piece, and then from the first on', () => {
    const ofFour = viewAfter(genesis, epochOf(2, 'A'), 'ABCD')
    const proofOf = (author: string) => {
      const [first, second] = ['pays A', 'pays B'].map((op) => opsAfter(ofFour, [op], { author, turn: 2 }))
      return { kind: 'two-blocks', first, second } as Evidence
    }
    const all = [proofOf('C'), proofOf('D')]
    const peer = new DrivenReplica({ blocks: [genesis, ofFour], evidence: all })
    const standing = activeStatus({ epoch: ofFour.epoch, promised: ofFour.epoch, commit: placeOf(ofFour) })
    const told = Array.from({ length: 4 }, () => {
      peer.after(2_000).receive('A', standing)
      return peer.sent('evidence').map(({ evidence: piece }) => all.indexOf(piece))
    })
    expect(told).toEqual([[0], [1], [0], [1]])
  })

  it('is told to whoever stands in that epoch where the room has gone on, and no longer where it has come after', () => {
    const peer = misled().receive('A', { kind: 'evidence', evidence }).follow(view4, [view3])
    peer.receive('A', tailOf([toA, byA])).persisted()
    expect(peer.view.installed).toEqual(view4.epoch)
    expect(peer.receive('A', inView3(false)).sent('evidence').length).toBe(1)
    const come = activeStatus({ epoch: view4.epoch, promised: view4.epoch })
    expect(peer.after(2_000).receive('A', come).sent('evidence')).toEqual([])
  })

  it('is told neither to the liar, nor to who may know it, nor to whoever else knows the code', () => {
    const peer = misled().receive('A', { kind: 'evidence', evidence })
    expect(peer.receive('C', inView3(true)).sent('evidence')).toEqual([])
    expect(peer.receive('A', inView3(false)).sent('evidence')).toEqual([])
    expect(peer.receive('X', inView3(true)).sent('evidence')).toEqual([])
  })
})

describe('blocks that wait for a gap to be filled', () => {
  it('are answered for by who sent them, and not by who fills it', () => {
    const wrong = { ...opsAfter(toA, ['x'], { author: 'C', turn: 3 }), signature: new Uint8Array(64) }
    const peer = follower().push('C', [wrong]).push('A', [toA])
    expect(peer.view.head.hash).toBe(toA.hash)
    expect([...peer.view.refused.keys()]).toEqual(['C'])
  })

  it('are compared with others for the same place', () => {
    const peer = follower()
      .push('C', [opsAfter(toA, ['x'], { author: 'C', turn: 3 })])
      .push('A', [opsAfter(toB, ['y'], { author: 'C', turn: 3 })])
    expectLiar(peer)
    expect(peer.view.active).toBe(false)
  })
})

/** So many blocks of C after the view. */
function chainOf(count: number): readonly Block[] {
  const blocks: Block[] = [view3]
  for (let i = 0; i < count; i++) blocks.push(opsAfter(blocks.at(-1) as Block, [`${i}`], { author: 'C', turn: 2 + i }))
  return blocks
}
