import { describe, expect, it } from 'vitest'
import { type Block, type Head, headOf } from '../../src/ring/block.ts'
import { DrivenReplica, epochOf, genesis, noEpoch, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'
import { answer, at, behind, last, newcomer, offer, past } from './past.ts'

describe('whose word counts', () => {
  it('a member’s of the own log', () => {
    expect(behind().receive('C', offer()).receive('C', answer(past)).view.commit.index).toBe(7)
  })

  it('a member’s also where somebody made a view of whom this log knows nothing', () => {
    const made = viewAfter(view2, epochOf(4, 'X'), 'XAB')
    const peer = behind().receive('A', offer(made))
    expect(peer.receive('A', answer([made], headOf(made))).view.commit.index).toBe(2)
  })

  it('to a newcomer, whatever number its room has come to', () => {
    const far = { epoch: epochOf(2 ** 30, 'C'), index: 99, hash: 'ab'.repeat(32) }
    const peer = newcomer().receive('A', offer())
    expect(peer.receive('A', answer([view2, ...past], far)).view.commit.index).toBe(7)
  })

  it('that of one who came in by views that known ones made', () => {
    const view4 = viewAfter(view2, epochOf(4, 'A'), 'ABD')
    const block = opsAfter(view4, ['x'], { author: 'D' })
    const peer = behind()
      .receive('D', offer(block))
      .receive('D', answer([view4, block], headOf(block)))
    expect(peer.view.commit.index).toBe(3)
  })

  it('not a stranger’s, however its chain looks', () => {
    const taken = viewAfter(view2, epochOf(9, 'X'), 'X')
    const peer = behind()
      .receive('X', offer(taken))
      .receive('X', answer([taken], headOf(taken)))
    expect(peer.view.commit.index).toBe(1)
    const honest = behind().receive('X', offer()).receive('X', answer(past))
    expect(honest.view.commit.index).toBe(1)
    expect(honest.view.promised).toEqual(view2.epoch)
  })

  it('not that of somebody who was let in by a stranger', () => {
    const taken = viewAfter(view2, epochOf(9, 'X'), 'XY')
    const then = viewAfter(taken, epochOf(10, 'Y'), 'XYA')
    const peer = behind()
      .receive('Y', offer(then))
      .receive('Y', answer([taken, then], headOf(then)))
    expect(peer.view.commit.index).toBe(1)
  })

  it('that of a member of the chain to a newcomer, and no stranger’s, whoever else is heard', () => {
    const chain = [view2, ...past]
    const peer = newcomer().receive('C', offer()).receive('C', answer(chain))
    expect(peer.view.commit.index).toBe(7)
    const led = newcomer().receive('Z', offer()).receive('Z', answer(chain))
    expect(led.view.commit.index).toBe(0)
    expect(led.sent('fetch')).toEqual([])
    expect(led.after(300).receive('Z', offer()).sent('fetch')).toEqual([])
  })

  it('that of a maker of a view whom nobody has named, once somebody known has signed above it', () => {
    const made = viewAfter(genesis, epochOf(2, 'C'), 'AC')
    const far: Head = { epoch: made.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const commitOf = (blocks: readonly Block[], from: string): number => {
      const end = blocks.at(-1) as Block
      return newcomer()
        .receive(from, offer(end))
        .receive(from, answer(blocks, headOf(end))).view.commit.index
    }
    const signed = opsAfter(made, ['x'], { author: 'A' })
    expect(commitOf([made, signed], 'C')).toBe(2)
    // Whoever knows the code can write as much, and name whom it likes.
    const forged = opsAfter(made, ['x'], { author: 'C' })
    expect(commitOf([made, forged], 'C')).toBe(0)
    expect(commitOf([made], 'C')).toBe(0)
    const more = viewAfter(forged, epochOf(3, 'C'), 'ACD')
    expect(commitOf([made, forged, more], 'D')).toBe(0)
    expect(commitOf([made, forged, more, opsAfter(more, ['y'], { author: 'A' })], 'D')).toBe(4)
    // It may still come, but for so long nobody else has to wait.
    const peer = newcomer()
      .receive('C', offer(signed))
      .receive('C', answer([made, forged], far))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', from: 3 }])
    expect(peer.after(200).receive('E', offer()).sent('fetch')).toMatchObject([{ to: 'E', from: 1 }])
  })

  it('no more of such a chain than a megabyte, but of one for which somebody known has signed', () => {
    const made = viewAfter(genesis, epochOf(2, 'C'), 'AC')
    const far: Head = { epoch: made.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const fed = (author: string): DrivenReplica => {
      const peer = newcomer()
        .receive('D', offer())
        .receive('D', answer([made], far))
      let end = made
      for (let bytes = end.bytes.length; bytes < 1024 * 1024; bytes += end.bytes.length) {
        expect(peer.sent('fetch')).toMatchObject([{ to: 'D', from: end.index + 1 }])
        end = opsAfter(end, ['x'.repeat(60_000)], { author })
        peer.receive('D', answer([end], far))
      }
      return peer
    }
    expect(fed('C').sent('fetch')).toEqual([])
    const signed = fed('A')
    expect(signed.sent('fetch')).toMatchObject([{ to: 'D' }])
    expect(signed.after(200).receive('E', offer()).sent('fetch')).toEqual([])
  })

  it('but no stranger’s to a newcomer that hears of a member with more', () => {
    const peer = newcomer().receive('A', offer()).receive('Z', offer())
    peer.receive('Z', answer([view2, ...past]))
    expect(peer.view.commit.index).toBe(0)
    peer.receive('A', answer([view2, ...past]))
    expect(peer.view.commit.index).toBe(7)
  })

  it('no stranger’s of a tail that this very peer has, and that may be dropped', () => {
    const peer = new DrivenReplica({ blocks: [genesis, view2, view3], commit: 1, self: 'Y' }).step({ kind: 'tick' })
    peer.receive('Z', offer(view3)).receive('Z', answer([view3], headOf(view3)))
    expect(peer.view.commit.index).toBe(1)
  })

  it('and what was kept of a chain is nothing once the commit has moved another way', () => {
    const forged = viewAfter(view2, epochOf(3, 'A'), 'ABC', [], { lamport: 77 })
    const then = viewAfter(forged, epochOf(5, 'A'), 'ABCD')
    const peer = new DrivenReplica({ blocks: [genesis, view2, view3], commit: 1 }).step({ kind: 'tick' })
    peer.receive('D', offer(then)).receive('D', answer([forged], headOf(then)))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'D', from: 3 }])
    peer.receive('A', offer(view3))
    expect(peer.view.commit).toEqual(placeOf(view3))
    peer.receive('D', answer([then], headOf(then)))
    expect(peer.view.commit).toEqual(placeOf(view3))
    expect(peer.view.stopped).toBeUndefined()
  })

  it('comes out only with more of the chain: the frames before are kept, and asked on for', () => {
    // X asks C, of whom its log does not know yet; the view with C in it comes in the second frame.
    const view4 = viewAfter(genesis, epochOf(4, 'A'), 'A')
    const blocks = [view4, opsAfter(view4, ['x'])]
    const view5 = viewAfter(blocks[1] as Block, epochOf(5, 'A'), 'AC')
    const peer = new DrivenReplica({ self: 'A', blocks: [genesis], meta: { promised: epochOf(1, 'A') }, commit: 0 })
    peer.step({ kind: 'tick' })
    peer.receive('C', offer(view5))
    peer.receive('C', answer(blocks, headOf(view5)))
    expect(peer.view.commit.index).toBe(0)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'committed', from: 3 }])
    peer.receive('C', answer([view5], headOf(view5)))
    expect(peer.view.commit.index).toBe(3)
  })

  describe('and an answer of earlier that comes while frames of it are kept', () => {
    const view8 = viewAfter(last, epochOf(8, 'C'), 'ABCD')
    /** D is in the last view alone, so all before it is kept until that one comes. */
    const keeping = (): DrivenReplica =>
      newcomer()
        .receive('D', offer(view8))
        .receive('D', answer([view2, ...past], headOf(view8)))
        .after(200)

    it.each([
      ['it names a commit of an epoch before', answer([view3], headOf(at(4)))],
      ['it names one of the epoch of the last block kept', answer([view3], headOf(at(6)))],
      ['it names the last block kept', answer([view3], headOf(last))],
      ['it holds nothing', answer([], headOf(at(4)))],
    ])('is held against nobody, and what is kept stays: %s', (_which, late) => {
      const peer = keeping().receive('D', late)
      expect([...peer.view.refused]).toEqual([])
      expect(peer.view.commit.index).toBe(0)
      expect(peer.view.head.index).toBe(0)
      expect(peer.receive('D', offer(view8)).sent('fetch')).toMatchObject([{ to: 'D', what: 'committed', from: 8 }])
      expect(peer.receive('D', answer([view8], headOf(view8))).view.commit.index).toBe(8)
    })

    it('tells against who sent it where it names another commit than was kept, and nothing is taken', () => {
      const other = { ...headOf(at(4)), hash: 'ee'.repeat(32) }
      const peer = keeping().receive('D', answer([view3], other))
      expect(peer.view.commit.index).toBe(0)
      expect(peer.view.promised).toEqual(noEpoch)
      expect(peer.receive('D', offer(view8)).sent('fetch')).toEqual([])
    })

    it('counts no further than the commit that it names itself', () => {
      const beyond = { epoch: epochOf(2 ** 20 + 6, 'C'), index: 99, hash: 'ab'.repeat(32) }
      const peer = behind().receive('A', offer()).receive('A', answer(past, beyond))
      expect(peer.view.commit.index).toBe(1)
      peer.receive('A', answer([view3], headOf(at(4))))
      expect([...peer.view.refused]).toEqual([])
      expect(peer.view.commit).toEqual(placeOf(at(4)))
      expect(peer.view.head.index).toBe(4)
      expect(peer.view.promised).toEqual(view3.epoch)
    })
  })
})

describe('a stranger', () => {
  const isAsked = (peer: DrivenReplica): boolean => {
    const asked = peer.after(300).receive('Z', offer()).sent('fetch')
    return asked.some(({ to }) => to === 'Z')
  }
  it('is not even asked where a member is heard that has more to give', () => {
    const nothing = statusOf({ commit: placeOf(genesis), persistedCommit: { epoch: noEpoch, index: 0 } })
    expect(isAsked(newcomer())).toBe(true)
    expect(isAsked(newcomer().receive('A', nothing))).toBe(true)
    expect(isAsked(newcomer().receive('A', offer()))).toBe(false)
    expect(isAsked(newcomer().receive('A', offer()).after(1_200))).toBe(false)
    expect(isAsked(newcomer().receive('A', offer()).after(1_201))).toBe(true)
    const useless = () => newcomer().receive('A', offer()).receive('A', answer([]))
    expect(isAsked(useless())).toBe(true)
    expect(isAsked(useless().after(699))).toBe(true)
    expect(isAsked(useless().after(700))).toBe(false)
  })
})
