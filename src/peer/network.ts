import { decodeWith, Malformed, Writer } from '../core/codec.ts'
import { count, type Field, flag, hash, optional, struct, text } from '../core/fields.ts'
import { helloHead, isHello, readHelloHead, writeHelloHead } from '../core/hello-head.ts'
import { type Instant, type PeerId, parseRoomId, type RoomId } from '../core/ids.ts'
import { nameCharsMax, wireVersion } from '../core/limits.ts'
import { type Block, type Head, headField, headOf } from '../ring/block.ts'
import { decodeFrame, encodeFrame } from '../ring/message.ts'
import { ringLimits } from '../ring/timing.ts'
import type { FoundRoom, PeerContext } from './context.ts'
import { encodeCopyNotice, isCopyNotice, readCopyNotice } from './copy-notice.ts'
import { readSome } from './disk.ts'
import { fetchBeginning } from './fetch-beginning.ts'
import { createHearsay } from './hearsay.ts'
import type { TransportEvents } from './ports.ts'
import { createPresence } from './presence.ts'
import { meet, type Scene } from './search.ts'
import type { Session } from './session.ts'
import { within } from './within.ts'

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
  /** Resolves when what this peer leaves to others is with them, or soon. */
  parted(): Promise<void>
  /** Keeps what new connections are told up to date, and looks again at rooms that were met. Call it now and then. */
  refresh(): void
  /**
   * A connected peer's room that `isMeant`: of those with the lowest `rank`, one that holds fast first; waits for one until this
   * monotonic time.
   */
  look(until: number, isMeant: (found: FoundRoom) => boolean, rank?: (peer: PeerId) => number): Promise<FoundRoom | undefined>
  /** All that was heard of others, just now. */
  scene(): Scene
  /**
   * The first blocks of the room that a connected peer is in; `undefined` where it gives none, or wrong ones. `isChosen`: a person
   * asked for that room by its id. `isEnough`: see {@link fetchBeginning}.
   */
  fetchBeginning(
    peer: PeerId,
    room: RoomId,
    isChosen: boolean,
    isEnough?: (millis: number) => boolean,
  ): Promise<readonly Block[] | undefined>
}

/** How long a peer may take to give its genesis block, or the next parts of the state behind it, in milliseconds. */
const beginningWait = 3_000
/** How long that may take, in milliseconds. */
const partingWait = 1_000
/** Copies of so many peers are remembered. */
const leftMax = 16

/** Tells of rooms that are `met`, and of hellos and frames that cannot be read. */
export function createNetwork(context: PeerContext): Network {
  const { ports, options } = context
  const { transport, clock, logger, identity } = ports
  const connected = new Map<PeerId, Hello | undefined>()
  /** Peers that the ring takes for connected. */
  const linked = new Set<PeerId>()
  const beginningAsked = new Set<BeginningAsked>()
  let session: Session | undefined
  const heard = createHearsay(transport)
  const presence = createPresence(clock, (peer, here) => context.tell({ kind: 'presence', peer, here }))
  let lookers: (() => void)[] = []
  let told = ''

  const roomOf = (peer: PeerId): HelloRoom | undefined => connected.get(peer)?.room

  const greet = (peer: PeerId, bytes: Uint8Array): void => {
    const greeting = decodeHello(bytes)
    connected.set(peer, greeting.kind === 'hello' ? greeting.hello : undefined)
    if (greeting.kind === 'hello') context.learnName(peer, greeting.hello.name)
    else if (greeting.kind === 'version') context.tell({ kind: 'version', peer, version: greeting.version })
    else context.tell({ kind: 'malformed', from: peer, reason: `hello: ${greeting.reason}` })
    heard.greeted(peer)
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
    if (belongs) presence.came(peer)
    else presence.went(peer)
    session?.input({ kind: 'link', peer, state: belongs ? 'up' : 'down' })
  }

  const compareRooms = (peer: PeerId): void => {
    const room = roomOf(peer)
    if (session === undefined || room === undefined) return
    const meeting = meet({ id: session.room, holdsFast: session.holdsFast }, room)
    if (meeting === 'join') context.tell({ kind: 'met', found: { peer, room } })
  }

  /** False for a connected peer that is in another room or in none. One that is not connected is heard over this room's mesh. */
  const mayBeIn = (room: RoomId, peer: PeerId): boolean => !connected.has(peer) || roomOf(peer)?.id === room

  /** A peer that is not in our room asks for, or gives, no more than what a room begins with. */
  const takeFromOutside = (from: PeerId, bytes: Uint8Array): void => {
    const decoded = decodeFrame(bytes, identity.crypto)
    if (decoded.kind === 'version') context.tell({ kind: 'version', peer: from, version: decoded.version })
    if (decoded.kind === 'malformed') context.tell({ kind: 'malformed', from, reason: decoded.reason })
    if (decoded.kind !== 'frame') return
    const { message } = decoded
    if (message.kind === 'fetched') takeBeginning(from, message.blocks)
    else if (message.kind === 'fetch' && session !== undefined) giveBeginning(from, message.from, session)
  }

  /** To all that wait for these. An answer that comes late is to an earlier question, and nobody's fault. */
  const takeBeginning = (from: PeerId, blocks: readonly Block[]): void => {
    for (const { of, first, done } of beginningAsked) if (of === from && (blocks[0]?.index ?? first) === first) done(blocks)
  }

  /** What copies of other peers have left here for them. */
  const left = new Map<PeerId, Uint8Array>()
  const takeCopyNotice = (from: PeerId, frame: Uint8Array): void => {
    const { self, crypto } = identity
    const notice = readCopyNotice(frame, crypto)
    if (notice === undefined) return
    const life = session?.view.stopped === undefined ? session?.view.incarnation : undefined
    if (notice.peer === self && notice.room === session?.room && notice.incarnation === life) {
      context.tell({ kind: 'copied', incarnation: notice.incarnation })
    }
    if (notice.peer !== from) return
    left.delete(from)
    left.set(from, frame.slice())
    if (left.size > leftMax) for (const oldest of left.keys()) return void left.delete(oldest)
    // The copy and the other one are one peer to the transport: this may reach either.
    transport.send(from, frame)
    void transport.sendBulk(from, frame)
  }
  let parting: Promise<unknown> = Promise.resolve()
  context.hear((news) => {
    if (news.kind !== 'stopped' || news.reason.kind !== 'own-later-block' || session === undefined) return
    const notice = encodeCopyNotice(
      { peer: identity.self, room: session.room, incarnation: news.reason.incarnation },
      identity.crypto,
    )
    // On streams of their own: those of the ring are taken from each other by the two copies.
    parting = Promise.all([...connected.keys()].map((peer) => transport.sendBulk(peer, notice)))
  })

  /** Peers to which first blocks are on their way: they fill frames, and are given to each once at a time. */
  const giving = new Set<PeerId>()
  const giveBeginning = (to: PeerId, from: number, { genesisBlock, genesis, view }: Session): void => {
    const parts = genesis.parts?.count ?? 0
    if (giving.has(to) || from > parts) return
    giving.add(to)
    const done = (): boolean => giving.delete(to)
    const give = (blocks: readonly Block[]): Promise<void> => {
      const head = headOf(blocks.at(-1) ?? genesisBlock)
      return transport.sendBulk(to, encodeFrame(view.lamport, { kind: 'fetched', what: 'committed', blocks, commit: head, head }))
    }
    if (from === 0) return void give([genesisBlock]).then(done)
    readSome(ports.store, identity.crypto, from, parts, ringLimits.fetchedBytes)
      .then(give)
      .then(done, (error: unknown) => {
        logger.warn('blocks-unread', { from, error })
        done()
      })
  }

  /** `undefined` where it says nothing in time. Whoever waits for the same room may ask at the same time. */
  const askForBeginning = (peer: PeerId, from: number): Promise<readonly Block[] | undefined> =>
    new Promise((resolve) => {
      const done = (blocks: readonly Block[] | undefined): void => {
        cancel()
        beginningAsked.delete(asked)
        resolve(blocks)
      }
      const asked = { of: peer, first: from, done }
      beginningAsked.add(asked)
      const cancel = clock.at(clock.monotonic() + beginningWait, () => done(undefined))
      void transport.sendBulk(peer, encodeFrame(0, { kind: 'fetch', what: 'committed', from }))
    })

  const hello = (): Hello => {
    return { name: context.name, roomName: options.room.name, room: session && helloRoomOf(session) }
  }
  const helloRoomOf = ({ room, view, holdsFast, genesis, genesisBlock }: Session): HelloRoom => ({
    id: room,
    head: view.head,
    holdsFast,
    founder: context.nameOf(genesis.founder),
    members: view.members.length,
    founded: genesisBlock.time,
  })

  /** Peers that are connected already hear it again only where it changes what they do. */
  const sayHello = (): void => {
    const current = hello()
    const bytes = encodeHello(current)
    transport.setHello(bytes)
    transport.announce({ name: current.name, room: current.room })
    // How many are in a room that both are not in matters to people there; so does who is who.
    const telling = `${current.name} ${current.room?.id} ${current.room?.holdsFast} ${current.room?.members} ${current.room?.founder}`
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
        const notice = left.get(peer)
        if (notice !== undefined) transport.send(peer, notice)
        greet(peer, bytes)
      },
      onDisconnected(peer, refused) {
        connected.delete(peer)
        for (const { of, done } of beginningAsked) if (of === peer) done(undefined)
        if (!linked.delete(peer)) return
        presence.went(peer)
        session?.input({ kind: 'link', peer, state: refused ? 'refused' : 'down' })
      },
      onFrame(from, frame) {
        if (isHello(frame)) greet(from, frame)
        else if (isCopyNotice(frame)) takeCopyNotice(from, frame)
        else if (session !== undefined && mayBeIn(session.room, from)) session.frame(from, frame)
        else takeFromOutside(from, frame)
      },
      // Topics are named after the room: whoever is heard there is in it.
      onGossip: (from, topic, frame) => session?.gossip(from, topic, frame) ?? 'ignore',
      isUnlimited: (peer) => session?.view.active !== true || session.view.members.includes(peer),
      onSighted: (sighting) => context.tell({ kind: 'sighted', sighting }),
      onTrouble(trouble) {
        heard.trouble(trouble)
        context.tell({ kind: 'trouble', trouble })
      },
    },
    enter(entered) {
      session = entered
      sayHello()
      for (const peer of connected.keys()) {
        relink(peer)
        compareRooms(peer)
      }
    },
    parted: () => within(clock, partingWait, parting),
    exit() {
      session = undefined
      linked.clear()
      presence.clear()
    },
    refresh() {
      sayHello()
      for (const peer of connected.keys()) compareRooms(peer)
    },
    look(until, isMeant, rank = () => 0) {
      return new Promise((resolve) => {
        const done = (found: FoundRoom | undefined): void => {
          cancel()
          lookers = lookers.filter((other) => other !== look)
          resolve(found)
        }
        const look = (): void => {
          const found = bestRoom(connected, isMeant, rank)
          if (found !== undefined) done(found)
        }
        const cancel = clock.at(until, () => done(undefined))
        lookers.push(look)
        look()
      })
    },
    scene: () => ({
      roomName: options.room.name,
      hasCode: options.code !== '',
      own: session && { id: session.room, holdsFast: session.holdsFast },
      sightings: transport.sightings.filter(({ peer }) => peer !== identity.self),
      connected,
      ...heard.facts(),
    }),
    async fetchBeginning(peer, room, isChosen, isEnough) {
      const wanted = { id: room, name: options.room.name, isChosen }
      const ask = (from: number): Promise<readonly Block[] | undefined> => askForBeginning(peer, from)
      const fetched = await fetchBeginning(ask, wanted, identity.crypto, clock, isEnough)
      if ('blocks' in fetched) return fetched.blocks
      heard.refuse(peer, fetched.reason)
      context.tell({ kind: 'unjoined', peer, room, ...fetched })
      return undefined
    },
  }
}

/** Who is asked for the first blocks of its room, from `first` on. */
interface BeginningAsked {
  readonly of: PeerId
  readonly first: number
  readonly done: (blocks: readonly Block[] | undefined) => void
}

/** Of several rooms with the lowest rank one that holds fast, then the one to which all others would give way. */
function bestRoom(
  connected: Lobby['connected'],
  isMeant: (found: FoundRoom) => boolean,
  rank: (peer: PeerId) => number,
): FoundRoom | undefined {
  let best: FoundRoom | undefined
  for (const [peer, hello] of connected) {
    const room = hello?.room
    if (room === undefined || !isMeant({ peer, room })) continue
    const order = best === undefined ? -1 : rank(peer) - rank(best.peer)
    if (best === undefined || order < 0 || (order === 0 && meet(best.room, room) === 'join')) best = { peer, room }
  }
  return best
}

/**
 * What a peer says first on a new connection, and again when it changes rooms (PROTOCOL, section 6).
 * Whatever the version of its sender, its head can be read: `core/hello-head.ts`.
 */
export interface Hello {
  /** The person's name; empty: none given. */
  readonly name: string
  readonly roomName: string
  /** `undefined`: still looking for its room. */
  readonly room: HelloRoom | undefined
}

export interface HelloRoom {
  readonly id: RoomId
  readonly head: Head
  /** It gives way to no other: something was done there (its state has changed, or an operation waits), or somebody chose it. */
  readonly holdsFast: boolean
  /** Name of the peer that founded it, or the end of its id. */
  readonly founder: string
  /** Members of its last view. */
  readonly members: number
  readonly founded: Instant
}

export type DecodedHello =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'version'; readonly version: number }

export function encodeHello(hello: Hello): Uint8Array {
  const writer = writeHelloHead(new Writer())
  helloField.write(writer, hello)
  return writer.finish()
}

/** Never throws, whatever the bytes. */
export function decodeHello(bytes: Uint8Array): DecodedHello {
  const head = helloHead(bytes)
  if ('malformed' in head) return { kind: 'malformed', reason: head.malformed }
  if (head.version !== wireVersion) return { kind: 'version', version: head.version }
  const decoded = decodeWith(bytes, (reader) => {
    readHelloHead(reader)
    return helloField.read(reader)
  })
  return 'malformed' in decoded ? { kind: 'malformed', reason: decoded.malformed } : { kind: 'hello', hello: decoded.value }
}

const roomIdField: Field<RoomId> = {
  write: (writer, id) => hash.write(writer, id),
  read(reader) {
    const id = parseRoomId(hash.read(reader))
    if (!id.ok) throw new Malformed('a room id has 32 bytes')
    return id.value
  },
}

const nameField = text(4 * nameCharsMax)

const helloField: Field<Hello> = struct<Hello>({
  name: nameField,
  roomName: nameField,
  room: optional(
    struct<HelloRoom>({
      id: roomIdField,
      head: headField,
      holdsFast: flag,
      founder: nameField,
      members: count,
      founded: count as Field<Instant>,
    }),
  ),
})
