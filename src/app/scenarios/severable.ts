import type { PeerId } from '../../core/ids.ts'
import type { Transport, TransportEvents } from '../../peer/ports.ts'

/** A real transport whose links to some peers can be cut, as by a cable: nothing comes through, and nobody is told why. */
export interface Severable {
  readonly transport: Transport
  /** Nothing goes to these, or comes from them, until they are healed. Both sides have to do it. */
  cut(peers: readonly PeerId[]): void
  heal(): void
}

export function severable(inner: Transport): Severable {
  const severed = new Set<PeerId>()
  /** Who is connected below, and what it said first. */
  const connected = new Map<PeerId, Uint8Array>()
  let events: TransportEvents | undefined
  const passes = (peer: PeerId): boolean => !severed.has(peer)

  const filtered = (above: TransportEvents): TransportEvents => ({
    onConnected(peer, hello) {
      connected.set(peer, hello)
      if (passes(peer)) above.onConnected(peer, hello)
    },
    onDisconnected(peer, refused) {
      connected.delete(peer)
      if (passes(peer)) above.onDisconnected(peer, refused)
    },
    isUnlimited: (peer) => above.isUnlimited(peer),
    onFrame(from, frame) {
      if (passes(from)) above.onFrame(from, frame)
    },
    onGossip: (from, topic, frame) => (passes(from) ? above.onGossip(from, topic, frame) : 'ignore'),
    onSighted: (sighting) => above.onSighted(sighting),
    onTrouble: (trouble) => above.onTrouble(trouble),
  })

  const transport: Transport = {
    self: inner.self,
    start(above) {
      events = above
      return inner.start(filtered(above))
    },
    get addresses() {
      return inner.addresses
    },
    enterRoom: (room) => inner.enterRoom(room),
    setHello: (hello) => inner.setHello(hello),
    send(to, frame) {
      if (passes(to)) inner.send(to, frame)
    },
    sendBulk: async (to, frame) => (passes(to) ? inner.sendBulk(to, frame) : undefined),
    gossip: (topic, frame) => inner.gossip(topic, frame),
    announce: (announcement) => inner.announce(announcement),
    get sightings() {
      return inner.sightings
    },
    addAddress: (address) => inner.addAddress(address),
    remoteOf: (peer) => (passes(peer) ? inner.remoteOf(peer) : undefined),
    get peers() {
      return inner.peers.filter(({ peer }) => passes(peer))
    },
    stop: () => inner.stop(),
  }

  return {
    transport,
    cut(peers) {
      for (const peer of peers) {
        severed.add(peer)
        if (connected.has(peer)) events?.onDisconnected(peer, false)
      }
    },
    heal() {
      const back = [...severed]
      severed.clear()
      for (const peer of back) {
        const hello = connected.get(peer)
        if (hello !== undefined) events?.onConnected(peer, hello)
      }
    },
  }
}
