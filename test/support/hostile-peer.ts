import { multiaddr } from '@multiformats/multiaddr'
import type { Crypto } from '../../src/core/crypto.ts'
import type { PeerId, RoomId } from '../../src/core/ids.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { joinFrames } from '../../src/io/transport/framing.ts'
import { bulkProtocol, ringProtocol } from '../../src/io/transport/link.ts'
import { createNode } from '../../src/io/transport/node.ts'
import { createTransport } from '../../src/io/transport/transport.ts'
import { decodeHello, encodeHello, type HelloRoom } from '../../src/peer/network.ts'
import type { Topic } from '../../src/peer/ports.ts'
import { type Block, viewOf } from '../../src/ring/block.ts'
import { decodeFrame, encodeFrame, type Message, type MessageOf, type StatusMessage } from '../../src/ring/message.ts'
import { type Epoch, sameEpoch, type View } from '../../src/ring/view.ts'

/**
 * Somebody who knows the room code, and says whatever a test wants: a real libp2p node with a key of its own. Its hello is
 * honest and names the room, so that what it says reaches the ring; it hears all that a learner hears, and answers nothing
 * unless it is told how.
 */
export interface HostilePeer {
  readonly self: PeerId
  /** Signs as this peer. */
  readonly crypto: Crypto
  isConnected(to: PeerId): boolean
  /** What the room looks like now, read from the log that a member gives. */
  look(): Promise<Sight>
  /** Over the direct stream, with any Lamport time. */
  send(to: PeerId, message: Message, lamport?: number): void
  /** Bytes that need be no frame. */
  sendBytes(to: PeerId, bytes: Uint8Array): void
  /** Over the stream for bulk; resolves when the network has taken them: as fast as one stream takes it. */
  sendBulk(to: PeerId, bytes: Uint8Array): Promise<void>
  publish(topic: Topic, message: Message, lamport?: number): void
  publishBytes(topic: Topic, bytes: Uint8Array): void
  /** Says hello again, as after bytes that were taken for one. */
  greet(to: PeerId): void
  /** Resolves when the member has looked at all that was sent to it before. */
  settle(to: PeerId): Promise<void>
  /** What it says when it hears a message on a direct stream; replaces what was said before. */
  answerWith(answer: (from: PeerId, message: Message) => readonly Message[]): void
  /** How often it heard this kind of message on a direct stream. */
  heard(kind: Message['kind']): number
  stop(): Promise<void>
}

/** As of the last committed block. */
export interface Sight {
  readonly members: readonly PeerId[]
  readonly epoch: Epoch
  /** That of the founder. */
  readonly firstEpoch: Epoch
  readonly head: Block
  /** Of the present view. */
  readonly viewBlock: Block
  readonly status: StatusMessage
}

export interface HostileOptions {
  readonly room: { readonly name: string; readonly code: string }
  /** Of any member: it meets the others by that one. */
  readonly address: string
}

/** A hang is caught here; nothing waits that long. */
const deadlineMillis = 60_000
/** What may get lost with a stream that the other end gave up is asked for again. */
const repeatMillis = 200

export async function startHostilePeer({ room, address }: HostileOptions): Promise<HostilePeer> {
  const identity = createIdentity()
  const { self, crypto } = identity
  const transport = createTransport({ identity, room, listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, bootstrap: [address] })
  const connected = new Set<PeerId>()
  const counts = new Map<Message['kind'], number>()
  let first: Block | undefined
  let head: Block | undefined
  let viewBlock: Block | undefined
  const fetchedFrom = new Map<PeerId, (message: MessageOf<'fetched'>) => void>()
  let lastStatus: StatusMessage | undefined
  const firstStatus = Promise.withResolvers<void>()
  let answer: (from: PeerId, message: Message) => readonly Message[] = () => []
  let hello: Uint8Array = encodeHello({ name: 'Mallory', roomName: room.name, room: undefined })
  const entered = Promise.withResolvers<RoomId>()

  const enter = (found: HelloRoom): void => {
    hello = encodeHello({ name: 'Mallory', roomName: room.name, room: { ...found, holdsFast: true } })
    transport.setHello(hello)
    transport.enterRoom(found.id)
    for (const peer of connected) transport.send(peer, hello)
    entered.resolve(found.id)
  }

  const hear = (from: PeerId, bytes: Uint8Array): void => {
    const decoded = decodeFrame(bytes, crypto)
    if (decoded.kind !== 'frame') return
    const { message } = decoded
    counts.set(message.kind, (counts.get(message.kind) ?? 0) + 1)
    if (message.kind === 'fetched') fetchedFrom.get(from)?.(message)
    for (const said of answer(from, message)) send(from, said)
  }

  const lamportNow = (): number => (head?.lamport ?? 0) + 1
  const send = (to: PeerId, message: Message, lamport = lamportNow()): void => transport.send(to, encodeFrame(lamport, message))

  /** A member's answer, asked for until it comes. */
  const fetch = async (to: PeerId, from: number): Promise<MessageOf<'fetched'>> => {
    const ask = (): void => send(to, { kind: 'fetch', what: 'committed', from })
    const { promise, resolve, reject } = Promise.withResolvers<MessageOf<'fetched'>>()
    // One that was asked for more than once may be answered late.
    fetchedFrom.set(to, (message) => {
      if (message.blocks[0]?.index === from) resolve(message)
    })
    const repeating = setInterval(ask, repeatMillis)
    const deadline = setTimeout(() => reject(new Error(`${to} gives no block ${from}`)), deadlineMillis)
    ask()
    try {
      return await promise
    } finally {
      fetchedFrom.delete(to)
      clearInterval(repeating)
      clearTimeout(deadline)
    }
  }

  /** The newest committed block, and that of its view. A busy room is some blocks further on by then. */
  const look = async (): Promise<Sight> => {
    const status = await firstStatus.promise.then(() => lastStatus as StatusMessage)
    first ??= await blockAt(0)
    const { commit } = await fetch(anyMember(), 0)
    head = await blockAt(commit.index)
    if (viewBlock === undefined || !sameEpoch(viewBlock.epoch, head.epoch)) viewBlock = await firstOfEpoch(first, head)
    const { members, epoch } = viewOf(viewBlock) as View
    return { members, epoch, firstEpoch: first.epoch, head, viewBlock, status }
  }

  /** The block of a view is the first of its epoch, and epochs grow along the log: found by halving. */
  const firstOfEpoch = async (genesis: Block, last: Block): Promise<Block> => {
    let [below, found] = [genesis, last]
    if (sameEpoch(genesis.epoch, last.epoch)) return genesis
    while (found.index - below.index > 1) {
      const middle = await blockAt(Math.floor((below.index + found.index) / 2))
      if (sameEpoch(middle.epoch, last.epoch)) found = middle
      else below = middle
    }
    return found
  }

  const blockAt = async (index: number): Promise<Block> => (await fetch(anyMember(), index)).blocks[0] as Block

  const anyMember = (): PeerId => {
    const [member] = connected
    if (member === undefined) throw new Error('no member is connected')
    return member
  }

  transport.setHello(hello)
  await transport.start({
    onConnected(peer, greeting) {
      connected.add(peer)
      transport.send(peer, hello)
      const decoded = decodeHello(greeting)
      if (decoded.kind === 'hello' && decoded.hello.room !== undefined) enter(decoded.hello.room)
    },
    onDisconnected: (peer) => connected.delete(peer),
    isUnlimited: () => true,
    onFrame: hear,
    onGossip(_from, _topic, bytes) {
      const decoded = decodeFrame(bytes, crypto)
      if (decoded.kind === 'frame' && decoded.message.kind === 'status') {
        lastStatus = decoded.message
        firstStatus.resolve()
      }
      return 'ignore'
    },
    onSighted: () => {},
    onTrouble: () => {},
  })
  await entered.promise

  return {
    self,
    crypto,
    isConnected: (to) => connected.has(to),
    look,
    send,
    sendBytes: (to, bytes) => transport.send(to, bytes),
    sendBulk: (to, bytes) => transport.sendBulk(to, bytes),
    publish: (topic, message, lamport = lamportNow()) => transport.gossip(topic, encodeFrame(lamport, message)),
    publishBytes: (topic, bytes) => transport.gossip(topic, bytes),
    greet: (to) => transport.send(to, hello),
    async settle(to) {
      // Whatever was asked for before is answered first: the second answer belongs to a question that was put after all else.
      for (let asked = 0; asked < 2; asked++) await fetch(to, 0)
    },
    answerWith(next) {
      answer = next
    },
    heard: (kind) => counts.get(kind) ?? 0,
    stop: () => transport.stop(),
  }
}

/**
 * A node that greets like a peer, then says the first bytes of a frame and no more: it closes that stream, on each lane in
 * turn. Resolves with its id when the other end has seen that.
 */
export async function sendCutFrames({ room, address }: HostileOptions): Promise<PeerId> {
  const identity = createIdentity()
  const node = await createNode({ identity, room, listen: [] })
  await node.handle([ringProtocol, bulkProtocol], () => {})
  await node.start()
  try {
    const connection = await node.dial(multiaddr(address))
    const hello = encodeHello({ name: 'Mallory', roomName: room.name, room: undefined })
    const greeting = joinFrames([{ bytes: hello, isControl: false }])
    const frame = joinFrames([{ bytes: encodeFrame(1, { kind: 'ping', nonce: 1 }), isControl: false }])
    for (const protocol of [ringProtocol, bulkProtocol]) {
      const stream = await connection.newStream(protocol)
      if (protocol === ringProtocol) stream.send(greeting)
      stream.send(frame.subarray(0, -1))
      const closed = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
      await stream.close()
      await closed
    }
    return identity.self
  } finally {
    await node.stop()
  }
}
