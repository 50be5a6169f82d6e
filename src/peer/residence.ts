import { assert } from '../core/assert.ts'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import type { Block } from '../ring/block.ts'
import type { FoundRoom, News, PeerContext } from './context.ts'
import { drawLoss, readBlocks } from './disk.ts'
import { createAskAgain } from './fetch-beginning.ts'
import { createRememberer, readRememberedAddresses } from './hearsay.ts'
import { createNetwork, type Lobby, type Network } from './network.ts'
import type { Joined, JoinTarget, OtherRoom, Peer, PeerStatus, Refounded } from './peer.ts'
import type { Unsettled } from './proposals.ts'
import {
  type Arrival,
  firstBatch,
  foundRoom,
  incarnationIn,
  refoundBlocks,
  refuseRefound,
  roomIdOf,
  salt,
  shortRoomId,
} from './room.ts'
import {
  createRoomWatch,
  decide,
  type Entry,
  isSayingDue,
  isWanted,
  meet,
  type Obstacle,
  obstaclesKey,
  obstaclesOf,
  obstacleText,
  otherRooms,
  type Waiting,
} from './search.ts'
import { openSession, type Session } from './session.ts'
import { unmovedText } from './status.ts'

/** Where a peer lives: the room that it found or founded, and the move to another one (PROTOCOL, section 6). */
export interface Residence {
  /** Finds the room, or founds it, and takes part. Throws a `Failure`. */
  open(): Promise<void>
  readonly session: Session
  readonly lobby: Lobby & Pick<Network, 'refresh'>
  readonly entered: PeerStatus['entered']
  otherRooms(): readonly OtherRoom[]
  /** While the peer moves from one room to another; resolves when it has. */
  readonly moving: Promise<void> | undefined
  /** See {@link Peer.join}. */
  join(target: JoinTarget, options: Parameters<Peer['join']>[1]): Promise<Joined>
  /**
   * Founds a new room that goes on from this one's committed state, and moves there, with all that waits to be written. The log of
   * this one is kept. Throws as {@link refuseRefound} and {@link refoundBlocks} do, and what the disk says: then all is as before.
   */
  refound(force: boolean): Promise<Refounded>
  /** Stays where it is from now on. */
  settleDown(): void
  /** Takes no more part, and resolves when disk and network are closed. */
  close(): Promise<void>
}

/** How often hellos, addresses and meetings are looked at, in milliseconds. */
const refreshEvery = 1_000
/** How often a peer that looks for its room looks at what it has heard, in milliseconds. */
const lookEvery = 250
/** How long a peer whose log is damaged or gone looks for the others, in milliseconds: alone it has to refuse, and say so. */
const comeBackPatience = 10_000
/** How long the members of a room that is left may take to let this peer go, in milliseconds. */
const leavePatience = 3_000

export function createResidence(context: PeerContext): Residence {
  const { ports, options } = context
  const { store, transport, clock, logger, identity, entropy } = ports
  const network = createNetwork(context)
  const remember = createRememberer(store, transport)
  /** Rooms that this peer has been in since it started. */
  const visited = new Set<RoomId>()
  const roomWatch = createRoomWatch()
  const askAgain = createAskAgain(clock)
  let entered: PeerStatus['entered'] = 'kept'
  let meeting = false
  let moving: Promise<void> | undefined
  /** The room that it was in is closed, and it is in no other one yet. */
  let isBetween = false
  let settled = false
  let stopRefreshing = (): void => {}

  const session = (): Session => {
    assert(context.room !== undefined, 'the peer is in no room yet')
    return context.room
  }

  context.hear((news) => {
    if (news.kind !== 'met' || meeting || settled || !askAgain.isDue(news.found.peer)) return
    meeting = true
    void giveWay(news.found).finally(() => {
      meeting = false
    })
  })

  const otherRoomsNow = (): readonly OtherRoom[] => otherRooms(network.scene())

  /** `undefined`: it is asked again, but later each time. */
  const beginningOf = async (
    { peer, room }: FoundRoom,
    isChosen: boolean,
    othersWait = (): boolean => false,
  ): Promise<Beginning | undefined> => {
    const began = clock.monotonic()
    const isEnough = (millis: number): boolean => millis > askAgain.patienceWith(peer) && othersWait()
    const beginning = await network.fetchBeginning(peer, room.id, isChosen, isEnough)
    if (beginning === undefined) askAgain.failed(peer, clock.monotonic() - began)
    return beginning
  }

  const giveWay = async ({ peer, room }: FoundRoom): Promise<void> => {
    const beginning = await beginningOf({ peer, room }, false)
    const own = session()
    // Meanwhile somebody may have done something here.
    if (
      beginning === undefined ||
      settled ||
      moving !== undefined ||
      meet({ id: own.room, holdsFast: own.holdsFast }, room) !== 'join'
    )
      return
    logger.info('room-given-up', { from: shortRoomId(own.room), to: shortRoomId(room.id) })
    await change(() => moveTo(beginning, lossIn(beginning), room.holdsFast)).catch(() => {})
    entered = 'joined'
  }

  /** A move that fails between two rooms leaves the peer in none: it stops. One that fails before that leaves it where it was. */
  const change = async <T>(move: () => Promise<T>): Promise<T> => {
    // Whoever hears what comes of it finds that this peer moves.
    const moved = Promise.resolve().then(move)
    moving = moved.then(
      () => {},
      (error: unknown) => {
        if (isBetween) throw error
      },
    )
    try {
      await moving
    } catch (error) {
      logger.error('room-change-failed', { error })
      context.tell(endOf(error))
    } finally {
      moving = undefined
    }
    return moved
  }

  /** Takes no more part in the room that is here. */
  const depart = async (): Promise<void> => {
    isBetween = true
    network.exit()
    await context.room?.close(new Failure('stopping', 'This peer moves to another room.'))
  }

  /**
   * A life that this disk knows nothing of may have been in that room: one before this start, or earlier in it. Only a key
   * that was made at this very start has nothing to forget.
   */
  const lossIn = (beginning: Beginning): number | undefined =>
    identity.isNew && !visited.has(idOf(beginning)) ? undefined : drawLoss(entropy)

  /** `isFast`: the room there does not give way to another, although no more than its first blocks are here yet. */
  const moveTo = async (beginning: Beginning, loss: number | undefined, isFast: boolean): Promise<void> => {
    await depart()
    const before = context.room?.view.incarnation ?? 0
    const arrival: Arrival = {
      incarnation: Math.max(before, incarnationIn(beginning, identity.self, identity.crypto) ?? 0),
      loss,
    }
    const batch = firstBatch(beginning, arrival)
    await store.write(batch)
    await read(batch.meta, isFast)
    begin()
  }

  /** Reads the room from the store. Nothing is sent before `begin`. */
  const read = async (meta: Uint8Array, isFast = false): Promise<void> => {
    const opened = await openSession(context, meta)
    if (isFast) opened.holdFast()
    visited.add(opened.room)
    network.enter(opened)
  }

  const begin = (): void => {
    transport.enterRoom(session().room)
    session().start()
    isBetween = false
  }

  /** Looks for the room until it is in it, or may found it. Throws a `Failure`: `room-not-found` with the obstacles, `stopping`. */
  const enterOrFound = async (entry: Entry, waitMillis = options.waitMillis): Promise<void> => {
    const { lookMillis, signal } = options
    const began = clock.monotonic()
    let said: { readonly key: string; readonly at: number } | undefined
    const isMeant = ({ peer, room }: FoundRoom): boolean => isWanted(room, wantedOf(entry)) && askAgain.isDue(peer)

    while (entry.kind !== 'create') {
      if (signal?.aborted === true) throw new Failure('stopping', 'The search for the room was called off.')
      const found = await network.look(clock.monotonic() + lookEvery, isMeant, askAgain.dueSince)
      if (found !== undefined) {
        const othersWait = (): boolean =>
          [...network.connected].some(
            ([peer, hello]) =>
              hello?.room !== undefined && hello.room.id !== found.room.id && isMeant({ peer, room: hello.room }),
          )
        const beginning = await beginningOf(found, wantedOf(entry) !== undefined, othersWait)
        if (beginning === undefined) continue
        entered = 'joined'
        if (context.room !== undefined) await keepHistory(context.room)
        return moveTo(beginning, lossIn(beginning), found.room.holdsFast || wantedOf(entry) !== undefined)
      }
      const now = clock.monotonic()
      const scene = network.scene()
      const next = decide(entry, { lookMillis, waitMillis }, now - began, scene)
      if (next === 'look') continue
      if (next === 'found') break
      const obstacles = obstaclesOf(entry, scene)
      const waiting: Waiting = {
        room: options.room.name,
        elapsed: now - began,
        obstacles,
        why: whyOf(obstacles, options.room.name),
        notices: context.notices,
      }
      if (next === 'give-up') throw notFound(waiting.room, obstacles, now - began)
      if (!isSayingDue(obstacles, said && { key: said.key, ago: now - said.at })) continue
      said = { key: obstaclesKey(obstacles), at: now }
      options.onWaiting?.(waiting)
    }
    const genesis = foundRoom(options.room, identity.self, salt(entropy), clock.wall(), identity.crypto)
    logger.info('room-founded', { room: shortRoomId(roomIdOf(genesis)) })
    entered = 'founded'
    return moveTo([genesis], undefined, false)
  }

  /** To the room whose log was lost here, from the others; it is never founded anew. Throws `loss` where nobody is there. */
  const comeBack = async (entry: Entry, loss: Failure): Promise<void> => {
    const room = wantedOf(entry)
    try {
      await enterOrFound({ kind: 'join', room }, options.waitMillis ?? comeBackPatience)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'room-not-found') throw error
      throw new Failure(loss.code, loss.message, { ...error.facts, ...loss.facts }, { cause: loss.cause ?? error })
    }
  }

  /** The room on this disk is not the one that was asked for by its id. */
  const enterAnother = async (entry: Entry): Promise<void> => {
    if (session().history && (options.leavesHistory !== true || options.archive === undefined)) throw hasHistory(session())
    // It gives way to no other meanwhile: the network knows of no room here that could.
    await enterOrFound(entry)
  }

  /** Somebody who is in the room that is meant, and is not this one. */
  const findOther = async (target: JoinTarget, deadlineMillis: number, signal?: AbortSignal): Promise<FoundRoom> => {
    const own = session().room
    const began = clock.monotonic()
    const isMeant = ({ room }: FoundRoom): boolean => room.id !== own && isWanted(room, target.room)
    for (let left = deadlineMillis; left > 0; left -= lookEvery) {
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      if (signal?.aborted === true) throw new Failure('called-off', 'The search for the room was called off.')
      const found = await network.look(clock.monotonic() + Math.min(left, lookEvery), isMeant)
      if (found !== undefined) return found
    }
    const scene = { ...network.scene(), own: undefined }
    const obstacles = obstaclesOf({ kind: 'join', room: target.room }, scene)
    // Our own members are no obstacle: they are just not there.
    const others = obstacles.filter((one) => one.kind !== 'another-room' || !own.startsWith(one.room))
    throw notFound(options.room.name, others, clock.monotonic() - began)
  }

  /**
   * Where something was done in the room on this disk, its log is kept before another one takes its place. What is committed is written
   * before `leave` closes the room: a disk that is too full for it is to cost no more than the move.
   */
  const keepHistory = async (own: Session, leave = depart): Promise<string | undefined> => {
    let leaving: Promise<void> | undefined
    const left = (): Promise<void> => {
      leaving ??= leave()
      return leaving
    }
    async function* blocks(): AsyncGenerator<readonly Block[]> {
      const last = Math.min(own.view.commit.index, own.view.durable)
      yield* readBlocks(store, identity.crypto, 0, last)
      await left()
      yield* readBlocks(store, identity.crypto, last + 1, own.view.durable)
    }
    if (!own.history) await left()
    const kept = own.history ? await options.archive?.(own.room, blocks()) : undefined
    await left()
    return kept
  }

  /** Leaves the room that this peer is in, keeps its log where something was done in it, and enters the other one. */
  const leaveFor = async (beginning: Beginning): Promise<string | undefined> => {
    const own = session()
    const kept = await keepHistory(own, async () => {
      await own.leave(leavePatience)
      await depart()
    })
    await moveTo(beginning, lossIn(beginning), true)
    return kept
  }

  /** Keeps the log of the room that is here, and founds one that goes on from it, with all that waits to be written. */
  const goOnFrom = async (own: Session, force: boolean): Promise<Refounded> => {
    let waiting: readonly Unsettled[] = []
    try {
      const archive = await keepHistory(own, async () => {
        // Meanwhile the others may be back.
        refuseRefound(own, force)
        waiting = own.proposals.release()
        await depart()
      })
      const earlier = await unsettledBefore(own)
      const beginning = refoundBlocks(context, own)
      const room = idOf(beginning)
      await moveTo(beginning, undefined, true)
      logger.warn('room-refounded', { from: shortRoomId(own.room), to: shortRoomId(room) })
      return { room, archive, resubmitted: session().proposals.adopt([...earlier, ...waiting]) }
    } catch (error) {
      if (isBetween) await goBack(own, waiting)
      throw error
    }
  }

  /** Into the room that was closed for a new one, of which nothing was written. */
  const goBack = async (own: Session, waiting: readonly Unsettled[]): Promise<void> => {
    assert(context.room === own, 'another room has taken its place')
    await store.close()
    const { meta } = await store.open()
    assert(meta !== undefined, 'the room that was here is gone')
    await read(meta, own.holdsFast)
    begin()
    // What stands in its log may still happen there, and must not happen twice.
    for (const { written, wait } of waiting) if (written) wait?.reject(mayHappen())
    session().proposals.adopt(waiting.filter(({ written }) => !written))
  }

  /** What an earlier life of this peer wrote, and nobody is known to have committed. */
  const unsettledBefore = async ({ view }: Session): Promise<readonly Unsettled[]> => {
    const found: Unsettled[] = []
    for await (const blocks of readBlocks(store, identity.crypto, view.commit.index + 1, view.durable)) {
      for (const { author, body } of blocks) {
        if (author !== identity.self || body.kind !== 'ops' || body.incarnation === view.incarnation) continue
        for (const bytes of body.ops) found.push({ bytes, written: true, wait: undefined })
      }
    }
    return found
  }

  const refresh = (): void => {
    if (moving === undefined) {
      network.refresh()
      for (const room of roomWatch.look(otherRoomsNow(), clock.monotonic())) context.tell({ kind: 'other-room', room })
    }
    remember().catch((error: unknown) => logger.debug('addresses-unkept', () => ({ error })))
    stopRefreshing = clock.at(clock.monotonic() + refreshEvery, refresh)
  }

  return {
    async open() {
      const opened = await store.open((done, total) => options.onProgress('check', done, total))
      const { damage, gone } = opened
      if (damage !== undefined) context.tell({ kind: 'damaged', damage })
      if (gone !== undefined) context.tell({ kind: 'gone', gone })
      if (opened.found === 'value-lost') logger.warn('value-lost')
      if (opened.found === 'older') logger.info('log-taken-over')
      if (opened.found === 'ahead') logger.debug('log-ahead')
      // A room that is known is read before anybody hears of this peer.
      if (opened.meta !== undefined) await read(opened.meta)
      const isWrong = opened.meta !== undefined && !isWanted({ id: session().room }, wantedOf(options.entry))
      // Nobody is to give way to a room that this peer is about to leave.
      if (isWrong) network.exit()
      // Whoever connects from the first moment on is told a hello, be it of a peer that looks for its room.
      network.refresh()
      await transport.start(network.events)
      for (const address of await readRememberedAddresses(store)) transport.addAddress(address)
      const { entry } = options
      // The others have the log, and to them it is one that has forgotten (PROTOCOL, section 5). Whoever only waits for them does so anyway.
      const loss = damage ?? (entry.kind === 'look' ? gone : undefined)
      if (loss !== undefined) await comeBack(entry, loss)
      else if (opened.meta === undefined) await enterOrFound(entry)
      else if (isWrong) await enterAnother(entry)
      else begin()
      refresh()
    },
    get session() {
      return session()
    },
    lobby: network,
    get entered() {
      return entered
    },
    otherRooms: otherRoomsNow,
    get moving() {
      return moving
    },
    async refound(force) {
      await moving
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      const own = session()
      refuseRefound(own, force)
      const made = await change(() => goOnFrom(own, force))
      entered = 'founded'
      return made
    },
    async join(target, { force, deadlineMillis, signal }) {
      await moving
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      refuseTarget(target, options)
      if (target.room !== undefined && isWanted({ id: session().room }, target.room)) {
        return { room: session().room, archive: undefined }
      }
      for (const address of target.addresses) transport.addAddress(address)
      const { peer, room } = await findOther(target, deadlineMillis, signal)
      if (session().history && (!force || options.archive === undefined)) throw hasHistory(session())
      const beginning = await network.fetchBeginning(peer, room.id, target.room !== undefined)
      if (beginning === undefined) {
        const obstacles = obstaclesOf(options.entry, network.scene())
        throw notFound(
          options.room.name,
          obstacles.filter(({ kind }) => kind === 'refused'),
          0,
        )
      }
      await moving
      // Meanwhile this room may have given way by itself, or somebody may have done something here.
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      if (session().room === room.id) return { room: room.id, archive: undefined }
      if (session().history && !force) throw hasHistory(session())
      const archive = await change(() => leaveFor(beginning))
      entered = 'joined'
      return { room: room.id, archive }
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
      await network.parted()
      await transport.stop()
      await store.close()
    },
  }
}

/** The first blocks of a room. */
type Beginning = readonly Block[]

const idOf = ([genesis]: Beginning): RoomId => {
  assert(genesis !== undefined, 'a room begins with a block')
  return roomIdOf(genesis)
}

const wantedOf = (entry: Entry): string | undefined => (entry.kind === 'join' ? entry.room : undefined)

/** A peer speaks with those that have its room's name and code, and no others: for another room it has to be started anew. */
function refuseTarget({ name, code }: JoinTarget, options: PeerContext['options']): void {
  if (name !== undefined && name !== options.room.name) {
    throw new Failure('other-room', `This peer was started for the room “${options.room.name}”, not “${name}”.`, { name })
  }
  if (code !== undefined && code !== options.code) {
    throw new Failure('other-code', `This peer was started with another code for the room “${options.room.name}”.`)
  }
}

const whyOf = (obstacles: readonly Obstacle[], room: string): readonly string[] =>
  obstacles.map((obstacle) => obstacleText(obstacle, room))

function notFound(room: string, obstacles: readonly Obstacle[], elapsed: number): Failure {
  const why = whyOf(obstacles, room).join('; ')
  const end = why.endsWith('?') ? '' : '.'
  return new Failure('room-not-found', `The room “${room}” was not found in ${Math.round(elapsed / 1_000)} s: ${why}${end}`, {
    room,
    obstacles,
  })
}

/** A disk that is full is no bug: whoever reads why the peer stopped is to know what to do about it. */
const endOf = (error: unknown): News =>
  error instanceof Failure
    ? { kind: 'stranded', failure: error }
    : { kind: 'stopped', reason: { kind: 'bug', message: unmovedText } }

const mayHappen = (): Failure =>
  new Failure('unsettled', 'Written, but not committed yet. It may still happen: ask again with the same request id.')

const hasHistory = ({ room, genesis }: Session): Failure =>
  new Failure('room-has-history', `Something was done in the room “${genesis.name}” (${shortRoomId(room)}) that is here.`, {
    room,
  })
