import type { Random } from '../../src/core/random.ts'

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
  'fullDisk',
  'lostDisk',
  'pause',
  'join',
  'leave',
  'replay',
  'forge',
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
  readonly idleHop: number
  /** How far wall clocks are off, and by which share monotonic clocks run wrong. */
  readonly skew: number
  readonly drift: number
  /** Frames travel as bytes, through the codec of production. */
  readonly codec: boolean
  /** A market comes back from its snapshot where there is one. */
  readonly snapshots: boolean
  /** Committed blocks beyond what is needed that a starting replica gets. */
  readonly spareBlocks: number
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
  const count = peers ?? 1 + random.below(5)
  const calm = random.chance(0.1)
  // More operations than a block takes: seldom, since they are most of the work of a run.
  const hugeBursts = random.chance(0.03)
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
    codec: random.chance(0.15),
    snapshots: random.chance(0.4),
    spareBlocks: [1, 1, 4, 64, 1_000][random.below(5)] as number,
    deposits: random.chance(0.8) ? 'open' : 'host',
    submitEvery: 20 + random.below(random.chance(0.5) ? 300 : 3_000),
    burstShare: hugeBursts ? 0.004 : some(0.5, 0.1),
    burstOps: 2 + random.below(hugeBursts ? 5_000 : 40),
    largeShare: some(0.3, 0.1),
    nonsenseShare: some(0.5, 0.4),
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
  fullDisk: 0.6,
  lostDisk: 0.4,
  pause: 1.5,
  join: 2,
  leave: 0.5,
  replay: 3,
  forge: 1,
}

function drawWeights(random: Random, calm: boolean): Record<FaultName, number> {
  const weights = { ...usual }
  for (const name of faultNames) {
    const off = calm ? name !== 'join' : name !== 'join' && name !== 'mend' && random.chance(0.4)
    weights[name] = off ? 0 : usual[name] * random.next() * 2
  }
  return weights
}
