import type { Api } from '../api/client.ts'
import type { JudgedBlock } from '../api/views.ts'
import { currencyOf } from '../core/currency.ts'
import type { Call } from './command.ts'
import { readRunningLog, toRows } from './log-source.ts'
import { createProgress } from './progress.ts'

/** A longer log is not read from its beginning for a few words about its end. */
const replayBlocksMax = 20_000

/**
 * What became of operations of blocks from before the peer's start, which it does not keep: the log has it all, for whoever
 * applies it from its first block on, as this does here. Blocks of a very long log stay as they are.
 */
export async function judge(
  call: Call,
  api: Api,
  blocks: readonly JudgedBlock[],
  currency: string,
): Promise<readonly JudgedBlock[]> {
  const last = blocks.findLast(({ judged }) => !judged)
  if (last === undefined || last.index >= replayBlocksMax) return blocks
  const [{ verifyLogRows }, { toReplayedBlock }] = await Promise.all([
    import('../app/stored-log.ts'),
    import('../api/judged-block.ts'),
  ])
  const missing = new Map(blocks.filter(({ judged }) => !judged).map((block) => [block.index, block]))
  const found = new Map<number, JudgedBlock>()
  const progress = createProgress(call.terminal)
  const rows = toRows(upTo(readRunningLog(api), last.index))
  await verifyLogRows(rows, ({ block, outcomes }) => {
    progress('reading', block.index, last.index)
    if (missing.get(block.index)?.hash === block.hash)
      found.set(block.index, toReplayedBlock(block, outcomes, currencyOf(currency)))
  })
  progress('reading', 1, 1)
  return blocks.map((block) => found.get(block.index) ?? block)
}

async function* upTo<Row extends { readonly block: { readonly index: number } }>(
  rows: AsyncIterable<Row>,
  index: number,
): AsyncGenerator<Row> {
  for await (const row of rows) {
    yield row
    if (row.block.index >= index) return
  }
}
