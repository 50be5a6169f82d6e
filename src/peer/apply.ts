import type { Crypto } from '../core/crypto.ts'
import { createMarket, restoreMarket } from '../market/market.ts'
import type { AppliedBlock, Market, RoomRules } from '../market/types.ts'
import type { Block, Genesis } from '../ring/block.ts'

/** A committed block as the market sees it; one without operations only moves its index. */
export function toAppliedBlock({ index, time, author, body }: Block): AppliedBlock {
  if (body.kind !== 'ops') return { index, time, author, incarnation: 0, firstSequence: 0, ops: [] }
  const { incarnation, firstSequence, ops } = body
  return { index, time, author, incarnation, firstSequence, ops }
}

export const rulesOf = ({ currency, deposits, founder }: Genesis): RoomRules => ({ currency, deposits, founder })

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
