import { z } from 'zod'
import { bounds } from './bounds.ts'
import { troubleCodes } from './codes.ts'
import { receipt } from './errors.ts'
import { money } from './money.ts'

export type * from './codes.ts'
export * from './log-views.ts'
export type { Money } from './money.ts'
export * from './ring-views.ts'
export type { Finding, Reason } from './rooms.ts'
export type { Facts } from './said.ts'
export type { TokenView } from './tokens.ts'

/** What goes out. Amounts are whole minor units, with their text for people; times are milliseconds since 1970, UTC. */

const fact = z.union([z.string(), z.number(), z.boolean()]).optional()
const facts = z.record(z.string(), fact)

/** Another room of the same name. What it says of itself is hearsay. */
export const noticeView = z.object({
  code: z.enum(['log-damaged', 'log-gone', 'peer-copied']),
  text: z.string(),
  /** Of a damaged log: so many blocks, from the first on, are whole. */
  whole: z.int().optional(),
  /** The folder with the damaged log, as it was. */
  aside: z.string().optional(),
})

const otherRoomView = z.object({
  /** The first 16 hex digits of its id. */
  id: z.string(),
  name: z.string(),
  founder: z.string(),
  /** Its members. */
  size: z.int(),
  founded: z.int(),
  hasCode: z.boolean(),
  /** What keeps the two apart. `another-room`: neither gives way. */
  reason: z.enum(['another-code', 'another-room', 'another-version']),
  /** The wire version that is spoken there. */
  version: z.int(),
})
export type OtherRoomView = z.infer<typeof otherRoomView>

export const statusView = z.object({
  self: z.string(),
  name: z.string(),
  room: z.object({
    id: z.string(),
    name: z.string(),
    currency: z.string(),
    /** Of the currency's minor unit. */
    decimals: z.int(),
    deposits: z.enum(['open', 'host']),
    founder: z.string(),
    founded: z.int(),
    /** It has a room code. */
    hasCode: z.boolean(),
  }),
  /** How this start came into it. */
  entered: z.enum(['founded', 'joined', 'kept']),
  /** Rooms of the same name in sight, with which this one will not mix. */
  otherRooms: z.array(otherRoomView).max(bounds.otherRooms),
  /** What others need to come into this room, but for its code. */
  link: z.string(),
  /** `forgotten`: its log was lost, and the room has not gone on since. */
  role: z.enum(['member', 'learner', 'forgotten', 'leaving', 'read-only', 'stopped']),
  /** What a person should know though the peer goes on: of its log, or of its folder. */
  notices: z.array(noticeView).max(bounds.notices),
  /** Why it writes nothing. */
  trouble: z.string().optional(),
  troubleCode: z.enum(troubleCodes).optional(),
  epoch: z.string(),
  members: z.array(z.string()).max(bounds.members),
  /** Nothing says that these are still the members: it takes no part, and is behind, or has heard none of them. */
  membersAsOfLog: z.boolean(),
  /** Blocks that it lacks, as far as it has heard. */
  behind: z.int(),
  reachable: z.array(z.string()).max(bounds.members),
  quorum: z.boolean(),
  holdsToken: z.boolean(),
  turn: z.int(),
  head: z.int(),
  commit: z.object({ index: z.int(), hash: z.string() }),
  durable: z.int(),
  stateHash: z.string(),
  lamport: z.int(),
  time: z.int(),
  pending: z.int(),
  addresses: z.array(z.string()).max(bounds.addresses),
  /** Where thin clients are served; absent: nowhere. */
  gateway: z.string().optional(),
  version: z.string(),
})
export type StatusView = z.infer<typeof statusView>

export const accountView = z.object({
  account: z.string(),
  holder: z.string(),
  owner: z.string(),
  available: money,
  held: money,
  closed: z.boolean(),
})
export type AccountSummary = z.infer<typeof accountView>

export const entryKinds = ['deposit', 'withdraw', 'sent', 'received', 'held', 'released', 'paid', 'sold'] as const

export const accountDetail = accountView.extend({
  /** The newest entries, oldest first. */
  history: z
    .array(
      z.object({
        index: z.int(),
        time: z.int(),
        kind: z.enum(entryKinds),
        /** What it was about, never below 0; for `paid` what came out of the hold. */
        amount: money,
        /** Of what is available. */
        change: money,
        counterparty: z.string().optional(),
        auction: z.string().optional(),
        /** The number of that auction. */
        lot: z.int().optional(),
        memo: z.string(),
        available: money,
        held: money,
      }),
    )
    .max(bounds.history),
})
export type AccountDetail = z.infer<typeof accountDetail>

export const bid = z.object({ account: z.string(), amount: money, at: z.int() })

const endings = z.enum(['sold', 'unsold', 'reserve-not-met', 'cancelled'])

export const auctionView = z.object({
  auction: z.string(),
  /** Lot 1 is the room's first. */
  number: z.int(),
  item: z.string(),
  payee: z.string(),
  seller: z.string(),
  startedAt: z.int(),
  /** Where it is paused: if nobody resumes it earlier. */
  endsAt: z.int(),
  /** It stands still, until then at most, with so much time left. */
  paused: z.object({ at: z.int(), until: z.int(), leftMillis: z.int() }).optional(),
  leader: bid.optional(),
  bids: z.int(),
  minimum: money,
  ended: z.object({ why: endings, at: z.int(), reason: z.string() }).optional(),
})
export type AuctionSummary = z.infer<typeof auctionView>

export const auctionDetail = auctionView.extend({
  description: z.string(),
  startingPrice: money,
  increment: money,
  reserve: money.optional(),
  buyNow: money.optional(),
  durationMillis: z.int(),
  firstEnd: z.int(),
  softClose: z.object({ windowMillis: z.int(), extensionMillis: z.int(), capMillis: z.int() }).optional(),
  /** base64url; empty: none. */
  picture: z.string(),
  /** The newest bids that were accepted, oldest first: at most 50. */
  recentBids: z.array(bid).max(bounds.recentBids),
})
export type AuctionDetail = z.infer<typeof auctionDetail>

/** An automatic bidder of this peer. */
export const bidderView = z.object({
  auction: z.string(),
  number: z.int(),
  item: z.string(),
  account: z.string(),
  maximum: money,
  /** Over the least bid; absent: it bids the least that leads. */
  raise: z.object({ least: money, most: money }).optional(),
  paceMillis: z.int(),
  leads: z.boolean(),
})
export type BidderSummary = z.infer<typeof bidderView>

export const pendingView = z.object({
  operation: z.string(),
  /** In a block already: it cannot be withdrawn. */
  written: z.boolean(),
  what: z.record(z.string(), z.unknown()),
})

export const marketEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('account-opened'), account: z.string(), holder: z.string() }),
  z.object({ kind: z.literal('account-closed'), account: z.string() }),
  z.object({ kind: z.literal('moved'), from: z.string(), to: z.string(), amount: money, memo: z.string() }),
  z.object({ kind: z.literal('held'), account: z.string(), auction: z.string(), amount: money }),
  z.object({ kind: z.literal('released'), account: z.string(), auction: z.string(), amount: money }),
  z.object({ kind: z.literal('auction-started'), auction: z.string(), item: z.string(), endsAt: z.int() }),
  z.object({
    kind: z.literal('bid-accepted'),
    auction: z.string(),
    account: z.string(),
    amount: money,
    endsAt: z.int(),
  }),
  z.object({ kind: z.literal('outbid'), auction: z.string(), account: z.string(), by: z.string(), amount: money }),
  z.object({ kind: z.literal('auction-extended'), auction: z.string(), endsAt: z.int() }),
  z.object({ kind: z.literal('auction-paused'), auction: z.string(), until: z.int(), endsAt: z.int() }),
  z.object({ kind: z.literal('auction-resumed'), auction: z.string(), endsAt: z.int() }),
  z.object({ kind: z.literal('pace-set'), millis: z.int() }),
  z.object({ kind: z.literal('experiment-started'), experiment: z.int(), section: z.string() }),
  z.object({
    kind: z.literal('experiment-ended'),
    experiment: z.int(),
    section: z.string(),
    what: z.enum(['result', 'stop']),
  }),
  z.object({
    kind: z.literal('auction-ended'),
    auction: z.string(),
    why: endings,
    winner: z.string().optional(),
    price: money.optional(),
    reason: z.string(),
  }),
])

export type MarketEventView = z.infer<typeof marketEvent>

/** An accepted operation: where it stands, and what it changed, in order. */
export const settled = receipt.extend({ events: z.array(marketEvent).max(bounds.marketEvents) })
export type Settled = z.infer<typeof settled>

const numbered = { number: z.int(), at: z.int() }

/** What a listener may want to hear of, and nothing else: of a kind, or of what happened to the market. */
export const eventKinds = [
  ...(['market', 'rejected', 'announced', 'members', 'quorum', 'other-room', 'presence', 'suspected', 'note'] as const),
  ...marketEvent.options.map(({ shape }) => shape.kind.value),
] as const
export type EventKind = (typeof eventKinds)[number]

/**
 * Numbered from 1 in each start of the peer. `opened` comes first: `start` is another text for each start of the peer, so that a
 * client that comes back can show of which start its last number is. `gap`: what lies between was dropped, or the peer was
 * started anew; fetch what you show once more, then go on from here.
 */
export const eventView = z.discriminatedUnion('kind', [
  z.object({ ...numbered, kind: z.literal('opened'), start: z.string() }),
  z.object({ ...numbered, kind: z.literal('gap') }),
  z.object({ ...numbered, kind: z.literal('market'), operation: z.string(), block: z.int(), event: marketEvent }),
  z.object({
    ...numbered,
    kind: z.literal('rejected'),
    operation: z.string(),
    block: z.int(),
    code: z.string(),
    /** In words, for people. */
    text: z.string(),
    what: z.string(),
  }),
  z.object({ ...numbered, kind: z.literal('announced'), operation: z.string(), what: z.string() }),
  z.object({ ...numbered, kind: z.literal('members'), epoch: z.string(), members: z.array(z.string()).max(bounds.members) }),
  z.object({ ...numbered, kind: z.literal('quorum'), held: z.boolean(), text: z.string() }),
  /** A room of the same name with which this one will not mix is in sight, or has changed. */
  z.object({ ...numbered, kind: z.literal('other-room'), room: otherRoomView }),
  /** A peer of this room came into reach, or went out of it. */
  z.object({ ...numbered, kind: z.literal('presence'), peer: z.string(), name: z.string(), here: z.boolean() }),
  /** This peer misses a sign of life, of one member or of the token, and asks around. */
  z.object({ ...numbered, kind: z.literal('suspected'), suspect: z.string().optional(), why: z.string() }),
  z.object({ ...numbered, kind: z.literal('note'), event: z.string(), facts }),
])
export type EventView = z.infer<typeof eventView>
