import type { AppliedBlock, RoomRules } from '../market/market.ts'
import type { Block, Genesis } from '../ring/block.ts'

/** A committed block as the market sees it; one without operations only moves its index. */
export function toAppliedBlock({ index, time, author, body }: Block): AppliedBlock {
  if (body.kind !== 'ops') return { index, time, author, incarnation: 0, firstSequence: 0, ops: [] }
  const { incarnation, firstSequence, ops } = body
  return { index, time, author, incarnation, firstSequence, ops }
}

export const rulesOf = ({ currency, deposits, founder }: Genesis): RoomRules => ({ currency, deposits, founder })
