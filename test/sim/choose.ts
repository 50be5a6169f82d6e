import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

export function restartDelay({ random, swarm }: World): number {
  return random.below(random.chance(0.6) ? swarm.restartShort : swarm.restartLong)
}

export const anyPeer = (world: World): SimPeer => world.peers[world.random.below(world.peers.length)] as SimPeer

export function anyRunning(world: World): SimPeer | undefined {
  const running = world.peers.filter((peer) => peer.machine !== undefined)
  return running[world.random.below(Math.max(1, running.length))]
}
