import type { Instant } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { signBlock } from '../../src/ring/block.ts'
import { Checks } from './check/checks.ts'
import { createSimCrypto } from './crypto.ts'
import { startFaults } from './faults.ts'
import { healAndDemandProgress } from './heal.ts'
import { simPeerId } from './names.ts'
import { createNetwork } from './network.ts'
import { blankDisk, createSimPeer, type SimPeer, startPeer, wallStart } from './peer.ts'
import { EventQueue } from './queue.ts'
import { drawSwarm } from './swarm.ts'
import { createTrace } from './trace.ts'
import { type Rule, Violation } from './violation.ts'
import { after, runUntil, type World } from './world.ts'

export interface RunOptions {
  /** How many peers; `undefined`: the seed draws it too. */
  readonly peers: number | undefined
  readonly checked: boolean
  /** Gets a readable line for everything that happens. */
  readonly write?: (line: string) => void
}

export interface RunResult {
  readonly seed: number
  readonly steps: number
  readonly blocks: number
  readonly epochs: number
  readonly violation: { readonly rule: Rule; readonly message: string; readonly at: number } | undefined
}

/** One seed: a world of its own, faults, then healing. The same seed and options give the same run. */
export function runSeed(seed: number, options: RunOptions): RunResult {
  const world = createWorld(seed, options)
  let violation: RunResult['violation']
  try {
    play(world)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = { rule: error.rule, message: error.message, at: world.now }
  }
  const blocks = Math.max(...world.peers.map((peer) => peer.market.index))
  return { seed, steps: world.steps, blocks, epochs: world.checks?.epochs ?? 0, violation }
}

function play(world: World): void {
  const { swarm, random } = world
  for (const peer of world.peers.slice(0, swarm.firstPeers)) {
    if (peer.index === 0) peer.disk = blankDisk(world.genesis, true, undefined)
    after(world, peer.index === 0 ? 0 : random.next() * 500, () => startPeer(world, peer))
  }
  startFaults(world, swarm.chaosMillis)
  runUntil(world, swarm.chaosMillis)
  healAndDemandProgress(world)
}

function createWorld(seed: number, options: RunOptions): World {
  const random = createRandom(seed)
  const swarm = drawSwarm(random, options.peers)
  const founder = simPeerId(0)
  const genesis = signBlock(
    {
      index: 0,
      epoch: { number: 1, initiator: founder },
      turn: 0,
      author: founder,
      lamport: 1,
      time: wallStart as Instant,
      prevHash: '',
      checkpoint: undefined,
      body: {
        kind: 'genesis',
        genesis: {
          name: `seed ${seed}`,
          rulesVersion: 1,
          currency: 'EUR',
          deposits: swarm.deposits,
          founder,
          salt: new Uint8Array(16),
        },
      },
    },
    createSimCrypto(founder),
  )
  const peers: SimPeer[] = []
  const world: World = {
    seed,
    swarm,
    random,
    queue: new EventQueue(),
    network: createNetwork(swarm, random),
    genesis,
    peers,
    recent: [],
    checks: options.checked ? new Checks(genesis, () => peers) : undefined,
    trace: options.write && createTrace(() => world.now, options.write),
    now: 0,
    steps: 0,
    healed: false,
  }
  for (let index = 0; index < swarm.peers; index++) peers.push(createSimPeer(world, index))
  return world
}
