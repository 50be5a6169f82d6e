import type { Crypto } from '../../src/core/crypto.ts'
import { Failure } from '../../src/core/failure.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { createSimCrypto } from './crypto.ts'
import { startLoad } from './load.ts'
import { type Machine, type MachineHooks, metaOf, type StopReason, startMachine, writeFirstBatch } from './machine.ts'
import { nameOf, simPeerId } from './names.ts'
import { crashDisk, createSimDisk, restartWhenFull, type SimDisk } from './store.ts'
import { Violation } from './violation.ts'
import { after, fail, guard, type World } from './world.ts'

/** One machine of the room: its disk, its clocks, and, while its process runs, production's session. */
export interface SimPeer {
  readonly index: number
  readonly id: PeerId
  readonly crypto: Crypto
  /** `undefined`: it has never been in the room. */
  disk: SimDisk | undefined
  /** `undefined`: its process does not run. */
  machine: Machine | undefined
  /** It reads its disk; what it writes meanwhile is there at once. */
  opening: boolean
  /** It takes no more part, and ends when what is on its way to the disk is there. */
  closing: boolean
  /** Grows with every start and end of the process: what was scheduled for an earlier one does not happen. */
  life: number
  /** It was asked to leave in this life; `left`: it did, and does not come back by itself. */
  leaving: boolean
  left: boolean
  /** It stays away for the rest of the run. */
  dead: boolean
  /**
   * What PROTOCOL's fault model does not cover of it: its disk was set back to an older copy, its profile was copied, or
   * it lies. What only its word kept may be lost; and it stops where it meets its own later blocks.
   */
  doubtful: 'older-copy' | 'twin' | 'liar' | undefined
  /** Monotonic clock: `now * clockRate + clockStart`. */
  readonly clockRate: number
  clockStart: number
  skew: number
  /** Frozen, with all that comes for it waiting, until then. */
  pausedUntil: number
  /** Its writes take so much longer, until then; or do not end before then. */
  slowUntil: number
  fsyncExtra: number
  hangsUntil: number
  /** The next write fails. */
  diskFull: boolean
  /** Things that it still sends or writes before its process dies. */
  actionsLeft: number
  /** Counts one of them: true where the process is dead. */
  dies(world: World): boolean
}

export function createSimPeer(world: Pick<World, 'swarm' | 'random'>, index: number, id = simPeerId(index)): SimPeer {
  const { swarm, random } = world
  return {
    index,
    id,
    crypto: createSimCrypto(id),
    disk: undefined,
    machine: undefined,
    opening: false,
    closing: false,
    life: 0,
    leaving: false,
    left: false,
    dead: false,
    doubtful: undefined,
    clockRate: 1 + swarm.drift * (2 * random.next() - 1),
    clockStart: random.below(1_000_000),
    skew: 0,
    pausedUntil: 0,
    slowUntil: 0,
    fsyncExtra: 0,
    hangsUntil: 0,
    diskFull: false,
    actionsLeft: Number.POSITIVE_INFINITY,
    dies(inWorld) {
      if (this.actionsLeft-- > 0) return false
      crashPeer(inWorld, this)
      return true
    },
  }
}

/** The process starts on what is on its disk. Nothing else happens until it has. */
export function startPeer(world: World, peer: SimPeer): void {
  if (peer.machine !== undefined || peer.dead || peer.opening) return
  peer.opening = true
  peer.life++
  peer.leaving = false
  peer.left = false
  peer.diskFull = false
  peer.actionsLeft = Number.POSITIVE_INFINITY
  world.opening = (world.opening ?? Promise.resolve()).then(() => open(world, peer))
}

async function open(world: World, peer: SimPeer): Promise<void> {
  // Whoever was in the room before and finds no log has lost it: it may have promised anything (PROTOCOL, section 5).
  if (peer.disk?.meta === undefined) {
    const what = peer.disk === undefined ? 'fresh' : 'loss'
    peer.disk ??= createSimDisk()
    await writeFirstBatch(world, peer.disk, what)
  }
  const { skew } = world.swarm
  peer.skew = skew === 0 ? 0 : Math.floor(skew * (2 * world.random.next() - 1))
  const hooks: MachineHooks = {
    onStopped: (reason) => onStopped(world, peer, reason),
    onWriteFailed: () => {
      world.trace?.line(peer, 'write fails', '')
      restartWhenFull(world, peer, () => {
        crashPeer(world, peer)
        restartLater(world, peer, 50 + world.random.below(500))
      })
    },
  }
  try {
    try {
      await startMachine(world, peer, peer.disk, hooks)
    } catch (error) {
      if (!peer.disk.isDamaged || !(error instanceof Failure) || error.code !== 'store-damaged') throw error
      // As production does where others have the log: it is put aside, and fetched anew.
      world.trace?.line(peer, 'damaged', String(error.facts.case))
      peer.disk = createSimDisk()
      world.checks?.forgot(peer)
      await writeFirstBatch(world, peer.disk, 'loss')
      await startMachine(world, peer, peer.disk, hooks)
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    fail(world, error instanceof Violation ? error : new Violation('bug', `a start failed: ${message}`, { cause: error }))
    return
  } finally {
    peer.opening = false
  }
  const { machine } = peer
  if (machine === undefined) return
  world.trace?.line(
    peer,
    'start',
    `incarnation ${machine.view.incarnation}${machine.view.membership === 'forgotten' ? ', has forgotten' : ''}`,
  )
  for (const other of world.peers) {
    if (other === peer || other.machine === undefined || world.network.isCut(peer.index, other.index)) continue
    if (other.id === peer.id) continue
    machine.input({ kind: 'link', peer: other.id, state: 'up' })
    other.machine.input({ kind: 'link', peer: peer.id, state: 'up' })
  }
  startLoad(world, peer)
}

/** The replica says that it takes no more part. */
function onStopped(world: World, peer: SimPeer, reason: StopReason): void {
  const { machine } = peer
  if (machine === undefined) return
  world.trace?.line(peer, 'stopped', JSON.stringify(reason))
  if (reason.kind === 'left') {
    if (!peer.leaving) fail(world, new Violation('bug', `${nameOf(peer.id)} left without having been asked to`))
    peer.left = true
  } else guard(world, () => checkStop(world, peer, reason))
  // What is on its way to the disk gets there: production closes the store in good order.
  const { life } = peer
  peer.closing = true
  void machine.close().then(() => {
    if (peer.life === life) endProcess(world, peer)
  })
  world.unsettled = true
}

function checkStop(world: World, peer: SimPeer, reason: StopReason): void {
  if (reason.kind === 'bug') throw new Violation('bug', `${nameOf(peer.id)} stopped: ${reason.message}`)
  const copied = world.peers.some((other) => other.id === peer.id && other.doubtful !== undefined)
  if (reason.kind === 'own-later-block' && copied) return
  if (peer.doubtful === 'liar') return
  throw new Violation('bug', `${nameOf(peer.id)} stopped: ${JSON.stringify(reason)}`)
}

/** kill -9, or the power: what was not fsynced may be lost. */
export function crashPeer(world: World, peer: SimPeer): void {
  if (peer.machine === undefined || peer.disk === undefined) return
  const batch = crashDisk(world, peer.disk)
  world.trace?.line(peer, 'crash', batch === undefined ? '' : `a batch under way ${batch}`)
  endProcess(world, peer)
}

/** After its replica stopped by itself, or its process died: the others may notice. */
export function endProcess(world: World, peer: SimPeer): void {
  peer.machine = undefined
  peer.closing = false
  peer.life++
  peer.actionsLeft = Number.POSITIVE_INFINITY
  peer.pausedUntil = 0
  peer.hangsUntil = 0
  world.checks?.ended(peer)
  const { noticesLinks, noticesRefusals } = world.swarm
  if (!noticesLinks && !noticesRefusals) return
  for (const other of world.peers) {
    if (other.machine === undefined || other.id === peer.id || world.network.isCut(peer.index, other.index)) continue
    const { life } = other
    after(world, world.random.next() * 20, () => {
      if (other.life !== life || peer.machine !== undefined) return
      other.machine?.input({ kind: 'link', peer: peer.id, state: noticesRefusals ? 'refused' : 'down' })
    })
  }
}

export function restartLater(world: World, peer: SimPeer, delay: number): void {
  const { life } = peer
  after(world, delay, () => {
    if (peer.life === life && !peer.left) startPeer(world, peer)
  })
}

/** Whether it has forgotten, as its process or its disk says, or may find at its next start that it has. */
export function isForgotten(peer: SimPeer): boolean {
  if (peer.machine !== undefined) return peer.machine.view.membership === 'forgotten' || peer.disk?.isDamaged === true
  if (peer.disk === undefined) return false
  const meta = metaOf(peer.disk)
  return meta === undefined || meta.loss !== undefined || peer.disk.isDamaged
}
