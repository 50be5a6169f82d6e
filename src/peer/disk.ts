import { assert } from '../core/assert.ts'
import { decodeWith, type Reader, Writer } from '../core/codec.ts'
import { type Crypto, fromHex } from '../core/crypto.ts'
import { type Block, decodeBlock, readHash, writeHash } from '../ring/block.ts'
import { readEpoch, sameEpoch, writeEpoch } from '../ring/epoch.ts'
import { memoryBlocks } from '../ring/timing.ts'
import type { Disk, DiskMeta } from '../ring/types.ts'
import type { View } from '../ring/view.ts'
import { Failure, type Store, type StoredBlock } from './ports.ts'

/** Of this record: a store that a later program wrote is refused, not guessed at. */
const metaVersion = 1
/** Read at once from the store. */
const chunkBytes = 1024 * 1024

export function encodeMeta(meta: DiskMeta): Uint8Array {
  const writer = new Writer()
  writeEpoch(writer.unsigned(metaVersion), meta.head.epoch)
  writeHash(writer.unsigned(meta.head.index), meta.head.hash)
  writeEpoch(writer, meta.promised)
  writeHash(writer.unsigned(meta.incarnation).unsigned(meta.commit.index), meta.commit.hash)
  return writer.optional(meta.forgotBelow, (number) => writer.unsigned(number)).finish()
}

export function decodeMeta(bytes: Uint8Array): { readonly value: DiskMeta } | { readonly malformed: string } {
  return decodeWith(bytes, readMeta)
}

export const toStored = (block: Block): StoredBlock => ({
  index: block.index,
  bytes: block.bytes,
  hash: fromHex(block.hash) as Uint8Array,
})

/** Blocks `from … through` of the store, in chunks. The store has checked their hashes; one it lacks is damage. */
export async function* readBlocks(store: Store, crypto: Crypto, from: number, through: number): AsyncGenerator<readonly Block[]> {
  let next = from
  while (next <= through) {
    const rows = await store.read(next, through, chunkBytes)
    if (rows.length === 0) throw new Failure('store-damaged', `Block ${next} is missing.`, { index: next })
    yield rows.map((row) => fromStored(row, crypto))
    next += rows.length
  }
}

/** What the ring needs of the disk to start: the newest blocks, and the views from the last committed one on. */
export async function readDisk(store: Store, crypto: Crypto, metaBytes: Uint8Array): Promise<Disk> {
  const decoded = decodeMeta(metaBytes)
  if ('malformed' in decoded) throw new Failure('store-version', `The store's record cannot be read: ${decoded.malformed}.`)
  const meta = decoded.value
  const from = Math.max(0, Math.min(meta.commit.index, meta.head.index - memoryBlocks + 1))
  const blocks: Block[] = []
  for await (const chunk of readBlocks(store, crypto, from, meta.head.index)) blocks.push(...chunk)
  const views: View[] = [await lastCommittedView(store, crypto, meta.commit.index)]
  for (const block of blocks) {
    if (block.index > meta.commit.index && block.body.kind === 'view') views.push(toView(block))
  }
  return { meta, blocks, views }
}

/** The block of a view is the first of its epoch, and epochs grow along the log: found by halving. */
async function lastCommittedView(store: Store, crypto: Crypto, commitIndex: number): Promise<View> {
  const at = await readOne(store, crypto, commitIndex)
  let [below, first] = [-1, at]
  while (first.index - below > 1) {
    const middle = await readOne(store, crypto, Math.floor((below + first.index) / 2))
    if (sameEpoch(middle.epoch, at.epoch)) first = middle
    else below = middle.index
  }
  return toView(first)
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

function toView(block: Block): View {
  const { body, epoch, index } = block
  assert(body.kind !== 'ops', `block ${index} is the first of its epoch and no view`)
  return { epoch, index, members: body.kind === 'view' ? body.members : [body.genesis.founder] }
}

function readMeta(reader: Reader): DiskMeta {
  const version = reader.unsigned()
  if (version !== metaVersion) {
    throw new Failure('store-version', `The store is of version ${version}; this program reads ${metaVersion}.`, { version })
  }
  return {
    head: { epoch: readEpoch(reader), index: reader.unsigned(), hash: readHash(reader) },
    promised: readEpoch(reader),
    incarnation: reader.unsigned(),
    commit: { index: reader.unsigned(), hash: readHash(reader) },
    forgotBelow: reader.optional(() => reader.unsigned()),
  }
}
