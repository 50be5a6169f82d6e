import { assert } from '../core/assert.ts'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import type { Block } from '../ring/block.ts'
import type { FoundRoom, PeerContext } from './context.ts'
import { drawLoss } from './disk.ts'
import { createNetwork, createRememberer, type Lobby, readRememberedAddresses } from './network.ts'
import { type Arrival, firstBatch, foundRoom, incarnationIn, meet, refoundBlock, roomIdOf, salt, shortRoomId } from './room.ts'
import { openSession, type Session } from './session.ts'

/** Where a peer lives: the room that it found or founded, and the move to another one (PROTOCOL, section 6). */
export interface Residence {
  /** Finds the room, or founds it, and takes part. Throws a `Failure`. */
  open(): Promise<void>
  readonly session: Session
  readonly lobby: Lobby
  /** While the peer moves from one room to another; resolves when it has. */
  readonly moving: Promise<void> | undefined
  /** Founds a new room that goes on from this one's committed state, and moves there. Throws as {@link refoundBlock} does. */
  refound(force: boolean): Promise<RoomId>
  /** Stays where it is from now on. */
  settleDown(): void
  /** Takes no more part, and resolves when disk and network are closed. */
  close(): Promise<void>
}

/** How often hellos, addresses and meetings are looked at, in milliseconds. */
const refreshEvery = 1_000

export function createResidence(context: PeerContext): Residence {
  const { ports, options } = context
  const { store, transport, clock, logger, identity, entropy } = ports
  const network = createNetwork(context)
  const remember = createRememberer(store, transport)
  /** Rooms that this peer has been in since it started. */
  const visited = new Set<RoomId>()
  let meeting = false
  let moving: Promise<void> | undefined
  let settled = false
  let stopRefreshing = (): void => {}

  const session = (): Session => {
    assert(context.room !== undefined, 'the peer is in no room yet')
    return context.room
  }

  context.hear((news) => {
    if (news.kind !== 'met' || news.meeting !== 'join' || meeting || settled) return
    meeting = true
    void giveWay(news.found).finally(() => {
      meeting = false
    })
  })

  const giveWay = async ({ peer, room }: FoundRoom): Promise<void> => {
    const genesis = await network.fetchGenesis(peer, room.id)
    const own = session()
    // Meanwhile somebody may have done something here.
    if (genesis === undefined || settled || meet({ id: own.room, history: own.history }, room) !== 'join') return
    logger.info('this room gives way to another of the same name', { from: shortRoomId(own.room), to: shortRoomId(room.id) })
    await change(genesis, lossIn(genesis)).catch(() => {})
  }

  /** A move that fails leaves the peer in no room: it stops. */
  const change = async (genesis: Block, loss: number | undefined): Promise<void> => {
    moving = moveTo(genesis, loss)
    try {
      await moving
    } catch (error) {
      logger.error('the room could not be changed', { error })
      context.tell({ kind: 'stopped', reason: { kind: 'bug', message: 'the room could not be changed' } })
      throw error
    } finally {
      moving = undefined
    }
  }

  /**
   * A life that this disk knows nothing of may have been in that room: one before this start, or earlier in it. Only a key
   * that was made at this very start has nothing to forget.
   */
  const lossIn = (genesis: Block): number | undefined =>
    identity.isNew && !visited.has(roomIdOf(genesis)) ? undefined : drawLoss(entropy)

  const moveTo = async (genesis: Block, loss: number | undefined): Promise<void> => {
    network.exit()
    await context.room?.close(new Failure('stopping', 'This peer moves to another room.'))
    const before = context.room?.view.incarnation ?? 0
    const arrival: Arrival = {
      incarnation: Math.max(before, incarnationIn(genesis, identity.self, identity.crypto) ?? 0),
      loss,
    }
    const batch = firstBatch(genesis, arrival)
    await store.write(batch)
    await read(batch.meta)
    begin()
  }

  /** Reads the room from the store. Nothing is sent before `begin`. */
  const read = async (meta: Uint8Array): Promise<void> => {
    const opened = await openSession(context, meta)
    visited.add(opened.room)
    network.enter(opened)
  }

  const begin = (): void => {
    transport.enterRoom(session().room)
    session().start()
  }

  const findOrFound = async (): Promise<void> => {
    const until = clock.monotonic() + (options.create ? 0 : options.lookMillis)
    const tried = new Set<FoundRoom['peer']>()
    while (clock.monotonic() < until) {
      const found = await network.look(until, tried)
      if (found === undefined) break
      tried.add(found.peer)
      const genesis = await network.fetchGenesis(found.peer, found.room.id)
      if (genesis !== undefined) return moveTo(genesis, lossIn(genesis))
    }
    if (options.joinOnly === true) throw new Failure('room-not-found', `No peer of the room “${options.room.name}” was found.`)
    const genesis = foundRoom(options.room, identity.self, salt(entropy), clock.wall(), identity.crypto)
    logger.info('room founded', { room: shortRoomId(roomIdOf(genesis)) })
    return moveTo(genesis, undefined)
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
      // Whoever connects from the first moment on is told a hello, be it of a peer that looks for its room.
      network.refresh()
      await transport.start(network.events)
      for (const address of await readRememberedAddresses(store)) transport.addAddress(address)
      if (opened.meta === undefined) await findOrFound()
      else begin()
      refresh()
    },
    get session() {
      return session()
    },
    lobby: network,
    get moving() {
      return moving
    },
    async refound(force) {
      await moving
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      const block = refoundBlock(context, session(), force)
      logger.warn('a new room goes on from this one', {
        from: shortRoomId(session().room),
        to: shortRoomId(roomIdOf(block)),
      })
      await change(block, undefined)
      return roomIdOf(block)
    },
    settleDown() {
      settled = true
    },
    async close() {
      settled = true
      stopRefreshing()
      await context.room?.close(new Failure('stopping', 'This peer is stopping.'))
      await remember().catch(() => {})
      network.exit()
      await transport.stop()
      await store.close()
    },
  }
}
