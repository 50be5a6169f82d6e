import type { PeerId, RoomId } from '../../src/core/ids.ts'
import { wireVersion } from '../../src/core/limits.ts'
import type { Announcement, Sighting, Topic, Transport, TransportEvents } from '../../src/peer/ports.ts'

/** Joins transports of one process: all that were started with one room code are linked, until a link is cut. */
export interface MemoryHub {
  /**
   * A transport of this peer; after `stop` another one can be made for the same peer, as a restart does. All of one hub
   * hear each other's announcements, whatever their codes; whoever dials one with another code is told so.
   */
  transport(self: PeerId, code?: string, roomName?: string): Transport
  /** Both ends hear that the connection is lost, but not refused. */
  cut(a: PeerId, b: PeerId): void
  heal(a: PeerId, b: PeerId): void
}

interface Station {
  readonly self: PeerId
  readonly code: string
  readonly roomName: string
  announcement: Announcement | undefined
  events: TransportEvents | undefined
  hello: Uint8Array
  room: RoomId | undefined
  /** Whom it has been told that it is connected to. */
  readonly linked: Set<PeerId>
}

interface Gossip {
  readonly id: number
  readonly from: PeerId
  readonly room: RoomId
  readonly topic: Topic
  readonly frame: Uint8Array
  /** An addressed envelope: heard by this peer only, passed on by all. */
  readonly to: PeerId | undefined
}

export function createMemoryHub(): MemoryHub {
  const stations = new Map<PeerId, Station>()
  const cuts = new Set<string>()
  const heard = new Map<Station, Set<number>>()
  let gossips = 0

  const isRunning = (station: Station): boolean => stations.get(station.self) === station
  const canLink = (a: Station, b: Station): boolean => a.code === b.code && !cuts.has(linkName(a.self, b.self))

  const link = (a: Station, b: Station): void => {
    if (!canLink(a, b) || a.linked.has(b.self)) return
    a.linked.add(b.self)
    b.linked.add(a.self)
    const [helloOfA, helloOfB] = [a.hello, b.hello]
    later(a, () => a.linked.has(b.self) && a.events?.onConnected(b.self, helloOfB))
    later(b, () => b.linked.has(a.self) && b.events?.onConnected(a.self, helloOfA))
  }

  const unlink = (a: Station, b: Station, refusedAt: Station | undefined): void => {
    if (!a.linked.delete(b.self)) return
    b.linked.delete(a.self)
    if (refusedAt !== b) later(b, () => b.events?.onDisconnected(a.self, refusedAt === a))
    if (refusedAt !== a) later(a, () => a.events?.onDisconnected(b.self, refusedAt === b))
  }

  const sightingOf = ({ self, code, roomName, announcement }: Station): Sighting | undefined =>
    announcement && {
      peer: self,
      name: announcement.name,
      version: wireVersion,
      addresses: [`/memory/${self}`],
      roomName,
      hasCode: code !== '',
      room: announcement.room && { ...announcement.room, id: announcement.room.id.slice(0, 16) },
      at: performance.now(),
    }

  const others = (station: Station): readonly Station[] => [...stations.values()].filter((other) => other !== station)

  /** `viewer` hears what `other` makes known, and dials it where it calls itself of the same room. */
  const sight = (viewer: Station, other: Station): void => {
    const sighting = sightingOf(other)
    if (sighting === undefined || !isRunning(viewer)) return
    later(viewer, () => {
      viewer.events?.onSighted(sighting)
      if (other.roomName !== viewer.roomName || other.code === viewer.code) return
      viewer.events?.onTrouble({ kind: 'wrong-code', address: `/memory/${other.self}`, peer: other.self })
    })
  }

  /** In the order of the calls, and never within the caller's own step, as with a real network. */
  const later = (station: Station, task: () => void): void => {
    setImmediate(() => {
      if (isRunning(station)) task()
    })
  }

  /** Floods along the links, hop by hop: whoever rejects or ignores a frame does not pass it on. */
  const spread = (at: Station, gossip: Gossip): void => {
    heard.get(at)?.add(gossip.id)
    for (const peer of at.linked) {
      const next = stations.get(peer)
      if (next === undefined || next.room !== gossip.room || heard.get(next)?.has(gossip.id)) continue
      heard.get(next)?.add(gossip.id)
      later(next, () => {
        if (hear(next, gossip)) spread(next, gossip)
      })
    }
  }

  /** False where there is no link. */
  const deliver = (station: Station, to: PeerId, frame: Uint8Array): boolean => {
    const other = stations.get(to)
    if (other === undefined || !station.linked.has(to)) return false
    const copy = frame.slice()
    later(other, () => other.linked.has(station.self) && other.events?.onFrame(station.self, copy))
    return true
  }

  const publish = (station: Station, topic: Topic, frame: Uint8Array, to: PeerId | undefined): void => {
    if (station.room === undefined || !isRunning(station)) return
    spread(station, { id: ++gossips, from: station.self, room: station.room, topic, frame: frame.slice(), to })
  }

  return {
    transport(self, code = 'code', roomName = 'test') {
      const station: Station = {
        self,
        code,
        roomName,
        announcement: undefined,
        events: undefined,
        hello: new Uint8Array(),
        room: undefined,
        linked: new Set(),
      }
      return {
        self,
        addresses: [`/memory/${self}`],
        async start(events) {
          station.events = events
          stations.set(self, station)
          heard.set(station, new Set())
          for (const other of others(station)) link(station, other)
          for (const other of others(station)) sight(station, other)
        },
        enterRoom(room) {
          station.room = room
        },
        setHello(hello) {
          station.hello = hello.slice()
        },
        send(to, frame) {
          if (!deliver(station, to, frame)) publish(station, 'ring', frame, to)
        },
        async sendBulk(to, frame) {
          deliver(station, to, frame)
          await new Promise((resolve) => setImmediate(resolve))
        },
        gossip(topic, frame) {
          publish(station, topic, frame, undefined)
        },
        announce(announcement) {
          if (JSON.stringify(announcement) === JSON.stringify(station.announcement)) return
          station.announcement = announcement
          if (isRunning(station)) for (const other of others(station)) sight(other, station)
        },
        get sightings() {
          return others(station).flatMap((other) => sightingOf(other) ?? [])
        },
        addAddress() {
          // Everyone on the hub finds each other anyway.
        },
        remoteOf: (peer) => (station.linked.has(peer) ? `/memory/${peer}` : undefined),
        get peers() {
          return [...station.linked].map((peer) => ({ peer, addresses: [`/memory/${peer}`] }))
        },
        async stop() {
          if (!isRunning(station)) return
          for (const peer of [...station.linked]) {
            const other = stations.get(peer)
            if (other !== undefined) unlink(station, other, station)
          }
          stations.delete(self)
          heard.delete(station)
        },
      }
    },

    cut(a, b) {
      cuts.add(linkName(a, b))
      const [one, other] = [stations.get(a), stations.get(b)]
      if (one !== undefined && other !== undefined) unlink(one, other, undefined)
    },

    heal(a, b) {
      cuts.delete(linkName(a, b))
      const [one, other] = [stations.get(a), stations.get(b)]
      if (one !== undefined && other !== undefined) link(one, other)
    },
  }
}

const linkName = (a: PeerId, b: PeerId): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

/** Whether the station passes it on. */
function hear(station: Station, gossip: Gossip): boolean {
  if (gossip.to === station.self) station.events?.onFrame(gossip.from, gossip.frame)
  if (gossip.to !== undefined) return true
  return station.events?.onGossip(gossip.from, gossip.topic, gossip.frame) === 'accept'
}
