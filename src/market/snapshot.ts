import { concat, decodeWith, Malformed, type Reader, Writer } from '../core/codec.ts'
import { type Crypto, fromHex, type Hash, toHex } from '../core/crypto.ts'
import type { AccountId, AuctionId, Instant, PeerId, RequestId } from '../core/ids.ts'
import { experimentsMax, requestsPerAuthorMax, sectionCharsMax } from '../core/limits.ts'
import type { Cents } from '../core/money.ts'
import { type Auction, addAuction, createAuction, minimumAfter, recentBidsMax } from './auctions.ts'
import { type Author, createAuthor, type Remembered, rememberRequest, requestsInOrder } from './authors.ts'
import { type Account, createAccount } from './bank.ts'
import { isSection, readLot, writeLot } from './codec.ts'
import type { Experiments, RunningExperiment } from './experiments.ts'
import { entriesOf, type HistoryImage, historyMax, type Moment } from './history.ts'
import { readOutcome, writeOutcome } from './outcome-codec.ts'
import { faultOfState } from './sound.ts'
import { createState, type MarketState } from './state.ts'
import type { AccountEntry, Bid, RoomRules } from './types.ts'

/**
 * What stands first. 2: knows of no pauses, and keeps no bids but the leading one. 3: without a pace, also in a room that may have
 * one: programs before it can still read that. 4: 3, and the pace at its end. 5: 3, and at its
 * end the pace, where there is one, and the lab's experiments.
 */
const versions = { withoutPauses: 2, withoutPace: 3, withPace: 4, withExperiments: 5 } as const
const hashBytes = 32
const countMax = 10_000_000

/** So many bytes, and what was begun with them, are written at once: a millisecond or two. */
const pieceBytes = 32 * 1024

/** The whole state as it was at one moment, whatever is applied to the market meanwhile. */
export interface MarketImage {
  /** Of the last block that was applied. */
  readonly index: number
  /**
   * Canonical bytes, one piece after the other; each is made when it is asked for. Maps stand in the order in which the log filled
   * them, which is the same on every peer.
   */
  pieces(): Iterable<Uint8Array>
}

/** Costs no more than a look at each account: what changes later is copied, what never does is shared. */
export function imageOf({ index, stateHash, bank, auctions, pace, experiments, authors }: MarketState): MarketImage {
  const image: Image = {
    index,
    stateHash,
    issuer: bank.issuer.available,
    millis: pace.millis,
    experiments: { count: experiments.count, running: [...experiments.running] },
    accounts: Array.from(bank.accounts.values(), frozenAccount),
    // One that has ended never changes.
    auctions: Array.from(auctions.byId.values(), (auction) =>
      auction.ended === undefined ? { ...auction, recentBids: auction.recentBids.slice() } : auction,
    ),
    authors: Array.from(authors, ([peer, { incarnation, sequence, requests }]) => {
      return { peer, incarnation, sequence, requests: requestsInOrder(requests) }
    }),
  }
  return { index, pieces: () => writePieces(image) }
}

interface Image {
  readonly index: number
  readonly stateHash: Hash
  readonly issuer: Cents
  readonly millis: number | undefined
  readonly experiments: { readonly count: number; readonly running: readonly (readonly [string, RunningExperiment])[] }
  readonly accounts: readonly FrozenAccount[]
  readonly auctions: readonly Auction[]
  readonly authors: readonly FrozenAuthor[]
}

type FrozenAccount = Pick<Account, 'id' | 'holder' | 'owner' | 'available' | 'held' | 'closed'> & {
  readonly entries: HistoryImage
}

interface FrozenAuthor extends Pick<Author, 'incarnation' | 'sequence'> {
  readonly peer: PeerId
  readonly requests: readonly Remembered[]
}

const frozenAccount = ({ id, holder, owner, available, held, closed, entries }: Account): FrozenAccount => ({
  ...{ id, holder, owner, available, held, closed },
  entries: entries.image(),
})

function* writePieces({
  index,
  stateHash,
  issuer,
  millis,
  experiments,
  accounts,
  auctions,
  authors,
}: Image): Generator<Uint8Array> {
  const hasExperiments = experiments.count > 0
  const version = hasExperiments ? versions.withExperiments : millis === undefined ? versions.withoutPace : versions.withPace
  let writer = new Writer(2 * pieceBytes).byte(version).unsigned(index)
  const take = (): Uint8Array => {
    const piece = writer.finish()
    writer = new Writer(2 * pieceBytes)
    return piece
  }
  writer.raw(fromHex(stateHash) as Uint8Array).signed(issuer)
  writer.unsigned(accounts.length)
  for (const account of accounts) {
    writeAccount(writer, account)
    if (writer.length >= pieceBytes) yield take()
  }
  writer.unsigned(auctions.length)
  for (const auction of auctions) {
    writeAuction(writer, auction)
    if (writer.length >= pieceBytes) yield take()
  }
  writer.unsigned(authors.length)
  for (const { peer, incarnation, sequence, requests } of authors) {
    writer.text(peer).unsigned(incarnation).unsigned(sequence).unsigned(requests.length)
    for (const { request, bodyHash, outcome } of requests) {
      writeOutcome(writer.text(request).raw(bodyHash), outcome)
      if (writer.length >= pieceBytes) yield take()
    }
  }
  if (hasExperiments) {
    writer.optional(millis, (pace) => writer.unsigned(pace)).unsigned(experiments.count)
    writer.list(experiments.running, ([section, { number, block }]) => writer.text(section).unsigned(number).unsigned(block))
  } else if (millis !== undefined) writer.unsigned(millis)
  yield take()
}

/** The pieces of an image as one, and their hash. */
export function writeSnapshot(state: MarketState, hash: Crypto['hash']): Uint8Array {
  const content = concat(...imageOf(state).pieces())
  return concat(content, hash(content))
}

type ReadState = { readonly value: MarketState } | { readonly malformed: string }

/**
 * The state that these bytes describe. A snapshot comes from the own disk, or, where a room was founded anew, in another
 * peer's genesis block: whatever the bytes, no later operation may trip over them.
 */
export function readSnapshot(bytes: Uint8Array, rules: RoomRules, hash: Crypto['hash']): ReadState {
  const contentBytes = bytes.length - hashBytes
  if (contentBytes < 0) return { malformed: 'a snapshot ends too early' }
  const content = bytes.subarray(0, contentBytes)
  if (toHex(hash(content)) !== toHex(bytes.subarray(contentBytes))) return { malformed: 'a snapshot is damaged' }
  return readImage(content, rules, hash)
}

/** The same of an image's pieces, put together, which are known to be whole. */
export function readImage(content: Uint8Array, rules: RoomRules, hash: Crypto['hash']): ReadState {
  return decodeWith(content, (reader) => {
    const state = readState(reader, rules, hash)
    const fault = faultOfState(state)
    if (fault !== undefined) throw new Malformed(fault)
    return state
  })
}

function readState(reader: Reader, rules: RoomRules, hash: Crypto['hash']): MarketState {
  const version = reader.byte()
  if (!Object.values<number>(versions).includes(version)) throw new Malformed('a snapshot of another version')
  const state = createState(rules, hash)
  const { bank, auctions, authors } = state
  state.index = reader.unsigned()
  state.stateHash = toHex(reader.raw(hashBytes))
  bank.issuer.available = reader.signed() as Cents
  const momentOf = sharedMoments()
  reader.list(countMax, () => {
    const account = readAccount(reader, momentOf)
    bank.accounts.set(unknownTo(bank.accounts, account.id), account)
  })
  reader.list(countMax, () => {
    const auction = readAuction(reader, auctions.byId.size + 1, version === versions.withoutPauses)
    unknownTo(auctions.byId, auction.id)
    addAuction(bank, auctions, auction)
  })
  reader.list(countMax, () => {
    const peer = reader.text(64) as PeerId
    authors.set(unknownTo(authors, peer), readAuthor(reader))
  })
  if (version === versions.withPace) state.pace.millis = reader.unsigned()
  if (version === versions.withExperiments) {
    state.pace.millis = reader.optional(() => reader.unsigned())
    readExperiments(reader, state.experiments)
  }
  return state
}

function readExperiments(reader: Reader, experiments: Experiments): void {
  experiments.count = reader.unsigned()
  reader.list(experimentsMax, () => {
    const section = unknownTo(experiments.running, reader.text(sectionCharsMax))
    if (!isSection(section)) throw new Malformed('a section of an experiment that can be none')
    experiments.running.set(section, { number: reader.unsigned(), block: reader.unsigned() })
  })
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

function writeAccount(writer: Writer, account: FrozenAccount): void {
  writer.text(account.id).text(account.holder).text(account.owner)
  writer.unsigned(account.available).unsigned(account.held).flag(account.closed)
  writer.list(entriesOf(account.entries), (entry) => {
    writer.unsigned(entry.index).unsigned(entry.time).byte(entryKinds.indexOf(entry.kind)).signed(entry.change)
    writer.optional(entry.counterparty, (counterparty) => writer.text(counterparty))
    writer.optional(entry.auction, (auction) => writer.text(auction))
    writer.text(entry.memo).unsigned(entry.available).unsigned(entry.held)
  })
}

/** One object for all entries of a block, as the market itself has it. */
function sharedMoments(): (index: number, time: Instant) => Moment {
  const known = new Map<number, Moment>()
  return (index, time) => {
    const last = known.get(index)
    if (last?.time === time) return last
    const moment = { index, time }
    known.set(index, moment)
    return moment
  }
}

function readAccount(reader: Reader, momentOf: ReturnType<typeof sharedMoments>): Account {
  const account = createAccount(reader.text(64) as AccountId, reader.text(1024), reader.text(64) as PeerId)
  account.available = reader.unsigned() as Cents
  account.held = reader.unsigned() as Cents
  account.closed = reader.flag()
  for (let left = reader.count(historyMax); left > 0; left--) {
    account.entries.add(
      momentOf(reader.unsigned(), reader.unsigned() as Instant),
      choice(entryKinds, reader.byte()),
      reader.signed(),
      reader.optional(() => reader.text(64) as AccountId),
      reader.optional(() => reader.text(64) as AuctionId),
      reader.text(4_096),
      reader.unsigned(),
      reader.unsigned(),
    )
  }
  return account
}

function writeAuction(writer: Writer, auction: Auction): void {
  writeLot(writer.text(auction.id), auction.lot)
  writer.text(auction.seller).unsigned(auction.startedAt).unsigned(auction.firstEnd).unsigned(auction.endsAt)
  writer.unsigned(auction.bids)
  writer.optional(auction.leader, (leader) => writeBid(writer, leader))
  writer.optional(auction.ended, ({ why, at, reason }) => writer.byte(endings.indexOf(why)).unsigned(at).text(reason))
  writer.optional(auction.paused, ({ at, until }) => writer.unsigned(at).unsigned(until))
  writer.list(auction.recentBids, (bid) => writeBid(writer, bid))
}

const writeBid = (writer: Writer, { account, amount, at }: Bid): Writer => writer.text(account).unsigned(amount).unsigned(at)

const readBid = (reader: Reader): Bid => ({
  account: reader.text(64) as AccountId,
  amount: reader.unsigned() as Cents,
  at: reader.unsigned() as Instant,
})

/** Their order is that in which they were started: numbers follow from it. */
function readAuction(reader: Reader, number: number, isOlder: boolean): Auction {
  const id = reader.text(64) as AuctionId
  const lot = readLot(reader)
  const seller = reader.text(64) as PeerId
  const auction = createAuction(id, number, lot, seller, reader.unsigned() as Instant, reader.unsigned() as Instant)
  auction.endsAt = reader.unsigned() as Instant
  auction.bids = reader.unsigned()
  auction.leader = reader.optional(() => readBid(reader))
  auction.ended = reader.optional(() => ({
    why: choice(endings, reader.byte()),
    at: reader.unsigned() as Instant,
    reason: reader.text(4_096),
  }))
  if (auction.leader !== undefined) auction.minimum = minimumAfter(lot, auction.leader.amount)
  if (isOlder) return auction
  auction.paused = reader.optional(() => ({ at: reader.unsigned() as Instant, until: reader.unsigned() as Instant }))
  auction.recentBids.push(...reader.list(recentBidsMax, () => readBid(reader)))
  return auction
}

function readAuthor(reader: Reader): Author {
  const author = createAuthor(reader.unsigned(), reader.unsigned())
  const { requests } = author
  reader.list(requestsPerAuthorMax, () => {
    const request = unknownTo(requests.byId, reader.text(64) as RequestId)
    rememberRequest(requests, { request, bodyHash: new Uint8Array(reader.raw(hashBytes)), outcome: readOutcome(reader) })
  })
  return author
}

function choice<T>(choices: readonly T[], code: number): T {
  const chosen = choices[code]
  if (chosen === undefined) throw new Malformed('unknown code')
  return chosen
}

function unknownTo<Key>(known: ReadonlyMap<Key, unknown>, key: Key): Key {
  if (known.has(key)) throw new Malformed(`${key} stands there twice`)
  return key
}
