import { Failure } from '../../src/core/failure.ts'
import type { Random } from '../../src/core/random.ts'
import type { Store, StoreBatch, StoredBlock } from '../../src/peer/ports.ts'
import { later } from './clock.ts'
import type { SimPeer } from './peer.ts'
import { after, guard, type World } from './world.ts'

/** What is on one peer's false disk. Everything here is fsynced, and survives every crash. */
export interface SimDisk {
  rows: StoredBlock[]
  /** `undefined`: nothing was ever written. */
  meta: Uint8Array | undefined
  /** The last record that was looked at, and what it says. */
  read: { readonly bytes: Uint8Array; readonly meta: unknown } | undefined
  snapshot: { readonly index: number; readonly bytes: Uint8Array } | undefined
  readonly values: Map<string, Uint8Array>
  /** Handed over, and not fsynced yet. */
  underWay: StoreBatch | undefined
}

export const createSimDisk = (): SimDisk => ({
  rows: [],
  meta: undefined,
  read: undefined,
  snapshot: undefined,
  values: new Map(),
  underWay: undefined,
})

/** As it would be in an image of the disk: for a copy of the profile, or to be restored later. */
export const copyDisk = (disk: SimDisk): SimDisk => ({
  ...disk,
  rows: [...disk.rows],
  values: new Map(disk.values),
  underWay: undefined,
})

/** The machine dies: a batch that was not fsynced is there as a whole, or not at all. */
export function crashDisk(disk: SimDisk, random: Random): 'survives' | 'is lost' | undefined {
  const { underWay } = disk
  disk.underWay = undefined
  if (underWay === undefined) return undefined
  if (random.chance(0.5)) return 'is lost'
  applyBatch(disk, underWay)
  return 'survives'
}

/** All that a store can do to a peer, behind production's port: be slow, hang, fill up, and be cut off in the middle of a write. */
export function createSimStore(world: World, peer: SimPeer, disk: SimDisk, isAlive: () => boolean): Store {
  const write = (batch: StoreBatch): Promise<void> => {
    if (!isAlive() || peer.dies(world)) return never()
    if (peer.opening) {
      applyBatch(disk, batch)
      return completed(undefined)
    }
    disk.underWay = batch
    return completion((resolve, reject) => {
      const finish = (): void => {
        if (peer.hangsUntil > world.now) return later(world, peer, peer.hangsUntil - world.now, finish)
        if (peer.closing) world.unsettled = true
        if (peer.diskFull) {
          disk.underWay = undefined
          reject(new Failure('disk-full', 'The disk of the simulation is full.'))
          return
        }
        disk.underWay = undefined
        applyBatch(disk, batch)
        guard(world, () => world.checks?.written(peer, batch))
        resolve()
      }
      later(world, peer, writeDelay(world, peer), finish)
    })
  }

  return {
    open: async () => ({
      meta: disk.meta,
      last: disk.rows.length === 0 ? undefined : disk.rows.length - 1,
      found: disk.meta === undefined ? 'new' : 'clean',
    }),
    write,
    read(from, through, bytesMax) {
      if (!isAlive()) return never()
      const rows: StoredBlock[] = []
      let bytes = 0
      for (let index = from; index <= Math.min(through, disk.rows.length - 1); index++) {
        const row = disk.rows[index] as StoredBlock
        bytes += row.bytes.length
        if (rows.length > 0 && bytes > bytesMax) break
        rows.push(row)
      }
      return completed(rows)
    },
    async writeSnapshot(index, bytes) {
      if (isAlive()) disk.snapshot = { index, bytes }
    },
    readSnapshot: () => completed(disk.snapshot),
    async writeValue(name, bytes) {
      if (isAlive()) disk.values.set(name, bytes)
    },
    readValue: (name) => completed(disk.values.get(name)),
    close: () => completed(undefined),
  }
}

/**
 * A promise that calls back at once when it is completed, for code that hangs on by `then` alone: so that what follows
 * belongs to the same event. `await` works, too.
 */
export function completion<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined
  let waiting: (() => void)[] = []
  const settle = (settled: NonNullable<typeof outcome>): void => {
    outcome = settled
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }
  begin(
    (value) => settle({ value }),
    (error) => settle({ error }),
  )
  const then = (onValue: (value: T) => unknown, onError: (error: unknown) => unknown): void => {
    const tell = (): void => {
      if (outcome === undefined) return
      if ('value' in outcome) onValue(outcome.value)
      else onError(outcome.error)
    }
    if (outcome === undefined) waiting.push(tell)
    else tell()
  }
  return { then } as unknown as Promise<T>
}

export const completed = <T>(value: T): Promise<T> => completion((resolve) => resolve(value))

/** What a dead process waits for: one of its own each time, or everybody who ever waited would be kept for ever. */
const never = <T>(): Promise<T> => new Promise(() => {})

const healthy = { fsyncLeast: 0.5, fsyncSpread: 8 }

function writeDelay(world: World, peer: SimPeer): number {
  const { fsyncLeast, fsyncSpread } = world.healed ? healthy : world.swarm
  const slow = peer.slowUntil > world.now ? peer.fsyncExtra : 0
  return fsyncLeast + world.random.next() * fsyncSpread + slow
}

function applyBatch(disk: SimDisk, batch: StoreBatch): void {
  const { cutFrom, blocks, values, meta } = batch
  if (cutFrom !== undefined && cutFrom < disk.rows.length) disk.rows.length = cutFrom
  for (const block of blocks) disk.rows[block.index] = block
  disk.meta = meta
  for (const { name, bytes } of values) {
    if (bytes === undefined) disk.values.delete(name)
    else disk.values.set(name, bytes)
  }
}

/** A full disk: somebody makes room, and starts the peer again. */
export function restartWhenFull(world: World, peer: SimPeer, restart: () => void): void {
  const { life } = peer
  after(world, 200 + world.random.below(4_000), () => {
    if (peer.life === life) restart()
  })
}
