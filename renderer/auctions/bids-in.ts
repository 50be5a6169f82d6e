import type { JudgedBlock } from '../../src/api/views.ts'

/** Where a bid stands in the log. */
export interface BidBlock {
  readonly index: number
  readonly turn: number
  readonly lamport: number
}

/** Of one lot: nobody can bid the same twice. */
export const bidKey = (account: string, cents: number): string => `${account} ${cents}`

/** The accepted ones on this lot. */
export function bidsIn({ index, turn, lamport, content }: JudgedBlock, auction: string): [string, BidBlock][] {
  if (!Array.isArray(content)) return []
  return content.flatMap((told): [string, BidBlock][] => {
    const { kind, account, amount, refused, repeat } = told
    const isBid = kind === 'bid' && told.auction === auction && refused === undefined && repeat !== true
    if (!isBid || typeof account !== 'string' || typeof amount !== 'number') return []
    return [[bidKey(account, amount), { index, turn, lamport }]]
  })
}
