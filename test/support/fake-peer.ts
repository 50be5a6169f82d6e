import { Failure, type FailureCode } from '../../src/core/failure.ts'
import {
  type AccountId,
  type AuctionId,
  auctionId,
  type Instant,
  operationId,
  type PeerId,
  type RoomId,
} from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Submission } from '../../src/market/operation.ts'
import type { MarketEvent, Outcome, Rejection } from '../../src/market/outcome.ts'
import type { AccountView, AuctionView, RoomRules } from '../../src/market/types.ts'
import type {
  Bidder,
  JoinTarget,
  OtherRoom,
  Peer,
  PeerEvent,
  PeerInfo,
  PendingOperation,
  Proof,
  Receipt,
  RingInfo,
} from '../../src/peer/peer.ts'
import { type LogRow, verifyRows } from '../../src/peer/verify.ts'
import { createKeyedCrypto } from '../peer/keyed-crypto.ts'
import { createFakeLab } from './fake-lab.ts'

type RingStep = Parameters<Parameters<Peer['watchRing']>[0]>[0]
type FrameDetail = NonNullable<ReturnType<Peer['ringFrame']>>
type Block = Awaited<ReturnType<Peer['log']>>[number]

/** A peer without a room: it answers what a test tells it to, and keeps what it was asked. */
export interface FakePeer extends Peer {
  readonly submissions: { readonly submission: Submission; readonly deadlineMillis: number }[]
  readonly voided: string[]
  readonly joins: JoinTarget[]
  /** From here on each `submit` is answered so. */
  answer(answer: FakeAnswer): void
  setQuorum(held: boolean): void
  setCurrency(currency: string): void
  setPending(pending: readonly PendingOperation[]): void
  setLog(blocks: readonly Block[]): void
  tell(event: FakeEvent): void
  /** Whoever watches the ring is told this step. */
  tellStep(step: RingStep): void
  readonly watchers: number
}

export type FakeAnswer =
  | { readonly events: readonly MarketEvent[] }
  | { readonly rejection: Rejection }
  | { readonly failure: FailureCode }
  | 'voided'

type WithoutNumber<Event> = Event extends unknown ? Omit<Event, 'number' | 'at'> : never
export type FakeEvent = WithoutNumber<PeerEvent>

export const fakeSelf = '12D3KooWQqvDHq5PiHkHUzBhVDzXPgWKiZpnrRdGYvXEf1dfEPoC' as PeerId
export const fakeOther = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp' as PeerId
export const fakeTime = 1_700_000_000_000 as Instant
export const fakeAuction: AuctionId = auctionId(fakeSelf, 1, 3)
/** Events that the fake keeps: few, so that a test can overrun them. */
export const fakeEventsKept = 10

export const fakeRules: RoomRules = { version: 3, currency: 'EUR', deposits: 'open', founder: fakeSelf }

export const fakeProof: Proof = {
  kind: 'two-blocks',
  author: fakeOther,
  what: 'signed two different blocks 7',
  blocks: ['aa', 'bb'].map((byte) => ({ index: 7, epoch: '1.dfEPoC', author: fakeOther, hash: byte.repeat(32) })),
}
export const fakeLink = 'gavelring://join?room=classroom'
export const fakeOtherRoom: OtherRoom = {
  id: '56'.repeat(8),
  name: 'classroom',
  founder: 'Eve',
  size: 2,
  founded: fakeTime,
  hasCode: true,
  reason: 'another-code',
  version: 2,
}
const fakeLiar: PeerInfo = {
  peer: fakeOther,
  name: 'Eve',
  member: false,
  memberAsOfLog: false,
  connected: false,
  self: false,
  clockOffset: undefined,
  refused: { reason: 'token: from somebody who is no member', count: 3 },
  faulty: fakeProof.what,
  role: 'refused',
  path: { kind: 'direct', address: '/ip4/10.0.0.2/tcp/4001' },
  roundTripMillis: 1.5,
  durable: 6,
  head: { index: 5, hash: 'cd'.repeat(32) },
  holdsToken: false,
  wants: true,
  suspected: true,
}

export const fakeRing: RingInfo = {
  epoch: '1.dfEPoC',
  view: 0,
  members: [fakeSelf],
  turn: 4,
  holder: fakeSelf,
  requests: [fakeSelf],
  suspected: [fakeOther],
  quorum: true,
  paceMillis: 250,
  turns: [3, 4].map((turn) => ({
    ...{ turn, epoch: '1.dfEPoC', holder: fakeSelf, at: fakeTime, block: turn === 3 ? 7 : undefined },
  })),
}

export const fakeFrame: FrameDetail = {
  ...{ id: `${fakeOther}.7.${fakeSelf}`, from: fakeOther, to: fakeSelf, message: 'want', lamport: 7, bytes: 2, hex: '0207' },
  fields: { epoch: '1.dfEPoC', request: 1 },
}

export function createFakePeer(): FakePeer {
  let answer: FakeAnswer = { events: [] }
  let quorum = true
  let rules = fakeRules
  let pending: readonly PendingOperation[] = []
  let blocks: readonly Block[] = []
  let numbers = 0
  let events: PeerEvent[] = []
  const listeners = new Set<(event: PeerEvent) => void>()
  const watchers = new Set<(step: RingStep) => void>()
  const submissions: FakePeer['submissions'] = []
  const started: Bidder[] = []
  const voided: string[] = []
  const joins: JoinTarget[] = []
  const stopping = Promise.withResolvers<string>()
  let lab: ReturnType<typeof createFakeLab> | undefined

  return {
    submissions,
    voided,
    joins,
    answer: (next) => {
      answer = next
    },
    setQuorum: (held) => {
      quorum = held
    },
    setCurrency: (currency) => {
      rules = { ...fakeRules, currency }
    },
    setPending: (next) => {
      pending = next
    },
    setLog: (next) => {
      blocks = next
    },
    tell: (event) => {
      const told = { ...event, number: ++numbers, at: fakeTime } as PeerEvent
      events = [...events, told].slice(-fakeEventsKept)
      for (const listener of listeners) listener(told)
    },
    tellStep: (step) => {
      for (const watcher of watchers) watcher(step)
    },
    get watchers() {
      return watchers.size
    },

    status: () => ({
      self: fakeSelf,
      name: 'Ana',
      room: {
        id: 'ab'.repeat(32) as RoomId,
        name: 'classroom',
        founded: fakeTime,
        hasCode: true,
        rules,
      },
      entered: 'founded',
      otherRooms: [fakeOtherRoom],
      link: fakeLink,
      role: quorum ? 'member' : 'read-only',
      trouble: quorum ? undefined : 'no quorum: 1 of 3 members reachable',
      troubleCode: quorum ? undefined : 'no-quorum',
      notices: [],
      epoch: '1.dfEPoC',
      members: [fakeSelf],
      membersAsOfLog: false,
      behind: 0,
      reachable: [fakeSelf],
      quorum,
      holdsToken: true,
      turn: 4,
      head: 7,
      commit: { index: Math.max(0, blocks.length - 1), hash: 'cd'.repeat(32) },
      durable: 7,
      stateHash: 'ef'.repeat(32),
      lamport: 12,
      time: fakeTime,
      pending: pending.length,
      addresses: [`/ip4/127.0.0.1/tcp/4001/p2p/${fakeSelf}`],
      version: '0.1.0',
    }),
    peers: () => [
      {
        peer: fakeSelf,
        name: 'Ana',
        member: true,
        memberAsOfLog: false,
        connected: true,
        self: true,
        clockOffset: 0,
        refused: undefined,
        faulty: undefined,
        role: 'member',
        path: { kind: 'self' },
        roundTripMillis: undefined,
        durable: 7,
        head: { index: 5, hash: 'cd'.repeat(32) },
        holdsToken: true,
        wants: false,
        suspected: false,
      },
      fakeLiar,
    ],
    async submit(submission, deadlineMillis) {
      submissions.push({ submission, deadlineMillis })
      return receiptOf(submissions.length, answer)
    },
    pending: () => pending,
    voidPending: (id) => {
      if (!pending.some((waiting) => waiting.id === id)) throw new Failure('not-pending', 'Nothing of this id is waiting.')
      voided.push(id)
    },
    accounts: () => [account],
    account: (id) => (id === account.id ? account : undefined),
    auctions: () => [auction],
    auction: (id) => (id === auction.id ? auction : undefined),
    proofs: () => [fakeProof],
    ring: () => fakeRing,
    log: async (from, count, bytesMax = Number.POSITIVE_INFINITY) => {
      let bytes = 0
      const asked = blocks.slice(from, from + count)
      return asked.filter((block, at) => {
        bytes += block.bytes.length
        return at === 0 || bytes <= bytesMax
      })
    },
    verify: () => verifyRows(rowsOf(blocks), createKeyedCrypto(fakeSelf)),
    start: `start ${++starts}`,
    verdicts: () => undefined,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    recentEvents: () => events,
    watchRing: (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    ringFrame: (id) => (id === fakeFrame.id ? fakeFrame : undefined),
    lab: () => {
      lab ??= createFakeLab(fakeSelf, fakeOther)
      return lab
    },
    hasHistory: () => true,
    rules: () => rules,
    startBidder: (bidder) => {
      if (answer !== 'voided' && 'rejection' in answer) return answer.rejection
      started.push(bidder)
      return undefined
    },
    bidders: () => started,
    stopBidder: (auction, account) => {
      const at = started.findIndex((bidder) => bidder.auction === auction && bidder.account === account)
      if (at >= 0) started.splice(at, 1)
      return at >= 0
    },
    async refound({ force }) {
      if (quorum && !force) throw new Failure('quorum-held', 'The fake has its quorum.')
      return { room: '12'.repeat(32) as RoomId, archive: '/tmp/archive.jsonl', resubmitted: 1 }
    },
    link: () => `${fakeLink}&code=lamp`,
    async join(target, { force }) {
      joins.push(target)
      if (!force) throw new Failure('room-has-history', 'The fake has a history.')
      return { room: '34'.repeat(32) as RoomId, archive: '/tmp/archive.jsonl' }
    },
    code: () => 'lamp',
    rename: () => {},
    stop: async () => stopping.resolve('left'),
    stopped: stopping.promise,
  }
}

/** Each fake is a start of its own. */
let starts = 0

async function* rowsOf(blocks: readonly Block[]): AsyncGenerator<LogRow> {
  for (const { bytes } of blocks) yield { bytes, last: blocks.length - 1 }
}

function receiptOf(sequence: number, answer: FakeAnswer): Receipt {
  if (answer !== 'voided' && 'failure' in answer) throw new Failure(answer.failure, `The fake failed with ${answer.failure}.`)
  return {
    id: operationId(fakeSelf, 1, sequence),
    outcome: outcomeOf(answer),
    block: { index: sequence, epoch: '1.dfEPoC', turn: sequence, time: fakeTime },
  }
}

function outcomeOf(answer: Exclude<FakeAnswer, { failure: FailureCode }>): Outcome | { accepted: false; voided: true } {
  if (answer === 'voided') return { accepted: false, voided: true }
  return 'rejection' in answer ? { accepted: false, rejection: answer.rejection } : { accepted: true, events: answer.events }
}

const cents = (amount: number): Cents => amount as Cents

const account: AccountView = {
  id: 'ana' as AccountId,
  holder: 'Ana',
  owner: fakeSelf,
  available: cents(1_050),
  held: cents(200),
  closed: false,
  history: [
    {
      index: 2,
      time: fakeTime,
      kind: 'deposit',
      change: 1_050,
      counterparty: 'issuer' as AccountId,
      auction: undefined,
      memo: '',
      available: cents(1_050),
      held: cents(0),
    },
  ],
}

const auction: AuctionView = {
  id: fakeAuction,
  number: 1,
  lot: {
    item: 'Lamp',
    description: 'Brass',
    picture: new Uint8Array([1, 2, 255]),
    payee: 'ana' as AccountId,
    startingPrice: cents(1_000),
    increment: cents(100),
    reserve: undefined,
    buyNow: undefined,
    durationMillis: 30_000,
    softClose: undefined,
  },
  seller: fakeSelf,
  startedAt: fakeTime,
  firstEnd: (fakeTime + 30_000) as Instant,
  endsAt: (fakeTime + 30_000) as Instant,
  paused: undefined,
  leader: undefined,
  bids: 0,
  recentBids: [],
  minimum: cents(1_000),
  ended: undefined,
}
