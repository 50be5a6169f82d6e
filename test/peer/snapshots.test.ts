import { describe, expect, it } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import type { AppliedBlock, Market } from '../../src/market/types.ts'
import { createSnapshotKeeper, snapshotOffset } from '../../src/peer/snapshots.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const hash = 'ab'.repeat(32)
const every = 20

/** A market whose state is its index, in three pieces. */
function createRig(self = ana) {
  const store = createMemoryStore()
  /** What waits for the loop to be done with everything else. */
  const soon: (() => void)[] = []
  const market = {
    index: 0,
    image() {
      const { index } = market
      return { index, pieces: () => [1, 2, 3].map((piece) => Uint8Array.of(index, piece)) }
    },
    apply: (_block: AppliedBlock) => [],
  }
  const clock = { soon: (task: () => void) => void soon.push(task) }
  const keeper = createSnapshotKeeper({ store, market: market as unknown as Market, clock, logger: silentLogger, every, self })
  let kept: number | undefined
  return {
    ...{ keeper, store, soon },
    apply(through: number, isBehind = false) {
      while (market.index < through) {
        market.index++
        keeper.onApplied({ index: market.index, hash }, isBehind)
      }
    },
    /** A block that the market began and did not end. */
    breakAt(index: number) {
      market.index = index
    },
    persist: (index: number) => keeper.onPersisted({ commit: { index, hash } }),
    async goOn() {
      await new Promise((resolve) => setImmediate(resolve))
      for (const task of soon.splice(0)) task()
      await new Promise((resolve) => setImmediate(resolve))
      kept = (await store.readSnapshot())?.index
      return kept
    },
  }
}

const due = (self = ana, after = 0): number => {
  let index = after + 1
  while (index % every !== snapshotOffset(self, every)) index++
  return index
}

describe('a snapshot on disk', () => {
  it('is of the moment when it was due, and written only once its commit is on disk, in pieces between which all else goes on', async () => {
    const rig = createRig()
    await rig.store.open()
    rig.apply(due() + 3)
    rig.persist(due() - 1)
    for (let times = 0; times < 4; times++) expect(await rig.goOn()).toBeUndefined()
    rig.persist(due())
    await until('the second piece waits', () => rig.soon.length === 1)
    expect(await rig.store.readSnapshot()).toBeUndefined()
    await rig.goOn()
    expect(await rig.goOn()).toBe(due())
    const bytes = (await rig.store.readSnapshot())?.bytes
    expect(bytes?.slice(-6)).toEqual(Uint8Array.of(due(), 1, due(), 2, due(), 3))
  })

  it('is due every so many blocks, at another one for each peer, and at the same in all lives of one', () => {
    const offsets = Array.from({ length: 20 }, () => snapshotOffset(createIdentity().self, 1_000))
    expect(new Set(offsets).size).toBeGreaterThan(15)
    expect(snapshotOffset(bob, 1_000)).toBe(snapshotOffset(bob, 1_000))
    for (const offset of offsets) expect(offset).toBeLessThan(1_000)
  })

  it.each(['A', 'B', 'C', 'D', 'E'])('is the first one at the first place of %s', async (name) => {
    const self = peerNamed(name)
    const rig = createRig(self)
    await rig.store.open()
    rig.apply(due(self) + every - 1)
    rig.persist(due(self))
    for (let times = 0; times < 4; times++) await rig.goOn()
    expect(await rig.goOn()).toBe(due(self))
  })

  it('is not taken again while one is written, and then at the next place', async () => {
    const rig = createRig()
    await rig.store.open()
    rig.apply(due())
    rig.persist(due())
    rig.apply(due() + every + 5)
    rig.persist(due() + every + 5)
    for (let times = 0; times < 4; times++) await rig.goOn()
    expect(await rig.goOn()).toBe(due())
    rig.apply(due() + every + 6)
    rig.persist(due() + every + 6)
    for (let times = 0; times < 4; times++) await rig.goOn()
    expect(await rig.goOn()).toBe(due() + every + 6)
  })

  it('waits while a long log comes in, but not for ever', async () => {
    const rig = createRig()
    await rig.store.open()
    rig.apply(15 * every, true)
    rig.persist(15 * every)
    expect(await rig.goOn()).toBeUndefined()
    rig.apply(18 * every, true)
    rig.persist(18 * every)
    for (let times = 0; times < 4; times++) await rig.goOn()
    const first = await rig.goOn()
    expect(first).toBeGreaterThanOrEqual(16 * every)
    rig.apply(30 * every, true)
    rig.persist(30 * every)
    for (let times = 0; times < 4; times++) await rig.goOn()
    expect(await rig.goOn()).toBe(first)
  })

  it('of the end is written after one that is under way', async () => {
    const rig = createRig()
    await rig.store.open()
    rig.apply(due())
    rig.persist(due())
    await until('it is under way', () => rig.soon.length === 1)
    rig.apply(due() + 3)
    rig.persist(due() + 3)
    const finished = rig.keeper.finish()
    for (let times = 0; times < 8; times++) await rig.goOn()
    await finished
    expect(await rig.goOn()).toBe(due() + 3)
  })

  it('is kept of the end, where its commit is on disk; and of a market that broke in the middle of a block none', async () => {
    const rig = createRig()
    await rig.store.open()
    rig.apply(3)
    rig.persist(3)
    const finished = rig.keeper.finish()
    for (let times = 0; times < 4; times++) await rig.goOn()
    await finished
    expect(await rig.goOn()).toBe(3)
    const broken = createRig()
    await broken.store.open()
    broken.apply(3)
    broken.persist(3)
    broken.breakAt(4)
    await broken.keeper.finish()
    expect(await broken.goOn()).toBeUndefined()
  })
})
