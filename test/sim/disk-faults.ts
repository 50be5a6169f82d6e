import { anyPeer, anyRunning, restartDelay } from './choose.ts'
import { placesOf } from './network.ts'
import { createSimPeer, endProcess, restartLater, type SimPeer, startPeer } from './peer.ts'
import { canGoOn } from './progress.ts'
import { copyDisk, createSimDisk, type SimDisk } from './store.ts'
import type { FaultName } from './swarm.ts'
import { after, type World } from './world.ts'

/** An image of a disk, taken to be restored later. */
const images = new WeakMap<SimPeer, SimDisk>()

type DiskFaultName = Extract<
  FaultName,
  'slowDisk' | 'hungDisk' | 'fullDisk' | 'lostDisk' | 'refetch' | 'imageDisk' | 'restoredDisk' | 'twin'
>

/** All that a disk can do to a peer, or a person to its profile. */
export const diskFaults: Readonly<Record<DiskFaultName, (world: World) => void>> = {
  slowDisk(world) {
    const peer = anyPeer(world)
    peer.fsyncExtra = 50 + world.random.below(1_500)
    peer.slowUntil = world.now + world.random.below(4_000)
    world.trace?.line(peer, 'slow disk', `${peer.fsyncExtra} ms more`)
  },

  /** What is under way does not end for a while. */
  hungDisk(world) {
    const peer = anyPeer(world)
    peer.hangsUntil = world.now + world.random.below(world.random.chance(0.5) ? 1_000 : 9_000)
    world.trace?.line(peer, 'hung disk', '')
  },

  fullDisk(world) {
    const peer = anyRunning(world)
    if (peer !== undefined) peer.diskFull = true
  },

  /** The key is there, the log is not. */
  lostDisk(world) {
    const peer = anyPeer(world)
    if (mayLose(world, peer)) loseLog(world, peer, 'lost disk')
  },

  /** A person has the log fetched anew. */
  refetch(world) {
    const peer = anyPeer(world)
    if (mayLose(world, peer)) loseLog(world, peer, 'refetch')
  },

  imageDisk(world) {
    const peer = anyPeer(world)
    if (peer.disk?.meta !== undefined && !peer.opening) images.set(peer, copyDisk(peer.disk))
  },

  /** The disk is set back to an image of it: promises, blocks and numbers that it gave since are forgotten, unknown to itself. */
  restoredDisk(world) {
    const peer = anyPeer(world)
    const image = images.get(peer)
    if (image === undefined || peer.opening || peer.left || peer.doubtful === 'liar') return
    if (peer.machine !== undefined) endProcess(world, peer)
    peer.disk = copyDisk(image)
    peer.doubtful = 'older-copy'
    world.checks?.forgot(peer)
    world.trace?.line(peer, 'restored disk', `of ${image.rows.length} blocks`)
    restartLater(world, peer, restartDelay(world))
  },

  /** A copy of a profile is started elsewhere, under the same id. */
  twin(world) {
    const peer = anyPeer(world)
    if (world.hasTwins || peer.disk?.meta === undefined || peer.opening || peer.left || peer.doubtful === 'liar') return
    const index = placesOf(world.swarm) - 2
    const twin = createSimPeer(world, index, peer.id)
    twin.disk = copyDisk(images.get(peer) ?? peer.disk)
    twin.doubtful = 'twin'
    peer.doubtful = 'twin'
    world.hasTwins = true
    world.peers.push(twin)
    world.trace?.line(peer, 'twin', `started as ${index}`)
    startPeer(world, twin)
    const { life } = twin
    after(world, 500 + world.random.below(6_000), () => {
      if (twin.life === life && twin.machine !== undefined) endProcess(world, twin)
      twin.dead = true
    })
  },
}

/** Only where the others can go on without it: else the room rightly stands still for good. */
export function mayLose(world: World, peer: SimPeer): boolean {
  if (peer.disk === undefined || peer.left || peer.opening || peer.dead) return false
  return canGoOn(world, (other) => other !== peer && !other.dead)
}

function loseLog(world: World, peer: SimPeer, why: string): void {
  world.trace?.line(peer, why, '')
  if (peer.machine !== undefined) endProcess(world, peer)
  peer.disk = createSimDisk()
  world.checks?.forgot(peer)
  restartLater(world, peer, restartDelay(world))
}
