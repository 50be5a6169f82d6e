import { describe, expect, it } from 'vitest'
import type { Block } from '../../src/ring/block.ts'
import { isHigher, Log } from '../../src/ring/log.ts'
import { epochOf, genesis, id, opsAfter, placeOf, view2, viewAfter } from './harness.ts'

/** Genesis, a view of A, B and C, and so many blocks of A. */
function blocksOf(count: number): readonly Block[] {
  const blocks = [genesis, view2]
  for (let i = 0; i < count; i++) blocks.push(opsAfter(blocks.at(-1) as Block, [`${i}`]))
  return blocks
}

function logOf(blocks: readonly Block[], commit = 1, memoryBlocks = 256): Log {
  const viewBlocks = blocks.filter(({ body }) => body.kind !== 'ops')
  const first = viewBlocks.findLastIndex(({ index }) => index <= commit)
  return new Log(blocks, viewBlocks.slice(first), placeOf(blocks[commit] as Block), memoryBlocks)
}

describe('a log', () => {
  it('that is opened ends where its blocks end, and all of it is on disk', () => {
    const blocks = blocksOf(3)
    const log = logOf(blocks)
    expect(log.head).toBe(blocks[4])
    expect(log.durable).toBe(4)
    expect(log.durableHead).toEqual({ epoch: view2.epoch, index: 4, hash: blocks[4]?.hash })
    expect(log.commit).toEqual(placeOf(view2))
    expect(log.commitHead).toEqual({ epoch: view2.epoch, index: 1, hash: view2.hash })
    expect(log.base).toBe(0)
  })

  it('has a block and a view, or is none', () => {
    expect(() => new Log([], [genesis], placeOf(genesis), 4)).toThrow('at least its genesis block')
    expect(() => new Log([genesis], [], placeOf(genesis), 4)).toThrow('at least its genesis block')
  })

  it('finds what is in memory, by its index and its hash', () => {
    const blocks = blocksOf(2)
    const log = logOf(blocks)
    expect(log.find(2)).toBe(blocks[2])
    expect(log.find(4)).toBeUndefined()
    expect(log.has(2, blocks[2]?.hash as string)).toBe(true)
    expect(log.has(2, blocks[3]?.hash as string)).toBe(false)
    expect(log.has(9, blocks[3]?.hash as string)).toBe(false)
    expect(log.slice(1, 2)).toEqual(blocks.slice(1, 3))
    expect(() => log.at(4)).toThrow('block 4 is not in memory')
  })

  it('grows at its head only, and what is new is not on disk', () => {
    const blocks = blocksOf(1)
    const log = logOf(blocks)
    const next = opsAfter(blocks[2] as Block, ['x'])
    log.append(next)
    expect(log.head).toBe(next)
    expect(log.durable).toBe(2)
    expect(() => log.append(next)).toThrow('a block extends the head')
    expect(() => log.append(opsAfter(next, ['y'], { prevHash: view2.hash }))).toThrow('a block extends the head')
    expect(() => log.append(opsAfter(next, ['y'], { index: 5 }))).toThrow('a block extends the head')
  })

  it('reaches the disk up to its head, and never back', () => {
    const blocks = blocksOf(0)
    const log = logOf(blocks)
    const next = opsAfter(view2, ['x'])
    log.append(next)
    log.reachDisk(9)
    expect(log.durable).toBe(2)
    log.reachDisk(1)
    expect(log.durable).toBe(2)
  })

  it('loses its tail, and with it what was on disk of that, but nothing committed', () => {
    const blocks = blocksOf(3)
    const log = logOf(blocks, 2)
    expect(log.cut(4)).toEqual([blocks[4]])
    expect(log.durable).toBe(3)
    expect(log.head).toBe(blocks[3])
    expect(() => log.cut(2)).toThrow('a committed block is never dropped')
    expect(log.cut(3)).toEqual([blocks[3]])
    expect(log.durable).toBe(2)
  })

  it('cut where only the disk lacks it stays on disk as far as it was', () => {
    const log = logOf(blocksOf(0))
    log.append(opsAfter(view2, ['x']))
    log.append(opsAfter(log.head, ['y']))
    log.cut(3)
    expect(log.durable).toBe(1)
  })

  it('tells each newly committed block once, in order', () => {
    const blocks = blocksOf(3)
    const log = logOf(blocks)
    expect(log.commitTo(3)).toEqual([blocks[2], blocks[3]])
    expect(log.commit).toEqual(placeOf(blocks[3] as Block))
    expect(log.commitTo(4)).toEqual([blocks[4]])
  })
})

describe('the views of a log', () => {
  const view3 = viewAfter(view2, epochOf(3, 'B'), 'BC', [{ peer: id('A'), loss: 7 }])
  const view4 = viewAfter(view3, epochOf(4, 'C'), 'BCD')

  it('are its configs from the last committed one on; of them the last on disk is the installed one', () => {
    const log = logOf([genesis, view2])
    log.append(view3)
    log.append(view4)
    expect(log.configs.map(({ index }) => index)).toEqual([1, 2, 3])
    expect(log.committedView.epoch).toEqual(view2.epoch)
    expect(log.lastView.epoch).toEqual(view4.epoch)
    expect(log.installedView.epoch).toEqual(view2.epoch)
    log.reachDisk(2)
    expect(log.installedView.epoch).toEqual(view3.epoch)
    log.commitTo(2)
    expect(log.configs.map(({ index }) => index)).toEqual([2, 3])
    expect(log.committedView.members).toEqual(['B', 'C'])
    log.commitTo(3)
    expect(log.configs.map(({ index }) => index)).toEqual([3])
  })

  it('have signed blocks, but for the genesis block', () => {
    const log = logOf([genesis], 0)
    expect(log.configBlocks).toEqual([])
    log.append(view2)
    expect(log.configBlocks).toEqual([view2])
    expect(log.hasView(view2)).toBe(true)
    expect(log.hasView(view3)).toBe(false)
  })

  it('none of which is on disk make an installed view without members', () => {
    const log = logOf([genesis, view2])
    log.append(view3)
    log.commitTo(2)
    expect(log.installedView.members).toEqual([])
  })

  it('say who votes; who was a member once stays known', () => {
    const log = logOf([genesis, view2])
    expect(['A', 'B', 'D'].map((name) => log.isVoter(id(name)))).toEqual([true, true, false])
    log.append(view3)
    log.append(view4)
    expect(['A', 'B', 'D'].map((name) => log.isVoter(id(name)))).toEqual([true, true, true])
    log.commitTo(3)
    expect(['A', 'B', 'D'].map((name) => log.isVoter(id(name)))).toEqual([false, true, true])
    expect(log.wasMember(id('A'))).toBe(true)
    expect(log.wasMember(id('E'))).toBe(false)
  })

  it('go with the tail that they stand in', () => {
    const log = logOf([genesis, view2])
    log.append(view3)
    log.append(view4)
    log.cut(3)
    expect(log.lastView.epoch).toEqual(view3.epoch)
    expect(log.hasLoss(id('A'), 7)).toBe(true)
    log.cut(2)
    expect(log.lastView.epoch).toEqual(view2.epoch)
    expect(log.hasLoss(id('A'), 7)).toBe(false)
    expect(log.lostIn(id('A'))).toBeUndefined()
  })

  it('write losses down: the very number, and committed with their block', () => {
    const log = logOf([genesis, view2])
    expect(log.lostIn(id('A'))).toBeUndefined()
    log.append(view3)
    expect(log.lostIn(id('A'))).toEqual(view3.epoch)
    expect(log.hasLoss(id('A'), 7)).toBe(true)
    expect(log.hasLoss(id('A'), 8)).toBe(false)
    expect(log.hasLoss(id('B'), 7)).toBe(false)
    expect(log.hasCommittedLoss(id('A'), 7)).toBe(false)
    log.commitTo(2)
    expect(log.hasCommittedLoss(id('A'), 7)).toBe(true)
    expect(log.hasCommittedLoss(id('A'), 8)).toBe(false)
  })

  it('are at hand also where their blocks have left the memory and another one followed', () => {
    const next = viewAfter(view2, epochOf(3, 'A'), 'AB')
    const last = opsAfter(next, ['x'])
    const log = new Log([last], [view2, next], placeOf(last), 4)
    expect(log.hasView(view2)).toBe(true)
    expect(log.hasView(next)).toBe(true)
    expect(log.hasView(viewAfter(view2, epochOf(3, 'B'), 'AB'))).toBe(false)
  })

  it('are at hand also where their blocks have left the memory', () => {
    const blocks = blocksOf(12)
    const log = logOf(blocks, 1, 4)
    log.commitTo(13)
    expect(log.base).toBeGreaterThan(1)
    expect(log.hasView(view2)).toBe(true)
    expect(log.configBlocks).toEqual([view2])
  })
})

describe('the memory of a log', () => {
  it('keeps so many blocks below the commit and up to a quarter more, so that it is not cut each time', () => {
    const log = logOf(blocksOf(20), 1, 8)
    log.commitTo(10)
    expect(log.base).toBe(0)
    log.commitTo(11)
    expect(log.base).toBe(3)
    expect(log.slice(0, 4).map(({ index }) => index)).toEqual([3, 4])
    expect(log.find(2)).toBeUndefined()
    expect(log.at(11).index).toBe(11)
    log.commitTo(13)
    expect(log.base).toBe(3)
  })

  it('keeps as many however often it is cut, and loses its tail where that begins', () => {
    const blocks = blocksOf(60)
    const log = logOf(blocks, 1, 4)
    for (let index = 2; index <= 50; index++) {
      log.commitTo(index)
      expect(log.base).toBeLessThanOrEqual(Math.max(0, index - 4))
      expect(log.base).toBeGreaterThanOrEqual(index - 5)
    }
    expect(log.cut(55).map(({ index }) => index)).toEqual([55, 56, 57, 58, 59, 60, 61])
    expect(log.head).toBe(blocks[54])
  })

  it('keeps what is not on disk yet, however far it is committed', () => {
    const log = logOf([genesis, view2], 1, 2)
    for (let i = 0; i < 20; i++) log.append(opsAfter(log.head, [`${i}`]))
    log.reachDisk(3)
    log.commitTo(21)
    expect(log.base).toBeLessThanOrEqual(1)
    log.reachDisk(21)
    log.append(opsAfter(log.head, ['more']))
    log.commitTo(22)
    expect(log.base).toBe(19)
  })
})

describe('the higher log', () => {
  const at = (number: number, initiator: string, index: number) => ({ epoch: epochOf(number, initiator), index })
  const rows: [ReturnType<typeof at>, ReturnType<typeof at>, boolean][] = [
    [at(3, 'A', 1), at(2, 'C', 9), true],
    [at(2, 'C', 9), at(3, 'A', 1), false],
    [at(2, 'C', 1), at(2, 'A', 9), true],
    [at(2, 'A', 2), at(2, 'A', 1), true],
    [at(2, 'A', 1), at(2, 'A', 1), false],
    [at(2, 'A', 1), at(2, 'A', 2), false],
  ]
  it.each(rows)('goes by epoch, then by index: %j, %j: %s', (one, other, isIt) => {
    expect(isHigher(one, other)).toBe(isIt)
  })
})
