import { expect, test } from 'vitest'
import { operationId } from '../../src/core/ids.ts'
import type { AppliedOutcome } from '../../src/market/types.ts'
import { createVerdictBook } from '../../src/peer/verdicts.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy, opsAfter } from './log-of-blocks.ts'

const ana = peerNamed('A')
const genesis = genesisBy(ana)
const refused: AppliedOutcome['outcome'] = { accepted: false, rejection: { code: 'not-host' } }
const done: AppliedOutcome['outcome'] = { accepted: true, events: [] }

test('what was not simply done is kept by operation: refused, repeated, skipped', () => {
  const book = createVerdictBook()
  const block = opsAfter(genesis, ana, 1)
  book.add(block, [
    { sequence: 1, outcome: done },
    { sequence: 2, outcome: refused },
    { sequence: 3, outcome: done, isRepeat: true },
    { sequence: 4, outcome: refused, isRepeat: true },
    { sequence: 5, outcome: undefined },
  ])
  const id = (sequence: number) => operationId(ana, 1, sequence)
  expect([...(book.of(block) ?? [])]).toEqual([
    [id(2), { kind: 'refused', rejection: { code: 'not-host' } }],
    [id(3), { kind: 'repeat' }],
    [id(4), { kind: 'refused', rejection: { code: 'not-host' } }],
    [id(5), { kind: 'skipped' }],
  ])
})

test('a block that was never applied here has no verdicts, also where another has its index', () => {
  const book = createVerdictBook()
  const block = opsAfter(genesis, ana, 1)
  book.add(block, [{ sequence: 1, outcome: done }])
  expect(book.of(block)?.size).toBe(0)
  expect(book.of(opsAfter(genesis, ana, 2))).toBeUndefined()
})

test('the newest blocks are kept, and no more', () => {
  const book = createVerdictBook()
  const blocks = Array.from({ length: 3_500 }, (_, index) => ({ ...genesis, index, hash: `${index}` as typeof genesis.hash }))
  for (const [at, block] of blocks.entries()) {
    book.add(block, [])
    expect(book.of(block)?.size).toBe(0)
    const [oldest, gone] = [blocks[Math.max(0, at - 999)], blocks[at - 1_000]]
    expect(book.of(oldest ?? genesis)?.size).toBe(0)
    if (gone !== undefined) expect(book.of(gone)).toBeUndefined()
  }
})

test('a block that comes twice is one', () => {
  const book = createVerdictBook()
  const blocks = Array.from({ length: 1_000 }, (_, index) => ({ ...genesis, index, hash: `${index}` as typeof genesis.hash }))
  for (const block of [...blocks, ...blocks]) book.add(block, [])
  expect(blocks.filter((block) => book.of(block) === undefined)).toEqual([])
})

test('a flood of what is refused does not fill the memory', () => {
  const book = createVerdictBook()
  const flood = Array.from({ length: 4_096 }, (_, sequence): AppliedOutcome => ({ sequence: sequence + 1, outcome: refused }))
  const ops = opsAfter(genesis, ana, 1)
  const blocks = Array.from({ length: 8 }, (_, index) => ({ ...ops, index, hash: `${index}` as typeof ops.hash }))
  for (const block of blocks) book.add(block, flood)
  const kept = blocks.filter((block) => book.of(block) !== undefined)
  expect(kept.map(({ index }) => index)).toEqual([4, 5, 6, 7])
})

test('a view block has none', () => {
  const book = createVerdictBook()
  const view = blockAfter(genesis, ana, { kind: 'view', members: [ana], lost: [] })
  book.add(view, [])
  expect(book.of(view)?.size).toBe(0)
})

test('a thousand blocks are kept, and twenty thousand verdicts', () => {
  const ops = opsAfter(genesis, ana, 1)
  const keptOf = (blocks: number, refusals: number): readonly number[] => {
    const book = createVerdictBook()
    const outcomes = Array.from(
      { length: refusals },
      (_, sequence): AppliedOutcome => ({ sequence: sequence + 1, outcome: refused }),
    )
    const all = Array.from({ length: blocks }, (_, index) => ({ ...ops, index, hash: `${index}` as typeof ops.hash }))
    for (const block of all) book.add(block, outcomes)
    return all.filter((block) => book.of(block) !== undefined).map(({ index }) => index)
  }
  expect(keptOf(1_000, 0)).toHaveLength(1_000)
  expect(keptOf(5, 4_000)).toEqual([0, 1, 2, 3, 4])
  expect(keptOf(6, 4_000)).toEqual([1, 2, 3, 4, 5])
  expect(keptOf(5, 4_001)).toEqual([1, 2, 3, 4])
})
