import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { numberMax } from '../../src/core/limits.ts'
import {
  decodeMeta,
  drawLoss,
  encodeMeta,
  evidenceName,
  lastCommitted,
  readBlocks,
  readDisk,
  readSome,
  toStored,
} from '../../src/peer/disk.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { encodeEvidence } from '../../src/ring/faults.ts'
import { ringLimits } from '../../src/ring/timing.ts'
import type { DiskMeta } from '../../src/ring/types.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy, opsAfter } from './log-of-blocks.ts'

const ana = peerNamed('A')
const bob = peerNamed('B')
const crypto = createKeyedCrypto(ana)

const metaOf = (blocks: readonly Block[], commitIndex: number): DiskMeta => {
  const head = blocks.at(-1) as Block
  const commit = blocks[commitIndex] as Block
  return {
    head: headOf(head),
    promised: head.epoch,
    incarnation: 3,
    commit: { index: commit.index, hash: commit.hash },
    loss: undefined,
  }
}

/** Views at the given indexes, with operations between them. */
function logWithViews(count: number, views: readonly number[]): Block[] {
  const blocks = [genesisBy(ana)]
  for (let index = 1; index < count; index++) {
    const previous = blocks[index - 1] as Block
    const epoch = { number: previous.epoch.number + 1, initiator: ana }
    blocks.push(
      views.includes(index)
        ? blockAfter(previous, ana, { kind: 'view', members: [ana, bob], lost: [] }, epoch)
        : opsAfter(previous, ana, index % 256),
    )
  }
  return blocks
}

async function storeWith(blocks: readonly Block[], meta: DiskMeta) {
  const store = createMemoryStore()
  await store.open()
  await store.write({ cutFrom: undefined, blocks: blocks.map(toStored), values: [], meta: encodeMeta(meta) })
  return store
}

describe('the record on disk', () => {
  it('comes back as it was', () => {
    const meta = metaOf(logWithViews(4, [2]), 3)
    for (const loss of [undefined, 1, numberMax]) {
      expect(decodeMeta(encodeMeta({ ...meta, loss }))).toEqual({ value: { meta: { ...meta, loss }, lacksLoss: false } })
    }
  })

  it('of a later program is refused by its version', () => {
    const bytes = encodeMeta(metaOf(logWithViews(2, []), 1))
    for (const version of [0, 3, 99]) {
      bytes[0] = version
      expect(() => decodeMeta(bytes)).toThrow(Failure)
    }
  })

  it('of version 1 holds a number where the loss is now: it is none, and one is to be drawn', () => {
    const meta = metaOf(logWithViews(2, []), 1)
    for (const [loss, lacksLoss] of [
      [undefined, false],
      [7, true],
    ] as const) {
      const bytes = encodeMeta({ ...meta, loss })
      bytes[0] = 1
      expect(decodeMeta(bytes)).toEqual({ value: { meta, lacksLoss } })
    }
  })

  it('that is damaged is malformed, never a guess', () => {
    const bytes = encodeMeta(metaOf(logWithViews(2, []), 1))
    for (let length = 1; length < bytes.length; length++)
      expect(decodeMeta(bytes.subarray(0, length))).toHaveProperty('malformed')
  })
})

describe('a loss', () => {
  it('is a number from 1 to 2^48, of six bytes that nobody can guess', () => {
    const of = (byte: number) => drawLoss({ bytes: (count) => new Uint8Array(count).fill(byte) })
    expect([of(0), of(1), of(255)]).toEqual([1, 0x010101010101 + 1, numberMax])
  })
})

describe('what the ring reads of the disk', () => {
  it('has the newest blocks, and every view from the last committed one on, wherever the commit stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 6 }), fc.nat(39), async (views, commit) => {
        const blocks = logWithViews(40, views)
        const store = await storeWith(blocks, metaOf(blocks, commit))
        const { disk } = await readDisk(store, crypto, metaOf(blocks, commit), ringLimits)
        const all = blocks.filter(({ body }) => body.kind !== 'ops').map(({ index }) => index)
        const lastCommitted = Math.max(...all.filter((index) => index <= commit))
        expect(disk.viewBlocks.map(({ index }) => index)).toEqual(all.filter((index) => index >= lastCommitted))
        expect(disk.blocks).toEqual(blocks)
      }),
      { numRuns: 40 },
    )
  })

  it('leaves older blocks on disk, but never the first uncommitted one and the one before', async () => {
    const limits = { ...ringLimits, memoryBlocks: 20 }
    const blocks = logWithViews(limits.memoryBlocks + 100, [5])
    const from = async (commit: number): Promise<number | undefined> => {
      const meta = metaOf(blocks, commit)
      const store = await storeWith(blocks, meta)
      return (await readDisk(store, crypto, meta, limits)).disk.blocks[0]?.index
    }
    expect(await from(blocks.length - 1)).toBe(100)
    expect(await from(40)).toBe(40)
  })

  it('has all evidence that can be read, keeps the rest as it is, and knows where more can be kept', async () => {
    const blocks = logWithViews(3, [])
    const store = await storeWith(blocks, metaOf(blocks, 2))
    const genesis = blocks[0] as Block
    const evidence = { kind: 'two-blocks', first: opsAfter(genesis, bob, 1), second: opsAfter(genesis, bob, 2) } as const
    await store.writeValue(evidenceName(1), encodeEvidence(evidence, crypto))
    await store.writeValue(evidenceName(2), Uint8Array.of(1, 2, 3))
    const { disk, freeSlots, unreadSlots } = await readDisk(store, crypto, metaOf(blocks, 2), ringLimits)
    expect([disk.evidence, unreadSlots]).toEqual([[evidence], [2]])
    expect([freeSlots.length, freeSlots.slice(0, 3)]).toEqual([62, [0, 3, 4]])
  })

  it('has one proof of each author and kind, and the places of all others are free', async () => {
    const blocks = logWithViews(3, [])
    const store = await storeWith(blocks, metaOf(blocks, 2))
    const genesis = blocks[0] as Block
    const evidenceOf = (author: PeerId, lamport: number) =>
      ({ kind: 'two-blocks', first: opsAfter(genesis, author, 1), second: opsAfter(genesis, author, lamport) }) as const
    for (let slot = 0; slot < 63; slot++) {
      await store.writeValue(evidenceName(slot), encodeEvidence(evidenceOf(bob, 2 + slot), crypto))
    }
    await store.writeValue(evidenceName(63), encodeEvidence(evidenceOf(ana, 2), crypto))
    const { disk, freeSlots, unreadSlots } = await readDisk(store, crypto, metaOf(blocks, 2), ringLimits)
    expect([disk.evidence, unreadSlots]).toEqual([[evidenceOf(bob, 2), evidenceOf(ana, 2)], []])
    expect([freeSlots.length, freeSlots[0], freeSlots.at(-1)]).toEqual([62, 1, 62])
  })

  it('says where an epoch begins without its view: no peer wrote that', async () => {
    const genesis = genesisBy(ana)
    const lone = opsAfter(genesis, ana, 1, { number: 2, initiator: ana })
    const blocks = [genesis, lone]
    const store = await storeWith(blocks, metaOf(blocks, 1))
    await expect(readDisk(store, crypto, metaOf(blocks, 1), ringLimits)).rejects.toMatchObject({
      code: 'store-damaged',
      facts: { index: 1 },
    })
  })

  it('says which block is missing', async () => {
    const blocks = logWithViews(6, [])
    const store = await storeWith(blocks.slice(0, 4), metaOf(blocks, 5))
    const read = async (): Promise<void> => {
      for await (const _ of readBlocks(store, crypto, 0, 5));
    }
    await expect(read()).rejects.toMatchObject({ code: 'store-damaged', facts: { index: 4 } })
  })
})

describe('what a disk alone shows to be committed', () => {
  const lone = { kind: 'view', members: [ana], lost: [] } as const
  const both = { kind: 'view', members: [ana, bob], lost: [] } as const
  type Part = 'ops' | typeof lone | typeof both
  const logOf = (...parts: readonly Part[]): readonly Block[] => {
    const blocks = [genesisBy(ana)]
    for (const part of parts) {
      const previous = blocks.at(-1) as Block
      const { number } = previous.epoch
      blocks.push(
        part === 'ops' ? opsAfter(previous, ana, 1) : blockAfter(previous, ana, part, { number: number + 1, initiator: ana }),
      )
    }
    return blocks
  }
  const rows: readonly (readonly [string, readonly Part[], number, number])[] = [
    ['alone since the room was founded: all', ['ops', 'ops', 'ops'], 0, 3],
    ['alone in its last view: all', ['ops', both, 'ops', lone, 'ops', 'ops'], 4, 6],
    ['alone then and in a view after it: all', [lone, 'ops', lone, 'ops'], 1, 4],
    ['with others: what it knows of', ['ops', both, 'ops', 'ops'], 3, 3],
    ['with others from the first block after that on: what it knows of', ['ops', both, 'ops'], 1, 1],
    ['with others later on: what it knows of', ['ops', 'ops', 'ops', both], 1, 1],
  ]
  it.each(rows)('%s', async (_what, parts, commit, last) => {
    const blocks = logOf(...parts)
    const meta = metaOf(blocks, commit)
    expect(await lastCommitted(await storeWith(blocks, meta), crypto, meta)).toBe(last)
  })
})

describe('the first blocks of some', () => {
  it('are as many as fit, and one at least', async () => {
    const blocks = logWithViews(6, [])
    const store = await storeWith(blocks, metaOf(blocks, 5))
    const [one, two] = [blocks[2], blocks[3]].map((block) => (block as Block).bytes.length) as [number, number]
    const indexes = async (through: number, bytesMax: number) =>
      (await readSome(store, crypto, 2, through, bytesMax)).map(({ index }) => index)
    expect([await indexes(5, 1), await indexes(5, one + two), await indexes(3, 1_000_000)]).toEqual([[2], [2, 3], [2, 3]])
  })

  it('are all of them, be it one, or none', async () => {
    const blocks = logWithViews(6, [])
    const store = await storeWith(blocks, metaOf(blocks, 5))
    const indexes = async (from: number, through: number) => {
      const read: number[] = []
      for await (const some of readBlocks(store, crypto, from, through)) read.push(...some.map(({ index }) => index))
      return read
    }
    expect([await indexes(1, 4), await indexes(3, 3), await indexes(4, 3)]).toEqual([[1, 2, 3, 4], [3], []])
  })
})
