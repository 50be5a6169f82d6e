import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import { createRandom } from '../core/random.ts'
import { createMarket } from '../market/market.ts'
import type { Market } from '../market/types.ts'
import type { Block, Genesis } from '../ring/block.ts'
import { createReplica } from '../ring/replica.ts'
import { ringLimits } from '../ring/timing.ts'
import type { DiskMeta, Input, ReplicaView } from '../ring/types.ts'
import { createCloser } from './closer.ts'
import type { PeerContext } from './context.ts'
import { decodeMeta, drawLoss, encodeMeta, readBlocks, readDisk } from './disk.ts'
import { createDriver } from './driver.ts'
import type { Ports } from './ports.ts'
import { createProposals, type Proposals } from './proposals.ts'
import { createReceiver, type Receiver } from './receive.ts'
import { createSnapshotKeeper, replayMarket, rulesOf, snapshotEvery } from './replay.ts'
import { genesisOf, roomIdOf } from './room.ts'
import { createWatch } from './watch.ts'

/** One room, from its log on disk: the ring, the market, and what keeps both going. */
export interface Session extends Receiver {
  readonly room: RoomId
  readonly genesisBlock: Block
  readonly genesis: Genesis
  readonly market: Market
  readonly view: ReplicaView
  readonly proposals: Proposals
  /** The first failed write; the peer is read-only from then on. */
  readonly failed: Failure | undefined
  /**
   * Something was done in this room, or waits to be, be it only in a block that is not known to be committed: others may
   * count on what this peer has on its disk. Such a room does not give way to another.
   */
  readonly history: boolean
  /** For how long the room has been without its quorum, in milliseconds; 0: it has one. */
  quorumMissing(): number
  /** From here on it sends, and looks after deadlines, auctions and the quorum. */
  start(): void
  input(input: Input): void
  /** Takes no more part, and resolves when all is on disk. */
  close(failure: Failure): Promise<void>
}

/** How often deadlines, ends of auctions, the quorum and other peers' faults are looked at, in milliseconds. */
const lookEvery = 100

/**
 * Reads the store, whose record is `metaBytes`, raises the incarnation on disk, and replays the market; then the peer is
 * in that room. `makeReplica`: for whoever wants to see each step. Nothing is sent before `start`. Throws a `Failure`: `other-room`, and those of the store. `makeReplica`: for
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
  const { disk, freeSlots } = await readDisk(store, crypto, meta, limits)
  const market = await replayMarket(store, crypto, genesisBlock, genesis, meta.commit, (done, total) =>
    options.onProgress('replay', done, total),
  )
  const hadOperations = disk.blocks.some(({ body }) => body.kind === 'ops')
  const untouched = createMarket(rulesOf(genesis), crypto.hash).stateHash

  const started = { at: clock.wall(), now: clock.monotonic() }
  const replica = makeReplica({
    self,
    room: roomIdOf(genesisBlock),
    disk,
    incarnation: meta.incarnation,
    wallClock: started,
    crypto,
    random: createRandom(options.seed),
    pace: options.pace,
    limits,
  })
  const { view } = replica
  const snapshots = createSnapshotKeeper(store, market, logger, options.snapshotEvery ?? snapshotEvery)
  const proposals = createProposals({ self, view, clock, wake: () => driver.wake() })
  const driver = createDriver(context, { replica, market, proposals, snapshots, freeSlots })
  const input = (next: Input): void => driver.input(next)
  const wallTime = (): number => started.at + clock.monotonic() - started.now
  const receiver = createReceiver(context, view, wallTime, input)
  // Written by the peer itself: nobody waits for it, and what becomes of it shows in the market.
  const closer = createCloser({
    self,
    market,
    view,
    submit: (operation) => proposals.submit({ request: undefined, operation }, Number.POSITIVE_INFINITY),
  })

  const watch = createWatch(context, view)
  let stopLooking = (): void => {}
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
    get failed() {
      return driver.failed
    },
    get history() {
      return hadOperations || driver.hasWritten || market.stateHash !== untouched || view.pending.length > 0
    },
    quorumMissing: () => watch.quorumMissing(clock.monotonic()),
    start() {
      input({ kind: 'applied', index: market.index, stateHash: market.stateHash })
      look()
    },
    input,
    async close(failure) {
      stopLooking()
      driver.close()
      proposals.close(failure)
      await driver.flushed()
      // A state that differs from the others' is not to be what the next start begins with.
      const isSound = driver.failed === undefined && view.stopped?.kind !== 'state-diverged'
      if (isSound && view.commit.index === market.index) await snapshots.finish(view.commit)
    },
  }
  context.room = session
  return session
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
