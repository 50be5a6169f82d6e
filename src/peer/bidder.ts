import type { AccountId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import { createRandom, type Random } from '../core/random.ts'
import type { Operation } from '../market/operation.ts'
import type { AccountView, AuctionView } from '../market/types.ts'
import type { PeerContext } from './context.ts'
import type { Bidder } from './peer.ts'
import type { Clock } from './ports.ts'

/** The automatic bidders that a person started here. */
export interface Bidders {
  start(bidder: Bidder): void
  stop(): void
}

/** A bid that takes so long is looked at again: the auction may have ended meanwhile. */
const bidDeadlineMillis = 5_000

/** One for each auction and account: starting another one replaces it. They bid in whatever room the peer is in. */
export function createBidders(
  context: PeerContext,
  submit: (operation: Operation, deadlineMillis: number) => Promise<unknown>,
): Bidders {
  const { clock } = context.ports
  const random = createRandom(context.options.seed)
  const running = new Map<string, () => void>()
  return {
    start(bidder) {
      const key = `${bidder.auction} ${bidder.account}`
      running.get(key)?.()
      const stop = runBidder(bidder, {
        clock,
        random,
        auction: () => context.room?.market.auctions.get(bidder.auction),
        account: () => context.room?.market.accounts.get(bidder.account),
        time: () => context.room?.view.time(clock.monotonic()) ?? 0,
        submit: (operation) => submit(operation, bidDeadlineMillis),
      })
      running.set(key, stop)
    },
    stop() {
      for (const stop of running.values()) stop()
      running.clear()
    },
  }
}

/** What a bidder may look at and do. */
export interface BidderPorts {
  readonly clock: Clock
  readonly random: Random
  readonly auction: () => AuctionView | undefined
  readonly account: () => AccountView | undefined
  /** The room clock. */
  readonly time: () => number
  /** Resolves when the bid is settled, one way or the other. */
  readonly submit: (operation: Operation) => Promise<unknown>
}

/**
 * Looks at the auction once in `paceMillis`, and bids when it does not lead. The first look comes at a random part of
 * the pace, so that bidders started together do not bid together. Ends with the auction, or when the least bid is over
 * its maximum. The returned function stops it.
 */
export function runBidder(bidder: Bidder, ports: BidderPorts): () => void {
  let stopped = false
  let cancel = (): void => {}

  const lookIn = (millis: number): void => {
    if (!stopped) cancel = ports.clock.at(ports.clock.monotonic() + millis, look)
  }
  const look = (): void => {
    const decision = decideBid(bidder, ports.auction(), ports.account(), ports.time(), ports.random)
    if (decision === 'over') return
    if (decision === 'wait') return lookIn(bidder.paceMillis)
    const bid: Operation = { kind: 'bid', auction: bidder.auction, account: bidder.account, amount: decision }
    // Whatever became of it shows in the auction at the next look.
    ports.submit(bid).then(
      () => lookIn(bidder.paceMillis),
      () => lookIn(bidder.paceMillis),
    )
  }

  lookIn(ports.random.next() * bidder.paceMillis)
  return () => {
    stopped = true
    cancel()
  }
}

/** The amount to bid now; `wait`: not now; `over`: never again. */
export function decideBid(
  bidder: Bidder,
  auction: AuctionView | undefined,
  account: AccountView | undefined,
  time: number,
  random: Random,
): Cents | 'wait' | 'over' {
  if (auction === undefined || account === undefined) return 'wait'
  if (auction.ended !== undefined || time >= auction.endsAt || account.closed) return 'over'
  if (leads(auction, bidder.account)) return 'wait'
  if (auction.minimum > bidder.maximum) return 'over'
  const { least, most } = bidder.raise
  const wanted = auction.minimum + least + random.below(most - least + 1)
  const amount = Math.min(wanted, bidder.maximum, account.available, auction.lot.buyNow ?? Number.POSITIVE_INFINITY)
  // Money that is held elsewhere may come back.
  return amount < auction.minimum ? 'wait' : (amount as Cents)
}

const leads = (auction: AuctionView, account: AccountId): boolean => auction.leader?.account === account
