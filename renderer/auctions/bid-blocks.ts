import { useEffect, useRef, useState } from 'react'
import type { AuctionDetail } from '../../src/api/views.ts'
import { useRoom } from '../room/use-room.tsx'
import { type BidBlock, bidKey, bidsIn } from './bids-in.ts'

/** Other operations name the lot, too: pauses, refused bids. */
const othersMax = 10
/** The log is searched from its end on; bids that are further back than this many answers are shown without their block. */
const answersMax = 2

/** The blocks of the newest bids, as they are found in the log. */
export function useBidBlocks({ auction, recentBids }: AuctionDetail): ReadonlyMap<string, BidBlock> {
  const { door } = useRoom()
  const [known, setKnown] = useState<ReadonlyMap<string, BidBlock>>(new Map())
  const newest = useRef({ known, recentBids })
  newest.current = { known, recentBids }
  const last = recentBids.at(-1)
  const lastKey = last === undefined ? '' : bidKey(last.account, last.amount.cents)
  useEffect(() => {
    if (lastKey === '') return
    let isGone = false
    const search = async (): Promise<void> => {
      const api = await door.api()
      const keys = newest.current.recentBids.map(({ account, amount }) => bidKey(account, amount.cents))
      // Those of bids that are shown no more are forgotten.
      const found = new Map([...newest.current.known].filter(([key]) => keys.includes(key)))
      const missing = (): number => keys.filter((key) => !found.has(key)).length
      let before: number | undefined
      for (let answer = 0; answer < answersMax && missing() > 0 && !isGone; answer++) {
        const count = Math.min(100, missing() + othersMax)
        const { blocks, lookedTo, isDone } = await api.log.search({
          text: auction,
          count,
          ...(before === undefined ? {} : { before }),
        })
        for (const [key, place] of blocks.flatMap((block) => bidsIn(block, auction))) found.set(key, place)
        before = lookedTo
        if (isDone) break
      }
      if (!isGone) setKnown(found)
    }
    // Without it the bids are shown all the same.
    search().catch(() => {})
    return () => {
      isGone = true
    }
  }, [door, auction, lastKey])
  return known
}
