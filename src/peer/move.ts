import { assert } from '../core/assert.ts'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import type { Block } from '../ring/block.ts'
import type { News, PeerContext } from './context.ts'
import { drawLoss, readBlocks } from './disk.ts'
import type { Network } from './network.ts'
import type { Refounded } from './peer.ts'
import type { Unsettled } from './proposals.ts'
import { type Arrival, firstBatch, incarnationIn, refoundBlocks, refuseRefound, roomIdOf, shortRoomId } from './room.ts'
import { openSession, type Session } from './session.ts'
import { unmovedText } from './status.ts'

/**
 * The ways of a peer from one room into another (PROTOCOL, section 6): what becomes of the log that is here, of what waits to be
 * written, and of the peer where one fails.
 */
export interface Moves {
  /** While one is under way; resolves when it is done, also where the peer stays where it was. Rejects where it is in no room then. */
  readonly moving: Promise<void> | undefined
  /** Reads the room that is in the store. Nothing is sent before `begin`. */
  read(meta: Uint8Array): Promise<void>
  begin(): void
  /** Into the first room of this start; the log of another one that is on this disk is kept. `isFast`: see {@link giveWay}. */
  enter(beginning: Beginning, isFast: boolean): Promise<void>
  /** Into a room that this peer has just made. */
  found(genesis: Block): Promise<void>
  /**
   * Out of a room in which nothing was done. `isFast`: the room there does not give way to another, although no more than its first
   * blocks are here yet.
   */
  giveWay(beginning: Beginning, isFast: boolean): Promise<void>
  /** Leaves the room that this peer is in, keeps its log where something was done in it, and enters the other one. Resolves with the archive. */
  leaveFor(beginning: Beginning): Promise<string | undefined>
  /** Keeps the log of the room that is here, and founds one that goes on from it, with all that waits to be written. */
  goOnFrom(own: Session, force: boolean): Promise<Refounded>
}

/** The first blocks of a room. */
export type Beginning = readonly Block[]

/** How long the members of a room that is left may take to let this peer go, in milliseconds. */
const leavePatience = 3_000

export function createMoves(context: PeerContext, network: Network): Moves {
  const { ports, options } = context
  const { store, transport, logger, identity, entropy } = ports
  /** Rooms that this peer has been in since it started. */
  const visited = new Set<RoomId>()
  let moving: Promise<void> | undefined
  /** The room that it was in is closed, and it is in no other one yet. */
  let isBetween = false

  const session = (): Session => {
    assert(context.room !== undefined, 'the peer is in no room yet')
    return context.room
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

  const leaveFor = async (beginning: Beginning): Promise<string | undefined> => {
    const own = session()
    const kept = await keepHistory(own, async () => {
      await own.leave(leavePatience)
      await depart()
    })
    await moveTo(beginning, lossIn(beginning), true)
    return kept
  }

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

  return {
    get moving() {
      return moving
    },
    read: (meta) => read(meta),
    begin,
    async enter(beginning, isFast) {
      if (context.room !== undefined) await keepHistory(context.room)
      return moveTo(beginning, lossIn(beginning), isFast)
    },
    found: (genesis) => moveTo([genesis], undefined, false),
    giveWay: (beginning, isFast) => change(() => moveTo(beginning, lossIn(beginning), isFast)),
    leaveFor: (beginning) => change(() => leaveFor(beginning)),
    goOnFrom: (own, force) => change(() => goOnFrom(own, force)),
  }
}

const idOf = ([genesis]: Beginning): RoomId => {
  assert(genesis !== undefined, 'a room begins with a block')
  return roomIdOf(genesis)
}

/** A disk that is full is no bug: whoever reads why the peer stopped is to know what to do about it. */
const endOf = (error: unknown): News =>
  error instanceof Failure
    ? { kind: 'stranded', failure: error }
    : { kind: 'stopped', reason: { kind: 'bug', message: unmovedText } }

const mayHappen = (): Failure =>
  new Failure('unsettled', 'Written, but not committed yet. It may still happen: ask again with the same request id.')
