import { decodeWith, Writer } from '../core/codec.ts'
import { type Crypto, fromHex } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import { count, type Field, optional, struct } from '../core/fields.ts'
import { type Block, commitField, decodeBlock, headField, viewOf } from '../ring/block.ts'
import { decodeEvidence, type Evidence, encodeEvidence, evidenceKey } from '../ring/faults.ts'
import type { RingLimits } from '../ring/timing.ts'
import type { Disk, DiskMeta, Persist } from '../ring/types.ts'
import { epochField, sameEpoch } from '../ring/view.ts'
import type { Clock, Entropy, Store, StoreBatch, StoredBlock } from './ports.ts'

/** Of the record: a store that a later program wrote is refused, not guessed at. */
const metaVersion = 2
/** Read at once from the store. */
const chunkBytes = 1024 * 1024
/** Values that evidence can take: it is somebody else's bytes, so it has a bound. */
const evidenceMax = 64

/** Kept in each batch: how a start finds where the peer stands. */
export interface StoredMeta {
  readonly meta: DiskMeta
  /**
   * A record of version 1 whose log was lost: that version knew no losses, so one is to be drawn, and written before
   * anything else happens.
   */
  readonly lacksLoss: boolean
}

const metaField: Field<DiskMeta> = struct<DiskMeta>({
  head: headField,
  promised: epochField,
  incarnation: count,
  commit: commitField,
  loss: optional(count),
})

export function encodeMeta(meta: DiskMeta): Uint8Array {
  const writer = new Writer()
  metaField.write(writer.unsigned(metaVersion), meta)
  return writer.finish()
}

/** Throws a `Failure` with `store-version` where a later program wrote it. */
export function decodeMeta(bytes: Uint8Array): { readonly value: StoredMeta } | { readonly malformed: string } {
  return decodeWith(bytes, (reader): StoredMeta => {
    const version = reader.unsigned()
    if (version < 1 || version > metaVersion) {
      throw new Failure('store-version', `The store is of version ${version}; this program reads ${metaVersion}.`, { version })
    }
    const meta = metaField.read(reader)
    if (version === metaVersion) return { meta, lacksLoss: false }
    // In the place of the loss stood the epoch number below which the peer had forgotten.
    return { meta: { ...meta, loss: undefined }, lacksLoss: meta.loss !== undefined }
  })
}

/** From 1 to 2^48, the most that any number may be: no other loss of this peer is the same (PROTOCOL, section 1, loss). */
export function drawLoss(entropy: Entropy): number {
  let loss = 0
  for (const byte of entropy.bytes(6)) loss = 256 * loss + byte
  return loss + 1
}

export const toStored = (block: Block): StoredBlock => ({
  index: block.index,
  bytes: block.bytes,
  hash: fromHex(block.hash) as Uint8Array,
})

/** Blocks `from … through` of the store, in chunks; one that is missing or cannot be read is damage. */
export async function* readBlocks(
  store: Pick<Store, 'read'>,
  crypto: Crypto,
  from: number,
  through: number,
): AsyncGenerator<readonly Block[]> {
  for await (const rows of readRows(store, from, through)) yield rows.map((row) => fromStored(row, crypto))
}

/** The same, as they are stored. */
export async function* readRows(
  store: Pick<Store, 'read'>,
  from: number,
  through: number,
): AsyncGenerator<readonly StoredBlock[]> {
  let next = from
  while (next <= through) {
    const rows = await store.read(next, through, chunkBytes)
    if (rows.length === 0) throw new Failure('store-damaged', `Block ${next} is missing.`, { index: next })
    yield rows
    next += rows.length
  }
}

/** The first of blocks `from … through`, at most `bytesMax` together, but at least one. */
export async function readSome(
  store: Pick<Store, 'read'>,
  crypto: Crypto,
  from: number,
  through: number,
  bytesMax: number,
): Promise<readonly Block[]> {
  return (await store.read(from, through, bytesMax)).map((row) => fromStored(row, crypto))
}

/**
 * What the ring needs of the disk to start: the newest blocks, the views from the last committed one on, and all evidence.
 * `freeSlots`: where more of that can be kept, lowest first. `unreadSlots`: what is kept there is evidence that this program
 * cannot read; another version may, so it stays.
 */
export async function readDisk(
  store: Store,
  crypto: Crypto,
  meta: DiskMeta,
  { memoryBlocks }: RingLimits,
): Promise<{ readonly disk: Disk; readonly freeSlots: readonly number[]; readonly unreadSlots: readonly number[] }> {
  const from = Math.max(0, Math.min(meta.commit.index, meta.head.index - memoryBlocks + 1))
  const blocks: Block[] = []
  for await (const chunk of readBlocks(store, crypto, from, meta.head.index)) blocks.push(...chunk)
  const viewBlocks: Block[] = [await lastCommittedView(store, crypto, meta.commit.index)]
  for (const block of blocks) if (block.index > meta.commit.index && block.body.kind === 'view') viewBlocks.push(block)
  const { kept, unreadSlots } = await readEvidence(store, crypto)
  return {
    disk: { meta, blocks, viewBlocks, evidence: [...kept.values()] },
    freeSlots: slots.filter((slot) => !kept.has(slot) && !unreadSlots.includes(slot)),
    unreadSlots,
  }
}

export const evidenceName = (slot: number): string => `evidence/${slot}`

const slots: readonly number[] = Array.from({ length: evidenceMax }, (_, slot) => slot)

/**
 * By the slot that it takes, and the slots of what cannot be read. One for each author and kind: an earlier version gave all slots to one
 * liar, and the rest of those are free for others.
 */
export async function readEvidence(
  store: Store,
  crypto: Crypto,
): Promise<{ readonly kept: ReadonlyMap<number, Evidence>; readonly unreadSlots: readonly number[] }> {
  const kept = new Map<number, Evidence>()
  const unreadSlots: number[] = []
  const keys = new Set<string>()
  for (const slot of slots) {
    const bytes = await store.readValue(evidenceName(slot))
    const decoded = bytes && decodeEvidence(bytes, crypto)
    if (decoded === undefined) continue
    if (!('value' in decoded)) unreadSlots.push(slot)
    else if (!keys.has(evidenceKey(decoded.value))) {
      keys.add(evidenceKey(decoded.value))
      kept.set(slot, decoded.value)
    }
  }
  return { kept, unreadSlots }
}

/** In a batch: the evidence of another room goes. */
export const noEvidence: StoreBatch['values'] = slots.map((slot) => ({ name: evidenceName(slot), bytes: undefined }))

/**
 * The last block that this disk alone shows to be committed. The newest commit is on it only with the next fsync; but in a room whose
 * only member this peer was all is committed that is on its disk.
 */
export async function lastCommitted(store: Store, crypto: Crypto, { head, commit }: DiskMeta): Promise<number> {
  const isOfSeveral = (block: Block): boolean => (viewOf(block)?.members.length ?? 1) > 1
  if (isOfSeveral(await lastCommittedView(store, crypto, commit.index))) return commit.index
  for await (const blocks of readBlocks(store, crypto, commit.index + 1, head.index)) {
    if (blocks.some(isOfSeveral)) return commit.index
  }
  return head.index
}

/** The block of a view is the first of its epoch, and epochs grow along the log: found by halving. */
async function lastCommittedView(store: Store, crypto: Crypto, commitIndex: number): Promise<Block> {
  const at = await readOne(store, crypto, commitIndex)
  let [below, first] = [-1, at]
  while (first.index - below > 1) {
    const middle = await readOne(store, crypto, Math.floor((below + first.index) / 2))
    if (sameEpoch(middle.epoch, at.epoch)) first = middle
    else below = middle.index
  }
  if (viewOf(first) !== undefined) return first
  throw new Failure('store-damaged', `Block ${first.index} begins an epoch without its view.`, { index: first.index })
}

async function readOne(store: Store, crypto: Crypto, index: number): Promise<Block> {
  const [row] = await store.read(index, index, chunkBytes)
  if (row === undefined) throw new Failure('store-damaged', `Block ${index} is missing.`, { index })
  return fromStored(row, crypto)
}

function fromStored(row: StoredBlock, crypto: Crypto): Block {
  const decoded = decodeBlock(row.bytes, crypto)
  if ('malformed' in decoded) {
    throw new Failure('store-damaged', `Block ${row.index} cannot be read: ${decoded.malformed}.`, { index: row.index })
  }
  return decoded.value
}

/** Several batches of the ring as one: the same rows as if each had been written by itself, in order. */
export interface MergedPersist {
  /** Of the last batch in it. */
  readonly id: number
  readonly cutFrom: number | undefined
  readonly blocks: Persist['blocks']
  readonly evidence: readonly Evidence[]
  readonly meta: DiskMeta
}

export interface PersistQueue {
  /** Begins at once where nothing is under way; else it shares the next fsync with all that comes meanwhile. */
  add(persist: Persist): void
  /** Resolves when everything added is on disk, or has failed; after {@link idlePatience} that counts as failed, too. */
  idle(): Promise<void>
  /** Resolves when little waits for the disk, or it has failed: whoever takes in a long log waits for that, or it would fill the memory. */
  hasRoom(): Promise<void>
  readonly failed: Failure | undefined
}

/** Blocks that wait for the batch under way, in bytes. */
const waitingBytesMax = 8 * 1024 * 1024

export interface PersistQueueOptions {
  readonly store: Pick<Store, 'write'>
  readonly crypto: Crypto
  readonly clock: Pick<Clock, 'monotonic' | 'at'>
  /** Slots for evidence in which nothing is kept. What comes when none is left is kept in memory only. */
  readonly freeSlots: readonly number[]
  /** Every batch up to `id` is on disk. */
  readonly onPersisted: (id: number, meta: DiskMeta) => void
  /** Once. */
  readonly onFailed: (failure: Failure) => void
}

/** How long the end of a peer waits for a disk that does not answer, in milliseconds. */
export const idlePatience = 10_000

/** One fsync at a time. After a failed write nothing is written any more: a later batch must not leave a gap behind it. */
export function createPersistQueue({
  store,
  crypto,
  clock,
  onPersisted,
  onFailed,
  ...options
}: PersistQueueOptions): PersistQueue {
  const slots = [...options.freeSlots]
  let waiting: MergedPersist | undefined
  let waitingBytes = 0
  let isWriting = false
  let failed: Failure | undefined
  const idlers: (() => void)[] = []
  const takers: (() => void)[] = []

  const writeAll = async (): Promise<void> => {
    isWriting = true
    while (waiting !== undefined && failed === undefined) {
      const batch = waiting
      waiting = undefined
      waitingBytes = 0
      resume(takers)
      try {
        await store.write(toBatch(batch))
        // What comes of it is one batch, too. Whoever was told that it failed is not told that it is there.
        if (failed === undefined) onPersisted(batch.id, batch.meta)
      } catch (error) {
        fail(error)
      }
    }
    isWriting = false
    resume(idlers)
  }

  /** Of the disk, or of what could not even be encoded: either way it is not on disk, and whoever waits for that waits no longer. */
  const fail = (error: unknown): void => {
    if (failed !== undefined) return
    failed = error instanceof Failure ? error : new Failure('disk-failed', 'A write failed.', {}, { cause: error })
    onFailed(failed)
    resume(idlers)
    resume(takers)
  }

  const toBatch = ({ cutFrom, blocks, evidence, meta }: MergedPersist) => ({
    cutFrom,
    blocks: blocks.map(toStored),
    values: evidence.flatMap((one) => {
      const slot = slots.shift()
      return slot === undefined ? [] : [{ name: evidenceName(slot), bytes: encodeEvidence(one, crypto) }]
    }),
    meta: encodeMeta(meta),
  })

  const resume = (waiters: (() => void)[]): void => {
    for (const waiter of waiters.splice(0)) waiter()
  }

  return {
    add(persist) {
      waiting = mergePersists(waiting, persist)
      for (const { bytes } of persist.blocks) waitingBytes += bytes.length
      if (!isWriting) void writeAll()
    },
    idle() {
      if (!isWriting || failed !== undefined) return Promise.resolve()
      const seconds = idlePatience / 1_000
      const cancel = clock.at(clock.monotonic() + idlePatience, () =>
        fail(new Failure('disk-failed', `The disk has not answered for ${seconds} s: what was on its way to it may be lost.`)),
      )
      return new Promise<void>((resolve) => idlers.push(resolve)).finally(cancel)
    },
    async hasRoom() {
      if (waitingBytes >= waitingBytesMax && failed === undefined) await new Promise<void>((resolve) => takers.push(resolve))
    },
    get failed() {
      return failed
    },
  }
}

export function mergePersists(first: MergedPersist | undefined, second: MergedPersist): MergedPersist {
  if (first === undefined) return second
  const { id, meta } = second
  const cut = second.cutFrom
  const evidence = [...first.evidence, ...second.evidence]
  if (cut === undefined) return { id, cutFrom: first.cutFrom, blocks: [...first.blocks, ...second.blocks], evidence, meta }
  const kept = first.blocks.filter((block) => block.index < cut)
  // What the first batch appends begins where it cuts, or after the last row on disk: a cut at or beyond that
  // place takes back only what was never written.
  const begins = first.cutFrom ?? first.blocks[0]?.index
  const cutFrom = begins !== undefined && cut >= begins ? first.cutFrom : cut
  return { id, cutFrom, blocks: [...kept, ...second.blocks], evidence, meta }
}
