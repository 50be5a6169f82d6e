import type { PeerId } from '../core/ids.ts'
import type { Block, Commit, Head } from './block.ts'
import type { Evidence } from './evidence.ts'
import type { Epoch } from './view.ts'

/** Which topic an announcement belongs on; the ring only carries the label. */
export type Domain = 'bank' | 'auction'

/** What peers say to each other, named as in PROTOCOL.md. Each travels in a frame that adds the sender's Lamport clock. */
export type Message =
  // Section 2, the token
  | {
      readonly kind: 'announce'
      readonly domain: Domain
      readonly epoch: Epoch
      readonly request: number
      readonly ops: readonly AnnouncedOp[]
    }
  | { readonly kind: 'want'; readonly epoch: Epoch; readonly request: number }
  | TokenMessage
  | { readonly kind: 'token-ack'; readonly epoch: Epoch; readonly turn: number }
  // Sections 3 and 4, blocks and commit
  | { readonly kind: 'blocks'; readonly epoch: Epoch; readonly blocks: readonly Block[]; readonly commit: Commit }
  | { readonly kind: 'durable'; readonly epoch: Epoch; readonly durable: Commit }
  | { readonly kind: 'committed'; readonly epoch: Epoch; readonly commit: Commit }
  | StatusMessage
  | { readonly kind: 'ping'; readonly nonce: number }
  | { readonly kind: 'pong'; readonly nonce: number; readonly wallClock: number }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  // Section 5, a new epoch
  | RequestMessage
  | { readonly kind: 'pre-vote'; readonly attempt: number; readonly suspect: PeerId | undefined }
  | { readonly kind: 'agree'; readonly attempt: number; readonly promised: Epoch }
  /** `views`: the view blocks of the configs of the initiator's log, in log order. */
  | { readonly kind: 'prepare'; readonly epoch: Epoch; readonly views: readonly Block[] }
  | { readonly kind: 'promise'; readonly epoch: Epoch; readonly head: Head; readonly commit: Commit }
  | { readonly kind: 'refuse'; readonly epoch: Epoch; readonly promised: Epoch }
  | { readonly kind: 'install'; readonly epoch: Epoch; readonly viewBlock: Block }
  | { readonly kind: 'installed'; readonly epoch: Epoch }
  | { readonly kind: 'activated'; readonly epoch: Epoch; readonly commit: Commit }
  // Fetching: a gap, the past of an epoch, or all that a learner lacks
  | FetchMessage
  | FetchedMessage

export type MessageOf<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>

export type RequestPurpose = 'join' | 'leave' | 'rejoin'

/** Somebody wants in, out, or in again (PROTOCOL, section 5). */
export interface RequestMessage {
  readonly kind: 'request'
  readonly purpose: RequestPurpose
  /** What the next epoch must be above. */
  readonly above: Epoch
  /** Only with `rejoin`, of a peer that has forgotten: the number of its loss. */
  readonly loss: number | undefined
}

export interface AnnouncedOp {
  readonly incarnation: number
  readonly sequence: number
  readonly bytes: Uint8Array
}

/** The right to append in one epoch; `(epoch, turn)` is the fencing token. Blocks that the successor lacks ride along. */
export interface TokenMessage {
  readonly kind: 'token'
  readonly epoch: Epoch
  readonly turn: number
  readonly head: Head
  readonly commit: Commit
  /** The last request served, by member, in ring order. */
  readonly served: readonly number[]
  /** Members that still have something to write, in ring order. */
  readonly wants: readonly boolean[]
  readonly blocks: readonly Block[]
}

export interface StatusMessage {
  readonly kind: 'status'
  /** The epoch installed at the sender. */
  readonly epoch: Epoch
  /** Only while the sender is active in `epoch`. */
  readonly durable: Commit | undefined
  readonly commit: Commit
  /** The view and index up to which `commit` is on the sender's disk. */
  readonly persistedCommit: { readonly epoch: Epoch; readonly index: number }
  readonly turn: number
  readonly promised: Epoch
  readonly active: boolean
  /** Milliseconds since 1970 on the sender's own clock. */
  readonly wallClock: number
}

/**
 * Asks for the blocks from `from` on of the asked peer's log, as many as fit into one frame.
 * `tail`: of its own log up to its head; `committed`: committed blocks only.
 */
export interface FetchMessage {
  readonly kind: 'fetch'
  readonly what: 'tail' | 'committed'
  readonly from: number
}

export interface FetchedMessage {
  readonly kind: 'fetched'
  readonly what: 'tail' | 'committed'
  readonly blocks: readonly Block[]
  /** May lie far beyond the frame's last block. */
  readonly commit: Head
  readonly head: Head
}

/** The topic of a message that everyone should hear; `undefined`: it goes to one peer. */
export function topicOf(message: Message): 'bank' | 'auction' | 'ring' | undefined {
  if (message.kind === 'announce') return message.domain
  return message.kind === 'status' || message.kind === 'request' || message.kind === 'evidence' ? 'ring' : undefined
}
