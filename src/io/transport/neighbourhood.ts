import type { PeerId } from '../../core/ids.ts'
import { BoundedMap } from '../bounded-map.ts'
import { type Neighbour, neighbourAddressesMax, neighboursMax } from './control.ts'
import type { Link } from './link.ts'
import { isLoopback } from './plausible.ts'

/**
 * Peers tell each other whom they are linked with, and where those listen. So whoever joins by one peer's address soon
 * knows all, and the room does without that one. And what a peer publishes goes to all its links at once: whoever knows that
 * all others are linked with it need not pass it on, and in a whole room each message travels once to each, not once over
 * each link. Nobody passes on too little for long: a link that falls silent is told about within a few seconds.
 */
export interface Neighbourhood {
  /** Tells all links whom this peer is linked with, and where those listen, if that has changed. */
  tell(): void
  /** A link has told whom it is linked with. */
  hear(peer: PeerId, neighbours: readonly Neighbour[]): void
  forget(peer: PeerId): void
  /** Whether a peer that this one is linked with has said that it is linked with another, too. */
  areLinked(peer: PeerId, other: PeerId): boolean
  /** Whether everybody that any member here knows of is linked with this peer. */
  isWhole(): boolean
}

export interface NeighbourhoodPorts {
  readonly self: PeerId
  readonly links: ReadonlyMap<PeerId, Link>
  /** Where a peer listens, the best first. */
  listensAt(peer: PeerId): readonly string[]
  /** Only of members it matters whom they are linked with: a stranger can invent neighbours that nobody will ever reach. */
  isMember(peer: PeerId): boolean
  /** A link knows of a peer that there is no link with. */
  onHeardOf(peer: PeerId, addresses: readonly string[], teller: PeerId): void
}

export function createNeighbourhood({ self, links, listensAt, isMember, onHeardOf }: NeighbourhoodPorts): Neighbourhood {
  const told = new BoundedMap<PeerId, ReadonlySet<PeerId>>(neighboursMax)
  let lastTold = ''

  return {
    tell() {
      const now = performance.now()
      const fresh = [...links].filter(([, link]) => link.isFresh(now)).map(([peer]) => peer)
      const listed = fresh.sort().map((peer) => ({ peer, addresses: listensAt(peer) }))
      const list = JSON.stringify(listed)
      if (list === lastTold) return
      lastTold = list
      const own: Neighbour = { peer: self, addresses: [] }
      const near = [own, ...listed.map((one) => ({ ...one, addresses: one.addresses.slice(0, neighbourAddressesMax) }))]
      // On another machine a loopback address would lead to that machine itself.
      const far = [
        own,
        ...listed.map((one) => ({
          ...one,
          addresses: one.addresses.filter((address) => !isLoopback(address)).slice(0, neighbourAddressesMax),
        })),
      ]
      for (const link of links.values()) link.sendNeighbours(isLoopback(link.connection.remoteAddr.toString()) ? near : far)
    },
    hear(peer, neighbours) {
      told.set(peer, new Set(neighbours.map((neighbour) => neighbour.peer)))
      for (const { peer: other, addresses } of neighbours) {
        if (other !== self && addresses.length > 0 && !links.has(other)) onHeardOf(other, addresses, peer)
      }
    },
    forget(peer) {
      told.delete(peer)
    },
    areLinked: (peer, other) => told.get(peer)?.has(other) ?? false,
    isWhole() {
      const now = performance.now()
      for (const [peer, link] of links) {
        if (!isMember(peer)) continue
        const neighbours = told.get(peer)
        if (neighbours === undefined || !link.isFresh(now)) return false
        for (const other of neighbours) if (other !== self && !links.has(other)) return false
      }
      return true
    },
  }
}
