import { csvHead, csvRows } from '../api/log-csv.ts'
import { toBlock } from '../api/to-view.ts'
import { currencyIn, type LogRow, verifyLogBlocks } from '../app/stored-log.ts'
import { currencyOf } from '../core/currency.ts'
import type { Piece } from './export.ts'

/** A log that no peer has open, checked on the way: as many blocks of it as are good, then what is wrong with the next. */
export function storedPieces(
  rows: AsyncIterable<LogRow>,
  isCsv: boolean,
): { readonly all: AsyncIterable<Piece>; damage(): string | undefined } {
  let damage: string | undefined
  const read = async function* (): AsyncGenerator<Piece> {
    let code = ''
    for await (const step of verifyLogBlocks(rows)) {
      if (step.kind === 'result') {
        if (!step.result.ok) damage = `Block ${step.result.bad.index} is bad: ${step.result.bad.reason.replace(/\.$/, '')}.`
        return
      }
      const { verified, last } = step
      const { block, outcomes } = verified
      code ||= currencyIn(verified) ?? ''
      const head = block.index === 0 ? csvHead : ''
      const text = isCsv ? head + csvRows(block, outcomes, currencyOf(code)) : `${JSON.stringify(toBlock(block))}\n`
      yield { text, done: block.index + 1, total: last + 1 }
    }
  }
  return { all: read(), damage: () => damage }
}
