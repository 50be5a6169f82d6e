import { bounds, newest } from '../bounds.ts'
import { createBreath } from '../breath.ts'
import type { CallContext } from '../caller.ts'
import { toJudgedBlock } from '../judged-block.ts'
import { checkLog, exportLog, salvageLog } from '../log-file.ts'
import { searchLog } from '../log-search.ts'
import { refuseUnknownBlock } from '../refuse.ts'
import type { Seat } from '../seat.ts'
import { createStreams } from '../streams.ts'
import { toBlock } from '../to-view.ts'
import type { JudgedBlock } from '../views.ts'
import { api } from './api.ts'
import type { Desk } from './desk.ts'

/** One answer of `log.read` is about this long at most, and one of `log.page` and `log.tail`, which take far more words for a block. */
const readBytesMax = 1024 * 1024
const pageBytesMax = 256 * 1024
/** Each goes through the whole log. */
const longWorksMax = 4

type Block = Parameters<typeof toBlock>[0]

export const createLogRoutes = (desk: Desk, seat: Pick<Seat, 'verifyDamaged'>) => {
  const longWorks = createStreams(longWorksMax)

  const judge = async (blocks: readonly Block[]): Promise<JudgedBlock[]> => {
    const { peer } = desk
    const breathe = createBreath()
    const judged: JudgedBlock[] = []
    for (const block of blocks) {
      judged.push(toJudgedBlock(block, peer.verdicts(block), desk.currency()))
      await breathe()
    }
    return judged
  }

  /** The newest that fit an answer, at most `count`: those before them are let go as they are read. */
  const newestBlocks = async (count: number): Promise<readonly Block[]> => {
    const last = desk.peer.status().commit.index
    const kept: Block[] = []
    let bytes = 0
    for (let from = Math.max(0, last + 1 - count); from <= last; ) {
      const more = await desk.peer.log(from, last + 1 - from, pageBytesMax)
      if (more.length === 0) break
      for (const block of more) {
        kept.push(block)
        bytes += block.bytes.length
        while (bytes > pageBytesMax && kept.length > 1) bytes -= kept.shift()?.bytes.length ?? 0
      }
      from += more.length
    }
    return kept
  }

  return {
    log: {
      tail: api.log.tail.handler(async ({ input }) => judge(await newestBlocks(input.count))),
      read: api.log.read.handler(async ({ input, context }) => {
        const blocks = await desk.peer.log(input.from, input.count, readBytesMax)
        goOn(context, blocks, desk.peer.status().commit.index)
        return blocks.map((block) => toBlock(block))
      }),
      page: api.log.page.handler(async ({ input, context }) => {
        const last = desk.peer.status().commit.index
        const blocks = await judge(await desk.peer.log(input.from, input.count, pageBytesMax))
        goOn(context, blocks, last)
        return { last, blocks }
      }),
      entry: api.log.entry.handler(async ({ input }) => {
        const { peer } = desk
        const { index } = input
        const commit = peer.status().commit.index
        const [block] = await peer.log(index, 1)
        if (block === undefined) throw refuseUnknownBlock(index, commit)
        const judged = toJudgedBlock(block, peer.verdicts(block), desk.currency())
        const signature = Buffer.from(block.signature).toString('hex')
        return { ...toBlock(block), ...judged, signature, signer: block.author, commit }
      }),
      search: api.log.search.handler(async ({ input, context }) => {
        const found = await searchLog(desk.peer, input, desk.currency())
        if (!found.isDone) context.goesOn?.({ before: found.lookedTo })
        return found
      }),
      verify: api.log.verify.handler(({ signal }) => longWorks.open(() => checkLog(desk.peer, signal), signal)),
      export: api.log.export.handler(({ input, signal }) =>
        longWorks.open(() => exportLog(desk.peer, input.format, signal), signal),
      ),
      salvage: api.log.salvage.handler(({ input, signal }) => {
        // Where there is none, that is the answer: no stream begins.
        const steps = seat.verifyDamaged(signal)
        return longWorks.open(() => salvageLog(steps, input.format, signal), signal)
      }),
      proofs: api.log.proofs.handler(() =>
        newest(desk.peer.proofs(), bounds.proofs).map((proof) => ({ ...proof, blocks: [...proof.blocks] })),
      ),
    },
  }
}

function goOn({ goesOn }: CallContext, blocks: readonly { readonly index: number }[], last: number): void {
  const told = blocks.at(-1)?.index
  if (told !== undefined && told < last) goesOn?.({ from: told + 1 })
}
