import type { Random } from '../../src/core/random.ts'
import type { Block } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import type { Checks } from './check/checks.ts'
import type { SimNetwork } from './network.ts'
import type { SimPeer } from './peer.ts'
import type { EventQueue } from './queue.ts'
import type { Swarm } from './swarm.ts'
import type { Trace } from './trace.ts'

export interface Recent {
  readonly from: number
  readonly to: number
  readonly lamport: number
  readonly message: Message
}

/** One simulated room and the time that passes in it. */
export interface World {
  readonly seed: number
  readonly swarm: Swarm
  /** All chance of the world; replicas have generators of their own. */
  readonly random: Random
  readonly queue: EventQueue
  readonly network: SimNetwork
  readonly genesis: Block
  readonly peers: SimPeer[]
  /** Messages of late, for the fault that delivers them again. */
  readonly recent: Recent[]
  /** `undefined`: nothing is checked, for speed. */
  readonly checks: Checks | undefined
  readonly trace: Trace | undefined
  /** Simulated milliseconds. */
  now: number
  /** Calls of `replica.step`. */
  steps: number
  /** Faults are over: everything must get going. */
  healed: boolean
}

/** Does `task` in `delay` simulated milliseconds. */
export const after = (world: World, delay: number, task: () => void): void => world.queue.push(world.now + delay, task)

/** Runs what is scheduled, one event after the other, until `until` or until `done` says so. */
export function runUntil(world: World, until: number, done: () => boolean = () => false): void {
  const { queue } = world
  while (!done()) {
    const next = queue.nextAt <= until ? queue.pop() : undefined
    if (next === undefined) {
      world.now = until
      return
    }
    world.now = next.at
    next.task()
  }
}

const recentMax = 256

/** Keeps some of what was sent, old and new. */
export function remember(world: World, recent: Recent): void {
  if (world.recent.length < recentMax) world.recent.push(recent)
  else world.recent[world.random.below(recentMax)] = recent
}
