import type { Crypto, Hash } from '../core/crypto.ts'
import type { PeerId, RoomId } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Block, Commit, Head } from './block.ts'
import type { Evidence } from './faults.ts'
import type { Domain, Message } from './message.ts'
import type { RingLimits } from './timing.ts'
import type { Epoch } from './view.ts'

/** One thing that happened. Times are on the peer's own monotonic clock, in milliseconds. */
export type Input =
  /** Time has passed: the ring asked for it by `wake`, or the driver woke early. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'receive'; readonly from: PeerId; readonly lamport: number; readonly message: Message }
  /** An answer with committed blocks up to `last`, and not all, has come, and is being looked at; it follows as `receive`. */
  | { readonly kind: 'arriving'; readonly from: PeerId; readonly last: number }
  /** Every `persist` up to and with `id` is on disk, fsynced. */
  | { readonly kind: 'persisted'; readonly id: number }
  /** A write failed (full disk). From here on the peer promises, appends and reports nothing. */
  | { readonly kind: 'persist-failed' }
  /** Operations of this peer, in the order in which they take their sequence numbers. */
  | { readonly kind: 'submit'; readonly domain: Domain; readonly ops: readonly Uint8Array[] }
  /** A person withdraws an operation that was never in a block: `replacement` takes its place under the same id. */
  | { readonly kind: 'withdraw'; readonly sequence: number; readonly replacement: Uint8Array }
  /** The market has applied the log up to `index`: one input for each block, so that checkpoints can be compared. */
  | { readonly kind: 'applied'; readonly index: number; readonly stateHash: Hash }
  /** A connection came, went, or went and a re-dial was refused (the process is gone). */
  | { readonly kind: 'link'; readonly peer: PeerId; readonly state: 'up' | 'down' | 'refused' }
  /** The room goes at another pace from here on; each peer hears of it when it has applied the block that says so. */
  | { readonly kind: 'pace'; readonly idleHop: number }
  /** Shut down in good order: leave the view; `stopped` follows as an output. */
  | { readonly kind: 'leave' }

/** One thing to do, in order. What depends on the disk comes out only after its `persisted`. */
export type Output =
  | Persist
  | { readonly kind: 'send'; readonly to: readonly PeerId[]; readonly lamport: number; readonly message: Message }
  | { readonly kind: 'gossip'; readonly lamport: number; readonly message: Message }
  /** Newly committed blocks, in log order, each exactly once since this replica started. */
  | { readonly kind: 'apply'; readonly blocks: readonly Block[] }
  | Serve
  /** When to step with `tick` at the latest. Replaces every earlier wake. */
  | { readonly kind: 'wake'; readonly at: number }
  /** The peer takes no more part; `reason` says why. The last output. */
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'note'; readonly note: Note }

/**
 * A peer asks for blocks: send it one `fetched` with this `what`, `commit` and `head`. One at a time for each peer: where
 * another is still on its way to it, this one takes its place.
 */
export interface Serve {
  readonly kind: 'serve'
  readonly to: PeerId
  readonly lamport: number
  readonly what: 'tail' | 'committed'
  /**
   * As many as fit into a frame; or, where they have left the ring's memory, the committed ones to read from the store:
   * `from` on, no further than `through`, as many as fit.
   */
  readonly blocks: readonly Block[] | { readonly from: number; readonly through: number }
  readonly commit: Head
  readonly head: Head
}

/** One atomic batch: cut the log from `cutFrom` on, append `blocks`, and write `meta`. Fsynced before `persisted`. */
export interface Persist {
  readonly kind: 'persist'
  /** Grows by one. Batches take effect in this order; several may share one fsync. */
  readonly id: number
  readonly cutFrom: number | undefined
  readonly blocks: readonly Block[]
  /** Proof of somebody's fault that came since the last batch: kept for good. */
  readonly evidence: readonly Evidence[]
  readonly meta: DiskMeta
}

/** The one checksummed record that every batch rewrites (STACK, LevelDB). */
export interface DiskMeta {
  readonly head: Head
  readonly promised: Epoch
  readonly incarnation: number
  readonly commit: Commit
  /**
   * The log here was lost, or fetched anew, and the room has not gone on since: the number that was drawn then. Until a
   * committed view block carries it, this peer promises, installs and counts nothing (PROTOCOL, section 5).
   */
  readonly loss: number | undefined
}

/** What was on disk when the peer started. */
export interface Disk {
  readonly meta: DiskMeta
  /** The newest blocks, without a gap, up to the head: at least from the first uncommitted one and its predecessor on. */
  readonly blocks: readonly Block[]
  /** The blocks of every view of the log from the last committed one on, oldest first; the first may be the genesis block. */
  readonly viewBlocks: readonly Block[]
  /** All that was ever kept. */
  readonly evidence: readonly Evidence[]
}

export type StopReason =
  /** It asked to leave, and left. */
  | { readonly kind: 'left' }
  /**
   * A committed block of this very peer that it does not have. `older-copy`: of a later start, so this disk is an older
   * copy of itself; `twin`: of this start's number, so a copy of the profile runs, or ran, elsewhere.
   */
  | {
      readonly kind: 'own-later-block'
      readonly which: 'older-copy' | 'twin'
      readonly index: number
      readonly incarnation: number
    }
  /** This peer's state after block `index` differs from that of more than half of the members. */
  | { readonly kind: 'state-diverged'; readonly index: number; readonly authors: readonly PeerId[] }
  /** An invariant of this peer's own broke. Nothing that arrives can bring that about. */
  | { readonly kind: 'bug'; readonly message: string }

/** What happened inside, for logs, the simulator's trace and the lab: a constant name and its facts. */
export interface Note {
  readonly event: string
  readonly facts: Readonly<Record<string, string | number | boolean | undefined>>
}

/** Times in milliseconds. The defaults are PROTOCOL's. */
export interface Pace {
  /** How long a token rests where nobody wants it. Longer: calmer to watch; shorter: failures show sooner. */
  readonly idleHop: number
}

export interface ReplicaOptions {
  readonly self: PeerId
  readonly room: RoomId
  readonly disk: Disk
  /** This start's: one more than any before, on disk already. */
  readonly incarnation: number
  /** Milliseconds since 1970 when the monotonic clock read `now`; later changes of the wall clock do not matter. */
  readonly wallClock: { readonly at: number; readonly now: number }
  readonly crypto: Crypto
  readonly random: Random
  /** To begin with: the input `pace` changes it. */
  readonly pace: Pace
  /** Default: `ringLimits`, which every peer of a room shares. */
  readonly limits?: RingLimits
}

/** The sans-I/O ring log. One input, all its outputs, then the next input. */
export interface Replica {
  step(now: number, input: Input): readonly Output[]
  readonly view: ReplicaView
}

/** What others may read between steps. Values, not live objects. */
export interface ReplicaView {
  /** This start's; one that had forgotten its log takes a higher one when it has caught up. */
  readonly incarnation: number
  /** What it is to the room just now. */
  readonly membership: 'learner' | 'member' | 'forgotten' | 'leaving'
  readonly promised: Epoch
  readonly installed: Epoch
  readonly active: boolean
  /** Of the view block of `installed`. */
  readonly viewIndex: number
  /** The last view of the log, and whether it is committed. */
  readonly members: readonly PeerId[]
  readonly head: Head
  readonly durable: number
  readonly commit: Commit
  readonly lamport: number
  /** The turn of the token in this peer's hands, and the last turn seen anywhere in this epoch. */
  readonly holding: number | undefined
  readonly turnSeen: number
  /** Operations of this peer that are not committed yet, in order. `written`: in a block already, cannot be withdrawn. */
  readonly pending: readonly { readonly sequence: number; readonly written: boolean; readonly bytes: Uint8Array }[]
  /** Members of the last view that are heard lately and can be counted on, this peer included; none that has forgotten. */
  reachable(now: number): readonly PeerId[]
  /** Whether those reachable are a view quorum of every config. */
  hasQuorum(now: number): boolean
  /** The room clock, milliseconds since 1970. */
  time(now: number): number
  /** A write failed: nothing is promised, appended or reported until the next start. */
  readonly failed: boolean
  /** Behind the room, as far as it has heard, by so many blocks; its members may be people long gone. */
  readonly behind: number
  readonly evidence: readonly Evidence[]
  /** Whose messages were refused, how often, and the first reason; bounded. */
  readonly refused: ReadonlyMap<PeerId, Refusal>
  readonly stopped: StopReason | undefined
}

export interface Refusal {
  readonly reason: string
  readonly count: number
}
