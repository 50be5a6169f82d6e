import type { PeerId } from '../../src/core/ids.ts'
import type { Topic, Transport } from '../../src/peer/ports.ts'
import type { DecodedFrame } from '../../src/ring/message.ts'
import { asLiarsTell } from './byzantine.ts'
import type { SimPeer } from './peer.ts'
import { after, type World } from './world.ts'

/** A frame on its way to one or many: whoever reads it first reads it for all. */
export interface Parcel {
  readonly frame: Uint8Array
  decoded: DecodedFrame | undefined
}

/** A frame that was sent: `topic` where it went over the mesh. */
export interface Recent {
  readonly from: PeerId
  readonly to: number
  readonly topic: Topic | undefined
  readonly parcel: Parcel
}

/** What production's Transport is to one process: frames, as bytes, over the network of the day. */
export function createSimTransport(
  world: World,
  peer: SimPeer,
  isAlive: () => boolean,
  read: (frame: Uint8Array, topic: Topic | undefined) => DecodedFrame,
): Transport {
  // The same frame goes to several peers one after the other.
  let last: Parcel | undefined
  const parcelOf = (frame: Uint8Array, topic?: Topic): Parcel => {
    if (last?.frame !== frame) last = { frame, decoded: read(frame, topic) }
    return last
  }
  const send = (to: PeerId, frame: Uint8Array): void => {
    if (!isAlive() || peer.dies(world)) return
    const target = addressed(world, to)
    if (target !== undefined) transmit(world, peer, target, undefined, parcelOf(frame))
  }
  return {
    self: peer.id,
    start: () => Promise.resolve(),
    addresses: [],
    enterRoom: () => {},
    setHello: () => {},
    send,
    sendBulk(to, frame) {
      send(to, frame)
      return completion((resolve) => {
        after(world, bulkMillis, () => {
          if (isAlive()) resolve(undefined)
        })
      })
    },
    gossip(topic, frame) {
      if (!isAlive() || peer.dies(world)) return
      for (const target of world.peers) if (target !== peer) transmit(world, peer, target, topic, parcelOf(frame, topic))
    },
    announce: () => {},
    sightings: [],
    addAddress: () => {},
    remoteOf: () => undefined,
    peers: [],
    stop: () => Promise.resolve(),
  }
}

/** How long a bulk frame keeps its stream busy. */
const bulkMillis = 1

/** Where a frame to `to` goes: where a profile was copied, to one of the processes, by chance. */
function addressed(world: World, to: PeerId): SimPeer | undefined {
  const first = world.peers.find((peer) => peer.id === to)
  if (!world.hasTwins || first === undefined) return first
  const running = world.peers.filter((peer) => peer.id === to && peer.machine !== undefined)
  return running[world.random.below(Math.max(1, running.length))]
}

/** Whoever runs at `to` when it arrives gets it, whichever life that is. */
export function transmit(world: World, from: SimPeer, to: SimPeer, topic: Topic | undefined, parcel: Parcel): void {
  if (to === from || (to.machine === undefined && !to.opening && to.disk === undefined)) return
  const told = asLiarsTell(world, from, to, parcel)
  for (const delay of world.network.delays(from.index, to.index, world.now)) deliver(world, to, from.id, topic, told, delay)
  if (world.swarm.weights.replay > 0) remember(world, { from: from.id, to: to.index, topic, parcel: told })
}

export function deliver(world: World, to: SimPeer, from: PeerId, topic: Topic | undefined, parcel: Parcel, delay: number): void {
  const run = (): void => {
    if (to.machine === undefined) return
    if (to.pausedUntil > world.now) after(world, to.pausedUntil - world.now, run)
    else to.machine.hear(from, topic, parcel)
  }
  after(world, delay, run)
}

const recentMax = 64

/** Keeps some of what was sent, old and new. */
function remember(world: World, recent: Recent): void {
  const { random } = world
  if (!random.chance(0.1)) return
  if (world.recent.length < recentMax) world.recent.push(recent)
  else world.recent[random.below(recentMax)] = recent
}

/**
 * A promise that calls back at once when it is completed, for code that hangs on by `then` alone: so that what follows
 * belongs to the same event. `await` works, too.
 */
function completion<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined
  let waiting: (() => void)[] = []
  const settle = (settled: NonNullable<typeof outcome>): void => {
    outcome = settled
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }
  begin(
    (value) => settle({ value }),
    (error) => settle({ error }),
  )
  const then = (onValue: (value: T) => unknown, onError: (error: unknown) => unknown): void => {
    const tell = (): void => {
      if (outcome === undefined) return
      if ('value' in outcome) onValue(outcome.value)
      else onError(outcome.error)
    }
    if (outcome === undefined) waiting.push(tell)
    else tell()
  }
  return { then } as unknown as Promise<T>
}
