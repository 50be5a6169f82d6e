import type { PeerId, RoomId } from '../core/ids.ts'
import { type Block, headOf } from '../ring/block.ts'
import { decodeFrame, encodeFrame } from '../ring/frame.ts'
import { encodeHello, type Hello, type HelloRoom, isHello } from './hello.ts'
import { createLobby, type Lobby } from './lobby.ts'
import type { Ports, TransportEvents, TransportTrouble } from './ports.ts'
import { meet, refuseGenesis } from './room.ts'
import type { Session } from './session.ts'

/** Between the transport and the session: who is here, which room each is in, and whose frames the ring may see. */
export interface Network {
  readonly lobby: Lobby
  readonly events: TransportEvents
  /** The room that this peer is in from now on. */
  enter(session: Session): void
  /** No frame reaches the session any more. */
  exit(): void
  /** Keeps what new connections are told up to date, and looks again at rooms that were met. Call it now and then. */
  refresh(): void
  /** A connected peer's room, one with history first; waits for one until this monotonic time. */
  look(until: number, except: ReadonlySet<PeerId>): Promise<FoundRoom | undefined>
  /** The genesis block of the room that a connected peer is in; `undefined` where it gives none, or a wrong one. */
  fetchGenesis(peer: PeerId, room: RoomId): Promise<Block | undefined>
}

export interface FoundRoom {
  readonly peer: PeerId
  readonly room: HelloRoom
}

export interface NetworkOptions {
  readonly ports: Ports
  readonly name: string
  readonly roomName: string
  /** Ours is to give way to the room that this peer is in. */
  readonly onGiveWay: (found: FoundRoom) => void
  /** Another room of our name that will never mix with ours. */
  readonly onStrangers: (found: FoundRoom) => void
  readonly onVersion: (peer: PeerId, version: number) => void
  readonly onTrouble: (trouble: TransportTrouble) => void
}

/** How long a peer may take to give its genesis block, in milliseconds. */
const genesisWait = 3_000

export function createNetwork(options: NetworkOptions): Network {
  const { transport, clock, logger, identity } = options.ports
  const lobby = createLobby()
  /** Peers that the ring takes for connected. */
  const linked = new Set<PeerId>()
  const genesisAsked = new Map<PeerId, (block: Block | undefined) => void>()
  let session: Session | undefined
  let lookers: (() => void)[] = []
  let told = ''

  const greet = (peer: PeerId, bytes: Uint8Array): void => {
    const greeting = lobby.greet(peer, bytes)
    if (greeting.kind === 'version') options.onVersion(peer, greeting.version)
    else if (greeting.kind === 'malformed') logger.debug('a hello was refused', { peer, reason: greeting.reason })
    relink(peer)
    compareRooms(peer)
    for (const look of lookers) look()
  }

  /** Tells the ring of a peer that came into its room, or left it. */
  const relink = (peer: PeerId): void => {
    const belongs = session !== undefined && lobby.roomOf(peer)?.id === session.room
    if (belongs === linked.has(peer)) return
    if (belongs) linked.add(peer)
    else linked.delete(peer)
    session?.input({ kind: 'link', peer, state: belongs ? 'up' : 'down' })
  }

  const compareRooms = (peer: PeerId): void => {
    const room = lobby.roomOf(peer)
    if (session === undefined || room === undefined) return
    const meeting = meet({ id: session.room, history: session.history }, room)
    if (meeting === 'join') options.onGiveWay({ peer, room })
    if (meeting === 'strangers') options.onStrangers({ peer, room })
  }

  /** A peer that is not in our room asks for, or gives, no more than a genesis block. */
  const takeFromOutside = (from: PeerId, bytes: Uint8Array): void => {
    const decoded = decodeFrame(bytes, identity.crypto)
    if (decoded.kind === 'version') options.onVersion(from, decoded.version)
    if (decoded.kind !== 'frame') return
    const { message } = decoded
    if (message.kind === 'fetched') genesisAsked.get(from)?.(message.blocks[0])
    else if (message.kind === 'fetch' && session !== undefined) giveGenesis(from, session)
  }

  const giveGenesis = (to: PeerId, { genesisBlock, view }: Session): void => {
    const head = headOf(genesisBlock)
    const commit = { index: 0, hash: genesisBlock.hash }
    const message = { kind: 'fetched', what: 'committed', blocks: [genesisBlock], commit, head } as const
    transport.send(to, encodeFrame(view.lamport, message), 'bulk')
  }

  const hello = (): Hello => {
    const room = session && { id: session.room, head: session.view.head, history: session.history }
    return { name: options.name, roomName: options.roomName, room }
  }

  /** Peers that are connected already hear it again only where it changes what they do. */
  const sayHello = (): void => {
    const current = hello()
    const bytes = encodeHello(current)
    transport.setHello(bytes)
    const telling = `${current.room?.id} ${current.room?.history}`
    if (telling === told) return
    told = telling
    for (const peer of lobby.connected.keys()) transport.send(peer, bytes, 'ring')
  }

  return {
    lobby,
    events: {
      onConnected(peer, bytes) {
        // Ours went out when the connection came about: since then this peer may have entered its room.
        transport.send(peer, encodeHello(hello()), 'ring')
        greet(peer, bytes)
      },
      onDisconnected(peer, refused) {
        lobby.leave(peer)
        genesisAsked.get(peer)?.(undefined)
        if (linked.delete(peer)) session?.input({ kind: 'link', peer, state: refused ? 'refused' : 'down' })
      },
      onFrame(from, frame) {
        if (isHello(frame)) greet(from, frame)
        else if (session !== undefined && lobby.mayBeIn(session.room, from)) session.receiver.frame(from, frame)
        else takeFromOutside(from, frame)
      },
      // Topics are named after the room: whoever is heard there is in it.
      onGossip: (from, topic, frame) => session?.receiver.gossip(from, topic, frame) ?? 'ignore',
      onTrouble: options.onTrouble,
    },
    enter(entered) {
      session = entered
      sayHello()
      for (const peer of lobby.connected.keys()) {
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
      for (const peer of lobby.connected.keys()) compareRooms(peer)
    },
    look(until, except) {
      return new Promise((resolve) => {
        const done = (found: FoundRoom | undefined): void => {
          cancel()
          lookers = lookers.filter((other) => other !== look)
          resolve(found)
        }
        const look = (): void => {
          const found = bestRoom(lobby, except)
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
          const reason = refuseGenesis(block, room, options.roomName, identity.crypto)
          if (reason !== undefined) logger.warn('a room could not be joined', { peer, room, reason })
          resolve(reason === undefined ? block : undefined)
        }
        const cancel = clock.at(clock.monotonic() + genesisWait, () => done(undefined))
        genesisAsked.set(peer, done)
        transport.send(peer, encodeFrame(0, { kind: 'fetch', what: 'committed', from: 0 }), 'bulk')
      })
    },
  }
}

/** Of several rooms one with history, then the one to which all others would give way. */
function bestRoom(lobby: Lobby, except: ReadonlySet<PeerId>): FoundRoom | undefined {
  let best: FoundRoom | undefined
  for (const peer of lobby.connected.keys()) {
    const room = lobby.roomOf(peer)
    if (room === undefined || except.has(peer)) continue
    if (best === undefined || meet(best.room, room) === 'join') best = { peer, room }
  }
  return best
}
