import { decodeWith, Writer } from '../core/codec.ts'
import { type Crypto, fromHex } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import { count, type Field, optional, struct } from '../core/fields.ts'
import { type Block, commitField, decodeBlock, headField } from '../ring/block.ts'
import { decodeEvidence, type Evidence } from '../ring/evidence.ts'
import type { RingLimits } from '../ring/timing.ts'
import type { Disk, DiskMeta } from '../ring/types.ts'
import { epochField, sameEpoch } from '../ring/view.ts'
import type { Entropy, Store, StoreBatch, StoredBlock } from './ports.ts'

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
export async function* readBlocks(store: Store, crypto: Crypto, from: number, through: number): AsyncGenerator<readonly Block[]> {
  let next = from
  while (next <= through) {
    const rows = await store.read(next, through, chunkBytes)
    if (rows.length === 0) throw new Failure('store-damaged', `Block ${next} is missing.`, { index: next })
    yield rows.map((row) => fromStored(row, crypto))
    next += rows.length
  }
}

/**
 * What the ring needs of the disk to start: the newest blocks, the views from the last committed one on, and all evidence.
 * `freeSlots`: where more of that can be kept, lowest first.
 */
export async function readDisk(
  store: Store,
  crypto: Crypto,
  meta: DiskMeta,
  { memoryBlocks }: RingLimits,
): Promise<{ readonly disk: Disk; readonly freeSlots: readonly number[] }> {
  const from = Math.max(0, Math.min(meta.commit.index, meta.head.index - memoryBlocks + 1))
  const blocks: Block[] = []
  for await (const chunk of readBlocks(store, crypto, from, meta.head.index)) blocks.push(...chunk)
  const viewBlocks: Block[] = [await lastCommittedView(store, crypto, meta.commit.index)]
  for (const block of blocks) if (block.index > meta.commit.index && block.body.kind === 'view') viewBlocks.push(block)
  const kept = await readEvidence(store, crypto)
  return {
    disk: { meta, blocks, viewBlocks, evidence: [...kept.values()] },
    freeSlots: slots.filter((slot) => !kept.has(slot)),
  }
}

export const evidenceName = (slot: number): string => `evidence/${slot}`

const slots: readonly number[] = Array.from({ length: evidenceMax }, (_, slot) => slot)

/** By the slot that it takes. What cannot be read is left out. */
export async function readEvidence(store: Store, crypto: Crypto): Promise<ReadonlyMap<number, Evidence>> {
  const kept = new Map<number, Evidence>()
  for (const slot of slots) {
    const bytes = await store.readValue(evidenceName(slot))
    const decoded = bytes && decodeEvidence(bytes, crypto)
    if (decoded !== undefined && 'value' in decoded) kept.set(slot, decoded.value)
  }
  return kept
}

/** In a batch: the evidence of another room goes. */
export const noEvidence: StoreBatch['values'] = slots.map((slot) => ({ name: evidenceName(slot), bytes: undefined }))

/** The block of a view is the first of its epoch, and epochs grow along the log: found by halving. */
async function lastCommittedView(store: Store, crypto: Crypto, commitIndex: number): Promise<Block> {
  const at = await readOne(store, crypto, commitIndex)
  let [below, first] = [-1, at]
  while (first.index - below > 1) {
    const middle = await readOne(store, crypto, Math.floor((below + first.index) / 2))
    if (sameEpoch(middle.epoch, at.epoch)) first = middle
    else below = middle.index
  }
  if (first.body.kind !== 'ops') return first
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
