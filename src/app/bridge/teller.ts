import type { JudgedBlock } from '../../api/views.ts'
import type { Texts } from '../../gateway/texts.ts'
import { noticesOf } from './notices.ts'
import type { PeerLink } from './peer-link.ts'
import type { Post } from './post.ts'

/**
 * Tells the bus what is in the log of one room, block by block, from the last block on that was told, each once. Where nothing was
 * missed it reads the blocks that it hears of, and no others: a busy bank costs it nothing.
 */
export interface Teller {
  /** This bridge holds the room. The server says that all blocks up to `told` are, and this bridge knows that those up to `known` are. */
  begin(told: number, known: number): void
  hear(news: 'gap' | { readonly block: number }): void
  /** Until {@link begin} nothing more is told. */
  pause(): void
  /** Resolves when all that was heard of is told, or cannot be. */
  idle(): Promise<void>
}

export interface TellerPorts {
  readonly link: PeerLink
  readonly post: Post
  readonly texts: Texts
  onTold(block: number, notices: number): void
  /** Another bridge holds the room. */
  onLost(): void
  /** The peer, or the server, cannot be asked. */
  onFailed(error: unknown): void
}

const pageBlocks = 200
/** After so many blocks without a notice the server is told how far we are: nobody reads them again. */
const quietBlocksMax = 2_000

export function createTeller({ link, post, texts, onTold, onLost, onFailed }: TellerPorts): Teller {
  let isOn = false
  /** As the server knows it. */
  let told = 0
  /** All blocks up to this one were looked at. */
  let seen = 0
  let isBehind = true
  let blocks: number[] = []
  let working: Promise<void> | undefined

  const work = (): void => {
    if (!isOn || working !== undefined) return
    working = tellOn()
      .catch((error: unknown) => {
        isOn = false
        onFailed(error)
      })
      .finally(() => {
        working = undefined
        if (isOn && (isBehind || blocks.length > 0)) work()
      })
  }

  const tellOn = async (): Promise<void> => {
    while (isOn) {
      const from = isBehind ? seen + 1 : blocks.find((index) => index > seen)
      if (from === undefined) {
        blocks = []
        return
      }
      const count = isBehind ? pageBlocks : 1
      const page = await link.api.log.page({ from, count })
      for (const block of page.blocks) if (isOn) await tellBlock(block)
      if (isOn && (page.blocks.length === 0 || seen >= page.last)) {
        isBehind = false
        blocks = blocks.filter((index) => index > seen)
        if (page.blocks.length === 0 && blocks.includes(from)) throw new Error(`block ${from} is not there`)
      }
    }
  }

  const tellBlock = async (block: JudgedBlock): Promise<void> => {
    const { notices, names } = await noticesOf(block, link, post, texts)
    const isQuiet = notices.length === 0 && names.length === 0
    while (isOn && !(isQuiet && block.index - told < quietBlocksMax) && told < block.index) {
      const { holds, last } = await post.tell(told, block.index, notices, names)
      if (!holds) {
        isOn = false
        return onLost()
      }
      // Another one than was thought: this bridge said it before and heard no answer, or the server has lost its memory.
      told = last ?? told
      if (last === block.index) onTold(block.index, notices.length)
    }
    if (isOn) seen = Math.max(seen, block.index)
  }

  return {
    begin(last, known) {
      isOn = true
      told = last
      // A server that came back with an older memory is not told twice.
      seen = Math.max(last, known)
      isBehind = true
      work()
    },
    hear(news) {
      if (news === 'gap') isBehind = true
      else if (blocks.at(-1) !== news.block) blocks.push(news.block)
      work()
    },
    pause() {
      isOn = false
    },
    async idle() {
      while (working !== undefined) await working
    },
  }
}
