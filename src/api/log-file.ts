import { type Currency, currencyOf } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { Peer } from '../peer/peer.ts'
import { createBreath } from './breath.ts'
import { csvHead, csvRows } from './log-csv.ts'
import { toBlock } from './to-view.ts'
import type { ExportStep, VerifyStep } from './views.ts'

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

export function exportLog(peer: Peer, format: 'jsonl' | 'csv', signal: AbortSignal | undefined): AsyncGenerator<ExportStep> {
  const lines = format === 'csv' ? csvLines(peer, currencyOf(peer.rules().currency)) : jsonLines(peer)
  return inPieces(lines, signal)
}

/** Text of one more block; `done`: how many there are by now. */
type Line = ExportStep

/** What `gavelring log verify` can check: a block a line, with its canonical bytes. */
async function* jsonLines(peer: Peer): AsyncGenerator<Line> {
  const total = peer.status().commit.index + 1
  const breathe = createBreath()
  for (let done = 0; done < total; ) {
    const blocks = await peer.log(done, Math.min(sliceBlocks, total - done), sliceBytes)
    if (blocks.length === 0) throw new Failure('store-damaged', `Block ${done} is missing.`, { index: done })
    for (const block of blocks) {
      yield { text: `${JSON.stringify(toBlock(block))}\n`, done: ++done, total }
      await breathe()
    }
  }
}

/** What became of an operation shows only when all before it have been applied: so the log is checked on the way. */
async function* csvLines(peer: Peer, currency: Currency): AsyncGenerator<Line> {
  const breathe = createBreath()
  for await (const step of peer.verify()) {
    if (step.kind === 'checked') {
      const { block, outcomes } = step.verified
      // To check a full block and to write it are two pieces of work, each long enough.
      await breathe()
      const rows = csvRows(block, outcomes, currency)
      yield { text: block.index === 0 ? `${csvHead}${rows}` : rows, done: block.index + 1, total: step.last + 1 }
    } else if (!step.result.ok) {
      const { index, reason } = step.result.bad
      throw new Failure('store-damaged', `Block ${index}: ${reason}.`, { index })
    }
  }
}

async function* inPieces(lines: AsyncGenerator<Line>, signal: AbortSignal | undefined): AsyncGenerator<ExportStep> {
  let text = ''
  let last: Line | undefined
  let toldAt = performance.now()
  for await (const line of lines) {
    if (signal?.aborted) return
    text += line.text
    last = line
    if (text.length < pieceChars && performance.now() - toldAt < tellEvery) continue
    yield { ...line, text }
    text = ''
    toldAt = performance.now()
  }
  if (last !== undefined && text !== '') yield { ...last, text }
}
