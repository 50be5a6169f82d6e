import { createRandom } from '../../src/core/random.ts'
import { later } from './clock.ts'
import { after, type World } from './world.ts'

/** How much later than others a peer may hear of a new pace. */
const lateMost = 1_500
const gapLeast = 300
const gapSpread = 9_000

/**
 * In some worlds somebody changes the room's pace again and again, also after everything has healed, and each peer hears of
 * it at another time. By chance of its own: a seed whose pace stays keeps its story.
 */
export function startPaces(world: World): void {
  const random = createRandom(world.seed)
  if (!random.chance(0.2)) return
  const change = (): void => {
    const idleHop = 50 + random.below(random.chance(0.5) ? 400 : 2_951)
    world.trace?.fault(`the room goes at a pace of ${idleHop} ms`)
    world.idleHop = idleHop
    // Whoever starts from here on reads it, also where none of those that run lives to hear of it.
    world.checks?.paced(idleHop)
    for (const peer of world.peers) {
      later(world, peer, random.below(lateMost), () => {
        peer.machine?.input({ kind: 'pace', idleHop: world.idleHop })
        world.checks?.paced(world.idleHop)
      })
    }
    after(world, gapLeast + random.below(gapSpread), change)
  }
  after(world, random.below(gapSpread), change)
}
