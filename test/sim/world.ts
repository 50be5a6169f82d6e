import type { Random } from '../../src/core/random.ts'
import type { Block } from '../../src/ring/block.ts'
import type { Checks } from './check/checks.ts'
import type { SimNetwork } from './network.ts'
import type { SimPeer } from './peer.ts'
import type { EventQueue } from './queue.ts'
import type { Swarm } from './swarm.ts'
import type { Trace } from './trace.ts'
import type { Recent } from './transport.ts'

/** One simulated room and the time that passes in it. */
export interface World {
  readonly seed: number
  readonly swarm: Swarm
  /** All chance of the world; replicas have generators of their own. */
  readonly random: Random
  /** Of what is off the log's path, and of damage: so that all else stays as it is whether there is any or not. */
  readonly diskRandom: Random
  readonly queue: EventQueue
  readonly network: SimNetwork
  readonly genesis: Block
  /** One for each process that can run: a copied profile is a peer of its own with the id of another. */
  readonly peers: SimPeer[]
  /** Frames of late, for the fault that delivers them again. */
  readonly recent: Recent[]
  /** `undefined`: nothing is checked, for speed. */
  checks: Checks | undefined
  readonly trace: Trace | undefined
  /** Simulated milliseconds. */
  now: number
  /** The pace that the room goes at, as whoever starts reads it; others hear of it a little later. */
  idleHop: number
  /** Calls of `replica.step`. */
  steps: number
  /** Healed, able to go on, and nothing that anybody wanted waits at a member. */
  isCalm: boolean
  /** Operations that anybody submitted. */
  submissions: number
  /** Faults are over: everything must get going. */
  healed: boolean
  /** People stop paying and bidding then. */
  loadEnds: number
  /** Something that production awaits was completed: what waits for it goes on before the next event. */
  unsettled: boolean
  /** Processes that are starting: nothing else happens meanwhile. */
  opening: Promise<void> | undefined
  /** Some profile was copied: two processes may have one id. */
  hasTwins: boolean
  /** What ends the run after the event in which it was found: thrown inside, production would catch it. */
  failure: Error | undefined
}

/** Does `task` in `delay` simulated milliseconds. */
export const after = (world: World, delay: number, task: () => void): void => world.queue.push(world.now + delay, task)

/** Runs what is scheduled, one event after the other, until `until` or until `done` says so. */
export async function runUntil(world: World, until: number, done: () => boolean = () => false): Promise<void> {
  const { queue } = world
  while (!done()) {
    const next = queue.nextAt <= until ? queue.pop() : undefined
    if (next === undefined) {
      world.now = until
      return
    }
    world.now = next.at
    next.task()
    if (world.unsettled || world.opening !== undefined) await settle(world)
    if (world.failure !== undefined) throw world.failure
  }
}

/** Lets everything that waits for a completed promise go on: the next tick comes only after all of that. */
async function settle(world: World): Promise<void> {
  do {
    const { opening } = world
    world.unsettled = false
    world.opening = undefined
    if (opening !== undefined) await opening
    await new Promise<void>((resolve) => process.nextTick(resolve))
  } while (world.unsettled || world.opening !== undefined)
}

/** Checks throw into production's code, which would catch it: what they find is kept, and ends the run after this event. */
export function guard(world: World, check: () => void): void {
  if (world.failure !== undefined) return
  try {
    check()
  } catch (error) {
    fail(world, error)
  }
}

export function fail(world: World, failure: unknown): void {
  world.failure ??= failure instanceof Error ? failure : new Error(String(failure))
}
