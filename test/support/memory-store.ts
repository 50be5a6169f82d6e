import { assert } from '../../src/core/assert.ts'
import { concat } from '../../src/core/codec.ts'
import { Failure } from '../../src/core/failure.ts'
import type { Store, StoreBatch, StoredBlock } from '../../src/peer/ports.ts'

export interface MemoryStore extends Store {
  /** The process dies: writes under way never happen, what was not synced is forgotten. It can be opened again. */
  crash(): void
  /** Another disk with what is on this one: what a restored back-up is. */
  copy(): MemoryStore
  /** From here on writes fail so, as on a full disk; `undefined` heals the disk. */
  failWrites(failure: Failure | undefined): void
}

interface Disk {
  readonly blocks: Map<number, StoredBlock>
  readonly values: Map<string, Uint8Array>
  meta: Uint8Array | undefined
  last: number | undefined
  snapshot: { readonly index: number; readonly bytes: Uint8Array } | undefined
}

/** A Store whose disk is this object: closing or crashing leaves the disk there for the next `open`. */
export function createMemoryStore(from?: Disk): MemoryStore {
  const disk: Disk = {
    blocks: new Map(from?.blocks),
    values: new Map(from?.values),
    meta: from?.meta,
    last: from?.last,
    snapshot: from?.snapshot,
  }
  /** Written without a sync: on disk with the next synced batch, lost by a crash before it. */
  let unsynced: (() => void)[] = []
  let values = new Map<string, Uint8Array>()
  let snapshot: Disk['snapshot']
  let failure: Failure | undefined
  /** Which opening this is; 0 while closed. A write that completes in another one never happened. */
  let life = 0
  let lives = 0

  const requireOpen = (): void => {
    if (life === 0) throw new Failure('disk-failed', 'The store is not open.')
  }
  const sync = (): void => {
    for (const write of unsynced) write()
    unsynced = []
  }

  return {
    async open(onProgress) {
      if (life !== 0) throw new Failure('profile-in-use', 'The store is open already.')
      life = ++lives
      values = new Map(disk.values)
      snapshot = disk.snapshot
      const total = disk.last === undefined ? 0 : disk.last + 1
      onProgress?.(total, total)
      return { meta: disk.meta, last: disk.last, found: disk.meta === undefined ? 'new' : 'clean' }
    },

    async write(batch) {
      requireOpen()
      const mine = life
      const copy = copyOf(batch)
      await new Promise((resolve) => setImmediate(resolve))
      // The process that asked is dead: its promise stays open for ever, as the dead process's did.
      if (mine !== life) return new Promise<never>(() => {})
      if (failure !== undefined) throw failure
      sync()
      applyBatch(disk, copy)
      for (const { name, bytes } of copy.values) {
        if (bytes === undefined) values.delete(name)
        else values.set(name, bytes)
      }
    },

    async read(from, through, bytesMax) {
      requireOpen()
      const found: StoredBlock[] = []
      let bytes = 0
      for (let index = from; index <= through; index++) {
        const block = disk.blocks.get(index)
        if (block === undefined) break
        bytes += block.bytes.length
        if (found.length > 0 && bytes > bytesMax) break
        found.push(block)
      }
      return found
    },

    async writeSnapshot(index, given) {
      requireOpen()
      const mine = life
      const pieces: Uint8Array[] = []
      for await (const piece of given instanceof Uint8Array ? [given] : given) pieces.push(piece.slice())
      if (mine !== life) return new Promise<never>(() => {})
      if (failure !== undefined) throw failure
      const written = { index, bytes: concat(...pieces) }
      snapshot = written
      unsynced.push(() => {
        disk.snapshot = written
      })
    },

    async readSnapshot() {
      requireOpen()
      return snapshot
    },

    async writeValue(name, bytes) {
      requireOpen()
      if (failure !== undefined) throw failure
      const written = bytes.slice()
      values.set(name, written)
      unsynced.push(() => disk.values.set(name, written))
    },

    async readValue(name) {
      requireOpen()
      return values.get(name)
    },

    async close() {
      sync()
      life = 0
    },

    crash() {
      unsynced = []
      life = 0
    },

    copy: () => createMemoryStore(disk),

    failWrites(next) {
      failure = next
    },
  }
}

function copyOf(batch: StoreBatch): StoreBatch {
  const blocks = batch.blocks.map(({ index, bytes, hash }) => ({ index, bytes: bytes.slice(), hash: hash.slice() }))
  const values = batch.values.map(({ name, bytes }) => ({ name, bytes: bytes?.slice() }))
  return { cutFrom: batch.cutFrom, blocks, values, meta: batch.meta.slice() }
}

function applyBatch(disk: Disk, batch: StoreBatch): void {
  if (batch.cutFrom !== undefined && disk.last !== undefined && batch.cutFrom <= disk.last) {
    for (let index = batch.cutFrom; index <= disk.last; index++) disk.blocks.delete(index)
    disk.last = batch.cutFrom > 0 ? batch.cutFrom - 1 : undefined
  }
  for (const block of batch.blocks) {
    assert(block.index === (disk.last ?? -1) + 1, 'blocks are written in order, without gaps')
    disk.blocks.set(block.index, block)
    disk.last = block.index
  }
  for (const { name, bytes } of batch.values) {
    if (bytes === undefined) disk.values.delete(name)
    else disk.values.set(name, bytes)
  }
  disk.meta = batch.meta
}
