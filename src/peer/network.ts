import { decodeWith, Writer } from '../core/codec.ts'
import type { PeerId, RoomId } from '../core/ids.ts'
import { type Block, headOf } from '../ring/block.ts'
import { decodeFrame, encodeFrame } from '../ring/frame.ts'
import type { FoundRoom, PeerContext } from './context.ts'
import { decodeHello, encodeHello, type Hello, type HelloRoom, isHello } from './hello.ts'
import type { Store, Transport, TransportEvents } from './ports.ts'
import { meet, refuseGenesis } from './room.ts'
import type { Session } from './session.ts'

/** Who is connected: the peers with this room's code, whatever room they are in. */
export interface Lobby {
  /** What each said of itself; `undefined`: its hello could not be read, so it is in no room that we know. */
  readonly connected: ReadonlyMap<PeerId, Hello | undefined>
  roomOf(peer: PeerId): HelloRoom | undefined
}

/** Between the transport and the room: who is here, which room each is in, and whose frames the ring may see. */
export interface Network extends Lobby {
  readonly events: TransportEvents
  /** The room that this peer is in from now on. */
  enter(session: Session): void
  /** No frame reaches the room any more. */
  exit(): void
  /** Keeps what new connections are told up to date, and looks again at rooms that were met. Call it now and then. */
  refresh(): void
  /** A connected peer's room, one with history first; waits for one until this monotonic time. */
  look(until: number, except: ReadonlySet<PeerId>): Promise<FoundRoom | undefined>
  /** The genesis block of the room that a connected peer is in; `undefined` where it gives none, or a wrong one. */
  fetchGenesis(peer: PeerId, room: RoomId): Promise<Block | undefined>
}

/** How long a peer may take to give its genesis block, in milliseconds. */
const genesisWait = 3_000

/** Tells of rooms that are `met`, and of hellos and frames that cannot be read. */
export function createNetwork(context: PeerContext): Network {
  const { ports, options } = context
  const { transport, clock, logger, identity } = ports
  const connected = new Map<PeerId, Hello | undefined>()
  /** Peers that the ring takes for connected. */
  const linked = new Set<PeerId>()
  const genesisAsked = new Map<PeerId, (block: Block | undefined) => void>()
  let session: Session | undefined
  let lookers: (() => void)[] = []
  let told = ''

  const roomOf = (peer: PeerId): HelloRoom | undefined => connected.get(peer)?.room

  const greet = (peer: PeerId, bytes: Uint8Array): void => {
    const greeting = decodeHello(bytes)
    connected.set(peer, greeting.kind === 'hello' ? greeting.hello : undefined)
    if (greeting.kind === 'hello') context.learnName(peer, greeting.hello.name)
    else if (greeting.kind === 'version') context.tell({ kind: 'version', peer, version: greeting.version })
    else context.tell({ kind: 'malformed', from: peer, reason: `hello: ${greeting.reason}` })
    relink(peer)
    compareRooms(peer)
    for (const look of lookers) look()
  }

  /** Tells the ring of a peer that came into its room, or left it. */
  const relink = (peer: PeerId): void => {
    const belongs = session !== undefined && roomOf(peer)?.id === session.room
    if (belongs === linked.has(peer)) return
    if (belongs) linked.add(peer)
    else linked.delete(peer)
    session?.input({ kind: 'link', peer, state: belongs ? 'up' : 'down' })
  }

  const compareRooms = (peer: PeerId): void => {
    const room = roomOf(peer)
    if (session === undefined || room === undefined) return
    const meeting = meet({ id: session.room, history: session.history }, room)
    if (meeting === 'join' || meeting === 'strangers') context.tell({ kind: 'met', meeting, found: { peer, room } })
  }

  /** False for a connected peer that is in another room or in none. One that is not connected is heard over this room's mesh. */
  const mayBeIn = (room: RoomId, peer: PeerId): boolean => !connected.has(peer) || roomOf(peer)?.id === room

  /** A peer that is not in our room asks for, or gives, no more than a genesis block. */
  const takeFromOutside = (from: PeerId, bytes: Uint8Array): void => {
    const decoded = decodeFrame(bytes, identity.crypto)
    if (decoded.kind === 'version') context.tell({ kind: 'version', peer: from, version: decoded.version })
    if (decoded.kind === 'malformed') context.tell({ kind: 'malformed', from, reason: decoded.reason })
    if (decoded.kind !== 'frame') return
    const { message } = decoded
    if (message.kind === 'fetched') genesisAsked.get(from)?.(message.blocks[0])
    else if (message.kind === 'fetch' && session !== undefined) giveGenesis(from, session)
  }

  /** Peers to which a genesis block is on its way: it can be a whole frame, and is given to each once at a time. */
  const giving = new Set<PeerId>()
  const giveGenesis = (to: PeerId, { genesisBlock, view }: Session): void => {
    if (giving.has(to)) return
    giving.add(to)
    const head = headOf(genesisBlock)
    const message = { kind: 'fetched', what: 'committed', blocks: [genesisBlock], commit: head, head } as const
    void transport.sendBulk(to, encodeFrame(view.lamport, message)).then(() => giving.delete(to))
  }

  const hello = (): Hello => {
    const room = session && { id: session.room, head: session.view.head, history: session.history }
    return { name: options.name, roomName: options.room.name, room }
  }

  /** Peers that are connected already hear it again only where it changes what they do. */
  const sayHello = (): void => {
    const current = hello()
    const bytes = encodeHello(current)
    transport.setHello(bytes)
    const telling = `${current.room?.id} ${current.room?.history}`
    if (telling === told) return
    told = telling
    for (const peer of connected.keys()) transport.send(peer, bytes)
  }

  return {
    connected,
    roomOf,
    events: {
      onConnected(peer, bytes) {
        // Ours went out when the connection came about: since then this peer may have entered its room.
        transport.send(peer, encodeHello(hello()))
        greet(peer, bytes)
      },
      onDisconnected(peer, refused) {
        connected.delete(peer)
        genesisAsked.get(peer)?.(undefined)
        if (linked.delete(peer)) session?.input({ kind: 'link', peer, state: refused ? 'refused' : 'down' })
      },
      onFrame(from, frame) {
        if (isHello(frame)) greet(from, frame)
        else if (session !== undefined && mayBeIn(session.room, from)) session.frame(from, frame)
        else takeFromOutside(from, frame)
      },
      // Topics are named after the room: whoever is heard there is in it.
      onGossip: (from, topic, frame) => session?.gossip(from, topic, frame) ?? 'ignore',
      isUnlimited: (peer) => session?.view.active !== true || session.view.members.includes(peer),
      onTrouble: (trouble) => context.tell({ kind: 'trouble', trouble }),
    },
    enter(entered) {
      session = entered
      sayHello()
      for (const peer of connected.keys()) {
        relink(peer)
        compareRooms(peer)
      }
    },
    exit() {
      session = undefined
      linked.clear()
    },
    refresh() {
      sayHello()
      for (const peer of connected.keys()) compareRooms(peer)
    },
    look(until, except) {
      return new Promise((resolve) => {
        const done = (found: FoundRoom | undefined): void => {
          cancel()
          lookers = lookers.filter((other) => other !== look)
          resolve(found)
        }
        const look = (): void => {
          const found = bestRoom(connected, except)
          if (found !== undefined) done(found)
        }
        const cancel = clock.at(until, () => done(undefined))
        lookers.push(look)
        look()
      })
    },
    fetchGenesis(peer, room) {
      return new Promise((resolve) => {
        const done = (block: Block | undefined): void => {
          cancel()
          genesisAsked.delete(peer)
          const reason = refuseGenesis(block, room, options.room.name, identity.crypto)
          if (reason !== undefined) logger.warn('a room could not be joined', { peer, room, reason })
          resolve(reason === undefined ? block : undefined)
        }
        const cancel = clock.at(clock.monotonic() + genesisWait, () => done(undefined))
        genesisAsked.set(peer, done)
        void transport.sendBulk(peer, encodeFrame(0, { kind: 'fetch', what: 'committed', from: 0 }))
      })
    },
  }
}

/** Of several rooms one with history, then the one to which all others would give way. */
function bestRoom(connected: Lobby['connected'], except: ReadonlySet<PeerId>): FoundRoom | undefined {
  let best: FoundRoom | undefined
  for (const [peer, hello] of connected) {
    const room = hello?.room
    if (room === undefined || except.has(peer)) continue
    if (best === undefined || meet(best.room, room) === 'join') best = { peer, room }
  }
  return best
}

const addressesName = 'peers'
const peersMax = 128
const addressesMax = 8
const addressBytesMax = 256

/** Addresses at which peers of the room could be dialled last time; none where there is no such value. */
export async function readRememberedAddresses(store: Store): Promise<readonly string[]> {
  const bytes = await store.readValue(addressesName)
  if (bytes === undefined) return []
  const decoded = decodeWith(bytes, (reader) =>
    reader.list(peersMax, () => {
      reader.text(64)
      return reader.list(addressesMax, () => reader.text(addressBytesMax))
    }),
  )
  return 'value' in decoded ? decoded.value.flat() : []
}

/** Keeps the connected peers for the next start. Those of before stay until others are connected. */
export function createRememberer(store: Store, transport: Transport): () => Promise<void> {
  let written = ''
  return async () => {
    const peers = [...transport.peers].sort((a, b) => (a.peer < b.peer ? -1 : 1)).slice(0, peersMax)
    const text = JSON.stringify(peers)
    if (peers.length === 0 || text === written) return
    written = text
    await store.writeValue(addressesName, encodePeers(peers))
  }
}

function encodePeers(peers: Transport['peers']): Uint8Array {
  const writer = new Writer()
  writer.list(peers, ({ peer, addresses }) => {
    writer.text(peer)
    writer.list(addresses.filter((address) => address.length <= addressBytesMax).slice(0, addressesMax), (address) =>
      writer.text(address),
    )
  })
  return writer.finish()
}
