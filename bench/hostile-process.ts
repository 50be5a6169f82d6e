import { setImmediate, setTimeout } from 'node:timers/promises'
import type { PeerId } from '../src/core/ids.ts'
import { frameBytesMax, wireVersion } from '../src/core/limits.ts'
import { encodeFrame, type Message } from '../src/ring/message.ts'
import { messagesOf, noHash } from '../test/support/hostile-messages.ts'
import { type HostilePeer, type Sight, startHostilePeer } from '../test/support/hostile-peer.ts'

/** A peer that only knows the room code, in a process of its own, told by the bench what to say. */
export type HostileOrder =
  /** Comes into the room under a new key; each flood is somebody else's. */
  | { readonly kind: 'come'; readonly room: string; readonly code: string; readonly address: string }
  /** Answered when it is over: by `halt`, or by itself. */
  | { readonly kind: 'flood'; readonly flood: Flood }
  | { readonly kind: 'halt' }
  | { readonly kind: 'go' }

export interface Flood {
  readonly what: FloodKind
  /** To each member; `undefined`: as fast as one stream to each takes it. */
  readonly perSecond: number | undefined
}

/**
 * Every kind of message, and: nothing at all, as a learner that only listens; the whole log asked for again and again, announcements on a topic, requests to join whose
 * sender promises a head that nobody has, bytes that are no frame, and frames of the largest size.
 */
export type FloodKind = Message['kind'] | 'nothing' | 'fetch-all' | 'topic' | 'join' | 'garbage' | 'large'

export interface Flooded {
  readonly frames: number
  readonly millis: number
}

/** Of one flood, to each member. */
const countMax = 1_000_000
const millisMax = 20_000
/** Sent before the sender looks whether the network takes more. */
const batchFrames = 32
const batchBytes = 64 * 1024
/** Without a connection nothing can be sent. */
const reconnectMillis = 20

let hostile: HostilePeer | undefined
/** What it saw of the room when it came. */
let sight: Sight | undefined
let halting = Promise.withResolvers<void>()
let isHalted = false

process.on('message', (order: HostileOrder & { readonly id: number }) => {
  carryOut(order).then(
    (answer) => process.send?.({ id: order.id, answer }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})

async function carryOut(order: HostileOrder): Promise<unknown> {
  switch (order.kind) {
    case 'come':
      hostile = await startHostilePeer({ room: { name: order.room, code: order.code }, address: order.address })
      sight = await hostile.look()
      return hostile.self
    case 'flood': {
      if (hostile === undefined || sight === undefined) throw new Error('it has not come')
      halting = Promise.withResolvers()
      isHalted = false
      return flood(hostile, sight, order.flood)
    }
    case 'halt':
      isHalted = true
      halting.resolve()
      return undefined
    case 'go':
      await hostile?.stop()
      hostile = undefined
      return undefined
  }
}

/** Resolves with what went to all members together, and how long that took. */
async function flood(peer: HostilePeer, sight: Sight, { what, perSecond }: Flood): Promise<Flooded> {
  const bytes = bytesOf(what, sight, peer)
  const begin = performance.now()
  let frames = 0
  peer.answerWith((_from, message) => (what === 'join' ? promiseInvented(message, sight) : []))
  const isOver = (count: number): boolean => isHalted || count >= countMax || performance.now() - begin >= millisMax

  /** Resolves with the number that left. */
  const sendSome = async (to: PeerId): Promise<number> => {
    if (perSecond !== undefined) {
      peer.sendBytes(to, bytes)
      await setTimeout(1_000 / perSecond)
      return 1
    }
    const count = Math.max(1, Math.min(batchFrames, Math.floor(batchBytes / bytes.length)))
    for (let ahead = 1; ahead < count; ahead++) void peer.sendBulk(to, bytes)
    // A member that takes nothing more of this keeps its sender waiting for ever.
    await Promise.race([peer.sendBulk(to, bytes), halting.promise])
    await setImmediate()
    return count
  }
  const floodOne = async (to: PeerId): Promise<void> => {
    for (let count = 0; what !== 'nothing' && !isOver(count); ) {
      const sent = peer.isConnected(to) ? await sendSome(to) : 0
      if (sent === 0) await setTimeout(reconnectMillis)
      count += sent
      frames += sent
    }
  }
  /**
   * What is published goes to all at once, and nothing says how much of it the network takes. Whoever has been hung up on by all waits, too:
   * what it signs for nobody would cost the peers only the processor that they share with it here.
   */
  const floodTopic = async (): Promise<void> => {
    for (let count = 0; !isOver(count); count++) {
      while (!sight.members.some((member) => peer.isConnected(member)) && !isOver(count)) await setTimeout(reconnectMillis)
      peer.publishBytes('bank', bytes)
      frames += sight.members.length
      await setImmediate()
    }
  }
  await Promise.all(what === 'topic' ? [floodTopic()] : sight.members.map(floodOne))
  return { frames, millis: performance.now() - begin }
}

function bytesOf(what: FloodKind, sight: Sight, peer: HostilePeer): Uint8Array {
  const lamport = sight.head.lamport + 1
  switch (what) {
    case 'nothing':
      return new Uint8Array()
    case 'fetch-all':
      return encodeFrame(lamport, { kind: 'fetch', what: 'committed', from: 0 })
    case 'topic':
      return encodeFrame(lamport, messagesOf(sight, peer).announce)
    case 'join':
      return encodeFrame(lamport, { kind: 'request', purpose: 'join', above: sight.epoch, loss: undefined })
    case 'garbage':
      return new Uint8Array(64).fill(255).with(0, wireVersion)
    case 'large':
      return new Uint8Array(frameBytesMax).with(0, wireVersion)
    default:
      return encodeFrame(lamport, messagesOf(sight, peer)[what])
  }
}

function promiseInvented(message: Message, { head }: Sight): readonly Message[] {
  if (message.kind !== 'prepare') return []
  const { epoch } = message
  const far = { epoch: { ...epoch, number: epoch.number + 2 ** 19 }, index: head.index + 2 ** 30, hash: noHash }
  return [{ kind: 'promise', epoch, head: far, commit: { index: far.index, hash: noHash } }]
}
