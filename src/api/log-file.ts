import { currencyOf } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { AppliedOutcome } from '../market/types.ts'
import type { Peer } from '../peer/peer.ts'
import type { VerifyStep as CheckStep } from '../peer/verify.ts'
import { createBreath } from './breath.ts'
import { csvHead, csvRows } from './log-csv.ts'
import { toBlock } from './to-view.ts'
import type { ExportStep, SalvageStep, VerifyStep } from './views.ts'

/** The whole committed log, checked or as a file: streams that go on while everything else does, and end when nobody listens. */

/** A long work says how far it is so often, in milliseconds. */
const tellEvery = 100
/** A piece of a file has about so many characters. */
const pieceChars = 64 * 1024
/** Read at once. */
const sliceBlocks = 256
const sliceBytes = 1024 * 1024

export async function* checkLog(peer: Peer, signal: AbortSignal | undefined): AsyncGenerator<VerifyStep> {
  let toldAt = Number.NEGATIVE_INFINITY
  for await (const step of peer.verify()) {
    if (signal?.aborted) return
    if (step.kind === 'checked') {
      if (performance.now() - toldAt < tellEvery) continue
      yield { kind: 'progress', done: step.verified.block.index + 1, total: step.last + 1 }
      toldAt = performance.now()
    } else if (step.result.ok) {
      const { blocks, head, stateHash } = step.result
      yield { kind: 'progress', done: blocks, total: blocks }
      return yield { kind: 'done', blocks, hash: head, stateHash }
    } else {
      return yield { kind: 'damage', ...step.result.bad }
    }
  }
}

export type LogFormat = 'jsonl' | 'csv'

export function exportLog(peer: Peer, format: LogFormat, signal: AbortSignal | undefined): AsyncGenerator<ExportStep> {
  return inPieces(format === 'csv' ? csvLines(peer) : jsonLines(peer), signal)
}

/** {@link wholeLines} in pieces. */
export const salvageLog = (
  steps: AsyncIterable<CheckStep>,
  format: LogFormat,
  signal: AbortSignal | undefined,
): AsyncGenerator<SalvageStep> => inPieces(wholeLines(steps, format), signal)

/** As many blocks of a log as are good, checked on the way, a step each; then, without text, what is wrong with the next, if it is. */
export async function* wholeLines(steps: AsyncIterable<CheckStep>, format: LogFormat): AsyncGenerator<SalvageStep> {
  const breathe = createBreath()
  let code = ''
  let done = 0
  let total = 0
  for await (const step of steps) {
    if (step.kind === 'result') {
      if (!step.result.ok) yield { text: '', done, total, bad: step.result.bad }
      return
    }
    const { block, outcomes } = step.verified
    if (block.body.kind === 'genesis') code = block.body.genesis.currency
    done = block.index + 1
    total = step.last + 1
    // To check a full block and to write it are two pieces of work, each long enough.
    await breathe()
    yield { text: format === 'csv' ? csvText(block, outcomes, code) : jsonLine(block), done, total }
  }
}

type Block = Parameters<typeof toBlock>[0]

/** What `gavelring log verify` can check: a block a line, with its canonical bytes. */
const jsonLine = (block: Block): string => `${JSON.stringify(toBlock(block))}\n`

const csvText = (block: Block, outcomes: readonly AppliedOutcome[], currency: string): string =>
  (block.index === 0 ? csvHead : '') + csvRows(block, outcomes, currencyOf(currency))

/** `done`: how many blocks there are by now. */
async function* jsonLines(peer: Peer): AsyncGenerator<ExportStep> {
  const total = peer.status().commit.index + 1
  const breathe = createBreath()
  for (let done = 0; done < total; ) {
    const blocks = await peer.log(done, Math.min(sliceBlocks, total - done), sliceBytes)
    if (blocks.length === 0) throw new Failure('store-damaged', `Block ${done} is missing.`, { index: done })
    for (const block of blocks) {
      yield { text: jsonLine(block), done: ++done, total }
      await breathe()
    }
  }
}

/** What became of an operation shows only when all before it have been applied: so the log is checked on the way. */
async function* csvLines(peer: Peer): AsyncGenerator<ExportStep> {
  for await (const { bad, ...line } of wholeLines(peer.verify(), 'csv')) {
    if (bad !== undefined) throw new Failure('store-damaged', `Block ${bad.index}: ${bad.reason}.`, { index: bad.index })
    yield line
  }
}

/** The last piece says how far it came also where no text is left for it: of a block without operations CSV has no row. */
async function* inPieces<Step extends ExportStep>(
  lines: AsyncIterable<Step>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Step> {
  let text = ''
  let untold: Step | undefined
  let toldAt = performance.now()
  for await (const line of lines) {
    if (signal?.aborted) return
    text += line.text
    untold = line
    if (text.length < pieceChars && performance.now() - toldAt < tellEvery) continue
    yield { ...line, text }
    untold = undefined
    text = ''
    toldAt = performance.now()
  }
  if (untold !== undefined) yield { ...untold, text }
}
