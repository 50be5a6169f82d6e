import { assert } from '../core/assert.ts'
import type { PeerId } from '../core/ids.ts'
import { acceptBlocks, appendBlock, askForTail } from './accept.ts'
import { type Block, headOf, signBlock } from './block.ts'
import { ownCheckpoint } from './checkpoint.ts'
import { commitTold, learnCommit } from './commit.ts'
import { type Epoch, sameEpoch } from './epoch.ts'
import type { TokenMessage } from './message.ts'
import { blockTime } from './room-clock.ts'
import { type Hold, isActive, note, otherMembers, type Ring, sendTo, stop } from './state.ts'
import { timing, windowBlocks } from './timing.ts'
import { seeTurn } from './turns.ts'
import { nextInRing } from './view.ts'

/** A token came. Only an active peer takes one, and only one newer than any it took in this epoch **[S1]**. */
export function onToken(ring: Ring, from: PeerId, message: TokenMessage): void {
  if (!isActive(ring) || !sameEpoch(message.epoch, ring.promised)) return
  acceptBlocks(ring, from, message.epoch, message.blocks, message.commit)
  if (message.turn <= ring.token.taken) return acknowledge(ring, from, message.epoch, message.turn)
  ring.token.arriving = { from, message }
  takeArrived(ring)
}

/** Takes a token that has arrived, once the log reaches its head; asks for what is missing until then. */
export function takeArrived(ring: Ring): void {
  const { token, log } = ring
  if (token.arriving === undefined || ring.stopped !== undefined) return
  const { from, message } = token.arriving
  if (!isActive(ring) || !sameEpoch(message.epoch, ring.promised) || message.turn <= token.taken) {
    token.arriving = undefined
  } else if (log.head.index < message.head.index) {
    askForTail(ring, from)
  } else if (log.head.hash !== message.head.hash) {
    stop(ring, { kind: 'bug', message: `the token's head ${message.head.index} does not extend the log at ${log.head.index}` })
  } else {
    token.arriving = undefined
    const owed = token.ackOwed
    if (owed !== undefined) acknowledge(ring, owed.to, owed.epoch, owed.turn)
    learnCommit(ring, message.commit)
    takeToken(ring, message.turn, message.served, message.wants)
    token.ackOwed = { to: from, epoch: message.epoch, turn: message.turn }
    ring.due.ack = ring.now + timing.ackWait
  }
}

/** In the critical section from here on. */
export function takeToken(ring: Ring, turn: number, served: readonly number[], wants: readonly boolean[]): void {
  const { token } = ring
  token.taken = turn
  token.handing = undefined
  token.hold = { turn, appended: false, served: [...served], wants: [...wants], restsSince: ring.now, collectSince: undefined }
  seeTurn(ring, ring.promised, turn)
}

export function onWant(ring: Ring, from: PeerId, epoch: Epoch, request: number): void {
  const { token, log } = ring
  if (!sameEpoch(epoch, log.installedView.epoch)) return
  if (request > (token.requested.get(from) ?? 0)) token.requested.set(from, request)
}

/** The successor has the token: stop repeating it. */
export function onTokenAck(ring: Ring, from: PeerId, epoch: Epoch, turn: number): void {
  const { handing } = ring.token
  if (handing?.to === from && sameEpoch(handing.message.epoch, epoch) && handing.message.turn === turn)
    ring.token.handing = undefined
}

/** A view of another epoch is on disk: all counts of the token start anew (PROTOCOL, section 2). */
export function enterEpoch(ring: Ring): void {
  const { token } = ring
  token.epoch = ring.log.installedView.epoch
  token.taken = 0
  token.requested.clear()
  token.request = 0
  token.requestServed = 0
  token.bitSet = false
  token.handing = undefined
  token.signAt = ring.now
  ring.progressAt = ring.now
  ring.requests.joiners.clear()
  ring.requests.leavers.clear()
  ring.gap.ahead.clear()
}

/** What the holder does next: append, keep, or pass; and what a peer without the token does to get it. */
export function advanceToken(ring: Ring): void {
  const { token, due } = ring
  due.token = Number.POSITIVE_INFINITY
  settleHanding(ring)
  if (token.hold === undefined) return askForToken(ring)
  if (!isActive(ring) && !ring.failed) return
  const fresh: Block[] = []
  const to = useToken(ring, token.hold, fresh)
  broadcast(ring, fresh, to)
  if (to !== undefined) pass(ring, to, fresh)
}

/** Appends what may be appended; answers whom the token goes to now, `undefined`: it stays. */
function useToken(ring: Ring, hold: Hold, fresh: Block[]): PeerId | undefined {
  for (;;) {
    if (!hold.appended && ring.own.unwritten > 0 && !ring.failed && isWindowOpen(ring)) {
      // So that blocks grow with the load: our last one reaches our own disk first, or 2 ms pass.
      if (isAwaitingOwnFsync(ring)) return undefined
      fresh.push(appendOwn(ring, hold))
    }
    if (hold.collectSince !== undefined) return undefined
    const to = successor(ring, hold)
    if (to !== ring.self) return to
    hold.turn++
    hold.appended = false
    ring.token.taken = hold.turn
    seeTurn(ring, ring.promised, hold.turn)
  }
}

function successor(ring: Ring, hold: Hold): PeerId | undefined {
  const { members } = ring.log.installedView
  const place = members.indexOf(ring.self)
  // With the window full nobody could use the token: it rests, rather than run round in vain.
  for (let step = 1; step < members.length && isWindowOpen(ring); step++) {
    const i = (place + step) % members.length
    const member = members[i] as PeerId
    if (hold.wants[i] === true || (ring.token.requested.get(member) ?? 0) > (hold.served[i] ?? 0)) return member
  }
  if (ring.own.unwritten > 0 && hold.appended && isWindowOpen(ring) && !ring.failed) return ring.self
  if (members.length === 1) return undefined
  if (ring.failed) return nextInRing(members, ring.self)
  // A leaver leaves the work to a member that stays **[L]**.
  const stays = ring.leaving ? members.find((member) => member !== ring.self && !ring.requests.leavers.has(member)) : undefined
  if (stays !== undefined) return stays
  const restsUntil = hold.restsSince + ring.pace.idleHop
  if (ring.now >= restsUntil) return nextInRing(members, ring.self)
  ring.due.token = Math.min(ring.due.token, restsUntil)
  return undefined
}

const isWindowOpen = (ring: Ring): boolean => ring.log.head.index - ring.log.commit.index < windowBlocks

function isAwaitingOwnFsync(ring: Ring): boolean {
  const { ownAppend } = ring.token
  if (ownAppend === undefined || ring.log.durable >= ownAppend.index) return false
  const until = ownAppend.at + timing.ownFsyncWait
  if (ring.now >= until) return false
  ring.due.token = Math.min(ring.due.token, until)
  return true
}

function appendOwn(ring: Ring, hold: Hold): Block {
  const { log } = ring
  assert(isActive(ring), 'only an active peer appends')
  ring.clock.observe(log.head.lamport)
  const batch = ring.own.nextBatch()
  const block = signBlock(
    {
      index: log.head.index + 1,
      epoch: ring.promised,
      turn: hold.turn,
      author: ring.self,
      lamport: ring.clock.advance(),
      time: blockTime(ring),
      prevHash: log.head.hash,
      checkpoint: ownCheckpoint(ring),
      body: { kind: 'ops', incarnation: ring.incarnation, firstSequence: batch.firstSequence, ops: batch.ops },
    },
    ring.crypto,
  )
  appendBlock(ring, block)
  hold.appended = true
  hold.restsSince = ring.now
  ring.token.ownAppend = { index: block.index, at: ring.now }
  note(ring, 'appended', { index: block.index, turn: hold.turn, ops: batch.ops.length })
  return block
}

/** The block goes to all; the successor gets it in one frame with the token. */
function broadcast(ring: Ring, fresh: readonly Block[], successorNow: PeerId | undefined): void {
  if (fresh.length === 0) return
  const { token } = ring
  const others = otherMembers(ring).filter((member) => member !== successorNow)
  sendTo(ring, others, { kind: 'blocks', epoch: ring.promised, blocks: fresh, commit: ring.log.commit })
  commitTold(ring, others)
  if (token.ackOwed !== undefined && others.includes(token.ackOwed.to)) token.ackOwed = undefined
}

function pass(ring: Ring, to: PeerId, fresh: readonly Block[]): void {
  const { token, log } = ring
  const { hold } = token
  if (hold === undefined) return
  const place = log.installedView.members.indexOf(ring.self)
  hold.served[place] = token.request
  hold.wants[place] = ring.own.unwritten > 0 && !ring.failed
  token.requestServed = token.request
  token.bitSet = hold.wants[place] === true
  token.hold = undefined
  const message: TokenMessage = {
    kind: 'token',
    epoch: log.installedView.epoch,
    turn: hold.turn + 1,
    head: headOf(log.head),
    commit: log.commit,
    served: hold.served,
    wants: hold.wants,
    blocks: fresh,
  }
  token.handing = { to, message, since: ring.now }
  if (token.ackOwed?.to === to) token.ackOwed = undefined
  ring.due.tokenRepeat = ring.now + timing.repeat
  sendTo(ring, [to], message)
  commitTold(ring, [to])
  note(ring, 'token-passed', { to, turn: message.turn })
}

/** A newer turn seen anywhere proves that the successor took the token. */
function settleHanding(ring: Ring): void {
  const { token } = ring
  const { handing } = token
  if (handing !== undefined && sameEpoch(token.signEpoch, handing.message.epoch) && token.signTurn >= handing.message.turn)
    token.handing = undefined
}

/** A token that was sent to one member is never sent to another: the same one again, until it is acknowledged. */
export function repeatToken(ring: Ring): void {
  const { handing } = ring.token
  ring.due.tokenRepeat = Number.POSITIVE_INFINITY
  if (handing === undefined) return
  ring.due.tokenRepeat = ring.now + timing.repeat
  sendTo(ring, [handing.to], handing.message)
}

export function sendOwedAck(ring: Ring): void {
  const owed = ring.token.ackOwed
  ring.due.ack = Number.POSITIVE_INFINITY
  if (owed !== undefined) acknowledge(ring, owed.to, owed.epoch, owed.turn)
}

function acknowledge(ring: Ring, to: PeerId, epoch: Epoch, turn: number): void {
  ring.token.ackOwed = undefined
  if (isActive(ring) && sameEpoch(epoch, ring.promised)) sendTo(ring, [to], { kind: 'token-ack', epoch, turn })
}

/** REQUEST of token-based mutual exclusion: one for all that waits, unless the token knows already. */
function askForToken(ring: Ring): void {
  const { token, due } = ring
  if (ring.own.unwritten === 0 || !isActive(ring)) return
  if (token.request > token.requestServed) return
  token.request++
  token.wantWait = timing.wantRepeatFirst
  due.want = ring.now + token.wantWait
  if (!token.bitSet) sendWant(ring)
}

export function repeatWant(ring: Ring): void {
  const { token, due } = ring
  due.want = Number.POSITIVE_INFINITY
  if (token.hold !== undefined || ring.own.unwritten === 0 || !isActive(ring)) return
  token.wantWait = Math.min(token.wantWait * 2, timing.wantRepeatMost)
  due.want = ring.now + token.wantWait
  sendWant(ring)
}

const sendWant = (ring: Ring): void =>
  sendTo(ring, otherMembers(ring), { kind: 'want', epoch: ring.promised, request: ring.token.request })
