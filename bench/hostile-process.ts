import { setImmediate, setTimeout } from 'node:timers/promises'
import { frameBytesMax, wireVersion } from '../src/core/limits.ts'
import { encodeFrame } from '../src/ring/frame.ts'
import type { Message } from '../src/ring/message.ts'
import { messagesOf, noHash } from '../test/support/hostile-messages.ts'
import { type HostilePeer, type Sight, startHostilePeer } from '../test/support/hostile-peer.ts'

/** A peer that only knows the room code, in a process of its own, told by the bench what to say. */
export type HostileOrder =
  | { readonly kind: 'start'; readonly room: string; readonly code: string; readonly address: string }
  | { readonly kind: 'flood'; readonly flood: Flood; readonly millis: number }
  | { readonly kind: 'stop' }

export interface Flood {
  readonly what: FloodKind
  /** To each member; `undefined`: as fast as one stream to each takes it. */
  readonly perSecond: number | undefined
}

/** Every kind of message, and: the whole log again and again, bytes that are no frame, frames of the largest size. */
export type FloodKind = Message['kind'] | 'fetch-all' | 'join' | 'garbage' | 'large'

/** To each member in one flood. */
const countMax = 500_000
/** Sent before the sender looks whether the network takes more. */
const batch = 32

let hostile: HostilePeer | undefined

process.on('message', (order: HostileOrder & { readonly id: number }) => {
  carryOut(order).then(
    (answer) => process.send?.({ id: order.id, answer }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})

async function carryOut(order: HostileOrder): Promise<unknown> {
  switch (order.kind) {
    case 'start': {
      hostile = await startHostilePeer({ room: { name: order.room, code: order.code }, address: order.address })
      await hostile.look()
      return hostile.self
    }
    case 'flood':
      return flood(started(), order.flood, order.millis)
    case 'stop':
      await hostile?.stop()
      void setImmediate().then(() => process.exit(0))
      return undefined
  }
}

/** Resolves with the number of frames that went to all members together. */
async function flood(peer: HostilePeer, { what, perSecond }: Flood, millis: number): Promise<number> {
  const sight = await peer.look()
  const bytes = bytesOf(what, sight, peer)
  const end = performance.now() + millis
  let sent = 0
  peer.answerWith((_from, message) => (what === 'join' ? promiseInvented(message, sight) : []))
  const floodOne = async (to: (typeof sight.members)[number]): Promise<void> => {
    for (let count = 0; count < countMax && performance.now() < end; ) {
      if (perSecond === undefined) {
        for (let ahead = 1; ahead < batch; ahead++) void peer.sendBulk(to, bytes)
        await peer.sendBulk(to, bytes)
        await setImmediate()
        count += batch
        sent += batch
      } else {
        peer.sendBytes(to, bytes)
        count++
        sent++
        await setTimeout(1_000 / perSecond)
      }
    }
  }
  await Promise.all(sight.members.map(floodOne))
  return sent
}

function bytesOf(what: FloodKind, sight: Sight, peer: HostilePeer): Uint8Array {
  const lamport = sight.head.lamport + 1
  switch (what) {
    case 'fetch-all':
      return encodeFrame(lamport, { kind: 'fetch', what: 'committed', from: 0 })
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

function started(): HostilePeer {
  if (hostile === undefined) throw new Error('not started')
  return hostile
}
