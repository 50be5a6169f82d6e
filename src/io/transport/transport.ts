import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { concat } from '../../core/codec.ts'
import { fromHex, toHex } from '../../core/crypto.ts'
import { Failure } from '../../core/failure.ts'
import { type PeerId, parsePeerId, type RoomId } from '../../core/ids.ts'
import type { Transport, TransportEvents } from '../../peer/ports.ts'
import { createOutcasts } from './budget.ts'
import { createDialer, type Dialer } from './dialer.ts'
import { createGossip, forgetStaleStream, type Gossip } from './gossip.ts'
import { encodeHello } from './hello.ts'
import { bulkProtocol, createLink, type LaneName, type Link, ringProtocol } from './link.ts'
import { encodeNeighbours, isLoopback, type Neighbours } from './neighbours.ts'
import { createNode, type Node, type NodeOptions } from './node.ts'

export interface TransportOptions extends NodeOptions {
  /** Dialled from the start on, beside what mDNS finds. */
  readonly bootstrap: readonly string[]
}

/** Signs of life and the search for dead links, once a second for all links together. */
const beatMillis = 1_000
/** Two peers that dial each other at once get two connections this close together. */
export const simultaneousMillis = 2_000
const secondThoughtMillis = 500
const roomIdBytes = 32

/**
 * The network of one room over libp2p: TCP, Noise with the room code, yamux, mDNS and gossipsub.
 * `start` fails with `port-in-use` or `address-invalid`.
 */
export function createTransport(options: TransportOptions): Transport {
  const { self } = options.identity
  const pairs = new Map<PeerId, Pair>()
  let hello: Uint8Array = new Uint8Array()
  let room: RoomId | undefined
  let running: { node: Node; dialer: Dialer; gossip: Gossip; beat: NodeJS.Timeout } | undefined
  let isStopping = false

  const outcasts = createOutcasts(() => performance.now())

  const begin = async (events: TransportEvents): Promise<void> => {
    const node = await createNode(options)
    const dialer = createDialer(node, (peer) => pairs.get(peer)?.link !== undefined, events.onTrouble)

    let told = ''
    /** Tells all links whom this peer is linked with, and where those listen, if that has changed. */
    const tellNeighbours = (): void => {
      const now = performance.now()
      const fresh = [...pairs].filter(([, { link }]) => link?.isFresh(now)).map(([peer]) => peer)
      const listed = fresh.sort().map((peer) => [peer, dialer.listensAt(peer)] as const)
      const list = listed.join()
      if (list === told) return
      told = list
      const near = encodeNeighbours([[self, []], ...listed])
      // On another machine a loopback address would lead to that machine itself.
      const far = encodeNeighbours([
        [self, []],
        ...listed.map(([peer, at]) => [peer, at.filter((one) => !isLoopback(one))] as const),
      ])
      for (const { link } of pairs.values()) link?.sendNeighbours(isLoopback(link.connection.remoteAddr.toString()) ? near : far)
    }

    /** Whoever a link knows and this peer does not is dialled: one address is enough to meet a whole room. */
    const meet = (neighbours: Neighbours): void => {
      for (const [peer, addresses] of neighbours) {
        if (peer !== self && addresses.length > 0 && pairs.get(peer)?.link === undefined) dialer.hearOf(peer, addresses)
      }
    }

    const pairOf = (peer: PeerId): Pair => {
      const known = pairs.get(peer)
      if (known !== undefined) return known
      const pair: Pair = { link: undefined, spare: new Set(), announced: false, loss: undefined, versionTold: undefined }
      pairs.set(peer, pair)
      return pair
    }

    const onConnection = (connection: Connection): void => {
      const peer = peerOf(connection)
      if (peer === undefined || isStopping || outcasts.isOut(peer)) {
        connection.abort(new Error('not welcome'))
        return
      }
      if (connection.status !== 'open') return
      const pair = pairOf(peer)
      if (pair.link === undefined) {
        forgetStaleStream(node.services.gossip, peer)
        pair.link = createLink(connection, () => encodeHello(hello), linkEvents(peer, pair, connection))
        return
      }
      if (pair.link.connection === connection) return
      if (pair.spare.has(connection)) return
      pair.spare.add(connection)
      if (connection.timeline.open - pair.link.connection.timeline.open > simultaneousMillis)
        onLateConnection(peer, pair, connection)
    }

    /** A further connection, long after the first one. */
    const onLateConnection = (peer: PeerId, pair: Pair, connection: Connection): void => {
      if (connection.direction === 'outbound') {
        // We found the peer at an address that came without its id.
        dialer.foundAt(peer, dialable(connection.remoteAddr))
        connection.abort(new Error('connected already'))
        return
      }
      // Where the other has only found us once more it closes this one at once. Otherwise it has lost the first one, which
      // we have not noticed yet: both start afresh.
      setTimeout(() => {
        if (pair.spare.has(connection)) abortAll(pair)
      }, secondThoughtMillis)
    }

    const onConnectionLost = (connection: Connection): void => {
      const peer = peerOf(connection)
      const pair = peer && pairs.get(peer)
      if (peer === undefined || pair === undefined) return
      const isSpare = pair.spare.delete(connection)
      // Nothing runs yet over a spare that is closed as soon as it is opened: libp2p does so with a second one to one address.
      if (isSpare && Date.now() - connection.timeline.open < simultaneousMillis) return
      // Otherwise some streams are lost, maybe those of gossip: the rest would only half work.
      if (isSpare || pair.link?.connection === connection) abortAll(pair)
      if (pair.link?.connection !== connection) return
      pair.link.close()
      pair.link = undefined
      if (isStopping) return
      if (!pair.announced) {
        dialer.dismissed(peer)
        return
      }
      pair.announced = false
      tellNeighbours()
      const verdict = dialer.lost(peer, connection.remoteAddr.toString())
      let isTold = false
      const tell = (refused: boolean): void => {
        if (!isTold && !isStopping) events.onDisconnected(peer, refused)
        isTold = true
        pair.loss = undefined
      }
      pair.loss = () => tell(false)
      void verdict.then(tell)
    }

    const hangUp = (peer: PeerId): void => {
      const pair = pairs.get(peer)
      if (pair?.link === undefined) return
      events.onTrouble({ kind: 'bad-frame', peer, reason: 'it says too much' })
      abortAll(pair)
    }

    const linkEvents = (peer: PeerId, pair: Pair, connection: Connection) => ({
      onHello(greeting: Uint8Array) {
        pair.loss?.()
        pair.announced = true
        dialer.greeted(peer)
        tellNeighbours()
        events.onConnected(peer, greeting)
      },
      onVersion(version: number) {
        if (pair.versionTold !== version) events.onTrouble({ kind: 'version', peer, version })
        pair.versionTold = version
      },
      isUnlimited: () => events.isUnlimited(peer),
      onFlood() {
        outcasts.cast(peer)
        hangUp(peer)
      },
      onFrame: (frame: Uint8Array) => events.onFrame(peer, frame),
      onNeighbours: meet,
      onBroadcast(bytes: Uint8Array) {
        // A topic belongs to one room; so does what is said to all of it at once.
        const frame = bytes.slice(roomIdBytes)
        if (room === undefined || toHex(bytes.subarray(0, roomIdBytes)) !== room) return
        if (events.onGossip(peer, 'ring', frame) === 'reject') {
          events.onTrouble({ kind: 'bad-frame', peer, reason: 'on topic ring' })
        }
      },
      onBadFrame: (reason: string) => events.onTrouble({ kind: 'bad-frame', peer, reason }),
      onStuck: (reason: string) => events.onTrouble({ kind: 'unreachable', address: connection.remoteAddr.toString(), reason }),
    })

    const onStream = (lane: LaneName) => (stream: Stream, connection: Connection) => {
      onConnection(connection)
      const peer = peerOf(connection)
      const link = peer && pairs.get(peer)?.link
      if (link === undefined) stream.abort(new Error('no such link'))
      else link.accept(stream, lane)
    }

    await node.handle(ringProtocol, onStream('ring'))
    await node.handle(bulkProtocol, onStream('bulk'))
    node.addEventListener('connection:open', ({ detail }) => onConnection(detail))
    node.addEventListener('connection:close', ({ detail }) => onConnectionLost(detail))
    node.addEventListener('peer:discovery', ({ detail }) => {
      const peer = parsePeerId(detail.id.toString())
      if (peer.ok && detail.multiaddrs.length > 0) dialer.learn(peer.value, detail.multiaddrs.map(dialable))
    })
    node.addEventListener('peer:identify', ({ detail }) => {
      const peer = parsePeerId(detail.peerId.toString())
      const isNear = isLoopback(detail.connection.remoteAddr.toString())
      const addresses = detail.listenAddrs.map(dialable).filter((address) => isNear || !isLoopback(address))
      if (peer.ok && addresses.length > 0) dialer.learn(peer.value, addresses)
    })

    await listen(node, options.listen)
    const beat = setInterval(() => {
      const now = performance.now()
      for (const { link } of pairs.values()) link?.beat(now)
      tellNeighbours()
    }, beatMillis)
    const areLinked = (peer: PeerId, other: PeerId): boolean => pairs.get(peer)?.link?.neighbours?.has(other) ?? false
    const gossip = createGossip(node.services.gossip, self, events, areLinked, (peer) => {
      if (!events.isUnlimited(peer) && outcasts.heard(peer)) hangUp(peer)
      return outcasts.isOut(peer)
    })
    if (room !== undefined) gossip.enterRoom(room)
    running = { node, dialer, gossip, beat }
    for (const address of options.bootstrap) dialer.addAddress(address)
  }

  /** Whether everybody that anybody here knows of is linked with this peer. */
  const isLinkedWithAll = (): boolean => {
    const now = performance.now()
    for (const { link } of pairs.values()) {
      if (link === undefined) continue
      if (link.neighbours === undefined || !link.isFresh(now)) return false
      for (const peer of link.neighbours.keys()) if (peer !== self && pairs.get(peer)?.link === undefined) return false
    }
    return true
  }

  return {
    self,
    start: begin,
    get addresses() {
      return running?.node.getMultiaddrs().map(String) ?? []
    },
    enterRoom(entered) {
      room = entered
      running?.gossip.enterRoom(entered)
    },
    setHello(next) {
      hello = next.slice()
    },
    send(to, frame) {
      const link = pairs.get(to)?.link
      if (link !== undefined) link.send(frame)
      else running?.gossip.publishTo(to, frame)
    },
    async sendBulk(to, frame) {
      await pairs.get(to)?.link?.sendBulk(frame)
    },
    gossip(topic, frame) {
      // The heartbeats are most of what an idle room says. Where a link leads to everybody they need neither be signed one by
      // one, since the link vouches for its peer, nor be passed on.
      if (topic !== 'ring' || room === undefined || !isLinkedWithAll()) return running?.gossip.publish(topic, frame)
      const bytes = concat(fromHex(room) ?? new Uint8Array(), frame)
      for (const { link } of pairs.values()) link?.sendBroadcast(bytes)
    },
    addAddress: (address) => running?.dialer.addAddress(address),
    get peers() {
      const connected = [...pairs].filter(([, pair]) => pair.announced)
      return connected.map(([peer]) => ({ peer, addresses: running?.dialer.addressesOf(peer) ?? [] }))
    },
    async stop() {
      isStopping = true
      if (running === undefined) return
      const { node, dialer, beat } = running
      running = undefined
      clearInterval(beat)
      dialer.stop()
      for (const { link } of pairs.values()) link?.close()
      await node.stop()
      pairs.clear()
    },
  }
}

/** This peer and one other. */
interface Pair {
  link: Link | undefined
  /** Further connections, as two peers get that dial each other at once. */
  readonly spare: Set<Connection>
  /** `onConnected` was called, and `onDisconnected` not yet. */
  announced: boolean
  /** A loss is not yet told, since a re-dial may be refused: tells it now. */
  loss: (() => void) | undefined
  /** Another wire version that it speaks, as was told once. */
  versionTold: number | undefined
}

function abortAll(pair: Pair): void {
  const reason = new Error('the peer starts afresh')
  const connections = [...pair.spare, ...(pair.link === undefined ? [] : [pair.link.connection])]
  pair.spare.clear()
  for (const connection of connections) if (connection.status === 'open') connection.abort(reason)
}

function peerOf(connection: Connection): PeerId | undefined {
  const peer = parsePeerId(connection.remotePeer.toString())
  return peer.ok ? peer.value : undefined
}

/** Without the peer id at its end, which the dialer puts there itself. */
const dialable = (address: { toString(): string }): string => multiaddr(address.toString()).toString().split('/p2p/')[0] ?? ''

async function listen(node: Node, addresses: readonly string[]): Promise<void> {
  try {
    await node.start()
  } catch (error) {
    await Promise.resolve(node.stop()).catch(() => {})
    const text = error instanceof Error ? error.message : String(error)
    const where = addresses.join(', ')
    if (text.includes('EADDRINUSE')) {
      throw new Failure('port-in-use', `Another program listens at ${where}.`, { addresses }, { cause: error })
    }
    throw new Failure('address-invalid', `Cannot listen at ${where}.`, { addresses }, { cause: error })
  }
}
