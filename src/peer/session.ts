import { Failure } from '../core/failure.ts'
import type { AuctionId, PeerId, RoomId } from '../core/ids.ts'
import { createRandom } from '../core/random.ts'
import type { Operation } from '../market/operation.ts'
import type { AuctionView, Market } from '../market/types.ts'
import type { Block, Genesis } from '../ring/block.ts'
import { createReplica } from '../ring/replica.ts'
import { ringLimits } from '../ring/timing.ts'
import type { DiskMeta, Input, ReplicaView } from '../ring/types.ts'
import type { PeerContext } from './context.ts'
import { decodeMeta, drawLoss, encodeMeta, readBlocks, readDisk } from './disk.ts'
import { createDriver } from './driver.ts'
import { createReceiver, type Receiver } from './exchange.ts'
import { createExperiments, type Lab } from './experiments.ts'
import { createIntake } from './intake.ts'
import type { Ports } from './ports.ts'
import { createProposals, type Proposals } from './proposals.ts'
import { replayMarket, untouchedHash } from './replay.ts'
import { createRingNotes, type RingNotes } from './ring-notes.ts'
import { genesisOf, roomIdOf } from './room.ts'
import { createSignatureBook } from './signatures.ts'
import { createSnapshotKeeper, snapshotEvery } from './snapshots.ts'
import { createWatch } from './status.ts'

/** One room, from its log on disk: the ring, the market, and what keeps both going. */
export interface Session extends Receiver {
  readonly room: RoomId
  readonly genesisBlock: Block
  readonly genesis: Genesis
  readonly market: Market
  readonly view: ReplicaView
  readonly proposals: Proposals
  /** Experiments of the lab on this room. */
  readonly lab: Lab
  /** What is known of the other peers and of the token, for people. */
  readonly notes: Omit<RingNotes, 'around'>
  /** How long a token rests here where nobody wants it, in milliseconds. */
  readonly paceMillis: number
  /** The first failed write; the peer is read-only from then on. */
  readonly failed: Failure | undefined
  /**
   * Something was done in this room, or waits to be, be it only in a block that is not known to be committed: others may
   * count on what this peer has on its disk.
   */
  readonly history: boolean
  /** It gives way to no other room of its name: it has a history, or was told to. */
  readonly holdsFast: boolean
  /** From here on: somebody chose it, or it has a history that is not here yet. */
  holdFast(): void
  /** For how long the room has been without its quorum, in milliseconds; 0: it has one. */
  quorumMissing(): number
  /** From here on it sends, and looks after deadlines, auctions and the quorum. */
  start(): void
  input(input: Input): void
  /** Asks the other members to let this peer go, and resolves when they have, or after `patience` milliseconds. */
  leave(patience: number): Promise<void>
  /** Takes no more part, and resolves when all is on disk. */
  close(failure: Failure): Promise<void>
}

/** How often deadlines, ends of auctions, the quorum and other peers' faults are looked at, in milliseconds. */
const lookEvery = 100

/**
 * Reads the store, whose record is `metaBytes`, raises the incarnation on disk, and replays the market; then the peer is
 * in that room. Nothing is sent before `start`. Throws a `Failure`: `other-room`, and those of the store. `makeReplica`: for
 * whoever wants to look at each of the ring's steps.
 */
export async function openSession(
  context: PeerContext,
  metaBytes: Uint8Array,
  makeReplica: typeof createReplica = createReplica,
): Promise<Session> {
  const { ports, options } = context
  const { store, clock, logger, identity } = ports
  const { self, crypto } = identity
  const limits = options.limits ?? ringLimits
  const [genesisBlock, genesis] = await readGenesis(ports)
  if (genesis.name !== options.room.name) {
    const message = `This store is of the room “${genesis.name}”, not “${options.room.name}”.`
    throw new Failure('other-room', message, { name: genesis.name })
  }
  const meta = await raiseIncarnation(ports, metaBytes)
  const { disk, freeSlots, unreadSlots } = await readDisk(store, crypto, meta, limits)
  if (unreadSlots.length > 0) logger.warn('evidence-unread', { slots: unreadSlots })
  const market = await replayMarket(store, crypto, genesisBlock, genesis, meta.commit, (done, total) =>
    options.onProgress('replay', done, total),
  )
  const hadOperations = disk.blocks.some(({ body }) => body.kind === 'ops')
  let isHeldFast = false
  const untouched = untouchedHash(genesis, crypto.hash)

  const started = { at: clock.wall(), now: clock.monotonic() }
  const notes = createRingNotes(self)
  const signatures = createSignatureBook(identity)
  const intake = createIntake({ check: signatures.check, ready: () => driver.ready() })
  const bare = makeReplica({
    self,
    room: roomIdOf(genesisBlock),
    disk,
    incarnation: meta.incarnation,
    wallClock: started,
    crypto: signatures.crypto,
    random: createRandom(options.seed),
    pace: { idleHop: market.paceMillis ?? options.pace.idleHop },
    limits,
  })
  const replica = context.recorder.around(notes.around(bare))
  const { view } = replica
  const every = options.snapshotEvery ?? snapshotEvery
  const snapshots = createSnapshotKeeper({ store, market, clock, logger, every, self })
  const proposals = createProposals({ self, view, clock, wake: () => driver.wake() })
  const driver = createDriver(context, { replica, market, proposals, snapshots, intake, freeSlots })
  const { input } = driver
  const wallTime = (): number => started.at + clock.monotonic() - started.now
  const experiments = await createExperiments({
    context,
    market,
    view,
    notes,
    viewBlocks: disk.viewBlocks,
    founder: genesis.founder,
    readBlock: (index) => readBlock(ports, index),
    submit: (operation, deadlineMillis) => proposals.submit({ request: undefined, operation }, deadlineMillis),
  })
  const receiver = createReceiver(context, view, wallTime, intake, input, experiments)
  // Written by the peer itself: nobody waits for it, and what becomes of it shows in the market.
  const closer = createCloser({
    self,
    market,
    view,
    submit: (operation) => proposals.submit({ request: undefined, operation }, Number.POSITIVE_INFINITY),
  })

  let paceMillis = market.paceMillis ?? options.pace.idleHop
  /** The host has set another one: every peer follows when it has applied the block that says so. */
  const stopFollowing = context.hear((news) => {
    if (news.kind !== 'applied' || market.paceMillis === undefined || market.paceMillis === paceMillis) return
    paceMillis = market.paceMillis
    input({ kind: 'pace', idleHop: paceMillis })
  })

  const watch = createWatch(context, view)
  let stopLooking = (): void => {}
  /** Whoever waits for the other members to let this peer go waits no longer. */
  let stopLeaving = (): void => {}
  const look = (): void => {
    const now = clock.monotonic()
    watch.look(now, session)
    proposals.sweep(now, watch.quorumMissing(now))
    if (driver.failed === undefined && view.stopped === undefined) closer.check(now)
    stopLooking = clock.at(now + lookEvery, look)
  }

  const session: Session = {
    ...receiver,
    room: roomIdOf(genesisBlock),
    genesisBlock,
    genesis,
    market,
    view,
    proposals,
    lab: experiments,
    notes,
    get paceMillis() {
      return paceMillis
    },
    get failed() {
      return driver.failed
    },
    get history() {
      return hadOperations || driver.hasWritten || market.stateHash !== untouched || view.pending.length > 0
    },
    get holdsFast() {
      return isHeldFast || session.history
    },
    holdFast() {
      isHeldFast = true
    },
    quorumMissing: () => watch.quorumMissing(clock.monotonic()),
    start() {
      input({ kind: 'applied', index: market.index, stateHash: market.stateHash })
      look()
    },
    input,
    async leave(patience) {
      // Without a quorum nobody could let it go.
      const canLeave = view.stopped === undefined && driver.failed === undefined && view.hasQuorum(clock.monotonic())
      const gone = new Promise<void>((resolve) => {
        const stopListening = context.hear((news) => {
          if (news.kind === 'stopped') done()
        })
        const cancel = clock.at(clock.monotonic() + (canLeave ? patience : 0), () => done())
        const done = (): void => {
          stopListening()
          cancel()
          resolve()
        }
        stopLeaving = done
      })
      input({ kind: 'leave' })
      await gone
    },
    async close(failure) {
      stopLooking()
      stopFollowing()
      experiments.close()
      driver.close()
      stopLeaving()
      proposals.close(failure)
      await driver.flushed()
      // A state that differs from the others' is not to be what the next start begins with.
      const isSound = driver.failed === undefined && view.stopped?.kind !== 'state-diverged'
      if (isSound) await snapshots.finish()
    },
  }
  context.room = session
  return session
}

/** A committed block, if it is here. */
async function readBlock({ store, identity }: Ports, index: number): Promise<Block | undefined> {
  for await (const [block] of readBlocks(store, identity.crypto, index, index)) return block
  return undefined
}

async function readGenesis({ store, identity }: Ports): Promise<readonly [Block, Genesis]> {
  for await (const [block] of readBlocks(store, identity.crypto, 0, 0)) {
    const genesis = block && genesisOf(block)
    if (block !== undefined && genesis !== undefined) return [block, genesis]
  }
  throw new Failure('store-damaged', 'Block 0 is no genesis block.', { index: 0 })
}

/**
 * One more than in any start before, on disk before anything is written under it (PROTOCOL, section 1). A loss that an
 * earlier version did not draw is on disk with it.
 */
async function raiseIncarnation({ store, entropy }: Ports, metaBytes: Uint8Array): Promise<DiskMeta> {
  const decoded = decodeMeta(metaBytes)
  if ('malformed' in decoded) {
    throw new Failure('store-version', `The record of the store cannot be read: ${decoded.malformed}.`)
  }
  const { meta, lacksLoss } = decoded.value
  const raised: DiskMeta = {
    ...meta,
    incarnation: meta.incarnation + 1,
    loss: lacksLoss ? drawLoss(entropy) : meta.loss,
  }
  await store.write({ cutFrom: undefined, blocks: [], values: [], meta: encodeMeta(raised) })
  return raised
}

/** How long the member whose turn it is to close an auction is left to do so (PRODUCT, Auctions). */
export const closeAfter = 1_000
/** Then the others come one after the other, in ring order, so that not all of them write the same closing. */
const closeStagger = 200

export interface Closer {
  /** Closes what is past its end on the room clock, if it is this peer's turn to. Call it often. */
  check(now: number): void
}

export interface CloserOptions {
  readonly self: PeerId
  readonly market: Pick<Market, 'auctions' | 'openAuctions'>
  readonly view: Pick<ReplicaView, 'members' | 'hasQuorum' | 'time'>
  /** Resolves or rejects when what became of it is known. */
  readonly submit: (operation: Operation) => Promise<unknown>
}

/**
 * A closing shows in the market only once it is committed. Were it the token holder's to write it, the next holder, and
 * the one after, would meanwhile find the auction open, and write another: so everybody knows whose closing it is.
 */
export function createCloser({ self, market, view, submit }: CloserOptions): Closer {
  /** Own closings on their way: never written twice. */
  const written = new Set<AuctionId>()

  const close = (id: AuctionId): void => {
    written.add(id)
    const done = (): void => {
      written.delete(id)
    }
    submit({ kind: 'close-auction', auction: id }).then(done, done)
  }

  return {
    check(now) {
      if (market.openAuctions.size === 0 || !view.members.includes(self) || !view.hasQuorum(now)) return
      const time = view.time(now)
      for (const id of market.openAuctions) {
        const auction = market.auctions.get(id)
        if (auction === undefined || written.has(id)) continue
        if (time >= auction.endsAt + patienceOf(auction, view.members, self)) close(id)
      }
    },
  }
}

/** The seller closes its own auction, or the first member where the seller is none; the others come in ring order after it. */
function patienceOf({ seller }: AuctionView, members: readonly PeerId[], self: PeerId): number {
  const first = Math.max(0, members.indexOf(seller))
  const rank = (members.indexOf(self) - first + members.length) % members.length
  return rank === 0 ? 0 : closeAfter + (rank - 1) * closeStagger
}
