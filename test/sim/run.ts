import { createRandom } from '../../src/core/random.ts'
import { startAttacks } from './byzantine.ts'
import { Checks } from './check/checks.ts'
import { startDamage } from './damage.ts'
import { startFaults } from './faults.ts'
import { healAndDemandProgress } from './heal.ts'
import { foundSimRoom, metaOf } from './machine.ts'
import { createNetwork } from './network.ts'
import { startPaces } from './paces.ts'
import { createSimPeer, type SimPeer, startPeer } from './peer.ts'
import { EventQueue } from './queue.ts'
import { drawSwarm } from './swarm.ts'
import { createTrace } from './trace.ts'
import { BeyondFaultModel, type Rule, Violation } from './violation.ts'
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
export async function runSeed(seed: number, options: RunOptions): Promise<RunResult> {
  const world = createWorld(seed, options)
  const { checks } = world
  let violation: RunResult['violation']
  try {
    await play(world)
  } catch (error) {
    if (error instanceof BeyondFaultModel) world.trace?.fault(`beyond the fault model: ${error.message}`)
    else if (error instanceof Violation) violation = { rule: error.rule, message: error.message, at: world.now }
    else throw error
  }
  const blocks = checks?.committed.length ?? Math.max(...world.peers.map((peer) => peer.disk?.rows.length ?? 0))
  return { seed, steps: world.steps, blocks, epochs: checks?.epochs ?? 0, violation }
}

async function play(world: World): Promise<void> {
  const { swarm, random } = world
  for (const peer of world.peers.slice(0, swarm.firstPeers)) {
    after(world, peer.index === 0 ? 0 : random.next() * 500, () => startPeer(world, peer))
  }
  if (swarm.byzantine === 'liar') (world.peers[world.peers.length - 1] as SimPeer).doubtful = 'liar'
  startFaults(world, swarm.chaosMillis)
  startDamage(world, swarm.chaosMillis)
  startAttacks(world)
  startPaces(world)
  await runUntil(world, swarm.chaosMillis)
  await healAndDemandProgress(world)
}

function createWorld(seed: number, options: RunOptions): World {
  const random = createRandom(seed)
  const swarm = drawSwarm(random, options.peers)
  const genesis = foundSimRoom(seed, swarm.deposits)
  const peers: SimPeer[] = []
  const world: World = {
    seed,
    swarm,
    random,
    diskRandom: createRandom(seed ^ 0x5eed),
    queue: new EventQueue(),
    network: createNetwork(swarm, random),
    genesis,
    peers,
    recent: [],
    checks: undefined,
    trace: options.write && createTrace(() => world.now, options.write),
    now: 0,
    idleHop: swarm.idleHop,
    steps: 0,
    isCalm: false,
    submissions: 0,
    healed: false,
    loadEnds: Number.POSITIVE_INFINITY,
    unsettled: false,
    opening: undefined,
    hasTwins: false,
    failure: undefined,
  }
  if (options.checked) world.checks = new Checks(genesis, world, ({ disk }) => disk && metaOf(disk))
  for (let index = 0; index < swarm.peers; index++) peers.push(createSimPeer(world, index))
  return world
}
