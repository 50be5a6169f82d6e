import { assert } from '../core/assert.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import type { Block } from '../ring/block.ts'
import type { StopReason } from '../ring/types.ts'
import type { PeerOptions } from './create-peer.ts'
import type { EventLog } from './events.ts'
import { createNetwork, type FoundRoom, type Network } from './network.ts'
import { Failure, type Ports, type TransportTrouble } from './ports.ts'
import { createRememberer, readRememberedAddresses } from './remembered.ts'
import { firstBatch, foundRoom, genesisBytesMax, incarnationIn, meet, randomSalt, roomIdOf, shortRoomId } from './room.ts'
import { openSession, type Session } from './session.ts'

/** Where a peer lives: the room that it found or founded, and the move to another one (PROTOCOL, section 6). */
export interface Residence {
  /** Finds the room, or founds it, and takes part. Throws a `Failure`. */
  open(): Promise<void>
  readonly session: Session
  readonly lobby: Network['lobby']
  /** While the peer moves from one room to another; resolves when it has. */
  readonly moving: Promise<void> | undefined
  /** Founds a new room that goes on from this one's committed state, and moves there (PROTOCOL, section 5). */
  refound(): Promise<RoomId>
  /** Stays where it is from now on. */
  settleDown(): void
  /** Takes no more part, and resolves when disk and network are closed. */
  close(): Promise<void>
}

export interface ResidenceHooks {
  readonly events: EventLog
  readonly quorumText: () => string
  readonly onStopped: (reason: StopReason) => void
}

/** How often hellos, addresses and meetings are looked at, in milliseconds. */
const refreshEvery = 1_000
/** Different things worth saying once: a bound on what strangers can make a peer remember. */
const saidMax = 1_000

export function createResidence(options: PeerOptions, ports: Ports, hooks: ResidenceHooks): Residence {
  const { store, transport, clock, logger, identity } = ports
  const said = new Set<string>()
  const remember = createRememberer(store, transport)
  let current: Session | undefined
  let meeting = false
  let moving: Promise<void> | undefined
  let settled = false
  let stopRefreshing = (): void => {}

  const session = (): Session => {
    assert(current !== undefined, 'the peer is in no room yet')
    return current
  }

  /** Said once for each key: the world repeats itself. */
  const tellOnce = (key: string, event: string, facts: Readonly<Record<string, string | number>>): void => {
    if (said.has(key) || said.size >= saidMax) return
    said.add(key)
    logger.warn(event, facts)
    const time = current === undefined ? clock.wall() : current.view.time(clock.monotonic())
    hooks.events.add({ kind: 'note', at: Math.floor(time) as Instant, event, facts })
  }
  const onVersion = (peer: PeerId, version: number): void =>
    tellOnce(`version ${peer}`, 'a peer speaks another version of the protocol', { peer, version })
  const onTrouble = (trouble: TransportTrouble): void => {
    if (trouble.kind === 'version') onVersion(trouble.peer, trouble.version)
    else if (trouble.kind === 'wrong-code') {
      tellOnce(`code ${trouble.address}`, 'a peer was refused: most likely another room code', { address: trouble.address })
    } else logger.debug('trouble on the network', trouble)
  }

  const network = createNetwork({
    ports,
    name: options.name,
    roomName: options.room.name,
    onGiveWay: (found) => {
      if (meeting || settled) return
      meeting = true
      void giveWay(found).finally(() => {
        meeting = false
      })
    },
    onStrangers: ({ peer, room }) =>
      tellOnce(`room ${room.id}`, 'another room of this name exists', { peer, room: shortRoomId(room.id) }),
    onVersion,
    onTrouble,
  })

  const giveWay = async ({ peer, room }: FoundRoom): Promise<void> => {
    const genesis = await network.fetchGenesis(peer, room.id)
    const own = session()
    // Meanwhile somebody may have done something here.
    if (genesis === undefined || settled || meet({ id: own.room, history: own.history }, room) !== 'join') return
    logger.info('this room gives way to another of the same name', { from: shortRoomId(own.room), to: shortRoomId(room.id) })
    await change(genesis, true).catch(() => {})
  }

  /** A move that fails leaves the peer in no room: it stops. */
  const change = async (genesis: Block, forgot: boolean): Promise<void> => {
    moving = moveTo(genesis, forgot)
    try {
      await moving
    } catch (error) {
      logger.error('the room could not be changed', { error })
      hooks.onStopped({ kind: 'bug', message: 'the room could not be changed' })
      throw error
    } finally {
      moving = undefined
    }
  }

  const refound = async (): Promise<RoomId> => {
    await moving
    if (settled) throw new Failure('stopping', 'This peer is stopping.')
    const { genesis, market, view, room } = session()
    const { currency, deposits } = genesis
    const plan = { name: genesis.name, currency, deposits }
    const time = view.time(clock.monotonic())
    const block = foundRoom(plan, identity.self, randomSalt(), time, identity.crypto, market.snapshot())
    if (block.bytes.length > genesisBytesMax) {
      throw new Failure('room-too-large', 'What this room holds does not fit into the first block of a new one.', {
        bytes: block.bytes.length,
        bytesMax: genesisBytesMax,
      })
    }
    logger.warn('a new room goes on from this one', { from: shortRoomId(room), to: shortRoomId(roomIdOf(block)) })
    await change(block, false)
    return roomIdOf(block)
  }

  const moveTo = async (genesis: Block, forgot: boolean): Promise<void> => {
    network.exit()
    await current?.close(new Failure('stopping', 'This peer moves to another room.'))
    const incarnation = Math.max(current?.view.incarnation ?? 0, incarnationIn(genesis, identity.self, identity.crypto) ?? 0)
    const batch = firstBatch(genesis, forgot, incarnation)
    await store.write(batch)
    await read(batch.meta)
    begin()
  }

  /** Reads the room from the store. Nothing is sent before `begin`. */
  const read = async (meta: Uint8Array): Promise<void> => {
    const { events, quorumText } = hooks
    const { pace, seed } = options
    const opened = await openSession(
      {
        ports,
        pace,
        seed,
        events,
        quorumText,
        onVersion,
        onProgress: (done, total) => options.onProgress('replay', done, total),
        onStopped: (reason) => {
          if (opened === current) hooks.onStopped(reason)
        },
      },
      meta,
    )
    const { name } = opened.genesis
    if (name !== options.room.name) {
      throw new Failure('other-room', `This store is of the room “${name}”, not “${options.room.name}”.`, { name })
    }
    current = opened
    network.enter(opened)
  }

  const begin = (): void => {
    transport.enterRoom(session().room)
    session().start()
  }

  const findOrFound = async (): Promise<void> => {
    const until = clock.monotonic() + (options.create ? 0 : options.lookMillis)
    const tried = new Set<PeerId>()
    while (clock.monotonic() < until) {
      const found = await network.look(until, tried)
      if (found === undefined) break
      tried.add(found.peer)
      const genesis = await network.fetchGenesis(found.peer, found.room.id)
      // An identity from an earlier life may have been a member here: its disk would know, but is empty.
      if (genesis !== undefined) return moveTo(genesis, !identity.isNew)
    }
    if (options.joinOnly === true) throw new Failure('room-not-found', `No peer of the room “${options.room.name}” was found.`)
    const genesis = foundRoom(options.room, identity.self, randomSalt(), clock.wall(), identity.crypto)
    logger.info('room founded', { room: shortRoomId(roomIdOf(genesis)) })
    return moveTo(genesis, false)
  }

  const refresh = (): void => {
    if (moving === undefined) network.refresh()
    remember().catch((error: unknown) => logger.debug('known addresses could not be kept', { error }))
    stopRefreshing = clock.at(clock.monotonic() + refreshEvery, refresh)
  }

  return {
    async open() {
      const opened = await store.open((done, total) => options.onProgress('check', done, total))
      if (opened.torn !== undefined) logger.warn('a torn last batch was cut from the log', opened.torn)
      // A room that is known is read before anybody hears of this peer.
      if (opened.meta !== undefined) await read(opened.meta)
      await transport.start(network.events)
      for (const address of await readRememberedAddresses(store)) transport.addAddress(address)
      if (opened.meta === undefined) await findOrFound()
      else begin()
      refresh()
    },
    get session() {
      return session()
    },
    lobby: network.lobby,
    get moving() {
      return moving
    },
    refound,
    settleDown() {
      settled = true
    },
    async close() {
      settled = true
      stopRefreshing()
      await current?.close(new Failure('stopping', 'This peer is stopping.'))
      await remember().catch(() => {})
      network.exit()
      await transport.stop()
      await store.close()
    },
  }
}
