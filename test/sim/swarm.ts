import type { Random } from '../../src/core/random.ts'
import { type RingLimits, ringLimits } from '../../src/ring/timing.ts'

/** Everything that can go wrong on purpose. */
export const faultNames = [
  'crash',
  'crashMidway',
  'crashAll',
  'partition',
  'cutPair',
  'cutOneWay',
  'mend',
  'falseAlarm',
  'rumour',
  'slowDisk',
  'hungDisk',
  'fullDisk',
  'lostDisk',
  'refetch',
  'imageDisk',
  'restoredDisk',
  'twin',
  'pause',
  'clockJump',
  'join',
  'leave',
  'replay',
] as const

export type FaultName = (typeof faultNames)[number]

/**
 * What one seed's world is like. Each seed draws which faults are on, and how often they come: runs of one constant mix
 * would hide what only shows where something is rare, or missing. Times in milliseconds.
 */
export interface Swarm {
  /** Peers that can take part, and how many of them are there from the beginning. */
  readonly peers: number
  readonly firstPeers: number
  readonly chaosMillis: number
  /** Mean time between two faults. */
  readonly faultEvery: number
  readonly weights: Readonly<Record<FaultName, number>>
  /** Share of messages that never arrive, and that arrive twice. */
  readonly loss: number
  readonly repeat: number
  readonly delayLeast: number
  readonly delaySpread: number
  /** Share of messages that take up to `delayLong` instead. */
  readonly delayedShare: number
  readonly delayLong: number
  /** Streams keep their order unless this is set. */
  readonly reorder: boolean
  /** Connections that break are noticed, and a re-dial of a dead process is refused at once. */
  readonly noticesLinks: boolean
  readonly noticesRefusals: boolean
  readonly fsyncLeast: number
  readonly fsyncSpread: number
  readonly restartShort: number
  readonly restartLong: number
  /** The room's pace to begin with: see `paces.ts`. */
  readonly idleHop: number
  /** How far wall clocks are off, and by which share monotonic clocks run wrong. */
  readonly skew: number
  readonly drift: number
  /** Share of processes whose frames go through production's receiver; for the others each frame is read once for all. */
  readonly receiverShare: number
  /** Committed blocks from one snapshot of a market to the next. */
  readonly snapshotEvery: number
  /** Shared by all peers of the room. */
  readonly limits: RingLimits
  /** `outsider`: somebody who knows the room code and was never a member; `liar`: the last peer is a member that lies. */
  readonly byzantine: 'outsider' | 'liar' | undefined
  /** The liar's blocks vouch for a state that nobody has. */
  readonly liesAboutState: boolean
  /** Mean time between two of its messages. */
  readonly attackEvery: number
  /** For how long the load goes on after everything has healed. */
  readonly loadAfterHealing: number
  readonly deposits: 'open' | 'host'
  /** Mean time between two submissions of one peer, and how often one of them is a burst, or large, or nonsense. */
  readonly submitEvery: number
  readonly burstShare: number
  readonly burstOps: number
  readonly largeShare: number
  readonly nonsenseShare: number
}

/** `peers`: how many at most; `undefined`: drawn too. */
export function drawSwarm(random: Random, peers: number | undefined): Swarm {
  const some = (probability: number, most: number): number =>
    random.chance(probability) ? most * random.next() * random.next() : 0
  const count = peers ?? (random.chance(0.08) ? 6 + random.below(4) : 1 + random.below(5))
  const calm = random.chance(0.1)
  // More operations than a block takes: seldom, since they are most of the work of a run.
  const limits = random.chance(0.4) ? ringLimits : drawLimits(random)
  // Where each operation has a block of its own, people must not want more than the ring can do.
  const isTight = limits.blockOps < 64 || limits.blockBytes < 8_000
  const hugeBursts = random.chance(0.015) && limits === ringLimits
  return {
    peers: count,
    firstPeers: random.chance(0.6) ? count : 1 + random.below(count),
    chaosMillis: random.chance(0.25) ? 20_000 + random.below(40_000) : 3_000 + random.below(12_000),
    faultEvery: 60 + random.below(random.chance(0.5) ? 400 : 2_500),
    weights: drawWeights(random, calm),
    loss: some(0.5, 0.3),
    repeat: some(0.5, 0.3),
    delayLeast: random.chance(0.5) ? 0.1 : random.next() * 5,
    delaySpread: random.chance(0.5) ? 1 : random.next() * 60,
    delayedShare: some(0.5, 0.4),
    delayLong: 50 + random.below(random.chance(0.3) ? 4_000 : 500),
    reorder: random.chance(0.6),
    noticesLinks: random.chance(0.7),
    noticesRefusals: random.chance(0.6),
    fsyncLeast: random.chance(0.5) ? 0.5 : random.next() * 10,
    fsyncSpread: random.chance(0.5) ? 2 : random.next() * 150,
    restartShort: 20 + random.below(400),
    restartLong: 1_000 + random.below(7_000),
    idleHop: random.chance(0.7) ? 250 : random.chance(0.5) ? 50 : 3_000,
    skew: random.chance(0.5) ? 0 : random.chance(0.5) ? 3_000 : 3_600_000,
    drift: some(0.5, 0.02),
    receiverShare: random.chance(0.2) ? 1 : 0,
    snapshotEvery: random.chance(0.1) ? 1 + random.below(30) : 1_000,
    limits,
    byzantine: count < 2 || random.chance(0.8) ? undefined : random.chance(0.6) ? 'outsider' : 'liar',
    liesAboutState: random.chance(0.3),
    attackEvery: 5 + random.below(random.chance(0.3) ? 40 : 400),
    loadAfterHealing: random.chance(0.5) ? 0 : random.below(8_000),
    deposits: random.chance(0.8) ? 'open' : 'host',
    submitEvery: (isTight ? 250 : 20) + random.below(random.chance(0.5) ? 300 : 3_000),
    burstShare: hugeBursts ? 0.004 : some(0.5, 0.1),
    burstOps: 2 + random.below(hugeBursts ? 5_000 : isTight ? 8 : 40),
    largeShare: some(0.3, 0.1),
    nonsenseShare: some(0.5, 0.4),
  }
}

/** Small ones often, so that every cut and every wrap is met. */
function drawLimits(random: Random): RingLimits {
  const one = (...values: readonly number[]): number => values[random.below(values.length)] as number
  const memoryBlocks = one(1, 2, 8, 256)
  return {
    windowBlocks: one(1, 2, 4, 64),
    // A joiner's head must be in the initiator's memory.
    caughtUpBlocks: Math.min(one(0, 1, 4, 64), memoryBlocks),
    memoryBlocks,
    aheadBlocks: one(1, 4, 256),
    fetchedBytes: one(1, 700, 4_000, ringLimits.fetchedBytes),
    blockOps: one(1, 3, 64, ringLimits.blockOps),
    blockBytes: one(1, 400, 8_000, ringLimits.blockBytes),
  }
}

const usual: Readonly<Record<FaultName, number>> = {
  crash: 5,
  crashMidway: 5,
  crashAll: 0.6,
  partition: 2,
  cutPair: 2,
  cutOneWay: 2,
  mend: 4,
  falseAlarm: 2,
  rumour: 2,
  slowDisk: 1.5,
  hungDisk: 0.5,
  fullDisk: 0.6,
  lostDisk: 0.6,
  refetch: 0.4,
  imageDisk: 1,
  restoredDisk: 0.4,
  twin: 0.3,
  pause: 1.5,
  clockJump: 0.5,
  join: 2,
  leave: 0.5,
  replay: 3,
}

function drawWeights(random: Random, calm: boolean): Record<FaultName, number> {
  const weights = { ...usual }
  // Disks that are set back or copied make it harder to say what must hold: in few worlds.
  const setBack = random.chance(0.12)
  for (const name of faultNames) {
    const off = calm
      ? name !== 'join'
      : name !== 'join' && name !== 'mend' && random.chance(setBacks.has(name) ? (setBack ? 0.3 : 1) : 0.4)
    weights[name] = off ? 0 : usual[name] * random.next() * 2
  }
  return weights
}

const setBacks: ReadonlySet<FaultName> = new Set(['imageDisk', 'restoredDisk', 'twin'])
