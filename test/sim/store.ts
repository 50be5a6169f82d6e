import { Failure } from '../../src/core/failure.ts'
import type { Operation } from '../../src/io/store/database.ts'
import { headKey, snapshotKey } from '../../src/io/store/rows.ts'
import { createStoreOn } from '../../src/io/store/store.ts'
import type { Store, StoreBatch, StoredBlock, StoreOpened } from '../../src/peer/ports.ts'
import { type Fate, fakeDisk, type Machine, Medium } from '../support/fake-disk.ts'
import { sameBytes } from './check/bytes.ts'
import { createSimClock, later } from './clock.ts'
import { letterOf } from './names.ts'
import type { SimPeer } from './peer.ts'
import { Violation } from './violation.ts'
import { after, guard, type World } from './world.ts'

/** One peer's false disk: what production's store has on it, and beside it what that was asked to keep, in the simulator's own words. */
export interface SimDisk {
  /** LevelDB and the witness: all that a start has to go by. */
  readonly medium: Medium
  /** What is fsynced, and must survive every crash. */
  rows: StoredBlock[]
  /** `undefined`: nothing was ever written. */
  meta: Uint8Array | undefined
  readonly values: Map<string, Uint8Array>
  /** The last record that was looked at, and what it says. */
  read: { readonly bytes: Uint8Array; readonly meta: unknown } | undefined
  /** Handed over, and not fsynced yet. */
  underWay: StoreBatch | undefined
  /** Something was done to it that a start may find, and must where anything is missing. */
  isDamaged: boolean
  /** Nothing was under way when its process ended. */
  isClosed: boolean
}

export const createSimDisk = (): SimDisk =>
  onMedium(new Medium(), { rows: [], meta: undefined, values: new Map(), isDamaged: false })

/** As it would be in an image of the disk: for a copy of the profile, or to be restored later. */
export const copyDisk = ({ medium, rows, meta, values, isDamaged }: SimDisk): SimDisk =>
  onMedium(medium.copy(), { rows: [...rows], meta, values: new Map(values), isDamaged })

function onMedium(medium: Medium, kept: Pick<SimDisk, 'rows' | 'meta' | 'values' | 'isDamaged'>): SimDisk {
  const disk: SimDisk = { ...kept, medium, read: undefined, underWay: undefined, isClosed: false }
  medium.onBatch = (operations) => {
    const batch = disk.underWay
    if (batch === undefined || !isOfLog(operations)) return
    disk.underWay = undefined
    applyBatch(disk, batch)
  }
  return disk
}

/** A snapshot has batches of its own: of its pieces, and one that lists them. */
const isOfLog = (operations: readonly Operation[]): boolean =>
  isKey(operations.at(-1), headKey) && !isKey(operations.at(-2), snapshotKey)
const isKey = (operation: Operation | undefined, key: Uint8Array): boolean =>
  operation?.key.length === key.length && operation.key[0] === key[0]

/** The machine dies: of what was not fsynced each is there as a whole, or not at all; of the witness, which is a file, also half. */
export function crashDisk(world: World, disk: SimDisk): 'survives' | 'is lost' | undefined {
  const { underWay, medium } = disk
  const survives = underWay !== undefined && !world.random.chance(0.5)
  medium.crash((what) => (what !== 'batch' || underWay === undefined ? drawFate(world) : survives ? 'kept' : 'lost'))
  disk.underWay = undefined
  return underWay === undefined ? undefined : survives ? 'survives' : 'is lost'
}

const fates: readonly Fate[] = ['kept', 'lost', 'torn']
const drawFate = ({ diskRandom }: World): Fate => fates[diskRandom.below(fates.length)] as Fate

/**
 * Production's store, on all that a disk can do to a peer: be slow, hang, fill up, and be cut off in the middle of a write. What a
 * start begins with, until `peer.opening` ends, is done at once.
 */
export function createSimStore(world: World, peer: SimPeer, disk: SimDisk, isAlive: () => boolean): Store {
  const clock = createSimClock(world, peer, isAlive)
  // Nobody waits for the witness: that it takes its time need not be seen each time.
  const isQuick = (): boolean => peer.hangsUntil <= world.now && world.diskRandom.chance(0.7)
  const machine: Machine = {
    does(what, effect) {
      if (!isAlive()) return never()
      // What is only handed to the system is no work of the disk's.
      if (peer.opening || what === 'write' || (what === 'sync' && isQuick())) return Promise.resolve(effect())
      return new Promise((resolve, reject) => {
        const finish = (): void => {
          if (peer.hangsUntil > world.now) return later(world, peer, peer.hangsUntil - world.now, finish)
          world.unsettled = true
          if (peer.diskFull && what === 'batch') return reject(new Failure('disk-full', 'The disk of the simulation is full.'))
          const batch = disk.underWay
          effect()
          if (batch !== undefined && disk.underWay === undefined) guard(world, () => world.checks?.written(peer, batch))
          resolve()
        }
        later(world, peer, what === 'batch' ? writeDelay(world, peer) : witnessDelay(world, peer), finish)
      })
    },
    after: (millis, task) =>
      clock.at(clock.monotonic() + millis, () => {
        world.unsettled = true
        task()
      }),
    random: (count) => Uint8Array.from({ length: count }, () => world.diskRandom.below(256)),
  }
  const store = createStoreOn(fakeDisk(disk.medium, machine))
  /** What awaits it goes on before the next event. */
  const begin = <T>(task: () => Promise<T>): Promise<T> => {
    if (!isAlive()) return never()
    world.unsettled = true
    return task()
  }
  let busy = 0
  const rest = (): void => {
    busy--
  }
  /** Where nothing else is to be done first, a batch is with LevelDB before this returns: nobody has to be awaited. */
  const write = (batch: StoreBatch): Promise<void> => {
    if (!isAlive() || peer.dies(world)) return never()
    if (busy > 0 || batch.cutFrom !== undefined) world.unsettled = true
    disk.underWay = batch
    disk.isClosed = false
    const written = store.write(batch)
    busy++
    written.then(rest, rest)
    return written
  }
  const aside = (task: () => Promise<void>): Promise<void> =>
    begin(() => {
      disk.isClosed = false
      busy++
      return task().finally(rest)
    })
  return {
    open: () => {
      disk.underWay = undefined
      return store.open()
    },
    write,
    read: (from, through, bytesMax) => begin(() => store.read(from, through, bytesMax)),
    writeSnapshot: (index, snapshot) => aside(() => store.writeSnapshot(index, snapshot)),
    readSnapshot: () => begin(store.readSnapshot),
    writeValue: (name, bytes) => aside(() => store.writeValue(name, bytes)),
    readValue: (name) => begin(() => store.readValue(name)),
    close: () =>
      begin(async () => {
        await store.close()
        disk.isClosed = true
      }),
  }
}

/** A disk on which this is the first that was ever written. */
export async function writeFirst(world: World, disk: SimDisk, batch: StoreBatch): Promise<void> {
  const machine: Machine = {
    does: async (_what, effect) => effect(),
    after: () => () => {},
    random: (count) => Uint8Array.from({ length: count }, () => world.diskRandom.below(256)),
  }
  const store = createStoreOn(fakeDisk(disk.medium, machine))
  await store.open()
  disk.underWay = batch
  await store.write(batch)
  await store.close()
}

/**
 * What production's table of cases made of this disk: either it names damage that was done, or what it goes on with is all that
 * was ever fsynced. Throws a `Violation`.
 */
export async function checkOpened(peer: SimPeer, disk: SimDisk, store: Store, opened: StoreOpened): Promise<void> {
  const fail = (what: string): never => {
    throw new Violation('S3', `${letterOf(peer.index)} opens its disk as ${opened.found}, ${what}`)
  }
  if (disk.meta === undefined || opened.meta === undefined || !sameBytes(opened.meta, disk.meta))
    fail('with another record than was fsynced')
  if (opened.last !== disk.rows.length - 1)
    fail(`with a log up to ${opened.last}, of which ${disk.rows.length} blocks were fsynced`)
  const isQuiet = !disk.isDamaged
  if (isQuiet && opened.found !== 'clean' && (disk.isClosed || opened.found !== 'ahead')) fail('and nothing was done to it')
  if (isQuiet) return
  const rows = await store.read(0, disk.rows.length, Number.POSITIVE_INFINITY)
  for (const [index, { hash, bytes }] of disk.rows.entries()) {
    const row = rows[index]
    if (row === undefined || !sameBytes(row.bytes, bytes) || !sameBytes(row.hash, hash)) fail(`with another block ${index}`)
  }
  for (const [name, bytes] of disk.values) {
    const value = await store.readValue(name)
    if (value !== undefined && sameBytes(value, bytes)) continue
    if (value !== undefined || opened.found !== 'value-lost') fail(`without the ${name} that was fsynced with the log`)
    disk.values.delete(name)
  }
  disk.isDamaged = false
}

/** What a dead process waits for: one of its own each time, or everybody who ever waited would be kept for ever. */
const never = <T>(): Promise<T> => new Promise(() => {})

const healthy = { fsyncLeast: 0.5, fsyncSpread: 8 }

function writeDelay(world: World, peer: SimPeer): number {
  const { fsyncLeast, fsyncSpread } = world.healed ? healthy : world.swarm
  const slow = peer.slowUntil > world.now ? peer.fsyncExtra : 0
  return fsyncLeast + world.random.next() * fsyncSpread + slow
}

/** The witness is written off the log's path: the log's times are to be the same whatever becomes of it. */
function witnessDelay(world: World, peer: SimPeer): number {
  const { fsyncLeast, fsyncSpread } = world.healed ? healthy : world.swarm
  return (fsyncLeast + world.diskRandom.next() * fsyncSpread + (peer.slowUntil > world.now ? peer.fsyncExtra : 0)) / 2
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
