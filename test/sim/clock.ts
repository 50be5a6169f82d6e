import type { Clock } from '../../src/peer/ports.ts'
import type { SimPeer } from './peer.ts'
import { after, type World } from './world.ts'

/** Milliseconds since 1970 at simulated time 0. */
export const wallStart = 1_790_000_000_000

/** The peer's monotonic clock: it runs a little wrong, and may jump forward, never back. */
export const localNow = (peer: SimPeer, now: number): number => now * peer.clockRate + peer.clockStart

/** What production's Clock is to one process. Nothing that a dead process wanted done is done; a frozen one does it later. */
export function createSimClock(world: World, peer: SimPeer, isAlive: () => boolean): Clock {
  const later = (delay: number, task: () => void): (() => void) => {
    let wanted = true
    const run = (): void => {
      if (!wanted || !isAlive()) return
      if (peer.pausedUntil > world.now) after(world, peer.pausedUntil - world.now, run)
      else task()
    }
    after(world, delay, run)
    return () => {
      wanted = false
    }
  }
  return {
    monotonic: () => localNow(peer, world.now),
    wall: () => wallStart + Math.floor(world.now) + peer.skew,
    // A timer of whole milliseconds fires a little late, never early.
    at: (time, task) => later(Math.max(0, (time - peer.clockStart) / peer.clockRate - world.now) + 0.001, task),
    // Much of production awaits it.
    soon: (task: () => void) =>
      later(0, () => {
        world.unsettled = true
        task()
      }),
  } as Clock
}

/** Does `task` to the peer in `delay`, if its process still runs then; later, if it is frozen. */
export function later(world: World, peer: SimPeer, delay: number, task: () => void): void {
  const { life } = peer
  const run = (): void => {
    if (peer.life !== life) return
    if (peer.pausedUntil > world.now) after(world, peer.pausedUntil - world.now, run)
    else task()
  }
  after(world, delay, run)
}
