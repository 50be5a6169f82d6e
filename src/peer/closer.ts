import type { AuctionId, PeerId } from '../core/ids.ts'
import type { Operation } from '../market/operation.ts'
import type { AuctionView, Market } from '../market/types.ts'
import type { ReplicaView } from '../ring/types.ts'

/** How long the member whose turn it is to close an auction is left to do so (PRODUCT, Auctions). */
export const closeAfter = 1_000
/** Then the others come one after the other, in ring order, so that not all of them write the same closing. */
const closeStagger = 200

export interface Closer {
  /** Closes what is past its end on the room clock, if it is this peer's turn to. Call it often. */
  check(now: number): void
}

export interface CloserOptions {
  readonly self: PeerId
  readonly market: Pick<Market, 'auctions' | 'openAuctions'>
  readonly view: Pick<ReplicaView, 'members' | 'hasQuorum' | 'time'>
  /** Resolves or rejects when what became of it is known. */
  readonly submit: (operation: Operation) => Promise<unknown>
}

/**
 * A closing shows in the market only once it is committed. Were it the token holder's to write it, the next holder, and
 * the one after, would meanwhile find the auction open, and write another: so everybody knows whose closing it is.
 */
export function createCloser({ self, market, view, submit }: CloserOptions): Closer {
  /** Own closings on their way: never written twice. */
  const written = new Set<AuctionId>()

  const close = (id: AuctionId): void => {
    written.add(id)
    const done = (): void => {
      written.delete(id)
    }
    submit({ kind: 'close-auction', auction: id }).then(done, done)
  }

  return {
    check(now) {
      if (market.openAuctions.size === 0 || !view.members.includes(self) || !view.hasQuorum(now)) return
      const time = view.time(now)
      for (const id of market.openAuctions) {
        const auction = market.auctions.get(id)
        if (auction === undefined || written.has(id)) continue
        if (time >= auction.endsAt + patienceOf(auction, view.members, self)) close(id)
      }
    },
  }
}

/** The seller closes its own auction, or the first member where the seller is none; the others come in ring order after it. */
function patienceOf({ seller }: AuctionView, members: readonly PeerId[], self: PeerId): number {
  const first = Math.max(0, members.indexOf(seller))
  const rank = (members.indexOf(self) - first + members.length) % members.length
  return rank === 0 ? 0 : closeAfter + (rank - 1) * closeStagger
}
