import { assertNever } from '../core/assert.ts'
import type { Crypto, Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import { bid, cancelAuction, closeAuction, extendAuction, pauseAuction, resumeAuction, startAuction } from './auctions.ts'
import { type Author, authorOf, hashOfBody, recallRequest, rememberRequest, takeSequence } from './authors.ts'
import { beginBlock, closeAccount, deposit, openAccount, type Place, transfer, withdraw } from './bank.ts'
import { nextStateHash } from './digest.ts'
import { recordExperiment } from './experiments.ts'
import type { Operation } from './operation.ts'
import type { MarketEvent, Outcome, Rejection } from './outcome.ts'
import { setPace } from './pace.ts'
import { imageOf, type MarketImage, readImage, readSnapshot, writeSnapshot } from './snapshot.ts'
import { createState, type MarketState } from './state.ts'
import type { AppliedBlock, AppliedOutcome, Market, RoomRules } from './types.ts'
import { decodeInVersion } from './versions.ts'

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

/** The same of the pieces of a {@link Market.image}, put together, which are known to be whole. */
export function restoreImage(
  content: Uint8Array,
  rules: RoomRules,
  hash: Crypto['hash'],
): { readonly value: Market } | { readonly malformed: string } {
  const decoded = readImage(content, rules, hash)
  return 'malformed' in decoded ? decoded : { value: marketOver(decoded.value, hash) }
}

function marketOver(state: MarketState, hash: Crypto['hash']): Market {
  return new StatefulMarket(state, hash)
}

class StatefulMarket implements Market {
  readonly accounts: Market['accounts']
  readonly auctions: Market['auctions']
  readonly openAuctions: Market['openAuctions']
  readonly experiments: Market['experiments']
  readonly #state: MarketState
  readonly #hash: Crypto['hash']

  constructor(state: MarketState, hash: Crypto['hash']) {
    this.#state = state
    this.#hash = hash
    this.accounts = state.bank.accounts
    this.auctions = state.auctions.byId
    this.openAuctions = state.auctions.open
    this.experiments = state.experiments
  }

  get stateHash(): Hash {
    return this.#state.stateHash
  }

  get index(): number {
    return this.#state.index
  }

  get issuer(): Cents {
    return this.#state.bank.issuer.available
  }

  get paceMillis(): number | undefined {
    return this.#state.pace.millis
  }

  apply(block: AppliedBlock): readonly AppliedOutcome[] {
    const state = this.#state
    const { bank } = state
    state.index = block.index
    if (block.ops.length === 0) return []
    beginBlock(bank)
    const outcomes = applyAll(state, block, this.#hash)
    state.stateHash = nextStateHash(state.stateHash, block, outcomes, bank.changed, this.#hash)
    return outcomes
  }

  incarnationOf(author: PeerId): number {
    return this.#state.authors.get(author)?.incarnation ?? 0
  }

  image(): MarketImage {
    return imageOf(this.#state)
  }

  snapshot(): Uint8Array {
    return writeSnapshot(this.#state, this.#hash)
  }
}

function applyAll(state: MarketState, block: AppliedBlock, hash: Crypto['hash']): readonly AppliedOutcome[] {
  const author = authorOf(state.authors, block.author)
  const place: Place = { index: block.index, time: block.time, author: block.author }
  const outcomes: AppliedOutcome[] = []
  let sequence = block.firstSequence
  for (const bytes of block.ops) {
    if (takeSequence(author, block.incarnation, sequence)) {
      outcomes.push(applyOne(state, author, place, block.incarnation, sequence, bytes, hash))
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
  incarnation: number,
  sequence: number,
  bytes: Uint8Array,
  hash: Crypto['hash'],
): AppliedOutcome {
  const decoded = decodeInVersion(bytes, state.bank.rules.version)
  if ('malformed' in decoded) {
    return { sequence, outcome: { accepted: false, rejection: { code: 'malformed', detail: decoded.malformed } } }
  }
  const { request, operation } = decoded.value
  if (request === undefined) return { sequence, outcome: decide(state, place, incarnation, sequence, operation) }
  const bodyHash = hashOfBody(bytes.subarray(decoded.bodyAt), hash)
  const recalled = recallRequest(author.requests, request, bodyHash)
  if (recalled !== undefined) {
    const { outcome, isRepeat } = recalled
    return isRepeat ? { sequence, outcome, isRepeat } : { sequence, outcome }
  }
  const outcome = decide(state, place, incarnation, sequence, operation)
  // What is malformed was no request: the same id may come again, and mean something.
  if (outcome.accepted || outcome.rejection.code !== 'malformed') rememberRequest(author.requests, { request, bodyHash, outcome })
  return { sequence, outcome }
}

/** One operation to bank and auctions, all or nothing: each rule checks everything before it changes anything. */
function decide(state: MarketState, place: Place, incarnation: number, sequence: number, operation: Operation): Outcome {
  // Room for one, as most operations have: a list that begins with none makes room for seventeen at once.
  const events = new Array<MarketEvent>(1)
  events.pop()
  const rejection = route(state, place, incarnation, sequence, operation, events)
  return rejection === undefined ? { accepted: true, events } : { accepted: false, rejection }
}

function route(
  state: MarketState,
  place: Place,
  incarnation: number,
  sequence: number,
  operation: Operation,
  events: MarketEvent[],
): Rejection | undefined {
  const { bank, auctions, pace, experiments } = state
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
      return startAuction(bank, auctions, place, { incarnation, sequence }, operation, events)
    case 'bid':
      return bid(bank, auctions, place, operation, events)
    case 'cancel-auction':
      return cancelAuction(bank, auctions, place, operation, events)
    case 'close-auction':
      return closeAuction(bank, auctions, place, operation, events)
    case 'extend-auction':
      return extendAuction(bank, auctions, place, operation, events)
    case 'pause-auction':
      return pauseAuction(bank, auctions, place, operation, events)
    case 'resume-auction':
      return resumeAuction(bank, auctions, place, operation, events)
    case 'set-pace':
      return setPace(pace, bank.rules, place, operation, events)
    case 'record-experiment':
      return recordExperiment(experiments, bank.rules, place, operation, events)
    default:
      return assertNever(operation)
  }
}
