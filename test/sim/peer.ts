import type { Crypto } from '../../src/core/crypto.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { createMarket, restoreMarket } from '../../src/market/market.ts'
import type { AppliedOutcome, Market, RoomRules } from '../../src/market/types.ts'
import type { Block } from '../../src/ring/block.ts'
import { noEpoch } from '../../src/ring/epoch.ts'
import { createReplica } from '../../src/ring/replica.ts'
import type { DiskMeta, Input, Replica } from '../../src/ring/types.ts'
import { createSimCrypto } from './crypto.ts'
import { crashDisk, createSimDisk, openDisk, type SimDisk } from './disk.ts'
import { give } from './driver.ts'
import { startLoad } from './load.ts'
import { simPeerId } from './names.ts'
import { after, type World } from './world.ts'

/** One machine of the room: its disk, its clocks, and, while its process runs, the real replica and market. */
export interface SimPeer {
  readonly index: number
  readonly id: PeerId
  readonly crypto: Crypto
  /** `undefined`: it has never been in the room. */
  disk: SimDisk | undefined
  /** `undefined`: its process does not run. */
  replica: Replica | undefined
  market: Market
  snapshot: { readonly index: number; readonly bytes: Uint8Array } | undefined
  /** Grows with every start and end of the process: what was scheduled for an earlier one does not happen. */
  life: number
  incarnation: number
  /** It was asked to leave in this life; `left`: it did, and does not come back by itself. */
  leaving: boolean
  left: boolean
  /** It stays away for the rest of the run. */
  dead: boolean
  /** Monotonic clock: `now * clockRate + clockStart`. */
  readonly clockRate: number
  readonly clockStart: number
  skew: number
  /** Frozen, with all that comes for it waiting, until then. */
  pausedUntil: number
  /** Its fsyncs take so much longer, until then. */
  slowUntil: number
  fsyncExtra: number
  /** The next write fails. */
  diskFull: boolean
  /** Outputs that its next steps still carry out before the process dies. */
  outputsLeft: number
  /** Simulated time at which it asked to be woken, and the earliest wake that is scheduled. */
  wakeAt: number
  wakeScheduled: number
  readonly inbox: Input[]
  busy: boolean
  submitted: number
  settled: number
}

/** Milliseconds since 1970 at simulated time 0. */
export const wallStart = 1_790_000_000_000

export function createSimPeer(world: Pick<World, 'swarm' | 'random' | 'genesis'>, index: number): SimPeer {
  const { swarm, random } = world
  const crypto = createSimCrypto(simPeerId(index))
  return {
    index,
    id: simPeerId(index),
    crypto,
    disk: undefined,
    replica: undefined,
    market: createMarket(rulesOf(world.genesis), crypto.hash),
    snapshot: undefined,
    life: 0,
    incarnation: 0,
    leaving: false,
    left: false,
    dead: false,
    clockRate: 1 + swarm.drift * (2 * random.next() - 1),
    clockStart: random.below(1_000_000),
    skew: 0,
    pausedUntil: 0,
    slowUntil: 0,
    fsyncExtra: 0,
    diskFull: false,
    outputsLeft: Number.POSITIVE_INFINITY,
    wakeAt: Number.POSITIVE_INFINITY,
    wakeScheduled: Number.POSITIVE_INFINITY,
    inbox: [],
    busy: false,
    submitted: 0,
    settled: 0,
  }
}

export const localNow = (peer: SimPeer, now: number): number => now * peer.clockRate + peer.clockStart

export function rulesOf(genesis: Block): RoomRules {
  if (genesis.body.kind !== 'genesis') throw new TypeError('not a genesis block')
  const { currency, deposits, founder } = genesis.body.genesis
  return { currency, deposits, founder }
}

/** A disk with nothing but the genesis block: a founder's, a newcomer's, or one whose log was lost. */
export function blankDisk(genesis: Block, founder: boolean, forgotBelow: number | undefined): SimDisk {
  const meta: DiskMeta = {
    head: { epoch: genesis.epoch, index: 0, hash: genesis.hash },
    promised: founder ? genesis.epoch : noEpoch,
    incarnation: 0,
    commit: { index: 0, hash: genesis.hash },
    forgotBelow,
  }
  return createSimDisk(genesis, meta)
}

/** The process starts on what is on its disk, as the driver of production starts it. */
export function startPeer(world: World, peer: SimPeer): void {
  if (peer.replica !== undefined || peer.dead) return
  peer.disk ??= blankDisk(world.genesis, false, undefined)
  const { disk } = peer
  disk.meta = { ...disk.meta, incarnation: disk.meta.incarnation + 1 }
  peer.life++
  peer.incarnation = disk.meta.incarnation
  peer.leaving = false
  peer.left = false
  peer.diskFull = false
  peer.wakeAt = Number.POSITIVE_INFINITY
  peer.wakeScheduled = Number.POSITIVE_INFINITY
  peer.submitted = 0
  peer.settled = 0
  const { skew } = world.swarm
  peer.skew = skew === 0 ? 0 : Math.floor(skew * (2 * world.random.next() - 1))
  peer.market = openMarket(world, peer, disk)
  peer.replica = createReplica({
    self: peer.id,
    room: world.genesis.hash as never,
    disk: openDisk(disk, world.swarm.spareBlocks),
    incarnation: peer.incarnation,
    wallClock: { at: wallStart + Math.floor(world.now) + peer.skew, now: localNow(peer, world.now) },
    crypto: peer.crypto,
    random: createRandom(world.random.below(2 ** 31)),
    pace: { idleHop: world.swarm.idleHop },
  })
  world.checks?.started(peer)
  world.trace?.line(peer, 'start', `incarnation ${peer.incarnation}`)
  for (const other of world.peers) {
    if (other === peer || other.replica === undefined || world.network.isCut(peer.index, other.index)) continue
    give(world, peer, { kind: 'link', peer: other.id, state: 'up' })
    give(world, other, { kind: 'link', peer: peer.id, state: 'up' })
  }
  give(world, peer, { kind: 'tick' })
  startLoad(world, peer)
}

/** kill -9, or the power: what was not fsynced may be lost, from some point on. */
export function crashPeer(world: World, peer: SimPeer): void {
  if (peer.replica === undefined || peer.disk === undefined) return
  const unsynced = peer.disk.unsynced.length
  const survived = crashDisk(peer.disk, world.random)
  world.trace?.line(peer, 'crash', `${survived} of ${unsynced} unsynced batches survive`)
  endProcess(world, peer)
}

/** After its replica stopped by itself, or its process died: the others may notice. */
export function endProcess(world: World, peer: SimPeer): void {
  peer.replica = undefined
  peer.life++
  peer.inbox.length = 0
  peer.outputsLeft = Number.POSITIVE_INFINITY
  peer.pausedUntil = 0
  world.checks?.ended(peer)
  const { noticesLinks, noticesRefusals } = world.swarm
  if (!noticesLinks && !noticesRefusals) return
  for (const other of world.peers) {
    if (other.replica === undefined || world.network.isCut(peer.index, other.index)) continue
    const life = other.life
    after(world, world.random.next() * 20, () => {
      if (other.life !== life || peer.replica !== undefined) return
      give(world, other, { kind: 'link', peer: peer.id, state: noticesRefusals ? 'refused' : 'down' })
    })
  }
}

export function restartLater(world: World, peer: SimPeer, delay: number): void {
  const { life } = peer
  after(world, delay, () => {
    if (peer.life === life && !peer.left) startPeer(world, peer)
  })
}

/**
 * The market as of the commit on disk: from the snapshot where it is not ahead of that, or from the rows alone; or, as if
 * the snapshot were of the last moment and ahead of the commit, as it was, which saves most of the time of a run.
 */
function openMarket(world: World, peer: SimPeer, disk: SimDisk): Market {
  if (peer.market.index < disk.rows.length && world.random.chance(0.7)) return peer.market
  const rules = rulesOf(world.genesis)
  const usable = peer.snapshot !== undefined && peer.snapshot.index <= disk.meta.commit.index ? peer.snapshot : undefined
  const restored = usable && restoreMarket(usable.bytes, rules, peer.crypto.hash)
  if (restored !== undefined && 'malformed' in restored) throw new Error(`a snapshot cannot be read: ${restored.malformed}`)
  const market = restored?.value ?? createMarket(rules, peer.crypto.hash)
  for (let index = (usable?.index ?? 0) + 1; index <= disk.meta.commit.index; index++) applyTo(market, disk.rows[index] as Block)
  return market
}

/** A committed block as the market sees it; a view only moves its index. */
export function applyTo(market: Market, { index, time, author, body }: Block): readonly AppliedOutcome[] {
  const { incarnation, firstSequence, ops } = body.kind === 'ops' ? body : noOps
  return market.apply({ index, time, author, incarnation, firstSequence, ops })
}

const noOps = { incarnation: 0, firstSequence: 0, ops: [] }
