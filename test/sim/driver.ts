import type { PeerId } from '../../src/core/ids.ts'
import { frameBytesMax } from '../../src/core/limits.ts'
import type { Block } from '../../src/ring/block.ts'
import { decodeFrame, encodeFrame } from '../../src/ring/frame.ts'
import type { Message } from '../../src/ring/message.ts'
import type { Input, Output } from '../../src/ring/types.ts'
import { finishSync, startSync } from './disk.ts'
import { applyTo, crashPeer, endProcess, localNow, restartLater, type SimPeer } from './peer.ts'
import { Violation } from './violation.ts'
import { after, remember, type World } from './world.ts'

/** The driver's part: one input, all its outputs, then the next input. */
export function give(world: World, peer: SimPeer, input: Input): void {
  if (peer.replica === undefined) return
  peer.inbox.push(input)
  if (peer.busy) return
  peer.busy = true
  try {
    for (let next = peer.inbox.shift(); next !== undefined; next = peer.inbox.shift()) step(world, peer, next)
  } finally {
    peer.busy = false
  }
}

function step(world: World, peer: SimPeer, input: Input): void {
  const { replica } = peer
  if (replica === undefined) return
  world.steps++
  world.checks?.before(peer, input)
  const outputs = stepOrViolation(world, peer, input)
  world.checks?.decided(peer, outputs)
  world.trace?.step(peer, input, outputs)
  for (const output of outputs) {
    if (peer.outputsLeft-- <= 0) {
      // The process dies between an input and what it decided to do.
      crashPeer(world, peer)
      return
    }
    world.checks?.output(peer, output)
    carryOut(world, peer, output)
    if (peer.replica !== replica) return
  }
  world.checks?.stepped(peer)
}

function stepOrViolation(world: World, peer: SimPeer, input: Input): readonly Output[] {
  try {
    return peer.replica?.step(localNow(peer, world.now), input) ?? []
  } catch (error) {
    throw new Violation('bug', `step threw ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function carryOut(world: World, peer: SimPeer, output: Output): void {
  switch (output.kind) {
    case 'send':
      for (const to of output.to) transmit(world, peer, to, output.lamport, output.message)
      return
    case 'gossip':
      for (const other of world.peers) if (other !== peer) transmit(world, peer, other.id, output.lamport, output.message)
      return
    case 'persist':
      peer.disk?.unsynced.push(output)
      sync(world, peer)
      return
    case 'apply':
      apply(world, peer, output.blocks)
      return
    case 'wake':
      wake(world, peer, output.at)
      return
    case 'serve': {
      const { what, commit, head } = output
      const blocks = readRows(peer, output.from, output.through)
      transmit(world, peer, output.to, output.lamport, { kind: 'fetched', what, blocks, commit, head })
      return
    }
    case 'stopped':
      if (output.reason.kind !== 'left') throw new Violation('bug', `it stopped: ${describeStop(output.reason)}`)
      if (!peer.leaving) throw new Violation('bug', 'it left without having been asked to')
      peer.left = true
      // What is on its way to the disk gets there: the driver closes the store in good order.
      if (peer.disk !== undefined) {
        peer.disk.inFlight = 0
        while (startSync(peer.disk)) finishSync(peer.disk)
      }
      endProcess(world, peer)
      return
    case 'note':
      return
  }
}

function describeStop(reason: Extract<Output, { kind: 'stopped' }>['reason']): string {
  switch (reason.kind) {
    case 'equivocation':
      return `two blocks ${reason.first.index} of ${reason.author.slice(-1)}`
    case 'state-diverged':
      return `its state differs from ${reason.author.slice(-1)}'s at ${reason.index}`
    case 'bug':
      return `bug: ${reason.message}`
    case 'left':
      return 'left'
  }
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

/** Sends a message over the network of the day. Whoever runs at `to` when it arrives gets it, whichever life that is. */
export function transmit(world: World, from: SimPeer, to: PeerId, lamport: number, message: Message): void {
  const target = world.peers.find((peer) => peer.id === to)
  if (target === undefined || target === from) return
  for (const delay of world.network.delays(from.index, target.index, world.now)) {
    if (world.swarm.codec) deliver(world, target, from.id, lamport, recoded(target, lamport, message), delay)
    else deliver(world, target, from.id, lamport, message, delay)
  }
  if (world.swarm.weights.replay > 0) remember(world, { from: from.index, to: target.index, lamport, message })
}

export function deliver(world: World, to: SimPeer, from: PeerId, lamport: number, message: Message, delay: number): void {
  const run = (): void => {
    if (to.replica === undefined) return
    if (to.pausedUntil > world.now) after(world, to.pausedUntil - world.now, run)
    else give(world, to, { kind: 'receive', from, lamport, message })
  }
  after(world, delay, run)
}

/** The same message, after a journey as bytes. */
function recoded(peer: SimPeer, lamport: number, message: Message): Message {
  const bytes = encodeFrame(lamport, message)
  if (bytes.length > frameBytesMax) throw new Violation('bug', `a ${message.kind} frame of ${bytes.length} bytes`)
  const frame = decodeFrame(bytes, peer.crypto)
  if (frame.kind !== 'frame') throw new Violation('bug', `a ${message.kind} frame does not decode: ${JSON.stringify(frame)}`)
  if (frame.lamport !== lamport) throw new Violation('bug', 'a frame changed its Lamport time on its way')
  return frame.message
}

/** One write at a time; what comes meanwhile shares the next. */
function sync(world: World, peer: SimPeer): void {
  const { disk } = peer
  if (disk === undefined || !startSync(disk)) return
  const { fsyncLeast, fsyncSpread } = world.healed ? healthyFsync : world.swarm
  const slow = peer.slowUntil > world.now ? peer.fsyncExtra : 0
  later(world, peer, fsyncLeast + world.random.next() * fsyncSpread + slow, () => {
    if (peer.diskFull) {
      failWrite(world, peer)
      return
    }
    const id = finishSync(disk)
    give(world, peer, { kind: 'persisted', id })
    if (peer.disk === disk) sync(world, peer)
  })
}

const healthyFsync = { fsyncLeast: 0.5, fsyncSpread: 8 }

/** A full disk: nothing more is written in this life. Somebody makes room, and starts the peer again. */
function failWrite(world: World, peer: SimPeer): void {
  if (peer.disk !== undefined) peer.disk.inFlight = 0
  world.trace?.line(peer, 'write fails', '')
  give(world, peer, { kind: 'persist-failed' })
  later(world, peer, 200 + world.random.below(4_000), () => {
    // Batches after a failed one are never written, so none of them survives.
    if (peer.disk !== undefined) peer.disk.unsynced = []
    crashPeer(world, peer)
    restartLater(world, peer, 50 + world.random.below(500))
  })
}

function apply(world: World, peer: SimPeer, blocks: readonly Block[]): void {
  for (const block of blocks) {
    // The market may have started from a snapshot that is ahead of the commit on disk.
    if (block.index <= peer.market.index) continue
    const outcomes = applyTo(peer.market, block)
    world.checks?.applied(peer, block, outcomes)
    if (block.author === peer.id && block.body.kind === 'ops' && block.body.incarnation === peer.incarnation) {
      peer.settled += block.body.ops.length
    }
    give(world, peer, { kind: 'applied', index: block.index, stateHash: peer.market.stateHash })
  }
  if (world.swarm.snapshots && world.random.chance(0.05)) {
    peer.snapshot = { index: peer.market.index, bytes: peer.market.snapshot() }
  }
}

function readRows(peer: SimPeer, from: number, through: number): readonly Block[] {
  const blocks: Block[] = []
  let bytes = 0
  for (let index = from; index <= through; index++) {
    const block = peer.disk?.rows[index]
    if (block === undefined) break
    bytes += block.bytes.length
    if (blocks.length > 0 && bytes > frameBytesMax / 2) break
    blocks.push(block)
  }
  return blocks
}

/** At most one wake is scheduled that is not too late; one that is too early looks again. */
function wake(world: World, peer: SimPeer, at: number): void {
  // A timer of whole milliseconds fires a little late, never early.
  peer.wakeAt = Math.max(world.now, (at - peer.clockStart) / peer.clockRate + 0.001)
  if (peer.wakeAt < peer.wakeScheduled) scheduleWake(world, peer)
}

function scheduleWake(world: World, peer: SimPeer): void {
  const at = peer.wakeAt
  if (at === Number.POSITIVE_INFINITY) return
  peer.wakeScheduled = at
  later(world, peer, at - world.now, () => {
    if (peer.wakeScheduled !== at) return
    peer.wakeScheduled = Number.POSITIVE_INFINITY
    if (peer.wakeAt > world.now) scheduleWake(world, peer)
    else {
      peer.wakeAt = Number.POSITIVE_INFINITY
      give(world, peer, { kind: 'tick' })
    }
  })
}
