import type { Currency } from '../core/currency.ts'
import type { Peer } from '../peer/peer.ts'
import { createBreath } from './breath.ts'
import { toJudgedBlock } from './judged-block.ts'
import { withMoneyText } from './to-view.ts'
import type { JudgedBlock, LogFound } from './views.ts'

/** One call looks at so many blocks at most, and its answer is about so long. */
export const searchBlocksMax = 5_000
const answerBytesMax = 256 * 1024
/** Read at once. */
const sliceBlocks = 256
const sliceBytes = 1024 * 1024

export interface Search {
  readonly text: string
  /** Below this block; `undefined`: from the last committed one on. */
  readonly before?: number | undefined
  readonly count: number
}

/**
 * Committed blocks in which a text stands, newest first: in one of the values that people are shown, whatever the case; a number,
 * with # or without, is also the index of a block. Of authors it knows the names too.
 */
export async function searchLog(peer: Peer, { text, before, count }: Search, currency: Currency): Promise<LogFound> {
  const breathe = createBreath()
  const last = peer.status().commit.index
  const start = Math.min(before ?? last + 1, last + 1)
  const lowest = Math.max(0, start - searchBlocksMax)
  const wanted = createMatch(text, namesOf(peer))
  const readBefore = createReader(peer)
  const blocks: JudgedBlock[] = []
  let bytes = 0
  let lookedTo = start
  while (lookedTo > lowest) {
    const slice = await readBefore(lookedTo, lowest)
    for (const block of slice) {
      lookedTo = block.index
      await breathe()
      const judged = toJudgedBlock(block, peer.verdicts(block), currency)
      if (!wanted(judged, currency)) continue
      blocks.push(judged)
      bytes += block.bytes.length
      if (blocks.length === count || bytes > answerBytesMax) return { blocks, lookedTo, isDone: lookedTo === 0 }
    }
    if (slice.length === 0) break
  }
  return { blocks, lookedTo, isDone: lookedTo === 0 }
}

type Block = Awaited<ReturnType<Peer['log']>>[number]

/** Blocks before one, newest first. They can only be read upwards: where they are large, fewer are read, down to one. */
function createReader(peer: Peer): (before: number, lowest: number) => Promise<readonly Block[]> {
  let size = sliceBlocks
  return async (before, lowest) => {
    for (;;) {
      const count = Math.min(size, before - lowest)
      const slice = await peer.log(before - count, count, sliceBytes)
      if (slice.length === count || slice.length === 0) {
        size = Math.min(sliceBlocks, 2 * size)
        return slice.toReversed()
      }
      size = slice.length
    }
  }
}

const namesOf = (peer: Peer): ReadonlyMap<string, string> => new Map(peer.peers().map(({ peer: id, name }) => [id, name]))

function createMatch(text: string, names: ReadonlyMap<string, string>): (block: JudgedBlock, currency: Currency) => boolean {
  const wanted = text.toLowerCase()
  const index = /^#?(\d{1,15})$/.exec(wanted)?.[1]
  const isIn = (value: unknown): boolean => {
    if (typeof value === 'string') return value.toLowerCase().includes(wanted)
    if (typeof value === 'number') return String(value) === wanted
    return typeof value === 'object' && value !== null && Object.values(value).some(isIn)
  }
  return (block, currency) => {
    const { author, hash, epoch, kind, content } = block
    if (index !== undefined && block.index === Number(index)) return true
    if (isIn(author) || isIn(names.get(author)) || isIn(hash) || isIn(epoch) || isIn(kind)) return true
    if (!Array.isArray(content)) return isIn(content)
    return content.some((operation) => isIn(withMoneyText(operation, currency)))
  }
}
