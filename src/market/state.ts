import { Malformed, type Reader, Writer } from '../core/codec.ts'
import { type Crypto, fromHex, type Hash, toHex } from '../core/crypto.ts'
import type { AccountId, AuctionId, Instant, PeerId, RequestId } from '../core/ids.ts'
import { requestsPerAuthorMax } from '../core/limits.ts'
import type { Cents } from '../core/money.ts'
import { type Auctions, addAuction, createAuction, createAuctions, minimumAfter } from './auctions.ts'
import type { Author, Remembered } from './authors.ts'
import { type Account, type Bank, createAccount, createBank, newestHistory } from './bank.ts'
import { readLot, writeLot } from './codec.ts'
import { firstStateHash } from './digest.ts'
import type { AccountEntry, RoomRules } from './market.ts'
import type { Outcome } from './outcome.ts'

/** The whole replicated state of a market. */
export interface MarketState {
  index: number
  stateHash: Hash
  readonly bank: Bank
  readonly auctions: Auctions
  readonly authors: Map<PeerId, Author>
}

export function createState(rules: RoomRules, hash: Crypto['hash']): MarketState {
  return {
    index: 0,
    stateHash: firstStateHash(rules, hash),
    bank: createBank(rules),
    auctions: createAuctions(),
    authors: new Map(),
  }
}

const snapshotVersion = 1
const countMax = 10_000_000

/** Canonical bytes: maps stand in the order in which the log filled them, which is the same on every peer. */
export function writeState(state: MarketState): Uint8Array {
  const writer = new Writer(64 * 1024)
    .byte(snapshotVersion)
    .unsigned(state.index)
    .raw(fromHex(state.stateHash) as Uint8Array)
  writer.signed(state.bank.issuer.available)
  writer.list([...state.bank.accounts.values()], (account) => writeAccount(writer, account))
  writer.list([...state.auctions.byId.values()], (auction) => {
    writer.text(auction.id)
    writeLot(writer, auction.lot)
    writer
      .text(auction.seller)
      .unsigned(auction.startedAt)
      .unsigned(auction.firstEnd)
      .unsigned(auction.endsAt)
      .unsigned(auction.bids)
    writer.optional(auction.leader, ({ account, amount, at }) => writer.text(account).unsigned(amount).unsigned(at))
    writer.optional(auction.ended, (ended) => writer.byte(endings.indexOf(ended.why)).unsigned(ended.at).text(ended.reason))
  })
  writer.list([...state.authors], ([peer, author]) => {
    writer.text(peer).unsigned(author.incarnation).unsigned(author.sequence)
    writer.list([...author.requests], ([request, { bodyHash, outcome }]) => {
      writer
        .text(request)
        .raw(fromHex(bodyHash) as Uint8Array)
        .text(JSON.stringify(outcome))
    })
  })
  return writer.finish()
}

/** The state that these bytes describe; throws {@link Malformed}. */
export function readState(reader: Reader, rules: RoomRules, hash: Crypto['hash']): MarketState {
  if (reader.byte() !== snapshotVersion) throw new Malformed('a snapshot of another version')
  const state = createState(rules, hash)
  state.index = reader.unsigned()
  state.stateHash = toHex(reader.raw(32))
  state.bank.issuer.available = reader.signed() as Cents
  for (const account of reader.list(countMax, () => readAccount(reader))) state.bank.accounts.set(account.id, account)
  reader.list(countMax, () => readAuction(reader, state))
  for (const [peer, author] of reader.list(countMax, () => readAuthor(reader))) state.authors.set(peer, author)
  return state
}

const entryKinds = [
  'deposit',
  'withdraw',
  'sent',
  'received',
  'held',
  'released',
  'paid',
  'sold',
] as const satisfies readonly AccountEntry['kind'][]
const endings = ['sold', 'unsold', 'reserve-not-met', 'cancelled'] as const

function writeAccount(writer: Writer, account: Account): void {
  writer
    .text(account.id)
    .text(account.holder)
    .text(account.owner)
    .unsigned(account.available)
    .unsigned(account.held)
    .flag(account.closed)
  writer.list(newestHistory(account), (entry) => {
    writer.unsigned(entry.index).unsigned(entry.time).byte(entryKinds.indexOf(entry.kind)).signed(entry.change)
    writer.optional(entry.counterparty, (counterparty) => writer.text(counterparty))
    writer.optional(entry.auction, (auction) => writer.text(auction))
    writer.text(entry.memo).unsigned(entry.available).unsigned(entry.held)
  })
}

function readAccount(reader: Reader): Account {
  const account = createAccount(reader.text(64) as AccountId, reader.text(1024), reader.text(64) as PeerId)
  account.available = reader.unsigned() as Cents
  account.held = reader.unsigned() as Cents
  account.closed = reader.flag()
  account.history = reader.list(1_000, () => ({
    index: reader.unsigned(),
    time: reader.unsigned() as Instant,
    kind: choice(entryKinds, reader.byte()),
    change: reader.signed(),
    counterparty: reader.optional(() => reader.text(64) as AccountId),
    auction: reader.optional(() => reader.text(64) as AuctionId),
    memo: reader.text(4_096),
    available: reader.unsigned() as Cents,
    held: reader.unsigned() as Cents,
  }))
  return account
}

function readAuction(reader: Reader, state: MarketState): void {
  const id = reader.text(64) as AuctionId
  const lot = readLot(reader)
  const auction = createAuction(id, lot, reader.text(64) as PeerId, reader.unsigned() as Instant, reader.unsigned() as Instant)
  auction.endsAt = reader.unsigned() as Instant
  auction.bids = reader.unsigned()
  auction.leader = reader.optional(() => ({
    account: reader.text(64) as AccountId,
    amount: reader.unsigned() as Cents,
    at: reader.unsigned() as Instant,
  }))
  auction.ended = reader.optional(() => ({
    why: choice(endings, reader.byte()),
    at: reader.unsigned() as Instant,
    reason: reader.text(4_096),
  }))
  if (auction.leader !== undefined) auction.minimum = minimumAfter(lot, auction.leader.amount)
  addAuction(state.bank, state.auctions, auction)
}

function readAuthor(reader: Reader): [PeerId, Author] {
  const peer = reader.text(64) as PeerId
  const incarnation = reader.unsigned()
  const sequence = reader.unsigned()
  const requests = reader.list(requestsPerAuthorMax, (): [RequestId, Remembered] => [
    reader.text(64) as RequestId,
    { bodyHash: toHex(reader.raw(32)), outcome: readOutcome(reader.text(1024 * 1024)) },
  ])
  return [peer, { incarnation, sequence, requests: new Map(requests) }]
}

function readOutcome(text: string): Outcome {
  try {
    return JSON.parse(text) as Outcome
  } catch {
    throw new Malformed('a remembered outcome cannot be read')
  }
}

function choice<T>(choices: readonly T[], code: number): T {
  const chosen = choices[code]
  if (chosen === undefined) throw new Malformed('unknown code')
  return chosen
}
