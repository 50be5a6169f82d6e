import { assert } from '../core/assert.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { createRandom } from '../core/random.ts'
import { createMarket } from '../market/market.ts'
import type { Operation } from '../market/operation.ts'
import type { Market } from '../market/types.ts'
import type { Block, Genesis } from '../ring/block.ts'
import { epochText, sameEpoch } from '../ring/epoch.ts'
import { createReplica } from '../ring/replica.ts'
import type { DiskMeta, Input, Pace, ReplicaView, StopReason } from '../ring/types.ts'
import { rulesOf } from './apply.ts'
import { createCloser } from './closer.ts'
import { decodeMeta, encodeMeta, readBlocks, readDisk } from './disk.ts'
import { createDriver } from './driver.ts'
import { announcedEvents, type EventLog } from './events.ts'
import { Failure, type Ports } from './ports.ts'
import { createProposals, type Proposals } from './proposals.ts'
import { createReceiver, type Receiver } from './receive.ts'
import { createSnapshotKeeper, replayMarket } from './replay.ts'
import { genesisOf, roomIdOf } from './room.ts'

/** One room, from its log on disk: the ring, the market, and what keeps both going. */
export interface Session {
  readonly room: RoomId
  readonly genesisBlock: Block
  readonly genesis: Genesis
  readonly market: Market
  readonly view: ReplicaView
  readonly proposals: Proposals
  readonly receiver: Receiver
  /** The first failed write; the peer is read-only from then on. */
  readonly failed: Failure | undefined
  /** Something was done in this room, or waits to be: it does not give way to another. */
  readonly history: boolean
  start(): void
  input(input: Input): void
  /** Milliseconds that each peer's clock is ahead of ours, as its last heartbeat said. */
  readonly clockOffsets: ReadonlyMap<PeerId, number>
  /** Takes no more part, and resolves when all is on disk. */
  close(failure: Failure): Promise<void>
}

export interface SessionOptions {
  readonly ports: Ports
  readonly pace: Pace
  readonly seed: number
  readonly events: EventLog
  readonly onProgress: (done: number, total: number) => void
  readonly quorumText: () => string
  readonly onVersion: (peer: PeerId, version: number) => void
  readonly onStopped: (reason: StopReason) => void
}

/** How often deadlines, ends of auctions and the quorum are looked at, in milliseconds. */
const lookEvery = 100

/** Reads the store, raises the incarnation on disk, and replays the market. Nothing is sent before `start`. */
export async function openSession(options: SessionOptions, metaBytes: Uint8Array): Promise<Session> {
  const { ports, events } = options
  const { store, clock, logger, transport } = ports
  const { self, crypto } = ports.identity
  const genesisBlock = await readGenesis(ports)
  const genesis = genesisOf(genesisBlock)
  assert(genesis !== undefined, 'block 0 of the store is no genesis block')
  const incarnation = await raiseIncarnation(ports, metaBytes)
  const disk = await readDisk(store, crypto, incarnation.metaBytes)
  const market = await replayMarket(store, crypto, genesisBlock, genesis, disk.meta.commit, options.onProgress)
  const untouched = createMarket(rulesOf(genesis), crypto.hash).stateHash

  const started = { at: clock.wall(), now: clock.monotonic() }
  const replica = createReplica({
    self,
    room: roomIdOf(genesisBlock),
    disk,
    incarnation: incarnation.number,
    wallClock: started,
    crypto,
    random: createRandom(options.seed),
    pace: options.pace,
  })
  const { view } = replica
  const roomTime = (): Instant => view.time(clock.monotonic()) as Instant
  const clockOffsets = new Map<PeerId, number>()
  const snapshots = createSnapshotKeeper(store, market, logger)
  const proposals = createProposals({ self, view: () => view, now: () => clock.monotonic(), wake: () => driver.wake() })

  const driver = createDriver({
    ports: { store, transport, clock, logger, crypto },
    self,
    replica,
    market,
    collect: () => proposals.collect(),
    onApplied(block, outcomes) {
      if (isOwn(block, self, view.incarnation)) proposals.settle(block, outcomes)
      events.addBlock(block, outcomes)
      snapshots.onApplied(block)
    },
    onPersisted: (meta) => snapshots.onPersisted(meta),
    onAnnounced: ({ ops }) => events.addForEyes(() => announcedEvents(self, ops, roomTime())),
    onNote({ event, facts }) {
      logger.debug(event, facts)
      events.addForEyes(() => [{ kind: 'note', at: roomTime(), event, facts }])
    },
    onFailed(failure) {
      logger.error('a write failed: this peer is read-only now', { code: failure.code, error: failure })
    },
    onStopped: options.onStopped,
  })

  const closer = createCloser({
    self,
    market,
    view: () => view,
    submit: (operation) => submitQuietly(proposals, operation),
  })
  const watch = createRingWatch(view, events, options.quorumText)
  let stopLooking = (): void => {}
  const look = (): void => {
    const at = clock.monotonic()
    proposals.sweep(at)
    if (driver.failed === undefined && view.stopped === undefined) closer.check(at)
    watch(at)
    stopLooking = clock.at(at + lookEvery, look)
  }

  const receiver = createReceiver({
    crypto,
    isMember: (peer) => view.members.includes(peer),
    input: (input) => driver.input(input),
    onMessage(from, message) {
      if (message.kind === 'status') clockOffsets.set(from, message.wallClock - (started.at + clock.monotonic() - started.now))
      else if (message.kind === 'announce') {
        events.addForEyes(() => announcedEvents(from, message.ops, roomTime()))
      }
    },
    onBadFrame: (from, reason) => logger.debug('a frame was refused', { from, reason }),
    onVersion: options.onVersion,
  })

  return {
    room: roomIdOf(genesisBlock),
    genesisBlock,
    genesis,
    market,
    view,
    proposals,
    receiver,
    clockOffsets,
    get failed() {
      return driver.failed
    },
    get history() {
      return market.stateHash !== untouched || view.pending.length > 0
    },
    start() {
      driver.input({ kind: 'applied', index: market.index, stateHash: market.stateHash })
      look()
    },
    input: (input) => driver.input(input),
    async close(failure) {
      stopLooking()
      driver.close()
      proposals.close(failure)
      await driver.flushed()
      if (driver.failed === undefined && view.commit.index === market.index) await snapshots.finish(view.commit)
    },
  }
}

function isOwn({ author, body }: Block, self: PeerId, incarnation: number): boolean {
  return author === self && body.kind === 'ops' && body.incarnation === incarnation
}

/** Written by the peer itself: nobody waits for it, and what becomes of it shows in the market. */
function submitQuietly(proposals: Proposals, operation: Operation): void {
  proposals.submit({ request: undefined, operation }, Number.POSITIVE_INFINITY).catch(() => {})
}

async function readGenesis({ store, identity }: Ports): Promise<Block> {
  for await (const [block] of readBlocks(store, identity.crypto, 0, 0)) if (block !== undefined) return block
  throw new Failure('store-damaged', 'The genesis block is missing.', { index: 0 })
}

/** One more than in any start before, on disk before anything is written under it (PROTOCOL, section 1). */
async function raiseIncarnation({ store }: Ports, metaBytes: Uint8Array): Promise<{ number: number; metaBytes: Uint8Array }> {
  const decoded = decodeMeta(metaBytes)
  if ('malformed' in decoded) {
    throw new Failure('store-version', `The record of the store cannot be read: ${decoded.malformed}.`)
  }
  const meta: DiskMeta = { ...decoded.value, incarnation: decoded.value.incarnation + 1 }
  const raised = encodeMeta(meta)
  await store.write({ cutFrom: undefined, blocks: [], meta: raised })
  return { number: meta.incarnation, metaBytes: raised }
}

/** Tells of a new ring, and of a quorum lost or found. */
function createRingWatch(view: ReplicaView, events: EventLog, quorumText: () => string): (now: number) => void {
  let epoch = view.installed
  let quorum: boolean | undefined
  return (now) => {
    const at = view.time(now) as Instant
    if (!sameEpoch(epoch, view.installed)) {
      epoch = view.installed
      events.add({ kind: 'members', at, epoch: epochText(epoch), members: view.members })
    }
    const held = view.hasQuorum(now)
    if (quorum !== undefined && held !== quorum) events.add({ kind: 'quorum', at, held, text: quorumText() })
    quorum = held
  }
}
