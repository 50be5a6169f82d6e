import { demandNames } from './byzantine.ts'
import { mendLinks } from './faults.ts'
import { submit } from './load.ts'
import { endProcess, type SimPeer, startPeer } from './peer.ts'
import { canGoOn, isPresent, unfinished } from './progress.ts'
import { refoundRoom } from './refound.ts'
import { BeyondFaultModel, Violation } from './violation.ts'
import { after, runUntil, type World } from './world.ts'

/** Simulated milliseconds in which a healed room must have got going, and for which it is then watched at rest. */
const patience = 90_000
const restMillis = 6_000
/** What is still repeated then must end within this. */
const longRestMillis = 64_000
/** Epochs that may still come once all are in. */
const epochsAtRest = 2

/**
 * Faults end, everybody who can comes back, some stay dead where the rest can do without them; then each pending operation
 * must be committed, each auction past its end closed, each leaver gone, and membership come to rest (L1).
 */
export async function healAndDemandProgress(world: World): Promise<void> {
  world.trace?.fault('everything heals')
  world.healed = true
  world.loadEnds = world.now + world.swarm.loadAfterHealing
  world.network.heal(world.random.chance(0.5) ? 0 : 0.05)
  chooseDead(world)
  for (const peer of world.peers) healPeer(world, peer)
  mendLinks(world)
  const healedAt = world.now
  after(world, 500, () => {
    for (const peer of world.peers) if (!peer.leaving) submit(world, peer, [{ kind: 'void' }])
  })
  await runUntil(world, world.loadEnds)
  let nextLook = world.now + 1_000
  // Blocks that come one by one take their time.
  const blockMillis = world.swarm.limits.fetchedBytes < 10_000 ? 60 : 0
  // Time goes on, and is looked at, even where nobody is left to do anything.
  const beat = (): void => after(world, 1_000, beat)
  beat()
  const longest = patience + blockMillis * Math.max(...world.peers.map(({ disk }) => disk?.rows.length ?? 0))
  await runUntil(world, world.now + longest, () => {
    if (world.now < nextLook) return false
    nextLook = world.now + 100
    world.isCalm = isCalm(world)
    bringBackTheRoom(world)
    return unfinished(world) === undefined
  })
  const left = unfinished(world)
  if (left !== undefined) demand(world, `${Math.round(longest / 1_000)} s after everything healed ${left}`)
  else {
    world.trace?.fault(`all is well ${Math.round(world.now - healedAt)} ms later`)
    // What the dead had asked for may still come, and costs an epoch each time (PROTOCOL, section 5).
    await runUntil(world, healedAt + world.swarm.delayLong)
    await rest(world)
    for (const peer of world.peers) if (isPresent(peer) && !peer.leaving) world.checks?.end(peer)
    demandNames(world)
    if (world.failure !== undefined) throw world.failure
    if (world.swarm.byzantine === undefined && world.random.chance(0.15)) await refoundRoom(world)
  }
}

/** A quorum can come together, and nothing that anybody wanted waits at a member. */
function isCalm(world: World): boolean {
  const isBusy = world.peers.some(({ machine }) => machine?.view.active === true && machine.view.pending.length > 0)
  return !isBusy && canGoOn(world, (peer) => !peer.dead)
}

/** Everything is in: nothing goes on for ever, and no more than two epochs come. */
async function rest(world: World): Promise<void> {
  const epochsBefore = world.checks?.epochs ?? 0
  await runUntil(world, world.now + restMillis)
  // With load or attackers there is always something to do.
  const isRepeating = (world.checks?.repeats.recent(world.now, restMillis / 2).length ?? 0) > 0
  if (isRepeating && world.swarm.byzantine === undefined) await runUntil(world, world.now + longRestMillis)
  const epochs = (world.checks?.epochs ?? 0) - epochsBefore
  // Whoever runs on a copy of its disk comes, and goes again.
  const isQuiet = world.swarm.byzantine === undefined && world.peers.every(({ doubtful }) => doubtful === undefined)
  if (epochs > epochsAtRest && isQuiet) throw new Violation('L1', `membership does not come to rest: ${epochs} epochs`)
}

function demand(world: World, left: string): void {
  // Too many disks were lost or set back: no quorum can come together any more, and the room rightly stays read-only.
  if (!canGoOn(world, (peer) => !peer.dead)) return
  // A member that lies can keep those from going on that it is a quorum with.
  if (world.peers.some(({ doubtful }) => doubtful !== undefined)) throw new BeyondFaultModel(left)
  throw new Violation('L1', left)
}

/** In some worlds some never come back. */
function chooseDead(world: World): void {
  if (world.random.chance(0.5)) return
  const chosen = new Set(world.peers.filter(() => world.random.chance(0.3)))
  if (!canGoOn(world, (peer) => !chosen.has(peer))) return
  for (const peer of chosen) {
    peer.dead = true
    if (peer.machine === undefined) continue
    endProcess(world, peer)
    world.trace?.line(peer, 'dies for good', '')
  }
}

/** The last one out took the room home: those who came too late wait until it is opened again. */
function bringBackTheRoom(world: World): void {
  if (canGoOn(world, (peer) => !peer.dead)) return
  for (const peer of world.peers) {
    // One whose disk still hangs is not out yet.
    if (!peer.left || peer.dead || peer.machine !== undefined) continue
    peer.left = false
    startPeer(world, peer)
  }
}

function healPeer(world: World, peer: SimPeer): void {
  peer.pausedUntil = Math.min(peer.pausedUntil, world.now)
  peer.hangsUntil = Math.min(peer.hangsUntil, world.now)
  peer.slowUntil = 0
  peer.actionsLeft = Number.POSITIVE_INFINITY
  peer.diskFull = false
  if (peer.dead || peer.left || peer.disk === undefined) return
  const { life } = peer
  after(world, world.random.next() * 3_000, () => {
    if (peer.life === life && peer.machine === undefined) startPeer(world, peer)
  })
  peer.machine?.input({ kind: 'tick' })
}
