import type { Crypto } from '../core/crypto.ts'
import type { Failure } from '../core/failure.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import type { LogEvent } from '../core/log-events.ts'

/**
 * What the peer needs of the machine. `src/io` keeps these; tests have their own for memory.
 * To a port blocks, frames and snapshots are bytes: what they mean is the peer's business.
 */

/** One row of the log on disk. */
export interface StoredBlock {
  readonly index: number
  readonly bytes: Uint8Array
  /** 32 bytes: the hash that names the block. The store keeps it as it is given: its own checksums find damage. */
  readonly hash: Uint8Array
}

/** One atomic, fsynced batch. */
export interface StoreBatch {
  /** Delete blocks from here on before appending. */
  readonly cutFrom: number | undefined
  readonly blocks: readonly StoredBlock[]
  /** Named values that become durable together with the blocks; `undefined`: the value goes. */
  readonly values: readonly { readonly name: string; readonly bytes: Uint8Array | undefined }[]
  /** The one record that each batch rewrites; the store adds a checksum, and the index and hash of the last block. */
  readonly meta: Uint8Array
}

export interface StoreOpened {
  /** `undefined`: a new store. */
  readonly meta: Uint8Array | undefined
  /** Index of the last block; `undefined`: none. */
  readonly last: number | undefined
  /**
   * What the start before this one left: `ahead`: it ended without notice, and all is there; `older`: a log of an earlier format,
   * taken over; `value-lost`: the log is whole, and a named value beside it is lost.
   */
  readonly found: 'new' | 'clean' | 'ahead' | 'older' | 'value-lost'
  /** Why the log that was here is put aside; what is opened is new, and the peer has forgotten (PROTOCOL, section 5). */
  readonly damage?: Failure
  /** The log that was here before is gone: what is opened is new, and the peer has forgotten, too. */
  readonly gone?: Failure
}

/** The log of one room on disk. All methods may throw a {@link Failure}. */
export interface Store {
  /**
   * Reads and checks everything: every block up to the head must be there, as it was written. Where something that was promised
   * may be lost it fails with `store-damaged`; `facts.index` is the first block that cannot be relied on, `facts.case` what is wrong.
   */
  open(onProgress?: (done: number, total: number) => void): Promise<StoreOpened>
  /** Resolves when the batch is on disk. One at a time: the persist queue merges what waits. */
  write(batch: StoreBatch): Promise<void>
  /** Blocks `from … through`, oldest first, at most `bytesMax` together (but at least one, if it is there). */
  read(from: number, through: number, bytesMax: number): Promise<readonly StoredBlock[]>
  /**
   * A snapshot of the market after block `index`, whole or in pieces, which are asked for one by one as they are written; a newer
   * one replaces it once all of it is there. A crash may lose it: it can be made again.
   */
  writeSnapshot(index: number, snapshot: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>
  /** Whole. `undefined` where there is none, or it is damaged. */
  readSnapshot(): Promise<{ readonly index: number; readonly bytes: Uint8Array } | undefined>
  /** A small named value beside the log, such as the addresses of known peers. A crash may lose it, other than one in a batch. */
  writeValue(name: string, bytes: Uint8Array): Promise<void>
  /** `undefined` where there is none, or it is damaged. */
  readValue(name: string): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/** What became of bytes from another peer (libp2p's gossip words). */
export type Verdict = 'accept' | 'ignore' | 'reject'

/** Where frames of the ring are heard by everyone. */
export type RingTopic = 'log' | 'bank' | 'auction' | 'ring'

/** `lab`: what was seen of the ring's frames, for eyes; the ring itself hears nothing of it. */
export type Topic = RingTopic | 'lab'

export interface TransportEvents {
  /** A connection to a peer with the room code stands; `hello` is what it said first. */
  onConnected(peer: PeerId, hello: Uint8Array): void
  /** `refused`: a re-dial was refused: the process is gone, not only the connection. */
  onDisconnected(peer: PeerId, refused: boolean): void
  /** Heard without limit: a member, where this peer takes part in the ring; one that does not cannot tell who is. */
  isUnlimited(peer: PeerId): boolean
  /** A whole frame over the direct stream, or in an addressed envelope over the mesh. */
  onFrame(from: PeerId, frame: Uint8Array): void
  /** A frame heard on a topic; the verdict decides whether it is passed on. `from` is its signer. */
  onGossip(from: PeerId, topic: Topic, frame: Uint8Array): Verdict
  /** A peer is heard by discovery for the first time, or what it makes known has changed. */
  onSighted(sighting: Sighting): void
  /** Another peer, or the world, did something wrong that a person may want to know. */
  onTrouble(trouble: TransportTrouble): void
}

/** What this peer makes known on the network of the room that it is in. */
export interface Announcement {
  /** The peer's own name; empty: none. */
  readonly name: string
  /** `undefined`: it looks for its room. */
  readonly room:
    | {
        readonly id: RoomId
        /** The founder's name, or a short form of its id. */
        readonly founder: string
        /** Members of the last view. */
        readonly members: number
        /** Time of the genesis block. */
        readonly founded: Instant
      }
    | undefined
}

/**
 * A peer heard on the network by discovery, of this room's name or another, whether or not it can be connected with.
 * All of it is hearsay: anybody on the network can say anything.
 */
export interface Sighting {
  readonly peer: PeerId
  readonly name: string
  /** The wire version that it speaks. */
  readonly version: number
  readonly addresses: readonly string[]
  readonly roomName: string
  /** Its room has a code. */
  readonly hasCode: boolean
  /** `undefined`: it looks for its room. */
  readonly room:
    | {
        /** The first 16 hex digits of the room's id. */
        readonly id: string
        readonly founder: string
        readonly members: number
        /** Milliseconds since 1970. */
        readonly founded: number
      }
    | undefined
  /** When it was last heard, monotonic milliseconds. */
  readonly at: number
}

export type TransportTrouble =
  /** A frame over its limit, half a frame, or one that is none. */
  | { readonly kind: 'bad-frame'; readonly peer: PeerId; readonly reason: string }
  /** Its handshake failed: most likely another room code. `peer`: who was dialled, where that is known. */
  | { readonly kind: 'wrong-code'; readonly address: string; readonly peer: PeerId | undefined }
  | { readonly kind: 'version'; readonly peer: PeerId; readonly version: number }
  | { readonly kind: 'unreachable'; readonly address: string; readonly reason: string }
  /** A copy of this peer's own profile is in reach of the same peers, as the key that both have proves. `isLater`: it began first. */
  | { readonly kind: 'copy'; readonly isLater: boolean }

/** The network of one room. Peers without the room code cannot connect at all (Noise prologue). */
export interface Transport {
  readonly self: PeerId
  /** Binds, starts discovery, dials known addresses. */
  start(events: TransportEvents): Promise<void>
  /** Where this peer listens, as multiaddrs with its peer id. */
  readonly addresses: readonly string[]
  /** Subscribes to the room's topics; before it `gossip` and envelopes go nowhere. */
  enterRoom(room: RoomId): void
  /** What every new connection is told first; may change at any time. */
  setHello(hello: Uint8Array): void
  /**
   * In order per peer over one long-lived stream. Without a connection: an addressed envelope over the mesh. Never throws;
   * what cannot go is dropped.
   */
  send(to: PeerId, frame: Uint8Array): void
  /**
   * Over a stream of its own, in order per peer, so that catching up delays nobody; without a connection it is dropped.
   * Resolves when all that waited for that peer has been handed to the network, so that no more than one frame need wait for a slow peer,
   * or when it can no longer go. Never rejects.
   */
  sendBulk(to: PeerId, frame: Uint8Array): Promise<void>
  /** To all who subscribe to the topic of the room that was entered; dropped before one is. */
  gossip(topic: Topic, frame: Uint8Array): void
  /** What discovery makes known of this peer from now on; as often as wanted: it costs little where nothing changed. */
  announce(announcement: Announcement): void
  /** Who was heard by discovery lately; whoever was silent for a while is not in it. */
  readonly sightings: readonly Sighting[]
  /** Dial this address now, and again whenever the connection is lost. */
  addAddress(address: string): void
  /** The other end of the connection with a peer, as an address; `undefined`: there is none. */
  remoteOf(peer: PeerId): string | undefined
  /** Connected peers with the addresses that they can be dialled at, for the next start. */
  readonly peers: readonly { readonly peer: PeerId; readonly addresses: readonly string[] }[]
  stop(): Promise<void>
}

export interface Clock {
  /** Milliseconds, never back, whatever happens to the wall clock. */
  monotonic(): number
  /** Milliseconds since 1970. */
  wall(): number
  /** Runs `task` once at this monotonic time or soon after; the returned function calls it off. */
  at(time: number, task: () => void): () => void
  /** Runs `task` once, when what the process is busy with just now is done. */
  soon(task: () => void): void
}

/** Randomness that nobody can guess. */
export interface Entropy {
  bytes(count: number): Uint8Array
}

/**
 * A line by its name, and its facts (STYLE, Logging). Never secrets; never another peer's text above `debug`, but for what its person
 * wrote for the room: names, lots, memos. `words`: for people, in place of those that stand beside the name in {@link logEvents}.
 */
export interface Logger {
  error(event: LogEvent, facts?: LogFacts, words?: string): void
  warn(event: LogEvent, facts?: LogFacts, words?: string): void
  info(event: LogEvent, facts?: LogFacts, words?: string): void
  /** Of these there are many, so their facts are asked for only where they are written. */
  debug(event: LogEvent, facts?: () => LogFacts, words?: string): void
}

export type LogFacts = Readonly<Record<string, unknown>>

/** The peer's key, from a file that only its owner can read. */
export interface Identity {
  readonly self: PeerId
  /** The key was made by this very start: no earlier life can have promised anything. */
  readonly isNew: boolean
  readonly crypto: Crypto
  /** Looks at signatures beside the loop, and answers in their order; `undefined`: nothing is beside it. Never rejects. */
  readonly verifyAside?: (signed: readonly Signed[]) => Promise<readonly boolean[]>
}

/** What {@link Crypto.verify} looks at. */
export interface Signed {
  readonly author: PeerId
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** Everything that a peer of one room runs on. */
export interface Ports {
  readonly identity: Identity
  readonly store: Store
  readonly transport: Transport
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
}
