import { describe, expect, it } from 'vitest'
import { createApplier } from '../../src/peer/applier.ts'
import type { Block } from '../../src/ring/block.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'

const ana = peerNamed('A')

function logOf(count: number, ops: number): readonly Block[] {
  const blocks = [genesisBy(ana)]
  while (blocks.length <= count) {
    const body = { kind: 'ops', incarnation: 1, firstSequence: 1, ops: Array(ops).fill(Uint8Array.of(1)) } as const
    blocks.push(blockAfter(blocks.at(-1) as Block, ana, body))
  }
  return blocks.slice(1)
}

function createRig(sliceOps: number, failAt = Number.POSITIVE_INFINITY) {
  const applied: number[] = []
  const soon: (() => void)[] = []
  const errors: unknown[] = []
  let slices = 0
  const applier = createApplier({
    clock: { soon: (task) => soon.push(task) },
    sliceOps,
    apply({ index }) {
      if (index === failAt) throw new Error(`at ${index}`)
      applied.push(index)
    },
    onSlice: () => slices++,
    onError: (error) => errors.push(error),
  })
  const goOn = (): void => {
    for (const task of soon.splice(0)) task()
  }
  return { applier, applied, soon, errors, goOn, slices: () => slices }
}

describe('committed blocks', () => {
  it('are applied at once where they are few', () => {
    const { applier, applied, soon } = createRig(100)
    applier.add(logOf(3, 10))
    expect([applied, soon.length, applier.isBehind]).toEqual([[1, 2, 3], 0, false])
  })

  it('are applied at once, one after the other, where each comes by itself, and one that fills a slice asks for no other', () => {
    const { applier, applied, soon } = createRig(28)
    for (const block of logOf(3, 20)) applier.add([block])
    applier.add([])
    expect([applied, soon.length, applier.isBehind]).toEqual([[1, 2, 3], 0, false])
  })

  it('are applied in slices where they are many, in order, whatever comes meanwhile', () => {
    const blocks = logOf(10, 20)
    const { applier, applied, goOn, slices } = createRig(50)
    applier.add(blocks.slice(0, 6))
    expect([applied, applier.isBehind]).toEqual([[1, 2], true])
    applier.add(blocks.slice(6))
    expect(applied).toEqual([1, 2])
    goOn()
    expect([applied, slices()]).toEqual([[1, 2, 3, 4], 1])
    for (let times = 0; times < 3; times++) goOn()
    expect([applied, applier.isBehind]).toEqual([blocks.map(({ index }) => index), false])
  })

  it.each([
    [89, 10],
    [90, 10],
    [91, 11],
  ])('each cost as much as eight operations beside their own: of a slice of %i there are %i with one', (sliceOps, count) => {
    const { applier, applied } = createRig(sliceOps)
    applier.add(logOf(20, 1))
    expect(applied).toHaveLength(count)
  })

  it('can be waited for', async () => {
    const { applier, applied, goOn } = createRig(50)
    await applier.idle()
    applier.add(logOf(6, 20))
    const idle = applier.idle().then(() => applied.length)
    for (let times = 0; times < 3; times++) goOn()
    expect(await idle).toBe(6)
  })

  it('are waited for no longer when one of them fails, or the peer stops', async () => {
    const failing = createRig(50, 4)
    const stopped = createRig(50)
    const idle = [failing, stopped].map(({ applier }) => {
      applier.add(logOf(10, 20))
      return applier.idle()
    })
    failing.goOn()
    stopped.applier.close()
    await Promise.all(idle)
    expect([failing.errors.length, failing.applied.length, stopped.applied.length]).toEqual([1, 3, 2])
  })

  it('are never parted: one makes a slice, however large', () => {
    const { applier, applied, goOn } = createRig(5)
    applier.add(logOf(3, 100))
    expect(applied).toEqual([1])
    goOn()
    expect(applied).toEqual([1, 2])
  })

  it('go to the market no more after one that failed, nor once the peer has stopped', () => {
    const failing = createRig(50, 4)
    failing.applier.add(logOf(10, 20))
    for (let times = 0; times < 5; times++) failing.goOn()
    expect([failing.applied, failing.errors]).toEqual([[1, 2, 3], [new Error('at 4')]])
    expect([failing.applier.isBehind, failing.soon.length]).toEqual([false, 0])
    const stopped = createRig(50)
    stopped.applier.add(logOf(10, 20))
    stopped.applier.close()
    for (let times = 0; times < 5; times++) stopped.goOn()
    expect(stopped.applied).toEqual([1, 2])
  })
})
