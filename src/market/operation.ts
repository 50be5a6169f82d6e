import type { AccountId, AuctionId, RequestId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'

/** What a person, or an automatic bidder, wants done. Its author is the author of its block. */
export type Operation =
  | { readonly kind: 'open-account'; readonly account: AccountId; readonly holder: string }
  | { readonly kind: 'close-account'; readonly account: AccountId }
  | { readonly kind: 'deposit'; readonly account: AccountId; readonly amount: Cents }
  | { readonly kind: 'withdraw'; readonly account: AccountId; readonly amount: Cents }
  | { readonly kind: 'transfer'; readonly from: AccountId; readonly to: AccountId; readonly amount: Cents; readonly memo: string }
  | ({ readonly kind: 'start-auction' } & Lot)
  | { readonly kind: 'bid'; readonly auction: AuctionId; readonly account: AccountId; readonly amount: Cents }
  | { readonly kind: 'cancel-auction'; readonly auction: AuctionId; readonly reason: string }
  /** Any peer may write it once the end has passed. */
  | { readonly kind: 'close-auction'; readonly auction: AuctionId }
  /** The end is `millis` later, and so is the end that a soft close counts its cap from. By the seller or the host. */
  | { readonly kind: 'extend-auction'; readonly auction: AuctionId; readonly millis: number }
  /** The countdown stands still and bids are refused, for `millis` at most: an auctioneer may vanish. By the seller or the host. */
  | { readonly kind: 'pause-auction'; readonly auction: AuctionId; readonly millis: number }
  | { readonly kind: 'resume-auction'; readonly auction: AuctionId }
  /** How long the token rests where nobody wants it, for every peer of the room. By the host. */
  | { readonly kind: 'set-pace'; readonly millis: number }
  /**
   * An experiment of the lab begins, has come to its end, or is called off. By the host. `experiment`: the number of the one that
   * ends; 0 in a set-up. What `content` says is the lab's business.
   */
  | {
      readonly kind: 'record-experiment'
      readonly what: 'setup' | 'result' | 'stop'
      readonly section: string
      readonly experiment: number
      readonly content: Uint8Array
    }
  /** Takes the place of an operation that a person withdrew before it was in a block, so that its sequence has no gap. */
  | { readonly kind: 'void' }

/** What is for sale, and how (PRODUCT, Auctions). */
export interface Lot {
  readonly item: string
  readonly description: string
  /** PNG, JPEG, WebP or GIF bytes; empty: none. */
  readonly picture: Uint8Array
  /** The seller's account that is paid. */
  readonly payee: AccountId
  readonly startingPrice: Cents
  readonly increment: Cents
  readonly reserve: Cents | undefined
  readonly buyNow: Cents | undefined
  readonly durationMillis: number
  /** A bid within `window` of the end moves it to max(end, time + extension), at most to the first end + cap. Milliseconds. */
  readonly softClose: { readonly window: number; readonly extension: number; readonly cap: number } | undefined
}

/** An operation as it is written to the log. */
export interface Submission {
  /** The same id and body gives the first result again. */
  readonly request: RequestId | undefined
  readonly operation: Operation
}
