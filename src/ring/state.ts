import type { Crypto, Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { LamportClock } from '../core/lamport.ts'
import type { Random } from '../core/random.ts'
import type { Block, Commit, Head } from './block.ts'
import { type Epoch, sameEpoch } from './epoch.ts'
import type { Log } from './log.ts'
import type { Message, TokenMessage } from './message.ts'
import type { OwnOperations } from './queue.ts'
import type { Note, Output, Pace, StopReason } from './types.ts'
import type { View } from './view.ts'

/** All that one replica knows. Its files each own one part of it; {@link emit} is their only way out. */
export interface Ring {
  readonly self: PeerId
  readonly crypto: Crypto
  readonly random: Random
  readonly pace: Pace
  readonly clock: LamportClock
  readonly log: Log
  readonly own: OwnOperations
  incarnation: number
  /** Monotonic milliseconds of the step that runs. */
  now: number
  outputs: Output[]

  /** The highest epoch that this peer has promised to take part in. */
  promised: Epoch
  /** The last view in the log when this peer started: in that epoch it takes and writes nothing **[S1]**. */
  readonly startedIn: Epoch
  /** The highest number of an epoch seen anywhere. */
  highest: number
  forgotBelow: number | undefined
  /** A write failed: nothing is promised, appended or reported any more. */
  failed: boolean
  leaving: boolean
  stopped: StopReason | undefined

  readonly disk: DiskState
  readonly token: TokenState
  readonly peers: Map<PeerId, PeerState>
  readonly requests: RequestState
  readonly gap: GapState
  readonly market: MarketState
  readonly roomClock: RoomClockState
  readonly due: Due
  /** When the commit last moved, or a first block after it came: what a stall is counted from. */
  progressAt: number
  attempt: Attempt | undefined
  activation: Activation | undefined
  /** Blocks of another peer's log on their way here, to become this one's. */
  stage: Stage | undefined
  suspicion: SuspicionState
}

export interface DiskState {
  /** Id of the last batch handed out. */
  issued: number
  /** Lowest index changed since then, and whether something was dropped there. */
  changedFrom: number | undefined
  cut: boolean
  metaChanged: boolean
  /** Handed out, not on disk yet. `head` moves back when the log is cut meanwhile. */
  readonly underway: { id: number; head: number; promised: Epoch; commit: Commit }[]
  promised: Epoch
  commit: Commit
  /** What waits for a batch to be on disk, in order. */
  readonly waiting: { id: number; then: () => void }[]
}

export interface Hold {
  turn: number
  appended: boolean
  /** By member, in ring order. */
  readonly served: number[]
  readonly wants: boolean[]
  /** Last append or arrival. */
  restsSince: number
  collectSince: number | undefined
}

export interface TokenState {
  hold: Hold | undefined
  /** The highest turn taken in the installed epoch. */
  taken: number
  /** A token passed on and not acknowledged yet. */
  handing: { readonly to: PeerId; readonly message: TokenMessage; readonly since: number } | undefined
  /** A token that came before the blocks up to its head. */
  arriving: { readonly from: PeerId; readonly message: TokenMessage } | undefined
  ackOwed: { readonly to: PeerId; readonly epoch: Epoch; readonly turn: number } | undefined
  /** What `taken`, `requested` and `request` speak of. */
  epoch: Epoch
  /** Newest request of each peer in the installed epoch. */
  readonly requested: Map<PeerId, number>
  /** This peer's last request, and the last one that a turn of its own served. */
  request: number
  requestServed: number
  wantWait: number
  /** Our want bit was set in the token when it left: it comes back without our asking. */
  bitSet: boolean
  /** Newest sign of the token: its epoch and turn, and when it was seen. */
  signEpoch: Epoch
  signTurn: number
  signAt: number
  /** Our last own append, for the wait for its fsync. */
  ownAppend: { readonly index: number; readonly at: number } | undefined
}

export interface PeerState {
  heardAt: number
  /** A re-dial was refused: the process is gone. */
  refused: boolean
  connected: boolean
  durable: { epoch: Epoch; index: number } | undefined
  persistedCommit: { readonly epoch: Epoch; readonly index: number } | undefined
  commitTold: number
  offset: number | undefined
  roundTrip: number
  pingedAt: number
}

export interface RequestState {
  readonly joiners: Set<PeerId>
  readonly leavers: Map<PeerId, Epoch>
}

export interface GapState {
  /** By index: blocks that came ahead of what they follow. */
  readonly ahead: Map<number, Block>
  askedAt: number
}

export interface MarketState {
  applied: { index: number; stateHash: Hash } | undefined
  /** States lately applied, and checkpoints of others not reached yet. */
  readonly states: Map<number, Hash>
  readonly expected: Map<number, { stateHash: Hash; author: PeerId }>
}

export interface RoomClockState {
  /** Milliseconds since 1970 minus monotonic milliseconds, fixed at start. */
  readonly base: number
  /** When the head of the log got there. */
  headAt: number
}

/** When something is to be done next; `Infinity`: not at all. */
export interface Due {
  status: number
  ping: number
  suspicion: number
  want: number
  announce: number
  ack: number
  tokenRepeat: number
  commitTell: number
  commitFlush: number
  attempt: number
  activation: number
  request: number
  /** The next look at the token in our hands. */
  token: number
  stage: number
  sync: number
}

export interface Attempt {
  readonly epoch: Epoch
  readonly joiners: ReadonlySet<PeerId>
  readonly leavers: ReadonlySet<PeerId>
  phase: 'prepare' | 'install'
  since: number
  repeatAt: number
  /** The promise is on disk: `Prepare` may leave. */
  prepared: boolean
  readonly asked: Set<PeerId>
  readonly promises: Map<PeerId, { readonly head: Head; readonly commit: Commit }>
  viewBlock: Block | undefined
  configs: readonly View[]
  readonly installed: Set<PeerId>
}

/** An epoch of ours that is active, told to those that did not answer its `Install`, for as long as it lasts. */
export interface Activation {
  readonly epoch: Epoch
  readonly viewBlock: Block
  readonly missing: Set<PeerId>
}

/** A chain that starts right after our commit and grows towards `target`. */
export interface Stage {
  readonly purpose: 'choose' | 'install'
  readonly epoch: Epoch
  readonly from: PeerId
  readonly target: Commit
  readonly viewBlock: Block | undefined
  readonly blocks: Block[]
}

export interface SuspicionState {
  promisedAt: number
  quietUntil: number
  waitUntil: number
  /** Start over above a refusal, without a pre-vote. */
  retry: { readonly epoch: Epoch; readonly joiners: ReadonlySet<PeerId>; readonly leavers: ReadonlySet<PeerId> } | undefined
  preVote: { readonly attempt: number; readonly since: number; readonly agreed: Set<PeerId> } | undefined
  preVotes: number
}

/** Installed, and promised nothing since (PROTOCOL, section 1): only then a peer takes, appends, accepts and reports. */
export function isActive(ring: Ring): boolean {
  const view = ring.log.installedView
  return (
    sameEpoch(view.epoch, ring.promised) &&
    !sameEpoch(view.epoch, ring.startedIn) &&
    view.members.includes(ring.self) &&
    !ring.failed &&
    ring.forgotBelow === undefined
  )
}

/**
 * First sequence and count of a block's operations, if they are this peer's and of this incarnation. Those of an earlier
 * life, which a peer that had forgotten its log finds there, are none of its queue's.
 */
export function ownBatch(ring: Ring, block: Block): { readonly firstSequence: number; readonly count: number } | undefined {
  if (block.author !== ring.self || block.body.kind !== 'ops' || block.body.incarnation !== ring.incarnation) return undefined
  return ring.forgotBelow === undefined ? { firstSequence: block.body.firstSequence, count: block.body.ops.length } : undefined
}

export function peerState(ring: Ring, peer: PeerId): PeerState {
  let state = ring.peers.get(peer)
  if (state === undefined) {
    state = {
      heardAt: Number.NEGATIVE_INFINITY,
      refused: false,
      connected: true,
      durable: undefined,
      persistedCommit: undefined,
      commitTold: -1,
      offset: undefined,
      roundTrip: 0,
      pingedAt: 0,
    }
    ring.peers.set(peer, state)
  }
  return state
}

export function isSilent(ring: Ring, peer: PeerId, wait: number): boolean {
  const state = peerState(ring, peer)
  return state.refused || ring.now - state.heardAt > wait
}

/** Every peer that a config of our log names, this one left out. */
export function configPeers(ring: Ring, configs: readonly View[]): Set<PeerId> {
  const peers = new Set<PeerId>()
  for (const view of configs) for (const member of view.members) if (member !== ring.self) peers.add(member)
  return peers
}

export function inSomeConfig(ring: Ring): boolean {
  return ring.log.configs.some((view) => view.members.includes(ring.self))
}

export function otherMembers(ring: Ring): readonly PeerId[] {
  return ring.log.installedView.members.filter((member) => member !== ring.self)
}

export function sendTo(ring: Ring, to: readonly PeerId[], message: Message): void {
  if (to.length > 0) ring.outputs.push({ kind: 'send', to, lamport: ring.clock.advance(), message })
}

export function gossip(ring: Ring, message: Message): void {
  ring.outputs.push({ kind: 'gossip', lamport: ring.clock.advance(), message })
}

export function note(ring: Ring, event: string, facts: Note['facts']): void {
  ring.outputs.push({ kind: 'note', note: { event, facts } })
}

/** The last output of a replica. */
export function stop(ring: Ring, reason: StopReason): void {
  if (ring.stopped !== undefined) return
  ring.stopped = reason
  ring.token.hold = undefined
  ring.outputs.push({ kind: 'stopped', reason })
}
