import { concat } from '../core/codec.ts'
import { type Crypto, type Hash, toHex } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import { rulesVersion, rulesVersionMin } from '../core/limits.ts'
import { createMarket, restoreMarket } from '../market/market.ts'
import type { AppliedBlock, Market, RoomRules } from '../market/types.ts'
import type { Block, Commit, Genesis, StateParts } from '../ring/block.ts'
import { readBlocks } from './disk.ts'
import type { Store } from './ports.ts'
import { readSnapshot } from './snapshots.ts'

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

/**
 * The market after the genesis block and the parts that follow it: an empty one, or that of the room which it goes on from, once
 * all of them are there.
 */
export function firstMarket(
  genesisBlock: Block,
  genesis: Genesis,
  hash: Crypto['hash'],
  parts: readonly Block[] = [],
): { readonly value: Market } | { readonly malformed: string } {
  const rules = rulesOf(genesis)
  const state = genesis.parts === undefined ? genesis.state : joinState(genesis.parts, parts, hash)
  if (state === undefined) return { value: createMarket(rules, hash) }
  if ('malformed' in state) return state
  const restored = restoreMarket(state, rules, hash)
  // Its index was a place in the other log.
  if ('value' in restored) restored.value.apply(toAppliedBlock(parts.at(-1) ?? genesisBlock))
  return restored
}

function joinState(
  { count, hash: named }: StateParts,
  blocks: readonly Block[],
  hash: Crypto['hash'],
): Uint8Array | { readonly malformed: string } {
  const parts = blocks.flatMap(({ body }) => (body.kind === 'state' ? [body.part] : []))
  if (parts.length !== count) return { malformed: `only ${parts.length} of its ${count} parts are there` }
  const state = concat(...parts)
  return toHex(hash(state)) === named ? state : { malformed: 'its parts are another state than the genesis block names' }
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
    (await readSnapshot(store, crypto, rulesOf(genesis), commit.index)) ??
    (await marketAtStart(store, genesisBlock, genesis, crypto))
  for await (const blocks of readBlocks(store, crypto, market.index + 1, commit.index)) {
    for (const block of blocks) market.apply(toAppliedBlock(block))
    onProgress(market.index, commit.index)
  }
  return market
}

async function marketAtStart(store: Store, genesisBlock: Block, genesis: Genesis, crypto: Crypto): Promise<Market> {
  const parts: Block[] = []
  for await (const blocks of readBlocks(store, crypto, 1, genesis.parts?.count ?? 0)) parts.push(...blocks)
  const market = firstMarket(genesisBlock, genesis, crypto.hash, parts)
  if ('value' in market) return market.value
  throw new Failure('store-damaged', `The state that the room goes on from cannot be read: ${market.malformed}.`, { index: 0 })
}
