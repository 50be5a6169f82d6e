import { decodeWith, Writer } from '../core/codec.ts'
import { count, type Field, list, struct, text } from '../core/fields.ts'
import type { AccountId, AuctionId, Instant, PeerId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import { createRandom, type Random } from '../core/random.ts'
import { pauseAt } from '../market/auctions.ts'
import type { Operation } from '../market/operation.ts'
import type { Rejection } from '../market/outcome.ts'
import type { AccountView, AuctionView } from '../market/types.ts'
import type { PeerContext } from './context.ts'
import type { Bidder } from './peer.ts'
import type { Clock } from './ports.ts'

/** The automatic bidders that a person started here. They are kept on disk until their auctions end. */
export interface Bidders {
  /** Why it would never bid; `undefined`: it runs. One for the same auction and account is replaced. */
  start(bidder: Bidder): Rejection | undefined
  /** Whether there was one. */
  stop(auction: AuctionId, account: AccountId): boolean
  list(): readonly Bidder[]
  /** Those of the last start, once the room is known. */
  restore(): Promise<void>
  /** They rest until the next start; resolves when they are on disk. */
  close(): Promise<void>
}

/** A bid that takes so long is looked at again: the auction may have ended meanwhile. */
const bidDeadlineMillis = 5_000

/** They bid in whatever room the peer is in. */
export function createBidders(
  context: PeerContext,
  submit: (operation: Operation, deadlineMillis: number) => Promise<unknown>,
): Bidders {
  const { clock, store, identity, logger } = context.ports
  const random = createRandom(context.options.seed)
  const running = new Map<string, { readonly bidder: Bidder; readonly stop: () => void }>()
  let written = Promise.resolve()

  const auctionOf = ({ auction }: Bidder): AuctionView | undefined => context.room?.market.auctions.get(auction)
  const accountOf = ({ account }: Bidder): AccountView | undefined => context.room?.market.accounts.get(account)
  const time = (): Instant => (context.room?.view.time(clock.monotonic()) ?? 0) as Instant
  const faultOf = (bidder: Bidder): Rejection | undefined =>
    faultOfBidder(bidder, auctionOf(bidder), accountOf(bidder), identity.self, time())

  const keep = (): void => {
    written = written
      .then(() => store.writeValue(valueName, encodeBidders([...running.values()].map(({ bidder }) => bidder))))
      .catch((error: unknown) => logger.warn('bidders-unkept', { error }))
  }
  const run = (bidder: Bidder): void => {
    const key = keyOf(bidder.auction, bidder.account)
    running.get(key)?.stop()
    const stop = runBidder(bidder, {
      clock,
      random,
      auction: () => auctionOf(bidder),
      account: () => accountOf(bidder),
      time,
      submit: (operation) => submit(operation, bidDeadlineMillis),
      onOver: () => {
        running.delete(key)
        keep()
      },
    })
    running.set(key, { bidder, stop })
  }

  return {
    start(bidder) {
      const fault = faultOf(bidder)
      if (fault !== undefined) return fault
      run(bidder)
      keep()
      return undefined
    },
    stop(auction, account) {
      const key = keyOf(auction, account)
      const known = running.get(key)
      known?.stop()
      running.delete(key)
      if (known !== undefined) keep()
      return known !== undefined
    },
    list: () => [...running.values()].map(({ bidder }) => bidder),
    async restore() {
      const bytes = await store.readValue(valueName).catch((error: unknown) => {
        logger.warn('bidders-unread', { error })
      })
      if (!(bytes instanceof Uint8Array)) return
      const decoded = decodeWith(bytes, (reader) => biddersField.read(reader))
      if ('malformed' in decoded) return logger.warn('bidders-unread', { reason: decoded.malformed })
      for (const bidder of decoded.value) {
        const code = faultOf(bidder)?.code
        // Meanwhile an auction may have ended; or its start was committed, and this peer has yet to hear of it.
        if (code === undefined || code === 'auction-unknown' || code === 'account-unknown') run(bidder)
      }
    },
    async close() {
      for (const { stop } of running.values()) stop()
      await written
    },
  }
}

const keyOf = (auction: AuctionId, account: AccountId): string => `${auction} ${account}`

/** Where the store keeps them. */
const valueName = 'bidders'
/** More than anybody starts by hand. */
const biddersMax = 1_000
const biddersField = list(
  struct<Bidder>({
    auction: text(64) as Field<string> as Field<AuctionId>,
    account: text(64) as Field<string> as Field<AccountId>,
    raise: struct<Bidder['raise']>({ least: count, most: count }),
    paceMillis: count,
    maximum: count,
  }),
  biddersMax,
)

function encodeBidders(bidders: readonly Bidder[]): Uint8Array {
  const writer = new Writer()
  biddersField.write(writer, bidders.slice(0, biddersMax))
  return writer.finish()
}

/** What the rules would say to every bid of it, in the order in which they check; `undefined`: it can bid. */
export function faultOfBidder(
  bidder: Bidder,
  auction: AuctionView | undefined,
  account: AccountView | undefined,
  self: PeerId,
  time: Instant,
): Rejection | undefined {
  if (account === undefined) return { code: 'account-unknown', account: bidder.account }
  if (account.closed) return { code: 'account-closed', account: account.id }
  if (account.owner !== self) return { code: 'not-owner', account: account.id }
  if (auction === undefined) return { code: 'auction-unknown', auction: bidder.auction }
  const { id, ended, endsAt, lot, leader } = auction
  if (ended !== undefined || time >= endsAt) return { code: 'auction-closed', auction: id, at: ended?.at ?? endsAt }
  if (account.id === lot.payee) return { code: 'own-lot' }
  // Who leads already may well stop there.
  const minimum = leader?.account === account.id ? leader.amount : auction.minimum
  return bidder.maximum < minimum ? { code: 'bid-too-low', minimum } : undefined
}

/** What a bidder may look at and do. */
export interface BidderPorts {
  readonly clock: Clock
  readonly random: Random
  readonly auction: () => AuctionView | undefined
  readonly account: () => AccountView | undefined
  /** The room clock. */
  readonly time: () => Instant
  /** Resolves when the bid is settled, one way or the other. */
  readonly submit: (operation: Operation) => Promise<unknown>
  /** It ended by itself. */
  readonly onOver: () => void
}

/**
 * Looks at the auction once in `paceMillis`, and bids when it does not lead. The first look comes at a random part of
 * the pace, so that bidders started together do not bid together. Ends with the auction, or when the least bid is over
 * its maximum. The returned function stops it.
 */
function runBidder(bidder: Bidder, ports: BidderPorts): () => void {
  let stopped = false
  let cancel = (): void => {}

  const lookIn = (millis: number): void => {
    if (!stopped) cancel = ports.clock.at(ports.clock.monotonic() + millis, look)
  }
  const look = (): void => {
    const decision = decideBid(bidder, ports.auction(), ports.account(), ports.time(), ports.random)
    if (decision === 'over') return ports.onOver()
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
  time: Instant,
  random: Random,
): Cents | 'wait' | 'over' {
  if (auction === undefined || account === undefined) return 'wait'
  if (auction.ended !== undefined || time >= auction.endsAt || account.closed) return 'over'
  if (pauseAt(auction, time) !== undefined || leads(auction, bidder.account)) return 'wait'
  if (auction.minimum > bidder.maximum) return 'over'
  const { least, most } = bidder.raise
  const wanted = auction.minimum + least + random.below(most - least + 1)
  const amount = Math.min(wanted, bidder.maximum, account.available, auction.lot.buyNow ?? Number.POSITIVE_INFINITY)
  // Money that is held elsewhere may come back.
  return amount < auction.minimum ? 'wait' : (amount as Cents)
}

const leads = (auction: AuctionView, account: AccountId): boolean => auction.leader?.account === account
