import type { PeerId } from '../core/ids.ts'
import { type Block, decodeBlock, isSignedByAuthor } from '../ring/block.ts'
import { type DecodedFrame, decodeFrame, topicOf } from '../ring/message.ts'
import type { Input, ReplicaView, Serve } from '../ring/types.ts'
import type { PeerContext } from './context.ts'
import type { RingTopic, Topic, Verdict } from './ports.ts'

/** Bytes from other peers on their way to the ring: accepted, ignored, or rejected and held against the sender. */
export interface Receiver {
  /** A frame over the direct stream, or in an envelope. Anyone with the room code may be a member of a view to come. */
  frame(from: PeerId, bytes: Uint8Array): void
  gossip(from: PeerId, topic: Topic, bytes: Uint8Array): Verdict
  /** Milliseconds that each peer's clock is ahead of ours, as its last heartbeat said. */
  readonly clockOffsets: ReadonlyMap<PeerId, number>
}

type RingFrame = Extract<DecodedFrame, { kind: 'frame' }>

/** Whoever knows the code can come under a new name each time: so many are remembered. */
const offsetsMax = 512

/** `wallTime`: milliseconds since 1970 on this peer's own clock. */
export function createReceiver(
  context: PeerContext,
  view: Pick<ReplicaView, 'members'>,
  wallTime: () => number,
  input: (input: Input) => void,
): Receiver {
  const { crypto } = context.ports.identity
  const { recorder } = context
  const clockOffsets = new Map<PeerId, number>()

  const take = (from: PeerId, { lamport, message }: RingFrame, topic: RingTopic | undefined, bytes: Uint8Array): void => {
    if (recorder.isOn) recorder.came(message, topic, bytes)
    if (message.kind === 'status') noteOffset(from, message.wallClock - wallTime())
    else if (message.kind === 'announce' && view.members.includes(from)) {
      context.tell({ kind: 'announced', author: from, ops: message.ops })
    }
    input({ kind: 'receive', from, lamport, message })
  }

  const noteOffset = (from: PeerId, offset: number): void => {
    if (clockOffsets.size >= offsetsMax && !clockOffsets.has(from)) clockOffsets.clear()
    clockOffsets.set(from, offset)
  }

  const reject = (from: PeerId, reason: string): 'reject' => {
    context.tell({ kind: 'malformed', from, reason })
    return 'reject'
  }

  return {
    clockOffsets,

    frame(from, bytes) {
      const decoded = decodeFrame(bytes, crypto)
      if (decoded.kind === 'frame') take(from, decoded, undefined, bytes)
      else if (decoded.kind === 'version') context.tell({ kind: 'version', peer: from, version: decoded.version })
      else context.tell({ kind: 'malformed', from, reason: decoded.reason })
    },

    gossip(from, topic, bytes) {
      // Not the ring's: nothing of it becomes an input.
      if (topic === 'lab') return recorder.heard(from, bytes)
      const decoded = decodeFrame(bytes, crypto)
      if (decoded.kind === 'version') {
        context.tell({ kind: 'version', peer: from, version: decoded.version })
        return 'ignore'
      }
      if (decoded.kind === 'malformed') return reject(from, decoded.reason)
      const { message } = decoded
      const expected = message.kind === 'blocks' ? 'log' : topicOf(message)
      if (expected !== topic) return reject(from, `${message.kind} on topic ${topic}`)
      // Requests, heartbeats and evidence are what learners and returning peers say too (PROTOCOL, sections 3 and 5).
      if (topic !== 'ring' && !view.members.includes(from)) return 'ignore'
      if (message.kind === 'blocks' && !message.blocks.every((block) => isSignedByAuthor(block, crypto))) {
        return reject(from, 'a block without a valid signature')
      }
      take(from, decoded, topic, bytes)
      return 'accept'
    },
  }
}

/** Gives other peers the blocks that they ask for: one answer at a time to each, so that a slow one costs one frame. */
export interface Server {
  serve(asked: Serve): void
  /** Nothing is sent any more. */
  close(): void
}

/**
 * While an answer is on its way to a peer, the newest request that came meanwhile waits, and no other. `encode`:
 * `undefined` where the frame would be over its limit.
 */
export function createServer(
  { ports }: PeerContext,
  fetchedBytes: number,
  encode: (asked: Serve, blocks: readonly Block[]) => Uint8Array | undefined,
): Server {
  const { store, transport, identity, logger } = ports
  /** By peer that an answer is on its way to: the request that waits. */
  const waiting = new Map<PeerId, Serve | undefined>()
  let isClosed = false

  const begin = (asked: Serve): void => {
    const { blocks } = asked
    if (!('through' in blocks)) return answer(asked, blocks)
    store.read(blocks.from, blocks.through, fetchedBytes).then(
      (rows) => answer(asked, rows.flatMap(toBlock)),
      (error: unknown) => {
        logger.warn('blocks-unread', { from: blocks.from, error })
        end(asked.to)
      },
    )
  }

  const toBlock = ({ bytes }: { readonly bytes: Uint8Array }): readonly Block[] => {
    const decoded = decodeBlock(bytes, identity.crypto)
    return 'value' in decoded ? [decoded.value] : []
  }

  const answer = (asked: Serve, blocks: readonly Block[]): void => {
    const frame = isClosed ? undefined : encode(asked, blocks)
    if (frame === undefined) return end(asked.to)
    const done = (): void => end(asked.to)
    transport.sendBulk(asked.to, frame).then(done, done)
  }

  const end = (peer: PeerId): void => {
    const next = waiting.get(peer)
    if (next === undefined || isClosed) {
      waiting.delete(peer)
      return
    }
    waiting.set(peer, undefined)
    begin(next)
  }

  return {
    serve(asked) {
      const isBusy = waiting.has(asked.to)
      waiting.set(asked.to, isBusy ? asked : undefined)
      if (!isBusy) begin(asked)
    },
    close() {
      isClosed = true
      waiting.clear()
    },
  }
}
