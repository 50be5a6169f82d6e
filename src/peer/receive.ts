import type { Crypto } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { isSignedByAuthor } from '../ring/block.ts'
import { type DecodedFrame, decodeFrame } from '../ring/frame.ts'
import { type Message, topicOf } from '../ring/message.ts'
import type { Input } from '../ring/types.ts'
import type { Topic, Verdict } from './ports.ts'

export interface Receiver {
  /** A frame over the direct stream, or in an envelope. Anyone with the room code may be a member of a view to come. */
  frame(from: PeerId, bytes: Uint8Array): void
  gossip(from: PeerId, topic: Topic, bytes: Uint8Array): Verdict
}

export interface ReceiverOptions {
  readonly crypto: Crypto
  readonly isMember: (peer: PeerId) => boolean
  readonly input: (input: Input) => void
  /** Before the ring has it. */
  readonly onMessage: (from: PeerId, message: Message) => void
  readonly onBadFrame: (from: PeerId, reason: string) => void
  readonly onVersion: (from: PeerId, version: number) => void
}

/** Bytes from other peers on their way to the ring: accepted, ignored, or rejected and held against the sender. */
export function createReceiver({ crypto, isMember, input, onMessage, onBadFrame, onVersion }: ReceiverOptions): Receiver {
  const take = (from: PeerId, frame: Extract<DecodedFrame, { kind: 'frame' }>): void => {
    onMessage(from, frame.message)
    input({ kind: 'receive', from, lamport: frame.lamport, message: frame.message })
  }

  return {
    frame(from, bytes) {
      const decoded = decodeFrame(bytes, crypto)
      if (decoded.kind === 'frame') take(from, decoded)
      else if (decoded.kind === 'version') onVersion(from, decoded.version)
      else onBadFrame(from, decoded.reason)
    },

    gossip(from, topic, bytes) {
      const decoded = decodeFrame(bytes, crypto)
      if (decoded.kind === 'version') {
        onVersion(from, decoded.version)
        return 'ignore'
      }
      const reason = decoded.kind === 'malformed' ? decoded.reason : rejectGossip(topic, decoded.message, crypto)
      if (decoded.kind === 'malformed' || reason !== undefined) {
        onBadFrame(from, reason ?? 'malformed')
        return 'reject'
      }
      // Requests and heartbeats are what learners and returning peers say too (PROTOCOL, sections 3 and 5).
      if (topic !== 'ring' && !isMember(from)) return 'ignore'
      take(from, decoded)
      return 'accept'
    },
  }
}

/** Why such a message has no place on the topic. */
function rejectGossip(topic: Topic, message: Message, crypto: Crypto): string | undefined {
  const expected = message.kind === 'blocks' ? 'log' : topicOf(message)
  if (expected !== topic) return `${message.kind} on topic ${topic}`
  if (message.kind !== 'blocks') return undefined
  return message.blocks.every((block) => isSignedByAuthor(block, crypto)) ? undefined : 'a block without a valid signature'
}
