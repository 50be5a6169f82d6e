import type { AccountId, AuctionId, Instant } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'

/** What an operation came to, the same on every peer, once its block is committed and applied. */
export type Outcome = Accepted | Rejected

export interface Accepted {
  readonly accepted: true
  /** What changed, in order. */
  readonly events: readonly MarketEvent[]
}

export interface Rejected {
  readonly accepted: false
  readonly rejection: Rejection
}

/** The rules say no: one code a reason, with the numbers that explain it, checked in the order in which they stand here. */
export type Rejection =
  | { readonly code: 'malformed'; readonly detail: string }
  /** The same request id came with another body. */
  | { readonly code: 'request-reused' }
  | { readonly code: 'account-taken'; readonly account: AccountId }
  | { readonly code: 'account-unknown'; readonly account: AccountId }
  | { readonly code: 'account-closed'; readonly account: AccountId }
  | { readonly code: 'not-owner'; readonly account: AccountId }
  /** Only the founder's peer may do this here. */
  | { readonly code: 'not-host' }
  | { readonly code: 'auction-unknown'; readonly auction: AuctionId }
  | { readonly code: 'auction-closed'; readonly auction: AuctionId; readonly at: Instant }
  /** Closing before the end. */
  | { readonly code: 'auction-open'; readonly auction: AuctionId; readonly until: Instant }
  /** No bids before `until`, unless it is resumed earlier. */
  | { readonly code: 'auction-paused'; readonly auction: AuctionId; readonly until: Instant }
  | { readonly code: 'auction-not-paused'; readonly auction: AuctionId }
  /** An extension may not move the end past `latest`. */
  | { readonly code: 'auction-too-long'; readonly auction: AuctionId; readonly latest: Instant }
  /** Somebody has bid: from now on only the host may cancel, and with a reason. */
  | { readonly code: 'auction-has-bids'; readonly auction: AuctionId; readonly bids: number }
  /** The host may cancel, but has to say why. */
  | { readonly code: 'reason-needed'; readonly auction: AuctionId; readonly bids: number }
  | { readonly code: 'own-lot' }
  | { readonly code: 'bid-too-low'; readonly minimum: Cents }
  | { readonly code: 'room-limit'; readonly available: Cents }
  /** Another one runs in this section, or so many run that no more can. */
  | { readonly code: 'experiment-running'; readonly section: string; readonly experiment: number }
  /** None of this number runs in that section. */
  | { readonly code: 'experiment-unknown'; readonly experiment: number }
  | { readonly code: 'account-not-empty'; readonly available: Cents; readonly held: Cents }
  /** An open auction pays into the account. */
  | { readonly code: 'account-in-use'; readonly auction: AuctionId }
  | { readonly code: 'funds-short'; readonly available: Cents }

export type RejectionCode = Rejection['code']

/** One thing that happened to the market, with the numbers that a screen shows. */
export type MarketEvent =
  | { readonly kind: 'account-opened'; readonly account: AccountId; readonly holder: string }
  | { readonly kind: 'account-closed'; readonly account: AccountId }
  | { readonly kind: 'moved'; readonly from: AccountId; readonly to: AccountId; readonly amount: Cents; readonly memo: string }
  | { readonly kind: 'held'; readonly account: AccountId; readonly auction: AuctionId; readonly amount: Cents }
  | { readonly kind: 'released'; readonly account: AccountId; readonly auction: AuctionId; readonly amount: Cents }
  | { readonly kind: 'auction-started'; readonly auction: AuctionId; readonly item: string; readonly endsAt: Instant }
  | {
      readonly kind: 'bid-accepted'
      readonly auction: AuctionId
      readonly account: AccountId
      readonly amount: Cents
      readonly endsAt: Instant
    }
  | {
      readonly kind: 'outbid'
      readonly auction: AuctionId
      readonly account: AccountId
      readonly by: AccountId
      readonly amount: Cents
    }
  | { readonly kind: 'auction-extended'; readonly auction: AuctionId; readonly endsAt: Instant }
  /** It goes on at `until`, unless it is resumed earlier, and then ends at `endsAt`. */
  | { readonly kind: 'auction-paused'; readonly auction: AuctionId; readonly until: Instant; readonly endsAt: Instant }
  | { readonly kind: 'auction-resumed'; readonly auction: AuctionId; readonly endsAt: Instant }
  /** From here on a token that nobody wants rests for so long. */
  | { readonly kind: 'pace-set'; readonly millis: number }
  | { readonly kind: 'experiment-started'; readonly experiment: number; readonly section: string }
  | {
      readonly kind: 'experiment-ended'
      readonly experiment: number
      readonly section: string
      readonly what: 'result' | 'stop'
    }
  | {
      readonly kind: 'auction-ended'
      readonly auction: AuctionId
      readonly why: 'sold' | 'unsold' | 'reserve-not-met' | 'cancelled'
      readonly winner: AccountId | undefined
      readonly price: Cents | undefined
      readonly reason: string
    }
