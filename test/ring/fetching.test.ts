import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import { DrivenReplica, follower, genesis, opsAfter, view2, view3 } from './harness.ts'
import { at, past } from './past.ts'

describe('a peer that is asked', () => {
  it('gives committed blocks only, where those are asked for', () => {
    const peer = follower()
    const one = at(3)
    peer.push('A', [one])
    const serve = (what: 'tail' | 'committed', from: number) =>
      peer.receive('C', { kind: 'fetch', what, from }).outputs.flatMap((output) => (output.kind === 'serve' ? [output] : []))
    expect(serve('committed', 1)).toMatchObject([
      { to: 'C', what: 'committed', blocks: [view2, view3], commit: headOf(view3), head: headOf(one) },
    ])
    expect(serve('tail', 2)).toMatchObject([{ what: 'tail', blocks: [view3, one] }])
    expect(serve('committed', 3)).toEqual([])
    expect(serve('tail', 3)).toMatchObject([{ blocks: [one] }])
    expect(serve('tail', 4)).toEqual([])
  })

  it('gives as many as fit into a frame, and one at least', () => {
    const blocks = [genesis, view2, ...past]
    const serve = (fetchedBytes: number, from: number): number[] => {
      const peer = new DrivenReplica({ blocks, limits: { fetchedBytes } }).step({ kind: 'tick' })
      return peer
        .receive('C', { kind: 'fetch', what: 'committed', from })
        .outputs.flatMap((output) => (output.kind === 'serve' && 'length' in output.blocks ? output.blocks : []))
        .map(({ index }) => index)
    }
    expect(serve(1, 2)).toEqual([2])
    const two = at(3).bytes.length + at(4).bytes.length
    expect(serve(two, 3)).toEqual([3, 4])
    expect(serve(two - 1, 3)).toEqual([3])
    expect(serve(1 << 20, 3)).toEqual([3, 4, 5, 6, 7])
  })

  it('leaves what is no longer in memory to the store: committed and on disk', () => {
    const blocks = [genesis, view2]
    for (let i = 0; i < 8; i++) blocks.push(opsAfter(blocks.at(-1) as Block, [`${i}`]))
    const peer = new DrivenReplica({ blocks: blocks.slice(1), commit: 8 }).step({ kind: 'tick' })
    const [serve] = peer
      .receive('C', { kind: 'fetch', what: 'committed', from: 0 })
      .outputs.flatMap((output) => (output.kind === 'serve' ? [output] : []))
    expect(serve?.blocks).toEqual({ from: 0, through: 8 })
  })
})
