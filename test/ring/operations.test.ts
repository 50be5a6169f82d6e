import { describe, expect, it } from 'vitest'
import { blockBytesMax, blockOpsMax } from '../../src/core/limits.ts'
import { OwnOperations } from '../../src/ring/operations.ts'
import { ringLimits } from '../../src/ring/timing.ts'

const op = (text: string): Uint8Array => new TextEncoder().encode(text)
const texts = (own: OwnOperations): string[] => own.nextBatch().ops.map((bytes) => new TextDecoder().decode(bytes))

describe('a peer’s own operations', () => {
  it('are written in order, each once', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('a'), op('b')])
    expect(own.nextBatch().firstSequence).toBe(1)
    own.placed(1, 2)
    own.submit('bank', [op('c')])
    expect(texts(own)).toEqual(['c'])
    expect(own.nextBatch().firstSequence).toBe(3)
    expect(own.unwritten).toBe(1)
  })

  it('go back to the queue, under the same ids, when the tail they stood in is dropped', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('a'), op('b'), op('c')])
    own.placed(1, 2)
    own.placed(3, 1)
    own.committed(1, 1)
    own.dropped(9)
    expect(own.nextBatch().firstSequence).toBe(4)
    own.dropped(3)
    expect(own.nextBatch().firstSequence).toBe(3)
    own.dropped(1)
    expect(own.nextBatch().firstSequence).toBe(2)
    expect(texts(own)).toEqual(['b', 'c'])
  })

  it('are committed once, whatever is said of them later, also where they were not in the log', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('a'), op('b'), op('c')])
    own.committed(1, 2)
    own.committed(1, 1)
    expect(own.entries.map(({ sequence }) => sequence)).toEqual([3])
    expect(own.unwritten).toBe(1)
    expect(texts(own)).toEqual(['c'])
  })

  it('are told from others’ by every one of their bytes', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('ab')])
    own.nextBatch()
    expect(own.isOwn(1, [op('ab')])).toBe(true)
    expect(own.isOwn(1, [op('ac')])).toBe(false)
  })

  it('are told from others’ by their bytes', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('a'), op('b')])
    expect(own.isOwn(1, [op('a')])).toBe(false)
    own.nextBatch()
    expect(own.isOwn(1, [op('a'), op('b')])).toBe(true)
    expect(own.isOwn(2, [op('b')])).toBe(true)
    for (const [first, ...texts] of [
      [1, 'b'],
      [1, 'aa'],
      [1, ''],
      [1, 'a', 'x'],
      [2, 'a'],
      [0, 'a'],
      [2, 'b', 'c'],
    ] as const)
      expect(own.isOwn(first, texts.map(op)), texts.join(' ')).toBe(false)
  })

  it('fill a block to its last byte', () => {
    const batchOf = (...ops: readonly string[]): number => {
      const own = new OwnOperations({ ...ringLimits, blockBytes: 4 })
      own.submit('bank', ops.map(op))
      return own.nextBatch().ops.length
    }
    expect(batchOf('ab', 'cd', 'e')).toBe(2)
    expect(batchOf('ab', 'cde')).toBe(1)
  })

  it('are announced in order: of one domain, so many and so large', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('aa'), op('b')])
    own.submit('auction', [op('c')])
    own.submit('bank', [op('dd'), op('e')])
    const sequences = (opsMax: number, bytesMax: number): number[] =>
      own.announcement(opsMax, bytesMax).ops.map(({ sequence }) => sequence)
    expect(sequences(16, 100)).toEqual([1, 2, 4, 5])
    expect(sequences(3, 100)).toEqual([1, 2, 4])
    expect(sequences(16, 3)).toEqual([1, 2])
    expect(sequences(16, 2)).toEqual([1])
    own.placed(1, 2)
    expect(own.announcement(16, 100)).toMatchObject({ domain: 'auction', ops: [{ sequence: 3 }] })
  })

  it('can be withdrawn until they were in a block', () => {
    const own = new OwnOperations(ringLimits)
    own.submit('bank', [op('a'), op('b')])
    expect(own.withdraw(2, op('void'))).toBe(true)
    expect(texts(own)).toEqual(['a', 'void'])
    own.placed(1, 2)
    own.dropped(1)
    expect(own.withdraw(2, op('again'))).toBe(false)
    own.submit('bank', [op('c')])
    own.placed(1, 2)
    expect(own.withdraw(3, op('first'))).toBe(true)
    expect(own.withdraw(4, op('none'))).toBe(false)
  })

  it('fill a block up to its limits, and one that is too large for company goes alone', () => {
    const own = new OwnOperations(ringLimits)
    own.submit(
      'bank',
      Array.from({ length: blockOpsMax + 1 }, () => op('x')),
    )
    expect(own.nextBatch().ops.length).toBe(blockOpsMax)
    const large = new OwnOperations(ringLimits)
    large.submit('auction', [new Uint8Array(blockBytesMax - 1), new Uint8Array(96 * 1024), op('x')])
    expect(large.nextBatch().ops.length).toBe(1)
    large.placed(1, 1)
    expect(large.nextBatch().ops.length).toBe(2)
    const huge = new OwnOperations({ ...ringLimits, blockBytes: 1 })
    huge.submit('auction', [op('huge'), op('x')])
    expect(texts(huge)).toEqual(['huge'])
  })
})
