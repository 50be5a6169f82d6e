import type { AuctionId, PeerId } from '../core/ids.ts'
import type { Operation } from '../market/operation.ts'
import type { Market } from '../market/types.ts'
import type { ReplicaView } from '../ring/types.ts'

/** How long the token holder is left to close an auction before others do it (PRODUCT, Auctions). */
export const closeAfter = 1_000
/** Then members come one after the other, in ring order, so that not all of them write the same closing. */
const closeStagger = 200
/** Own closings that came to nothing are repeated after this. */
const repeatAfter = 2_000

export interface Closer {
  /** Closes what is past its end on the room clock, if it is this peer's turn to. Call it often. */
  check(now: number): void
}

export interface CloserOptions {
  readonly self: PeerId
  readonly market: Market
  readonly view: () => ReplicaView
  readonly submit: (operation: Operation) => void
}

export function createCloser({ self, market, view, submit }: CloserOptions): Closer {
  /** When this peer last wrote a closing, on its monotonic clock. */
  const written = new Map<AuctionId, number>()

  return {
    check(now) {
      if (market.openAuctions.size === 0) {
        written.clear()
        return
      }
      const ring = view()
      const rank = ring.members.indexOf(self)
      if (rank < 0 || !ring.hasQuorum(now)) return
      const patience = ring.holding === undefined ? closeAfter + rank * closeStagger : 0
      const time = ring.time(now)
      for (const id of market.openAuctions) {
        const auction = market.auctions.get(id)
        if (auction === undefined || time < auction.endsAt + patience) continue
        const last = written.get(id)
        if (last !== undefined && now - last < repeatAfter) continue
        written.set(id, now)
        submit({ kind: 'close-auction', auction: id })
      }
    },
  }
}
