import { decodeWith, Writer } from '../core/codec.ts'
import { type Crypto, type Hash, toHex } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import { hash } from '../core/fields.ts'
import { rulesVersion, rulesVersionMin } from '../core/limits.ts'
import { createMarket, restoreMarket } from '../market/market.ts'
import type { AppliedBlock, Market, RoomRules } from '../market/types.ts'
import type { Block, Commit, Genesis } from '../ring/block.ts'
import type { DiskMeta } from '../ring/types.ts'
import { readBlocks } from './disk.ts'
import type { Logger, Store } from './ports.ts'

/** Usual number of committed blocks from one snapshot to the next. */
export const snapshotEvery = 1_000

/** A committed block as the market sees it; one without operations only moves its index. */
export function toAppliedBlock({ index, time, author, body }: Block): AppliedBlock {
  if (body.kind !== 'ops') return { index, time, author, incarnation: 0, firstSequence: 0, ops: [] }
  const { incarnation, firstSequence, ops } = body
  return { index, time, author, incarnation, firstSequence, ops }
}

export const rulesOf = ({ rulesVersion: version, currency, deposits, founder }: Genesis): RoomRules => ({
  version,
  currency,
  deposits,
  founder,
})

/** Whether this program can apply operations as the room's rules say. */
export const knowsRules = ({ rulesVersion: version }: Genesis): boolean => version >= rulesVersionMin && version <= rulesVersion

/** Of a market whose state no operation has changed, be it in a room that this one goes on from. */
export const untouchedHash = (genesis: Genesis, hash: Crypto['hash']): Hash => createMarket(rulesOf(genesis), hash).stateHash

/** The market after the genesis block: an empty one, or that of the room which it goes on from. */
export function firstMarket(
  genesisBlock: Block,
  genesis: Genesis,
  hash: Crypto['hash'],
): { readonly value: Market } | { readonly malformed: string } {
  const rules = rulesOf(genesis)
  if (genesis.state === undefined) return { value: createMarket(rules, hash) }
  const restored = restoreMarket(genesis.state, rules, hash)
  // Its index was a place in the other log.
  if ('value' in restored) restored.value.apply(toAppliedBlock(genesisBlock))
  return restored
}

/** The market as of `commit`: from the snapshot, if there is a fitting one, and the log after it. */
export async function replayMarket(
  store: Store,
  crypto: Crypto,
  genesisBlock: Block,
  genesis: Genesis,
  commit: Commit,
  onProgress: (done: number, total: number) => void,
): Promise<Market> {
  const market =
    (await readSnapshot(store, crypto, rulesOf(genesis), commit.index)) ?? marketAtStart(genesisBlock, genesis, crypto)
  for await (const blocks of readBlocks(store, crypto, market.index + 1, commit.index)) {
    for (const block of blocks) market.apply(toAppliedBlock(block))
    onProgress(market.index, commit.index)
  }
  return market
}

/** Keeps a snapshot on disk, so that the next start need not replay the whole log. */
export interface SnapshotKeeper {
  onApplied(commit: Commit): void
  /** A snapshot is written only once the commit that it stands on is on disk: it never runs ahead of the log. */
  onPersisted(meta: DiskMeta): void
  /** Writes what there is, at the end. */
  finish(commit: Commit): Promise<void>
}

/** `every`: committed blocks from one to the next; more makes the next start longer, fewer writes more. */
export function createSnapshotKeeper(store: Store, market: Market, logger: Logger, every: number): SnapshotKeeper {
  let taken = market.index
  let waiting: { readonly index: number; readonly bytes: Uint8Array } | undefined
  let persisted = market.index

  const write = async (): Promise<void> => {
    if (waiting === undefined || persisted < waiting.index) return
    const { index, bytes } = waiting
    waiting = undefined
    try {
      await store.writeSnapshot(index, bytes)
    } catch (error) {
      // It can be made again from the log.
      logger.warn('snapshot-unwritten', { index, error })
    }
  }
  const take = (commit: Commit): void => {
    taken = commit.index
    waiting = { index: commit.index, bytes: withBlock(commit, market.snapshot()) }
  }

  return {
    onApplied(commit) {
      if (commit.index - taken >= every) take(commit)
    },
    onPersisted(meta) {
      persisted = meta.commit.index
      if (waiting !== undefined) void write()
    },
    async finish(commit) {
      if (commit.index > taken) take(commit)
      await write()
    },
  }
}

function marketAtStart(genesisBlock: Block, genesis: Genesis, crypto: Crypto): Market {
  const market = firstMarket(genesisBlock, genesis, crypto.hash)
  if ('value' in market) return market.value
  throw new Failure('store-damaged', `The state in the genesis block cannot be read: ${market.malformed}.`, { index: 0 })
}

/** `undefined` where there is none for this very log: a store may have held another room's before. */
async function readSnapshot(store: Store, crypto: Crypto, rules: RoomRules, indexMax: number): Promise<Market | undefined> {
  const snapshot = await store.readSnapshot()
  if (snapshot === undefined || snapshot.index > indexMax) return undefined
  const decoded = decodeWith(snapshot.bytes, (reader) => ({ block: hash.read(reader), state: reader.raw(reader.left) }))
  const [row] = await store.read(snapshot.index, snapshot.index, 1)
  if ('malformed' in decoded || row === undefined || toHex(row.hash) !== decoded.value.block) return undefined
  const restored = restoreMarket(decoded.value.state, rules, crypto.hash)
  return 'value' in restored && restored.value.index === snapshot.index ? restored.value : undefined
}

/** A snapshot names the block that it was taken after. */
function withBlock(commit: Commit, state: Uint8Array): Uint8Array {
  const writer = new Writer(state.length + 40)
  hash.write(writer, commit.hash)
  return writer.raw(state).finish()
}
