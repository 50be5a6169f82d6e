import { networkInterfaces } from 'node:os'
import type { Connection } from '@libp2p/interface'
import { parseAddress, partsOf, readIp } from '../../core/address.ts'
import { Failure } from '../../core/failure.ts'
import { type PeerId, parsePeerId, type RoomId } from '../../core/ids.ts'
import type { Transport, TransportEvents } from '../../peer/ports.ts'
import { BoundedMap } from '../bounded-map.ts'
import { createCopies } from '../discovery/copies.ts'
import { createDiscovery, type Discovery } from '../discovery/discovery.ts'
import { linkLocalsOf } from '../discovery/links.ts'
import { cleaned } from '../discovery/packet.ts'
import { createAdmission } from './admission.ts'
import { createBucket } from './bucket.ts'
import { createDialer, type Dialer } from './dialer.ts'
import { firstToAnswer } from './first-answer.ts'
import { createGossip, type Gossip } from './gossip.ts'
import { bulkProtocol, createLink, type Link, type LinkEvents, ringProtocol } from './link.ts'
import { listeningAt, listensHere } from './listening.ts'
import { createNeighbourhood, type Neighbourhood } from './neighbourhood.ts'
import { createNode, type Node, type NodeOptions } from './node.ts'
import { createPairing, type Pairing } from './pairing.ts'
import { keepPeerStoreSmall } from './peer-store.ts'
import { createPlausible } from './plausible.ts'
import { roomPrologue } from './prologue.ts'
import { createTestimonies, testimonyProtocol } from './testimonies.ts'

export interface TransportOptions extends NodeOptions {
  /** Whether to look for peers by multicast on the local network, and be found. */
  readonly mdns: boolean
  /** Dialled from the start on, beside what discovery finds. */
  readonly bootstrap: readonly string[]
}

/** Signs of life and the search for dead links, once a second for all links together. */
const beatMillis = 1_000
/** Peers that speak another wire version are told of once each; of so many that is known. */
const versionsToldMax = 256

interface Running {
  readonly node: Node
  /** Multiaddrs with the ports that they have. */
  readonly listening: () => readonly string[]
  readonly pairing: Pairing
  readonly neighbourhood: Neighbourhood
  readonly dialer: Dialer
  readonly gossip: Gossip
  readonly discovery: Discovery | undefined
  readonly beat: NodeJS.Timeout
}

/** Packets get lost: so long a copy that is to stop goes on telling of itself. */
const copyMillis = 4_000
/** Packets of copies that are looked at. */
const copyLooks = { perSecond: 10, most: 20 } as const

/**
 * The network of one room over libp2p: TCP, Noise with the room code, streams and gossipsub, and discovery beside it.
 * `start` fails with `port-in-use` or `address-invalid`.
 */
export function createTransport(options: TransportOptions): Transport {
  const { self } = options.identity
  let hello: Uint8Array = new Uint8Array()
  let room: RoomId | undefined
  let announced: Parameters<Transport['announce']>[0] = { name: '', room: undefined }
  let running: Running | undefined
  // It takes a quarter of a second of another thread: by the time of `start`, which waits for it, it may well be there.
  roomPrologue(options.room.name, options.room.code).catch(() => {})

  const begin = async (events: TransportEvents): Promise<Running> => {
    const wanted = await listensHere(options.listen, networkInterfaces())
    const node = await createNode({ ...options, listen: wanted })
    const ownAddresses = (): readonly string[] => node.getMultiaddrs().map(dialable)
    const versionsTold = new BoundedMap<PeerId, number>(versionsToldMax)

    const admission = createAdmission({
      now: () => performance.now(),
      isMember: events.isUnlimited,
      isLinked: (peer) => pairing.links.has(peer),
      onOut(peer) {
        if (!pairing.links.has(peer)) return
        events.onTrouble({ kind: 'bad-frame', peer, reason: 'it says too much' })
        pairing.hangUp(peer, 'it says too much')
      },
    })

    const createLinkWith = (peer: PeerId, connection: Connection): Link =>
      createLink(connection, () => hello, linkEvents(peer, connection))

    const pairing: Pairing = createPairing({
      isWelcome: (peer) => !admission.isOut(peer),
      createLink: createLinkWith,
      onFoundAgain: (peer, connection) => dialer.foundAt(peer, dialable(connection.remoteAddr)),
      onLinkLost(peer, connection, wasGreeted) {
        neighbourhood.forget(peer)
        if (!wasGreeted) {
          dialer.dismissed(peer)
          return undefined
        }
        neighbourhood.tell()
        return dialer.lost(peer, dialable(connection.remoteAddr))
      },
      onDisconnected: (peer, verdict) => events.onDisconnected(peer, verdict === 'refused'),
    })

    const dialer: Dialer = createDialer({
      self,
      dial: (...dialled) => node.dial(...dialled),
      firstToAnswer,
      isLinked: (peer) => pairing.links.has(peer),
      isPlausible: createPlausible(ownAddresses),
      onTrouble: events.onTrouble,
    })

    const remoteOf = (peer: PeerId): string | undefined => {
      const connection = pairing.links.get(peer)?.connection
      return connection && dialable(connection.remoteAddr)
    }

    const neighbourhood = createNeighbourhood({
      self,
      links: pairing.links,
      listensAt: dialer.listensAt,
      isMember: events.isUnlimited,
      onHeardOf: (peer, addresses, teller) => dialer.hearOf(peer, addresses, teller, remoteOf(teller)),
    })

    const looks = createBucket(copyLooks.perSecond, copyLooks.most, () => performance.now())
    const copies = createCopies({
      self,
      crypto: options.identity.crypto,
      began: Math.floor(performance.timeOrigin),
      mayLook: () => looks.take(0) >= 1 && looks.take(1) >= 0,
      onCopy(isLater) {
        const tell = (): void => events.onTrouble({ kind: 'copy', isLater })
        // The other one is to hear of this one, too, before it is gone.
        if (isLater) setTimeout(tell, copyMillis).unref()
        else tell()
      },
    })
    const testimonies = createTestimonies(copies)

    const linkEvents = (peer: PeerId, connection: Connection): LinkEvents => ({
      onHello(greeting) {
        pairing.greeted(peer)
        dialer.greeted(peer)
        neighbourhood.tell()
        events.onConnected(peer, greeting)
      },
      onVersion(version) {
        if (versionsTold.get(peer) !== version) events.onTrouble({ kind: 'version', peer, version })
        versionsTold.set(peer, version)
      },
      isUnlimited: () => events.isUnlimited(peer),
      onFlood: () => admission.cast(peer),
      onFrame: (frame) => events.onFrame(peer, frame),
      onNeighbours: (neighbours) => neighbourhood.hear(peer, neighbours),
      onBroadcast(broadcast) {
        if (broadcast.room !== room || events.onGossip(peer, 'ring', broadcast.frame) !== 'reject') return
        events.onTrouble({ kind: 'bad-frame', peer, reason: 'on topic ring' })
      },
      onBadFrame: (reason) => events.onTrouble({ kind: 'bad-frame', peer, reason }),
      onStuck: (reason) => events.onTrouble({ kind: 'unreachable', address: dialable(connection.remoteAddr), reason }),
    })

    await node.handle(ringProtocol, (stream, connection) => pairing.onStream(stream, connection, 'ring'))
    await node.handle(bulkProtocol, (stream, connection) => pairing.onStream(stream, connection, 'bulk'))
    await node.handle(testimonyProtocol, (stream, connection) => {
      const peer = parsePeerId(connection.remotePeer.toString())
      if (peer.ok) testimonies.hear(peer.value, stream, connection)
    })
    node.addEventListener('connection:open', ({ detail }) => {
      pairing.onConnection(detail)
      testimonies.greet(detail)
    })
    node.addEventListener('connection:close', ({ detail }) => pairing.onConnectionLost(detail))
    node.addEventListener('peer:identify', ({ detail }) => {
      const peer = parsePeerId(detail.peerId.toString())
      if (peer.ok) dialer.learn(peer.value, detail.listenAddrs.map(dialable), dialable(detail.connection.remoteAddr))
    })
    await listen(node, wanted)

    const peerStore = keepPeerStoreSmall(node.peerStore, (peer) => pairing.links.has(peer))
    const beat = setInterval(() => {
      const now = performance.now()
      for (const link of pairing.links.values()) link.beat(now)
      neighbourhood.tell()
      peerStore.tick()
    }, beatMillis)
    const gossip = createGossip({
      pubsub: node.services.gossip,
      self,
      events,
      areLinked: neighbourhood.areLinked,
      mayBeHeard: admission.mayBeHeard,
    })
    if (room !== undefined) gossip.enterRoom(room)
    const ownRoom = cleaned(options.room.name)
    const listening = (): readonly string[] => listeningAt(wanted, ownAddresses())
    const discovery = options.mdns
      ? createDiscovery({
          self,
          room: { name: options.room.name, hasCode: options.room.code !== '' },
          listening,
          onSighted(sighting) {
            // A peer of another room has another prologue: no connection would come about.
            if (sighting.roomName === ownRoom) dialer.hearOf(sighting.peer, sighting.addresses, 'network', undefined)
            events.onSighted(sighting)
          },
          copies,
          // Where multicast does not work peers are found by address; `gavelring doctor` says why.
          onTrouble: () => {},
        })
      : undefined
    discovery?.announce(announced)
    discovery?.start()
    for (const address of options.bootstrap) dialer.addAddress(address)
    return { node, listening, pairing, neighbourhood, dialer, gossip, discovery, beat }
  }

  return {
    self,
    async start(events) {
      running = await begin(events)
    },
    get addresses() {
      if (running === undefined) return []
      const { node, listening } = running
      const usual = node.getMultiaddrs().map((address) => address.toString())
      const places = listening()
      if (!usual.every(isLoopback) || places.every(isLoopback)) return usual
      const linkLocal = linkLocalsOf(places, networkInterfaces()).map((address) => `${address}/p2p/${self}`)
      return [...new Set([...linkLocal, ...usual])]
    },
    enterRoom(entered) {
      room = entered
      running?.gossip.enterRoom(entered)
    },
    setHello(next) {
      hello = next.slice()
    },
    send(to, frame) {
      const link = running?.pairing.links.get(to)
      if (link !== undefined) link.send(frame)
      else running?.gossip.publishTo(to, frame)
    },
    async sendBulk(to, frame) {
      await running?.pairing.links.get(to)?.sendBulk(frame)
    },
    gossip(topic, frame) {
      // The heartbeats are most of what an idle room says. Where a link leads to everybody they need neither be signed one by
      // one, since the link vouches for its peer, nor be passed on.
      if (topic !== 'ring' || room === undefined || running?.neighbourhood.isWhole() !== true) {
        running?.gossip.publish(topic, frame)
        return
      }
      for (const link of running.pairing.links.values()) link.sendBroadcast({ room, frame })
    },
    announce(announcement) {
      announced = announcement
      running?.discovery?.announce(announcement)
    },
    get sightings() {
      return running?.discovery?.sightings ?? []
    },
    addAddress: (address) => running?.dialer.addAddress(address),
    remoteOf(peer) {
      const connection = running?.pairing.links.get(peer)?.connection
      return connection && dialable(connection.remoteAddr)
    },
    get peers() {
      return running?.pairing.connected.map((peer) => ({ peer, addresses: running?.dialer.addressesOf(peer) ?? [] })) ?? []
    },
    async stop() {
      if (running === undefined) return
      const { node, pairing, dialer, discovery, beat } = running
      running = undefined
      clearInterval(beat)
      dialer.stop()
      pairing.close()
      await discovery?.stop()
      await node.stop()
    },
  }
}

/** Without the peer id at its end, which the dialer puts there itself, and in its one canonical form. */
function dialable(address: { toString(): string }): string {
  const text = address.toString().split('/p2p/')[0] ?? ''
  const parsed = parseAddress(text, 'dial')
  return parsed.ok ? parsed.value : text
}

const isLoopback = (address: string): boolean => readIp(partsOf(address)?.host ?? '')?.kind === 'loopback'

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
