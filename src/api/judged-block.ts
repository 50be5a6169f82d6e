import type { Currency } from '../core/currency.ts'
import type { Operation } from '../market/operation.ts'
import type { AppliedOutcome } from '../market/types.ts'
import { type Verdict, type Verdicts, verdictsOf } from '../peer/verdicts.ts'
import { rejectionText } from './texts.ts'
import { toBlock, toRejection } from './to-view.ts'
import type { JudgedBlock } from './views.ts'

type Block = Parameters<typeof toBlock>[0]

/** A block, and of each of its operations what became of it; `verdicts`: `undefined` where that is not known. */
export function toJudgedBlock(block: Block, verdicts: Verdicts | undefined, currency: Currency): JudgedBlock {
  const { bytes: _, ...view } = toBlock(block)
  const { content } = view
  if (!Array.isArray(content)) return { ...view, judged: true }
  if (verdicts === undefined) return { ...view, judged: false }
  const byId: ReadonlyMap<string, Verdict> = verdicts
  const judged = content.map((operation) => {
    const verdict = byId.get(String(operation.operation))
    return verdict === undefined ? operation : { ...operation, ...toVerdict(verdict, operation.kind, currency) }
  })
  return { ...view, content: judged, judged: true }
}

/** The same for whoever applied the block: see `verifyRows`. */
export const toReplayedBlock = (block: Block, outcomes: readonly AppliedOutcome[], currency: Currency): JudgedBlock =>
  toJudgedBlock(block, verdictsOf(block, outcomes), currency)

function toVerdict(verdict: Verdict, kind: unknown, currency: Currency): Record<string, unknown> {
  if (verdict.kind !== 'refused') return { [verdict.kind]: true }
  const view = toRejection(verdict.rejection, currency)
  // The kind comes from `toOperation`.
  return { refused: { ...view, message: rejectionText(view, kind as Operation['kind']) } }
}
