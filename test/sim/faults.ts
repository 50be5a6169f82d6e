import { anyPeer, anyRunning, restartDelay } from './choose.ts'
import { diskFaults } from './disk-faults.ts'
import { letterOf } from './names.ts'
import { crashPeer, restartLater, type SimPeer, startPeer } from './peer.ts'
import { type FaultName, faultNames } from './swarm.ts'
import { deliver } from './transport.ts'
import { after, type World } from './world.ts'

/** Draws fault after fault, as the swarm says, until `until`. */
export function startFaults(world: World, until: number): void {
  const { random, swarm } = world
  after(world, random.next() * 2 * swarm.faultEvery, () => {
    if (world.now >= until) return
    const name = drawFault(world)
    if (name !== undefined) faults[name](world)
    startFaults(world, until)
  })
}

function drawFault({ random, swarm }: World): FaultName | undefined {
  const total = faultNames.reduce((sum, name) => sum + swarm.weights[name], 0)
  let left = random.next() * total
  for (const name of faultNames) {
    left -= swarm.weights[name]
    if (left < 0) return name
  }
  return undefined
}

const faults: Readonly<Record<FaultName, (world: World) => void>> = {
  crash(world) {
    const peer = anyRunning(world)
    if (peer !== undefined) crashAndRestart(world, peer)
  },

  crashMidway(world) {
    const peer = anyRunning(world)
    if (peer === undefined) return
    peer.actionsLeft = world.random.below(12)
    const { life } = peer
    // The crash itself happens in a port, wherever the count runs out; here only the return is seen to.
    const watch = (): void => {
      if (peer.life === life) after(world, 20, watch)
      else if (peer.machine === undefined) restartLater(world, peer, restartDelay(world))
    }
    after(world, 20, watch)
  },

  crashAll(world) {
    world.trace?.fault('all peers are killed')
    for (const peer of world.peers) if (peer.machine !== undefined) crashAndRestart(world, peer)
  },

  partition(world) {
    const groups = world.peers.map(() => world.random.below(2))
    world.trace?.fault(`partition ${groups.join('')}`)
    cutting(world, () => world.network.partition((peer) => groups[peer] ?? 0))
  },

  cutPair(world) {
    const [one, other] = anyPair(world)
    world.trace?.fault(`cut between ${letterOf(one)} and ${letterOf(other)}`)
    cutting(world, () => {
      world.network.cut(one, other)
      world.network.cut(other, one)
    })
  },

  cutOneWay(world) {
    const [one, other] = anyPair(world)
    world.trace?.fault(`cut from ${letterOf(one)} to ${letterOf(other)}`)
    cutting(world, () => world.network.cut(one, other))
  },

  mend(world) {
    world.trace?.fault('all links work')
    mendLinks(world)
  },

  /** A connection is said to be lost, or refused, that is not. */
  falseAlarm(world) {
    const [one, other] = anyPair(world)
    const peer = world.peers[one] as SimPeer
    const about = (world.peers[other] as SimPeer).id
    peer.machine?.input({ kind: 'link', peer: about, state: world.random.chance(0.5) ? 'down' : 'refused' })
    const { life } = peer
    after(world, world.random.below(2_000), () => {
      if (peer.life === life) peer.machine?.input({ kind: 'link', peer: about, state: 'up' })
    })
  },

  /** Everybody hears that one of them is gone, which it is not: several may start an epoch at once. */
  rumour(world) {
    const about = anyPeer(world)
    world.trace?.fault(`a rumour that ${letterOf(about.index)} is gone`)
    for (const peer of world.peers) {
      if (peer === about) continue
      const { life } = peer
      after(world, world.random.next() * 30, () => {
        if (peer.life === life) peer.machine?.input({ kind: 'link', peer: about.id, state: 'refused' })
      })
    }
  },

  ...diskFaults,

  /** A lid is closed for a while: everything waits, then comes at once. */
  pause(world) {
    const peer = anyRunning(world)
    if (peer === undefined) return
    const millis = world.random.below(world.random.chance(0.5) ? 300 : 5_000)
    peer.pausedUntil = world.now + millis
    world.trace?.line(peer, 'paused', `${millis} ms`)
  },

  /** Somebody sets the clock; or the machine slept, and its monotonic clock went on without it. */
  clockJump(world) {
    const peer = anyPeer(world)
    const millis = world.random.below(world.random.chance(0.5) ? 2_000 : 7_200_000)
    if (world.random.chance(0.6)) peer.skew += world.random.chance(0.5) ? millis : -millis
    else peer.clockStart += millis
    world.trace?.line(peer, 'clock jumps', `${millis} ms`)
  },

  /** Somebody comes for the first time, or comes back after having left. */
  join(world) {
    const absent = world.peers.filter((peer) => peer.machine === undefined && (peer.disk === undefined || peer.left))
    const peer = absent[world.random.below(Math.max(1, absent.length))]
    if (peer !== undefined) startPeer(world, peer)
  },

  leave(world) {
    const staying = world.peers.filter((peer) => peer.machine !== undefined && !peer.leaving)
    const peer = staying[world.random.below(staying.length + 1)]
    if (peer === undefined || staying.length < 2) return
    peer.leaving = true
    peer.machine?.input({ kind: 'leave' })
  },

  /** Something that was said long ago arrives once more. */
  replay(world) {
    for (let i = world.random.below(4); i >= 0; i--) {
      const old = world.recent[world.random.below(Math.max(1, world.recent.length))]
      if (old === undefined) return
      deliver(world, world.peers[old.to] as SimPeer, old.from, old.topic, old.parcel, world.random.next() * 50)
    }
  },
}

function crashAndRestart(world: World, peer: SimPeer): void {
  crashPeer(world, peer)
  restartLater(world, peer, restartDelay(world))
}

function anyPair({ random, peers }: World): readonly [number, number] {
  return [random.below(peers.length), random.below(peers.length)]
}

/** Cuts links; in some worlds both ends notice after a while. */
function cutting(world: World, cut: () => void): void {
  cut()
  if (!world.swarm.noticesLinks) return
  for (const one of world.peers) {
    for (const other of world.peers) {
      if (one.id === other.id || !world.network.isCut(one.index, other.index) || world.random.chance(0.5)) continue
      const { life } = one
      after(world, world.random.below(1_000), () => {
        if (one.life === life && world.network.isCut(one.index, other.index)) {
          one.machine?.input({ kind: 'link', peer: other.id, state: 'down' })
        }
      })
    }
  }
}

/** Every link works again, and whoever runs hears of it. */
export function mendLinks(world: World): void {
  world.network.mend()
  for (const one of world.peers) {
    for (const other of world.peers) {
      if (one.id !== other.id && other.machine !== undefined) one.machine?.input({ kind: 'link', peer: other.id, state: 'up' })
    }
  }
}
