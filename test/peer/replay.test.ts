import { describe, expect, it } from 'vitest'
import { createClock } from '../../src/io/clock.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import { encodeMeta, toStored } from '../../src/peer/disk.ts'
import { firstMarket, replayMarket, toAppliedBlock } from '../../src/peer/replay.ts'
import { foundRoomOn, genesisOf } from '../../src/peer/room.ts'
import { createSnapshotKeeper } from '../../src/peer/snapshots.ts'
import { type Block, type Genesis, headOf } from '../../src/ring/block.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'
import { account, cents } from './rig.ts'

const ana = peerNamed('A')
const crypto = createKeyedCrypto(ana)

const operationAt = (index: number, more: number): Operation =>
  index === 1
    ? { kind: 'open-account', account: account('ana'), holder: 'Ana' }
    : { kind: 'deposit', account: account('ana'), amount: cents(index + more) }

/** A log in which every block deposits its own index, or so much more. */
function logOf(count: number, saltByte = 0): Block[] {
  const blocks = [genesisBy(ana, saltByte)]
  for (let index = 1; index < count; index++) {
    const ops = [encodeSubmission({ request: undefined, operation: operationAt(index, saltByte) })]
    blocks.push(blockAfter(blocks[index - 1] as Block, ana, { kind: 'ops', incarnation: 1, firstSequence: index, ops }))
  }
  return blocks
}

const metaAt = (block: Block) => ({
  head: headOf(block),
  promised: block.epoch,
  incarnation: 1,
  commit: { index: block.index, hash: block.hash },
  loss: undefined,
})

/** A store with a log and, as a running peer leaves it, a snapshot after `snapshotAt`. */
async function storeWith(blocks: readonly Block[], snapshotAt?: number) {
  const store = createMemoryStore()
  await store.open()
  await store.write({
    cutFrom: undefined,
    blocks: blocks.map(toStored),
    values: [],
    meta: encodeMeta(metaAt(blocks.at(-1) as Block)),
  })
  if (snapshotAt !== undefined) {
    const market = marketAfter(blocks.slice(0, 1))
    const keeper = createSnapshotKeeper({ store, market, clock: createClock(), logger: silentLogger, every: 1_000, self: ana })
    for (const block of blocks.slice(1, snapshotAt + 1)) {
      market.apply(toAppliedBlock(block))
      keeper.onApplied(block, false)
    }
    keeper.onPersisted(metaAt(blocks.at(-1) as Block))
    await keeper.finish()
  }
  return store
}

function marketAfter(blocks: readonly Block[]) {
  const first = firstMarket(blocks[0] as Block, genesisOf(blocks[0] as Block) as Genesis, crypto.hash)
  if ('malformed' in first) throw new Error(first.malformed)
  for (const block of blocks.slice(1)) first.value.apply(toAppliedBlock(block))
  return first.value
}

async function replay(store: Awaited<ReturnType<typeof storeWith>>, blocks: readonly Block[], commit: number) {
  const genesis = blocks[0] as Block
  const progress: number[] = []
  const market = await replayMarket(store, crypto, genesis, genesisOf(genesis) as Genesis, blocks[commit] as Block, (done) =>
    progress.push(done),
  )
  return { market, progress }
}

describe('the market at the start of a peer', () => {
  const blocks = logOf(30)

  it('is replayed from the log up to the commit, and no further', async () => {
    const { market } = await replay(await storeWith(blocks), blocks, 20)
    expect([market.index, market.stateHash]).toEqual([20, marketAfter(blocks.slice(0, 21)).stateHash])
  })

  it('goes on from a snapshot, and is the same', async () => {
    const store = await storeWith(blocks, 12)
    expect((await store.readSnapshot())?.index).toBe(12)
    const { market } = await replay(store, blocks, 20)
    expect(market.stateHash).toBe(marketAfter(blocks.slice(0, 21)).stateHash)
    expect(market.snapshot()).toEqual(marketAfter(blocks.slice(0, 21)).snapshot())
  })

  it('does without a snapshot that is beyond the commit', async () => {
    const { market } = await replay(await storeWith(blocks, 25), blocks, 20)
    expect(market.stateHash).toBe(marketAfter(blocks.slice(0, 21)).stateHash)
  })

  it('does without the snapshot of another room, and without a damaged one', async () => {
    const other = logOf(30, 9)
    for (const bytes of [await snapshotOf(other), Uint8Array.of(1, 2, 3)]) {
      const store = await storeWith(blocks)
      await store.writeSnapshot(12, bytes)
      const { market } = await replay(store, blocks, 29)
      expect(market.stateHash).toBe(marketAfter(blocks).stateHash)
    }
  })

  it('of a state that the room goes on from, and that nobody can read, is none: no block can be relied on', async () => {
    const plan = { name: 'test', currency: 'EUR', deposits: 'open' } as const
    const madeUp = foundRoomOn(new Uint8Array(300 * 1024), plan, ana, new Uint8Array(16), 1_700_000_000_000, crypto)
    const replaying = replay(await storeWith(madeUp), madeUp, madeUp.length - 1)
    await expect(replaying).rejects.toMatchObject({ code: 'store-damaged', facts: { index: 0 } })
  })
})

async function snapshotOf(blocks: readonly Block[]): Promise<Uint8Array> {
  const store = await storeWith(blocks, 12)
  return (await store.readSnapshot())?.bytes ?? new Uint8Array()
}
