import type { Block } from '../../src/ring/block.ts'
import { give } from './driver.ts'
import { mendLinks } from './faults.ts'
import { submit } from './load.ts'
import { letterOf } from './names.ts'
import { localNow, type SimPeer, startPeer } from './peer.ts'
import { Violation } from './violation.ts'
import { after, runUntil, type World } from './world.ts'

/** Simulated milliseconds in which a healed room must have got going, and for which it is then watched at rest. */
const patience = 90_000
const restMillis = 6_000
/** Epochs that may still come once all are in. */
const epochsAtRest = 2

/**
 * Faults end, everybody who can comes back, some stay dead where the rest can do without them; then each pending operation
 * must be committed, each auction past its end closed, each leaver gone, and membership come to rest (L1).
 */
export function healAndDemandProgress(world: World): void {
  world.trace?.fault('everything heals')
  world.healed = true
  world.network.heal(world.random.chance(0.5) ? 0 : 0.05)
  chooseDead(world)
  for (const peer of world.peers) healPeer(world, peer)
  mendLinks(world)
  const healedAt = world.now
  after(world, 500, () => {
    for (const peer of world.peers) if (peer.replica !== undefined && !peer.leaving) submit(world, peer, [{ kind: 'void' }])
  })
  let nextLook = world.now + 1_000
  runUntil(world, world.now + patience, () => {
    if (world.now < nextLook) return false
    nextLook = world.now + 100
    bringBackTheRoom(world)
    return unfinished(world) === undefined
  })
  const left = unfinished(world)
  // Too many disks were lost: no quorum can come together any more, and the room rightly stays read-only.
  if (left !== undefined && !canGoOn(world, (peer) => !peer.dead)) return
  if (left !== undefined) throw new Violation('L1', `${patience / 1_000} s after everything healed ${left}`)
  world.trace?.fault(`all is well ${Math.round(world.now - healedAt)} ms later`)
  const epochsBefore = world.checks?.epochs ?? 0
  runUntil(world, world.now + restMillis)
  const epochs = (world.checks?.epochs ?? 0) - epochsBefore
  if (epochs > epochsAtRest) throw new Violation('L1', `membership does not come to rest: ${epochs} epochs in ${restMillis} ms`)
}

/** Whether the peers that `counts` names are enough to go on, whichever of their logs turns out to be the past. */
export function canGoOn(world: World, counts: (peer: SimPeer) => boolean): boolean {
  const able = world.peers.filter((peer) => counts(peer) && peer.disk !== undefined && !peer.left && !hasForgotten(peer))
  if (able.length === 0) return false
  return able.every((peer) => {
    const log = logOf(peer)
    const commit = peer.replica?.view.commit.index ?? peer.disk?.meta.commit.index ?? 0
    return configsOf(log, commit).every((members) => isQuorum(members, able))
  })
}

function hasForgotten(peer: SimPeer): boolean {
  return peer.replica?.view.forgot ?? peer.disk?.meta.forgotBelow !== undefined
}

/** What is on the disk, and on its way there. */
function logOf(peer: SimPeer): readonly Block[] {
  const log = [...(peer.disk?.rows ?? [])]
  for (const { cutFrom, blocks } of peer.disk?.unsynced ?? []) {
    if (cutFrom !== undefined) log.length = Math.min(log.length, cutFrom)
    for (const block of blocks) log[block.index] = block
  }
  return log
}

function configsOf(log: readonly Block[], commit: number): readonly (readonly string[])[] {
  const configs: (readonly string[])[] = []
  for (let i = log.length - 1; i >= 0; i--) {
    const { body, index } = log[i] as Block
    if (body.kind === 'ops') continue
    configs.push(body.kind === 'view' ? body.members : [body.genesis.founder])
    if (index <= commit) break
  }
  return configs
}

function isQuorum(members: readonly string[], able: readonly SimPeer[]): boolean {
  const here = members.filter((member) => able.some(({ id }) => id === member))
  return 2 * here.length > members.length || (2 * here.length === members.length && here.includes(members[0] as string))
}

/** In some worlds some never come back. */
function chooseDead(world: World): void {
  if (world.random.chance(0.5)) return
  const chosen = new Set(world.peers.filter(() => world.random.chance(0.3)))
  if (!canGoOn(world, (peer) => !chosen.has(peer))) return
  for (const peer of chosen) {
    peer.dead = true
    if (peer.replica === undefined) continue
    peer.replica = undefined
    peer.life++
    world.checks?.ended(peer)
    world.trace?.line(peer, 'dies for good', '')
  }
}

/** The last one out took the room home: those who came too late wait until it is opened again. */
function bringBackTheRoom(world: World): void {
  if (canGoOn(world, (peer) => !peer.dead)) return
  for (const peer of world.peers) {
    if (!peer.left || peer.dead) continue
    peer.left = false
    startPeer(world, peer)
  }
}

function healPeer(world: World, peer: SimPeer): void {
  peer.pausedUntil = Math.min(peer.pausedUntil, world.now)
  peer.slowUntil = 0
  peer.outputsLeft = Number.POSITIVE_INFINITY
  peer.diskFull = false
  if (peer.dead || peer.left || peer.disk === undefined) return
  const { life } = peer
  after(world, world.random.next() * 3_000, () => {
    if (peer.life === life && peer.replica === undefined) startPeer(world, peer)
  })
  if (peer.replica !== undefined) give(world, peer, { kind: 'tick' })
}

/** What is still to be done; `undefined`: nothing. */
function unfinished(world: World): string | undefined {
  const present = world.peers.filter((peer) => !peer.dead && !peer.left && peer.disk !== undefined)
  const staying = present.filter((peer) => !peer.leaving)
  const room = world.checks?.committed.length
  for (const peer of present) {
    const name = letterOf(peer.index)
    const view = peer.replica?.view
    if (view === undefined) return `${name} is not running`
    if (peer.leaving) {
      if (staying.length > 0) return `${name} has not left`
      continue
    }
    if (!view.active) return `${name} is not active`
    if (view.pending.length > 0) return `${name} has ${view.pending.length} operations pending`
    if (room !== undefined && view.commit.index !== room - 1) return `${name} has committed ${view.commit.index} of ${room - 1}`
    const now = view.time(localNow(peer, world.now))
    for (const id of peer.market.openAuctions) {
      if ((peer.market.auctions.get(id)?.endsAt ?? 0) < now - 10_000) return `${name} has auction ${id} past its end`
    }
  }
  return undefined
}
