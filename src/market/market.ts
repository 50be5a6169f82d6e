import { assertNever } from '../core/assert.ts'
import type { Crypto, Hash } from '../core/crypto.ts'
import type { AccountId, AuctionId, Instant, PeerId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import { bid, cancelAuction, closeAuction, type Start, startAuction } from './auctions.ts'
import { type Author, authorOf, hashOfBody, recallRequest, rememberRequest, takeSequence } from './authors.ts'
import { closeAccount, deposit, openAccount, type Place, transfer, withdraw } from './bank.ts'
import { decodeSubmission } from './codec.ts'
import { nextStateHash } from './digest.ts'
import type { Lot, Operation } from './operation.ts'
import type { MarketEvent, Outcome, Rejection } from './outcome.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { createState, type MarketState } from './state.ts'

/** The rules of a room, from its genesis block. */
export interface RoomRules {
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
  /** The last incarnation in which the peer wrote an operation; 0: in none. */
  incarnationOf(author: PeerId): number
  /** The whole state, canonical: two markets that applied the same blocks give the same bytes. */
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

export interface AuctionView {
  readonly id: AuctionId
  readonly lot: Lot
  readonly seller: PeerId
  readonly startedAt: Instant
  /** Before any soft close; one moves the end to at most this + `cap`. */
  readonly firstEnd: Instant
  readonly endsAt: Instant
  readonly leader: { readonly account: AccountId; readonly amount: Cents; readonly at: Instant } | undefined
  /** Bids accepted. */
  readonly bids: number
  /** The least bid that would be accepted now. */
  readonly minimum: Cents
  readonly ended:
    | { readonly why: 'sold' | 'unsold' | 'reserve-not-met' | 'cancelled'; readonly at: Instant; readonly reason: string }
    | undefined
}

export function createMarket(rules: RoomRules, hash: Crypto['hash']): Market {
  return marketOver(createState(rules, hash), hash)
}

/** The market that a {@link Market.snapshot} describes, or why the bytes are none. */
export function restoreMarket(
  bytes: Uint8Array,
  rules: RoomRules,
  hash: Crypto['hash'],
): { readonly value: Market } | { readonly malformed: string } {
  const decoded = readSnapshot(bytes, rules, hash)
  return 'malformed' in decoded ? decoded : { value: marketOver(decoded.value, hash) }
}

function marketOver(state: MarketState, hash: Crypto['hash']): Market {
  const { bank, auctions } = state
  return {
    get stateHash() {
      return state.stateHash
    },
    get index() {
      return state.index
    },
    accounts: bank.accounts,
    get issuer() {
      return bank.issuer.available
    },
    auctions: auctions.byId,
    openAuctions: auctions.open,
    apply(block) {
      state.index = block.index
      if (block.ops.length === 0) return []
      bank.changed.clear()
      const outcomes = applyAll(state, block, hash)
      state.stateHash = nextStateHash(state.stateHash, block, outcomes, bank.changed, hash)
      return outcomes
    },
    incarnationOf: (author) => state.authors.get(author)?.incarnation ?? 0,
    snapshot: () => writeSnapshot(state, hash),
  }
}

function applyAll(state: MarketState, block: AppliedBlock, hash: Crypto['hash']): readonly AppliedOutcome[] {
  const author = authorOf(state.authors, block.author)
  const place: Place = { index: block.index, time: block.time, author: block.author }
  const outcomes: AppliedOutcome[] = []
  let sequence = block.firstSequence
  for (const bytes of block.ops) {
    if (takeSequence(author, block.incarnation, sequence)) {
      outcomes.push(applyOne(state, author, place, { incarnation: block.incarnation, sequence }, bytes, hash))
    } else {
      outcomes.push({ sequence, outcome: undefined })
    }
    sequence++
  }
  return outcomes
}

/** Parsing, then the request id, then the rules: always in this order. */
function applyOne(
  state: MarketState,
  author: Author,
  place: Place,
  start: Start,
  bytes: Uint8Array,
  hash: Crypto['hash'],
): AppliedOutcome {
  const { sequence } = start
  const decoded = decodeSubmission(bytes)
  if ('malformed' in decoded) {
    return { sequence, outcome: { accepted: false, rejection: { code: 'malformed', detail: decoded.malformed } } }
  }
  const { request, operation } = decoded.value
  if (request === undefined) return { sequence, outcome: decide(state, place, start, operation) }
  const bodyHash = hashOfBody(decoded.body, hash)
  const recalled = recallRequest(author.requests, request, bodyHash)
  if (recalled !== undefined) {
    const { outcome, isRepeat } = recalled
    return isRepeat ? { sequence, outcome, isRepeat } : { sequence, outcome }
  }
  const outcome = decide(state, place, start, operation)
  // What is malformed was no request: the same id may come again, and mean something.
  if (outcome.accepted || outcome.rejection.code !== 'malformed') rememberRequest(author.requests, request, { bodyHash, outcome })
  return { sequence, outcome }
}

/** One operation to bank and auctions, all or nothing: each rule checks everything before it changes anything. */
function decide(state: MarketState, place: Place, start: Start, operation: Operation): Outcome {
  const events: MarketEvent[] = []
  const rejection = route(state, place, start, operation, events)
  return rejection === undefined ? { accepted: true, events } : { accepted: false, rejection }
}

function route(
  state: MarketState,
  place: Place,
  start: Start,
  operation: Operation,
  events: MarketEvent[],
): Rejection | undefined {
  const { bank, auctions } = state
  switch (operation.kind) {
    case 'void':
      return undefined
    case 'open-account':
      return openAccount(bank, place, operation, events)
    case 'close-account':
      return closeAccount(bank, place, operation, events)
    case 'deposit':
      return deposit(bank, place, operation, events)
    case 'withdraw':
      return withdraw(bank, place, operation, events)
    case 'transfer':
      return transfer(bank, place, operation, events)
    case 'start-auction':
      return startAuction(bank, auctions, place, start, operation, events)
    case 'bid':
      return bid(bank, auctions, place, operation, events)
    case 'cancel-auction':
      return cancelAuction(bank, auctions, place, operation, events)
    case 'close-auction':
      return closeAuction(bank, auctions, place, operation, events)
    default:
      return assertNever(operation)
  }
}
