import { Failure } from '../../src/core/failure.ts'
import type { OperationId, PeerId } from '../../src/core/ids.ts'
import type { Submission } from '../../src/market/operation.ts'
import type { Market } from '../../src/market/types.ts'
import { createContext, type News } from '../../src/peer/context.ts'
import { decodeMeta, drawLoss } from '../../src/peer/disk.ts'
import type { Receipt } from '../../src/peer/peer.ts'
import type { Clock, Identity, Logger, Ports, Topic } from '../../src/peer/ports.ts'
import { firstBatch, foundRoom, refoundBlocks } from '../../src/peer/room.ts'
import { openSession, type Session } from '../../src/peer/session.ts'
import type { Block } from '../../src/ring/block.ts'
import { type DecodedFrame, decodeFrame } from '../../src/ring/message.ts'
import { createReplica } from '../../src/ring/replica.ts'
import type { DiskMeta, Input, Output, Replica, ReplicaOptions, ReplicaView, StopReason } from '../../src/ring/types.ts'
import { Bytes } from './check/bytes.ts'
import { createSimClock, wallStart } from './clock.ts'
import { createSimCrypto } from './crypto.ts'
import { simPeerId } from './names.ts'
import type { SimPeer } from './peer.ts'
import { checkOpened, createSimStore, type SimDisk, writeFirst } from './store.ts'
import { createSimTransport, type Parcel } from './transport.ts'
import { Violation } from './violation.ts'
import { fail, guard, type World } from './world.ts'

// The one file that knows how production's parts are put together: everything else of the simulator speaks to a `Machine`.

/** One process: production's session on false ports. */
export interface Machine {
  readonly view: ReplicaView
  readonly market: Market
  hear(from: PeerId, topic: Topic | undefined, parcel: Parcel): void
  input(input: Input): void
  submit(submission: Submission, deadlineMillis: number): Promise<Receipt>
  /** Of an operation that was never in a block; nothing where it is too late. */
  withdraw(sequence: number): void
  /** The first block of a new room that goes on from this one's state. */
  refound(): readonly Block[]
  /** Takes no more part, and resolves when all is on disk. */
  close(): Promise<void>
}

export interface MachineHooks {
  readonly onStopped: (reason: StopReason) => void
  readonly onWriteFailed: () => void
}

/** Block 0 of a seed's room, of its first peer. */
export function foundSimRoom(seed: number, deposits: 'open' | 'host'): Block {
  const founder = simPeerId(0)
  const plan = { name: roomName(seed), currency: 'EUR', deposits }
  return foundRoom(plan, founder, new Uint8Array(16), wallStart, createSimCrypto(founder))
}

const roomName = (seed: number): string => `seed ${seed}`

/** A first start in a room. `loss`: its key is there and its log is not (PROTOCOL, section 5); `fresh`: it was never here. */
export async function writeFirstBatch(world: World, disk: SimDisk, what: 'fresh' | 'loss'): Promise<void> {
  const loss = what === 'loss' ? drawLoss({ bytes: (count) => randomBytes(world, count) }) : undefined
  await writeFirst(world, disk, firstBatch([world.genesis], { incarnation: 0, loss }))
}

/** The first start of a peer that goes on alone, in a room that was made out of another's state. */
export async function writeRefounded(world: World, disk: SimDisk, blocks: readonly Block[], incarnation: number): Promise<void> {
  await writeFirst(world, disk, firstBatch(blocks, { incarnation, loss: undefined }))
}

/** What the record on the disk says. */
export function metaOf(disk: SimDisk): DiskMeta | undefined {
  if (disk.meta === undefined) return undefined
  if (disk.read?.bytes === disk.meta) return disk.read.meta as DiskMeta
  const decoded = decodeMeta(disk.meta)
  if ('malformed' in decoded) throw new Violation('bug', `the record on the disk cannot be read: ${decoded.malformed}`)
  const { meta } = decoded.value
  disk.read = { bytes: disk.meta, meta }
  return meta
}

/** Opens the session from its disk and starts it, as production does. Throws a `Failure` with `store-damaged` as production's store does. */
export async function startMachine(world: World, peer: SimPeer, disk: SimDisk, hooks: MachineHooks): Promise<void> {
  const { life } = peer
  const { swarm, random } = world
  const isAlive = (): boolean => peer.life === life
  const said = new Said(peer)
  const store = createSimStore(world, peer, disk, isAlive)
  const opened = await store.open()
  await checkOpened(peer, disk, store, opened)
  const clock = createSimClock(world, peer, isAlive)
  const ports: Ports = {
    identity: {
      self: peer.id,
      isNew: false,
      crypto: peer.crypto,
      ...(world.seed % 2 === 0 && { verifyAside: verifyLater(world, peer, clock) }),
    },
    store,
    transport: createSimTransport(world, peer, isAlive, (frame, topic) => said.read(frame, topic)),
    clock,
    entropy: { bytes: (count) => randomBytes(world, count) },
    logger: createLogger(world, peer, isAlive),
  }
  const context = createContext(
    {
      name: '',
      room: { name: roomName(world.seed), currency: 'EUR', deposits: swarm.deposits },
      code: '',
      entry: { kind: 'look' },
      lookMillis: 0,
      pace: { idleHop: world.idleHop },
      seed: random.below(2 ** 31),
      version: 'sim',
      onProgress: () => {},
      limits: swarm.limits,
      snapshotEvery: swarm.snapshotEvery,
      ...(world.seed % 3 === 0 && { applySliceOps: 1 }),
    },
    ports,
  )
  context.hear((news) => {
    if (isAlive()) onNews(world, peer, news, hooks)
  })
  const session = await openSession(context, opened.meta as Uint8Array, (options) => watched(world, peer, isAlive, options, said))
  const asBytes = random.chance(swarm.receiverShare)
  const machine: Machine = {
    view: session.view,
    market: session.market,
    hear: asBytes ? hearBytes(session) : hearDecoded(session, peer),
    input: session.input,
    submit: (submission, deadlineMillis) => session.proposals.submit(submission, deadlineMillis),
    withdraw(sequence) {
      const id = `${peer.id}/${session.view.incarnation}/${sequence}` as OperationId
      session.input(session.proposals.withdraw(id))
    },
    refound: () => refoundBlocks(context, session),
    async close() {
      await session.close(new Failure('stopping', 'The simulation ends this process.'))
      await store.close()
    },
  }
  peer.machine = machine
  guard(world, () => world.checks?.started(peer))
  session.start()
}

/** Beside the loop it takes a while, in which more may come. */
function verifyLater(world: World, { crypto }: SimPeer, clock: Clock): NonNullable<Identity['verifyAside']> {
  return (signed) =>
    new Promise((resolve) => {
      clock.at(clock.monotonic() + 1, () => {
        world.unsettled = true
        resolve(signed.map(({ author, bytes, signature }) => crypto.verify(author, bytes, signature)))
      })
    })
}

function randomBytes({ random }: World, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256))
}

function onNews(world: World, peer: SimPeer, news: News, hooks: MachineHooks): void {
  switch (news.kind) {
    case 'applied':
      // Whoever submitted something of it hears of that before the next event.
      if (news.block.author === peer.id) world.unsettled = true
      return guard(world, () => world.checks?.applied(peer, news.block, news.outcomes))
    case 'failed':
      return hooks.onWriteFailed()
    case 'stopped':
      // Copies are heard by discovery, and here is none.
      return news.reason.kind === 'copy-runs' ? undefined : hooks.onStopped(news.reason)
    case 'malformed':
      world.checks?.named.set(news.from, news.reason)
      if (world.swarm.byzantine === undefined)
        fail(world, new Violation('bug', `${news.from.slice(-1)} sent a frame that is none: ${news.reason}`))
      return
    case 'refused':
      return guard(world, () => world.checks?.refused(peer, news.peer, news.reason))
    case 'faulty':
      return guard(world, () => world.checks?.faulty(peer, news.evidence))
    default:
      return
  }
}

/** Through production's receiver. */
function hearBytes({ frame: hearFrame, gossip }: Session): Machine['hear'] {
  return (from, topic, { frame }) => {
    if (topic === undefined) hearFrame(from, frame)
    else gossip(from, topic, frame)
  }
}

/** Past it, for speed: each frame is read once for all who get it. Blocks and messages are values. */
function hearDecoded(session: Session, peer: SimPeer): Machine['hear'] {
  const asBytes = hearBytes(session)
  const { input, view } = session
  return (from, topic, parcel) => {
    parcel.decoded ??= decodeFrame(parcel.frame, peer.crypto)
    const { decoded } = parcel
    if (decoded.kind !== 'frame') return asBytes(from, topic, parcel)
    if (topic !== undefined && topic !== 'ring' && !view.members.includes(from)) return
    input({ kind: 'receive', from, lamport: decoded.lamport, message: decoded.message })
  }
}

/**
 * What a replica says, for those who read its frames past production's receiver: most frames need not be read again, since
 * each message has a Lamport time of its own.
 */
class Said {
  readonly #peer: SimPeer
  #outputs: readonly Output[] = []

  constructor(peer: SimPeer) {
    this.#peer = peer
  }

  step(outputs: readonly Output[]): void {
    this.#outputs = outputs
  }

  read(frame: Uint8Array, topic: Topic | undefined): DecodedFrame {
    const header = new Bytes(frame)
    header.number()
    const lamport = header.number()
    const way = topic === undefined ? 'send' : 'gossip'
    // Blocks for those outside are none of the replica's outputs.
    for (const output of topic === 'log' ? [] : this.#outputs) {
      if (output.kind === way && output.lamport === lamport) return { kind: 'frame', lamport, message: output.message }
    }
    return decodeFrame(frame, this.#peer.crypto)
  }
}

/** The real replica, with all that it is told and says shown to the checks. */
function watched(world: World, peer: SimPeer, isAlive: () => boolean, options: ReplicaOptions, said: Said): Replica {
  const replica = createReplica(options)
  const nothing: readonly Output[] = []
  return {
    view: replica.view,
    step(now, input) {
      if (!isAlive()) return nothing
      world.steps++
      const { trace } = world
      checkBefore(world, peer, input)
      const outputs = replica.step(now, asLiarsDo(world, peer, input))
      checkStep(world, peer, outputs)
      trace?.step(peer, input, outputs)
      said.step(outputs)
      return outputs
    },
  }
}

function checkBefore(world: World, peer: SimPeer, input: Input): void {
  const { checks } = world
  if (checks === undefined || world.failure !== undefined) return
  try {
    checks.before(peer, input)
  } catch (error) {
    fail(world, error)
  }
}

function checkStep(world: World, peer: SimPeer, outputs: readonly Output[]): void {
  const { checks } = world
  if (checks === undefined || world.failure !== undefined) return
  try {
    checks.stepped(peer, outputs)
  } catch (error) {
    fail(world, error)
  }
}

/** A liar's own machine may tell it of states that nobody has: it signs them. */
function asLiarsDo({ swarm }: World, { doubtful }: SimPeer, input: Input): Input {
  return swarm.liesAboutState && doubtful === 'liar' && input.kind === 'applied'
    ? { ...input, stateHash: 'ee'.repeat(32) }
    : input
}

function createLogger(world: World, peer: SimPeer, isAlive: () => boolean): Logger {
  const silent = (): void => {}
  return {
    error(message, facts) {
      if (!isAlive() || message !== 'ring-broken') return
      fail(world, new Violation('bug', `${peer.id.slice(-1)}: ${String(facts?.error)}`, { cause: facts?.error }))
    },
    warn: (message, facts) => world.trace?.line(peer, 'warn', `${message} ${JSON.stringify(facts)}`),
    info: silent,
    debug: silent,
  }
}

export type { Block, DiskMeta, Input, Output, Receipt, ReplicaView, StopReason, Topic }
