import type { OperationId } from '../core/ids.ts'
import { operationId } from '../core/ids.ts'
import type { Rejection } from '../market/outcome.ts'
import type { AppliedOutcome } from '../market/types.ts'
import type { Block } from '../ring/block.ts'

/** What the rules made of an operation, where it is not simply done. */
export type Verdict =
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  /** The request was there before: nothing happened again. */
  | { readonly kind: 'repeat' }
  /** Out of its author's sequence: it counts for nothing. */
  | { readonly kind: 'skipped' }

/** Of the operations of one block; those that are not in it were done. */
export type Verdicts = ReadonlyMap<OperationId, Verdict>

/** Keeps the verdicts on the newest blocks: a log has the operations, and not what became of them. */
export interface VerdictBook {
  add(block: Block, outcomes: readonly AppliedOutcome[]): void
  /** `undefined`: not known any more, or not yet in this start of the peer. */
  of(block: Block): Verdicts | undefined
}

/** As many as `log.tail` can be asked for. */
const blocksMax = 1_000
/** Of all blocks together: whoever floods a room with what is refused cannot fill its peers' memory. */
const verdictsMax = 20_000

const none: Verdicts = new Map()

export function createVerdictBook(): VerdictBook {
  // By hash: a peer that moves to another room meets the same indexes again.
  const byHash = new Map<string, Verdicts>()
  /**
   * In the order in which they came, from `first` on. The map knows that order too, but to find the first of its keys it walks over all
   * those deleted before it.
   */
  let hashes: string[] = []
  let first = 0
  let count = 0

  const dropOldest = (): void => {
    const hash = hashes[first++] as string
    count -= byHash.get(hash)?.size ?? 0
    byHash.delete(hash)
    if (first < blocksMax) return
    hashes = hashes.slice(first)
    first = 0
  }

  return {
    add(block, outcomes) {
      if (byHash.has(block.hash)) return
      const verdicts = verdictsOf(block, outcomes)
      byHash.set(block.hash, verdicts)
      hashes.push(block.hash)
      count += verdicts.size
      while (byHash.size > blocksMax || (count > verdictsMax && byHash.size > 0)) dropOldest()
    },
    of: (block) => byHash.get(block.hash),
  }
}

export function verdictsOf({ author, body }: Block, outcomes: readonly AppliedOutcome[]): Verdicts {
  if (body.kind !== 'ops') return none
  const verdicts = new Map<OperationId, Verdict>()
  for (const { sequence, outcome, isRepeat } of outcomes) {
    const verdict = verdictOf(outcome, isRepeat === true)
    if (verdict !== undefined) verdicts.set(operationId(author, body.incarnation, sequence), verdict)
  }
  return verdicts.size === 0 ? none : verdicts
}

function verdictOf(outcome: AppliedOutcome['outcome'], isRepeat: boolean): Verdict | undefined {
  if (outcome === undefined) return { kind: 'skipped' }
  if (!outcome.accepted) return { kind: 'refused', rejection: outcome.rejection }
  return isRepeat ? { kind: 'repeat' } : undefined
}
