import { assert } from '../core/assert.ts'
import { Failure } from '../core/failure.ts'
import type { FoundRoom, PeerContext } from './context.ts'
import { createAskAgain } from './fetch-beginning.ts'
import { createRememberer, readRememberedAddresses } from './hearsay.ts'
import { type Beginning, createMoves } from './move.ts'
import { createNetwork, type Lobby, type Network } from './network.ts'
import type { Joined, JoinTarget, OtherRoom, Peer, PeerStatus, Refounded } from './peer.ts'
import { foundRoom, refoundBlocks, refuseRefound, roomIdOf, salt, shortRoomId } from './room.ts'
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
import type { Session } from './session.ts'

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
export function createResidence(context: PeerContext): Residence {
  const { ports, options } = context
  const { store, transport, clock, logger, identity, entropy } = ports
  const network = createNetwork(context)
  const moves = createMoves(context, network)
  const remember = createRememberer(store, transport)
  const roomWatch = createRoomWatch()
  const askAgain = createAskAgain(clock)
  let entered: PeerStatus['entered'] = 'kept'
  let meeting = false
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
      moves.moving !== undefined ||
      meet({ id: own.room, holdsFast: own.holdsFast }, room) !== 'join'
    )
      return
    logger.info('room-given-up', { from: shortRoomId(own.room), to: shortRoomId(room.id) })
    await moves.giveWay(beginning, room.holdsFast).catch(() => {})
    entered = 'joined'
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
        return moves.enter(beginning, found.room.holdsFast || wantedOf(entry) !== undefined)
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
    return moves.found(genesis)
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

  const refresh = (): void => {
    if (moves.moving === undefined) {
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
      if (opened.meta !== undefined) await moves.read(opened.meta)
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
      else moves.begin()
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
      return moves.moving
    },
    async refound(force) {
      while (moves.moving !== undefined) await moves.moving
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      const own = session()
      refuseRefound(own, force)
      const made = await moves.goOnFrom(own, force)
      entered = 'founded'
      return made
    },
    async join(target, { force, deadlineMillis, signal }) {
      while (moves.moving !== undefined) await moves.moving
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
      // Looked at again each time: one may begin in the very moment in which another one ends.
      while (moves.moving !== undefined) await moves.moving
      // Meanwhile this room may have given way by itself, or somebody may have done something here.
      if (settled) throw new Failure('stopping', 'This peer is stopping.')
      if (session().room === room.id) return { room: room.id, archive: undefined }
      if (session().history && !force) throw hasHistory(session())
      const archive = await moves.leaveFor(beginning)
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

const hasHistory = ({ room, genesis }: Session): Failure =>
  new Failure('room-has-history', `Something was done in the room “${genesis.name}” (${shortRoomId(room)}) that is here.`, {
    room,
  })
