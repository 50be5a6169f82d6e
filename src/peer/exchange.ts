import type { PeerId } from '../core/ids.ts'
import { isSignedByAuthor } from '../ring/block.ts'
import { type DecodedFrame, decodeFrame, type FetchedMessage, topicOf } from '../ring/message.ts'
import type { Input, ReplicaView } from '../ring/types.ts'
import type { PeerContext } from './context.ts'
import type { Experiments } from './experiments.ts'
import type { Intake } from './intake.ts'
import { isLabFrame, isOfExperiment } from './lab-frame.ts'
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

/** `wallTime`: milliseconds since 1970 on this peer's own clock. `intake`: what fetched blocks pass first; `experiments`: who hears of them. */
export function createReceiver(
  context: PeerContext,
  view: Pick<ReplicaView, 'members'>,
  wallTime: () => number,
  intake: Pick<Intake, 'add'>,
  input: (input: Input) => void,
  experiments: Pick<Experiments, 'heard'>,
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

  const takeIn = (from: PeerId, frame: RingFrame, { what, blocks, commit }: FetchedMessage, bytes: Uint8Array): void => {
    const isLater = intake.add(from, blocks, () => take(from, frame, undefined, bytes))
    const last = blocks.at(-1)
    if (isLater && what === 'committed' && last !== undefined && last.index < commit.index) {
      input({ kind: 'arriving', from, last: last.index })
    }
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
      if (isLabFrame(bytes)) return void experiments.heard(from, bytes)
      const decoded = decodeFrame(bytes, crypto)
      if (decoded.kind === 'frame') {
        const { message } = decoded
        if (message.kind === 'fetched') takeIn(from, decoded, message, bytes)
        else take(from, decoded, undefined, bytes)
      } else if (decoded.kind === 'version') context.tell({ kind: 'version', peer: from, version: decoded.version })
      else context.tell({ kind: 'malformed', from, reason: decoded.reason })
    },

    gossip(from, topic, bytes) {
      // Not the ring's: nothing of it becomes an input.
      if (topic === 'lab') return isOfExperiment(bytes) ? experiments.heard(from, bytes) : recorder.heard(from, bytes)
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
