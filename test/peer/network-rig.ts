import type { PeerId, RoomId } from '../../src/core/ids.ts'
import { createClock } from '../../src/io/clock.ts'
import { createNetwork, encodeHello, type Hello } from '../../src/peer/network.ts'
import type { Announcement, Clock, Sighting, Transport } from '../../src/peer/ports.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import type { Session } from '../../src/peer/session.ts'
import { headOf } from '../../src/ring/block.ts'
import type { Input, ReplicaView } from '../../src/ring/types.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createListeningLogger, createTestContext } from './test-context.ts'

export const [self, peer, other] = ['S', 'P', 'Q'].map(peerNamed) as [PeerId, PeerId, PeerId]
export const genesis = genesisBy(self)
export const here = roomIdOf(genesis)
export const elsewhere = 'f'.repeat(64) as RoomId
export const helloOf = (room: RoomId | undefined, holdsFast = false): Hello => ({
  name: 'Bob',
  roomName: 'test',
  room: room && { id: room, head: headOf(genesis), holdsFast, founder: 'Ana', members: 2, founded: genesis.time },
})
export const hello = (room: RoomId | undefined, holdsFast = false): Uint8Array => encodeHello(helloOf(room, holdsFast))

/** A network over a transport that writes down what it is given, and a room that writes down what reaches it. */
interface RigOptions {
  readonly enters?: boolean
  readonly holdsFast?: boolean
  readonly parts?: number
  readonly clock?: Clock
}

export function createNetworkRig(options: RigOptions = {}) {
  const sent: { readonly to: PeerId; readonly frame: Uint8Array; readonly isBulk: boolean }[] = []
  const hellos: Uint8Array[] = []
  const announcements: Announcement[] = []
  const drains: (() => void)[] = []
  const sightings: Sighting[] = []
  const transport = {
    send: (to, frame) => {
      sent.push({ to, frame, isBulk: false })
    },
    sendBulk(to, frame) {
      sent.push({ to, frame, isBulk: true })
      return new Promise((resolve) => drains.push(() => resolve()))
    },
    announce: (announcement) => {
      announcements.push(announcement)
    },
    remoteOf: () => undefined,
    peers: [],
    sightings,
    setHello: (bytes) => {
      hellos.push(bytes)
    },
  } as Partial<Transport> as Transport
  const store = createMemoryStore()
  const logger = createListeningLogger()
  const { context, news } = createTestContext(self, { transport, store, logger, clock: options.clock ?? createClock() })
  const inputs: Input[] = []
  const frames: PeerId[] = []
  const room = { holdsFast: options.holdsFast ?? true }
  const view = {
    head: headOf(genesis),
    lamport: 4,
    members: [self, peer],
    incarnation: 3,
    active: false,
    stopped: undefined as ReplicaView['stopped'],
  }
  const founding = genesis.body.kind === 'genesis' ? genesis.body.genesis : undefined
  const session = {
    room: here,
    genesisBlock: genesis,
    genesis: options.parts === undefined ? founding : { ...founding, parts: { count: options.parts } },
    view,
    get holdsFast() {
      return room.holdsFast
    },
    input: (input: Input) => inputs.push(input),
    frame: (from: PeerId) => frames.push(from),
    gossip: () => 'accept',
  } as unknown as Session
  const network = createNetwork(context)
  if (options.enters !== false) network.enter(session)
  const bulk = () => sent.filter(({ isBulk }) => isBulk)
  return {
    context,
    transport,
    network,
    session,
    announcements,
    sightings,
    room,
    view,
    store,
    logger,
    sent,
    bulk,
    drains,
    hellos,
    inputs,
    frames,
    news,
    events: network.events,
  }
}

export const links = (inputs: readonly Input[]): readonly string[] =>
  inputs.map((input) => (input.kind === 'link' ? `${input.peer === peer ? 'peer' : 'other'} ${input.state}` : input.kind))
