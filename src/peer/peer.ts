import type { Hash } from '../core/crypto.ts'
import type { AccountId, AuctionId, Instant, OperationId, PeerId, RoomId } from '../core/ids.ts'
import type { Operation, Submission } from '../market/operation.ts'
import type { MarketEvent, Outcome, Rejection } from '../market/outcome.ts'
import type { AccountView, AuctionView, RoomRules } from '../market/types.ts'
import type { Block } from '../ring/block.ts'
import type { Lab } from './experiments.ts'
import type { FrameDetail } from './frame-detail.ts'
import type { RingStep } from './ring-steps.ts'
import type { Verdicts } from './verdicts.ts'
import type { VerifyStep } from './verify.ts'

/** A running member, learner or visitor of one room: what every door (API, command line, desktop) speaks to. */
export interface Peer {
  status(): PeerStatus
  /** Members first, in ring order, then others that are connected, and those that were refused or are proven faulty. */
  peers(): readonly PeerInfo[]
  /**
   * Resolves when the operation is committed and applied, with what the rules made of it. Rejects with a `Failure`:
   * `operation-too-large`; `unsettled` after `deadlineMillis` (it may still happen); `no-quorum` instead where the quorum was
   * missing for all that time, or for 3 s; `stopping`.
   */
  submit(submission: Submission, deadlineMillis: number): Promise<Receipt>
  /** Own operations that are not committed yet, oldest first. */
  pending(): readonly PendingOperation[]
  /** Withdraws one that was never in a block; its `submit` resolves as voided once that is committed. Throws a `Failure`: `not-pending`. */
  voidPending(id: OperationId): void
  accounts(): readonly AccountView[]
  account(id: AccountId): AccountView | undefined
  auctions(): readonly AuctionView[]
  auction(id: AuctionId): AuctionView | undefined
  /** The ring as it is known here. */
  ring(): RingInfo
  /**
   * Committed blocks from `from` on, oldest first, at most `count`, and of `bytesMax` bytes together (but one at least); fewer
   * where not all are on this peer's disk yet.
   */
  log(from: number, count: number, bytesMax?: number): Promise<readonly Block[]>
  /**
   * Checks the committed log from its first block on, as {@link createLogVerifier} does, and never keeps the peer busy for long at
   * a time. The last step is the only one that is not `checked`. Throws a `Failure` where the log cannot be read.
   */
  verify(): AsyncGenerator<VerifyStep>
  /** What became of the operations of a committed block, where they were not simply done; `undefined`: of old ones it is not known. */
  verdicts(block: Block): Verdicts | undefined
  /** Proof of members' faults that this peer keeps. */
  proofs(): readonly Proof[]
  /** Another text for each start of a peer: the numbers of its events are of this start. */
  readonly start: string
  /** Each event as it happens, until the returned function is called. */
  subscribe(listener: (event: PeerEvent) => void, options?: Subscription): () => void
  /** The newest events, oldest first, for a subscriber that comes back: at most 1,000. */
  recentEvents(): readonly PeerEvent[]
  /**
   * Each step of the ring from now on, until the returned function is called. While somebody watches here, the peers of the room are
   * asked to record what they send and receive, and do so.
   */
  watchRing(listener: (step: RingStep) => void): () => void
  /** A message that was told as a step lately; `undefined`: none of that id is known any more. */
  ringFrame(id: string): FrameDetail | undefined
  /** The lab on this room. */
  lab(): Lab
  /** Something was done in the room that it is in: it is not left just so. */
  hasHistory(): boolean
  /** The rules of the room that it is in. */
  rules(): RoomRules
  /**
   * A strategy of an automatic bidder, run by this peer until the auction ends or it is stopped, after a restart too. What
   * the rules would say to every bid of it is said at once, and then it does not start.
   */
  startBidder(bidder: Bidder): Rejection | undefined
  bidders(): readonly Bidder[]
  /** Whether there was one. */
  stopBidder(auction: AuctionId, account: AccountId): boolean
  /**
   * Makes a new room out of this peer's committed state, with a new id, and keeps the log of the old one. Only where the quorum has
   * been missing for a while, unless forced. What waits to be written is submitted again in the new one. Rejects with a `Failure`:
   * `quorum-held`, `room-too-large`, `stopping`, or the disk's.
   */
  refound(options: { readonly force: boolean }): Promise<Refounded>
  /**
   * Moves to another room of this name. What was done in this room is in no other: where something was, it moves only if
   * `force`d, and the log is kept as an archive. Resolves when this peer is in that room, or was already. Rejects with a
   * `Failure`: `other-room` (the target has another name), `other-code`, `room-not-found` with the obstacles,
   * `room-has-history`, `called-off`, `stopping`, or the disk's.
   */
  join(target: JoinTarget, options: JoinOptions): Promise<Joined>
  /** The person's name from now on, which those that are connected are told at once. */
  rename(name: string): void
  /** The room's; empty: none. */
  code(): string
  /** What others need to come into this room, as one text; with the room code in it. */
  link(): string
  /** Leaves in good order where it can; resolves when gone, or after `deadlineMillis`. */
  stop(deadlineMillis: number): Promise<void>
  /** Resolves when the peer takes no more part, with the reason, whoever asked for it. */
  readonly stopped: Promise<string>
}

export interface Subscription {
  /**
   * Default: everything. False: not what is announced, nor the ring's steps, which are made only for somebody who looks; then
   * the numbers of the events may have gaps.
   */
  readonly isForEyes?: boolean
}

/** Which room to move to. */
export interface JoinTarget {
  /** Its name and code, where they are told. */
  readonly name: string | undefined
  readonly code: string | undefined
  /** How its id begins; `undefined`: whichever other room of this name there is. */
  readonly room: string | undefined
  /** Where to find somebody who is in it. */
  readonly addresses: readonly string[]
}

export interface JoinOptions {
  readonly force: boolean
  /** How long to look for somebody who is there. */
  readonly deadlineMillis: number
  /** Calls that off; once somebody was found it goes on. */
  readonly signal?: AbortSignal
}

export interface Joined {
  readonly room: RoomId
  /** Where the log of the room before is kept; `undefined`: there was nothing to keep. */
  readonly archive: string | undefined
}

export interface Refounded {
  readonly room: RoomId
  /** Where the log of the room before is kept; `undefined`: there was nothing to keep. */
  readonly archive: string | undefined
  /** Operations that waited in the room before, and were submitted again in this one. */
  readonly resubmitted: number
}

export interface Receipt {
  readonly id: OperationId
  readonly outcome: Outcome | { readonly accepted: false; readonly voided: true }
  /** The block, and the turn of the token, that wrote it. */
  readonly block: { readonly index: number; readonly epoch: string; readonly turn: number; readonly time: Instant }
}

/** Of this start of a peer: the next one knows nothing of it. */
export interface Notice {
  /**
   * `log-damaged`: its log was damaged and is put aside; `log-gone`: its log is gone; `peer-copied`: a copy of its folder was started
   * elsewhere, and has stopped.
   */
  readonly code: 'log-damaged' | 'log-gone' | 'peer-copied'
  /** A sentence without a full stop, or several. */
  readonly text: string
  /** Of a damaged log: so many blocks, from the first on, are whole. */
  readonly whole?: number
  /** The folder with the damaged log, as it was. */
  readonly aside?: string
}

export interface PeerStatus {
  readonly self: PeerId
  readonly name: string
  readonly room: {
    readonly id: RoomId
    readonly name: string
    readonly rules: RoomRules
    readonly founded: Instant
    readonly hasCode: boolean
  }
  /** How this start came into it. */
  readonly entered: 'founded' | 'joined' | 'kept'
  /** Rooms of the same name in sight with which this one will not mix. */
  readonly otherRooms: readonly OtherRoom[]
  /** What others need to come into this room, but for its code. */
  readonly link: string
  /** What it is to the ring just now. `forgotten`: its log was lost, and the room has not gone on since. */
  readonly role: 'member' | 'learner' | 'forgotten' | 'leaving' | 'read-only' | 'stopped'
  /** Why it writes nothing: `no quorum: 1 of 3 members reachable, waiting for …`, `disk full: …`, … */
  readonly trouble: string | undefined
  /** The same for programs. `older-copy`, `twin`: of its folder, see `StopReason`; `unheard`: it is no member, and has heard none. */
  readonly troubleCode:
    | ('left' | 'older-copy' | 'twin' | 'state-diverged' | 'bug')
    | ('disk-full' | 'disk-failed' | 'forgotten' | 'catching-up' | 'unheard' | 'no-quorum')
    | undefined
  /** What a person should know though the peer goes on, the oldest first. */
  readonly notices: readonly Notice[]
  readonly epoch: string
  /** Of the last view of its log. */
  readonly members: readonly PeerId[]
  /** Nothing says that these are still the members: it takes no part, and is behind, or has heard none of them. */
  readonly membersAsOfLog: boolean
  /** Blocks that it lacks, as far as it has heard; 0 while it takes part. */
  readonly behind: number
  readonly reachable: readonly PeerId[]
  readonly quorum: boolean
  readonly holdsToken: boolean
  readonly turn: number
  readonly head: number
  readonly commit: { readonly index: number; readonly hash: Hash }
  readonly durable: number
  readonly stateHash: Hash
  readonly lamport: number
  /** The room clock. */
  readonly time: Instant
  readonly pending: number
  readonly addresses: readonly string[]
  readonly version: string
}

/** Another room of the same name. What it says of itself is hearsay. */
export interface OtherRoom {
  /** The first 16 hex digits of its id. */
  readonly id: string
  /** The same as this one’s. */
  readonly name: string
  /** Name of the peer that founded it, or the end of its id. */
  readonly founder: string
  /** Its members. */
  readonly size: number
  readonly founded: Instant
  readonly hasCode: boolean
  /** What keeps the two apart. `another-room`: neither gives way. */
  readonly reason: 'another-code' | 'another-room' | 'another-version'
  /** The wire version that is spoken there. */
  readonly version: number
}

export interface PeerInfo {
  readonly peer: PeerId
  /** Empty: none given. */
  readonly name: string
  /** Of the last view of this peer's log. */
  readonly member: boolean
  /** It is one, but nothing says that it still is: see {@link PeerStatus.membersAsOfLog}. */
  readonly memberAsOfLog: boolean
  readonly connected: boolean
  readonly self: boolean
  /** Milliseconds that its clock is ahead of ours, as its last heartbeat said; `undefined`: none came yet. */
  readonly clockOffset: number | undefined
  /** What it says was refused so often; the first reason. */
  readonly refused: { readonly reason: string; readonly count: number } | undefined
  /** What it is proven of: `signed two different blocks 7`. */
  readonly faulty: string | undefined
  /**
   * `unreachable`: a member that was not heard lately. `learner`: in the room, says so, and is no member. `visitor`: connected, and
   * says nothing in the room. `refused`: no member, and what it says is refused.
   */
  readonly role: 'member' | 'learner' | 'unreachable' | 'visitor' | 'refused'
  /** How what it says comes here. `mesh`: passed on by others. */
  readonly path:
    | { readonly kind: 'self' | 'mesh' | 'none' }
    /** The other end of the connection. */
    | { readonly kind: 'direct'; readonly address: string | undefined }
  /** Smoothed, in milliseconds; `undefined`: not measured yet, as with whoever is no member. */
  readonly roundTripMillis: number | undefined
  /** The last block on its disk that counts, as its last heartbeat said. */
  readonly durable: number | undefined
  /** Its commit, as its last heartbeat said. */
  readonly head: { readonly index: number; readonly hash: Hash } | undefined
  readonly holdsToken: boolean
  readonly wants: boolean
  readonly suspected: boolean
}

/** The ring as one peer knows it. */
export interface RingInfo {
  readonly epoch: string
  /** Index of the view block. */
  readonly view: number
  readonly members: readonly PeerId[]
  readonly turn: number
  /** Who had the token last, as far as is known here. */
  readonly holder: PeerId | undefined
  /** Who waits for it. */
  readonly requests: readonly PeerId[]
  readonly suspected: readonly PeerId[]
  readonly quorum: boolean
  readonly paceMillis: number
  /** The newest that are known of, oldest first: at most 50. */
  readonly turns: readonly {
    readonly turn: number
    readonly epoch: string
    readonly holder: PeerId
    readonly at: Instant
    readonly block: number | undefined
  }[]
}

/** Signed proof that a member broke a rule, for people. */
export interface Proof {
  readonly kind: 'two-blocks' | 'checkpoint'
  /** Who is proven to be at fault; `undefined`: two authors wrote one place, and either may have been misled. */
  readonly author: PeerId | undefined
  /** `signed two different blocks 7` */
  readonly what: string
  /** The one that vouches for a wrong state, or the two that stand in one place. */
  readonly blocks: readonly { readonly index: number; readonly epoch: string; readonly author: PeerId; readonly hash: Hash }[]
}

export interface PendingOperation {
  readonly id: OperationId
  readonly operation: Operation
  /** In a block already that is not committed: it cannot be withdrawn. */
  readonly written: boolean
}

/** Numbered from 1 in each start of the peer, without gaps, the same order for every listener. */
export type PeerEvent = { readonly number: number; readonly at: Instant } & (
  | { readonly kind: 'market'; readonly operation: OperationId; readonly block: number; readonly event: MarketEvent }
  | {
      readonly kind: 'rejected'
      readonly operation: OperationId
      readonly block: number
      readonly rejection: Rejection
      /** `undefined`: its bytes are none. */
      readonly asked: Operation | undefined
    }
  /** Announced by another peer, or submitted here; not committed yet. */
  | { readonly kind: 'announced'; readonly operation: OperationId; readonly asked: Operation | undefined }
  | { readonly kind: 'members'; readonly epoch: string; readonly members: readonly PeerId[] }
  | { readonly kind: 'quorum'; readonly held: boolean; readonly text: string }
  /** A room of the same name with which this one will not mix is in sight, or has changed. */
  | { readonly kind: 'other-room'; readonly room: OtherRoom }
  /** A peer of this room came into reach, or went out of it. */
  | { readonly kind: 'presence'; readonly peer: PeerId; readonly name: string; readonly here: boolean }
  /** This peer misses a sign of life, of one member or of the token, and asks around: `suspect` where it is one. */
  | { readonly kind: 'suspected'; readonly suspect: PeerId | undefined; readonly why: string }
  | {
      readonly kind: 'note'
      readonly event: string
      readonly facts: Readonly<Record<string, string | number | boolean | undefined>>
    }
)

/** `3 s`, `1..100`, up to `maximum` cents, is the classic one (PRODUCT, Automatic bidders); `0..0` bids the least that leads. */
export interface Bidder {
  readonly auction: AuctionId
  readonly account: AccountId
  /** Cents over the least bid, drawn evenly from this range. */
  readonly raise: { readonly least: number; readonly most: number }
  readonly paceMillis: number
  /** Never bids more than this. */
  readonly maximum: number
}
