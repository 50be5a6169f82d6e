import type { Hash } from '../core/crypto.ts'
import type { AccountId, AuctionId, Instant, PeerId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import type { RunningExperiment } from './experiments.ts'
import type { Lot } from './operation.ts'
import type { Outcome } from './outcome.ts'
import type { MarketImage } from './snapshot.ts'

/** The rules of a room, from its genesis block. */
export interface RoomRules {
  /** How operations are applied: see `market/versions.ts`. */
  readonly version: number
  readonly currency: string
  /** `open`: anyone to an own account; `host`: the founder's peer only, to any account. */
  readonly deposits: 'open' | 'host'
  readonly founder: PeerId
}

/** A committed block of operations, as the market sees it. */
export interface AppliedBlock {
  readonly index: number
  readonly time: Instant
  readonly author: PeerId
  readonly incarnation: number
  readonly firstSequence: number
  readonly ops: readonly Uint8Array[]
}

export interface AppliedOutcome {
  readonly sequence: number
  /** `undefined`: out of sequence, skipped without a result. */
  readonly outcome: Outcome | undefined
  /** The request id was there before, with the same body: nothing happened, and `outcome` tells what did the first time. */
  readonly isRepeat?: true
}

/** Bank and auctions of one room: a deterministic state machine over committed blocks. */
export interface Market {
  /** Hash chain over every block's results and changed balances; starts from the rules. */
  readonly stateHash: Hash
  /** Index of the last block applied. */
  readonly index: number
  /** Each operation at once or not at all; never throws for what a block says. Blocks without operations only move `index`. */
  apply(block: AppliedBlock): readonly AppliedOutcome[]
  /** Without the issuer, which is no account that an operation can name. */
  readonly accounts: ReadonlyMap<AccountId, AccountView>
  /** Balance of the issuer's account: with all the others the sum is 0 **[S4]**. */
  readonly issuer: Cents
  readonly auctions: ReadonlyMap<AuctionId, AuctionView>
  /** Auctions that are not ended, whatever their end. */
  readonly openAuctions: ReadonlySet<AuctionId>
  /** How long a token rests where nobody wants it, as the host has set it; `undefined`: nobody has. */
  readonly paceMillis: number | undefined
  /** The lab's: how many there have been, and which run, by their sections. */
  readonly experiments: { readonly count: number; readonly running: ReadonlyMap<string, RunningExperiment> }
  /** The last incarnation in which the peer wrote an operation; 0: in none. */
  incarnationOf(author: PeerId): number
  /** The whole state as it is now, to be written in pieces while the market goes on. */
  image(): MarketImage
  /** The same at once, canonical: two markets that applied the same blocks give the same bytes. */
  snapshot(): Uint8Array
}

export interface AccountView {
  readonly id: AccountId
  readonly holder: string
  readonly owner: PeerId
  readonly available: Cents
  readonly held: Cents
  readonly closed: boolean
  /** The newest entries, oldest first: at least the last 100, if there were so many. */
  readonly history: readonly AccountEntry[]
}

export interface AccountEntry {
  readonly index: number
  readonly time: Instant
  readonly kind: 'deposit' | 'withdraw' | 'sent' | 'received' | 'held' | 'released' | 'paid' | 'sold'
  /** Change of what is available; 0 where a hold is posted. */
  readonly change: number
  readonly counterparty: AccountId | undefined
  readonly auction: AuctionId | undefined
  readonly memo: string
  /** After this entry. */
  readonly available: Cents
  readonly held: Cents
}

/** A bid that was accepted. */
export interface Bid {
  readonly account: AccountId
  readonly amount: Cents
  readonly at: Instant
}

export interface AuctionView {
  readonly id: AuctionId
  /** Of the room's auctions the first has number 1; ended ones keep theirs. */
  readonly number: number
  readonly lot: Lot
  readonly seller: PeerId
  readonly startedAt: Instant
  /** Before any soft close; one moves the end to at most this + `cap`. Extensions and pauses move both ends. */
  readonly firstEnd: Instant
  readonly endsAt: Instant
  /** The last pause. It is over at `until`, of which `endsAt` knows already, or when it is resumed, which takes back the rest. */
  readonly paused: { readonly at: Instant; readonly until: Instant } | undefined
  readonly leader: Bid | undefined
  /** Bids accepted. */
  readonly bids: number
  /** The newest of them, oldest first: at most 50. */
  readonly recentBids: readonly Bid[]
  /** The least bid that would be accepted now. */
  readonly minimum: Cents
  readonly ended:
    | { readonly why: 'sold' | 'unsold' | 'reserve-not-met' | 'cancelled'; readonly at: Instant; readonly reason: string }
    | undefined
}
