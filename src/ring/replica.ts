import { assertNever, Bug } from '../core/assert.ts'
import type { PeerId } from '../core/ids.ts'
import { acceptBlocks } from './accept.ts'
import { advanceAttempt, onInstalled, onPromise, onRefuse, repeatActivation } from './attempt.ts'
import { onApplied } from './checkpoint.ts'
import { learnCommit, reportDurable, reportOwnDurable, tellCommit } from './commit.ts'
import { flushDisk, markChanged, onPersisted } from './disk.ts'
import { sameEpoch } from './epoch.ts'
import { askForStage, onFetch, onFetched } from './fetch.ts'
import { inspectRing } from './inspect.ts'
import { advanceRequests, leaveWhenFree, onRequest, repeatRequest } from './membership.ts'
import type { Domain, Message } from './message.ts'
import { openRing } from './open.ts'
import { advanceInstall, onActivated, onInstall, onPrepare } from './promise.ts'
import { onPong, ownClock, pingMembers } from './room-clock.ts'
import { gossip, isActive, note, peerState, type Ring, sendTo, stop } from './state.ts'
import { onStatus, sendStatus } from './status.ts'
import { advanceSuspicion, onAgree, onPreVote, startAlone } from './suspicion.ts'
import { announceBytesMax, announceOpsMax, timing } from './timing.ts'
import {
  advanceToken,
  enterEpoch,
  onToken,
  onTokenAck,
  onWant,
  repeatToken,
  repeatWant,
  sendOwedAck,
  takeArrived,
} from './token.ts'
import type { Input, Output, Replica, ReplicaOptions } from './types.ts'

/** One peer of the ring log (PROTOCOL, sections 1 to 5). */
export function createReplica(options: ReplicaOptions): Replica {
  const ring = openRing(options)
  let started = false
  let wakeAt = Number.NaN
  return {
    view: inspectRing(ring),
    step(now, input): readonly Output[] {
      ring.outputs = []
      ring.now = Math.max(ring.now, now)
      if (ring.stopped !== undefined) return ring.outputs
      try {
        if (!started) {
          started = true
          startAlone(ring)
        }
        handle(ring, input)
        advance(ring)
      } catch (error) {
        if (!(error instanceof Bug)) throw error
        stop(ring, { kind: 'bug', message: error.message })
      }
      if (ring.stopped !== undefined) return endWithStop(ring)
      flushDisk(ring)
      const next = nextDue(ring)
      if (next !== wakeAt) {
        wakeAt = next
        ring.outputs.push({ kind: 'wake', at: next })
      }
      return ring.outputs
    },
  }
}

/** What the handlers recorded is acted upon here, always in the same order. */
function advance(ring: Ring): void {
  if (ring.stopped !== undefined) return
  if (!sameEpoch(ring.token.epoch, ring.log.installedView.epoch)) enterEpoch(ring)
  runDue(ring)
  advanceInstall(ring)
  advanceSuspicion(ring)
  advanceAttempt(ring)
  if (ring.token.arriving !== undefined) takeArrived(ring)
  advanceRequests(ring)
  advanceToken(ring)
  leaveWhenFree(ring)
}

function handle(ring: Ring, input: Input): void {
  switch (input.kind) {
    case 'tick':
      return
    case 'receive':
      return receive(ring, input.from, input.lamport, input.message)
    case 'persisted': {
      const before = ring.log.durable
      onPersisted(ring, input.id)
      if (ring.log.durable > before) reportOwnDurable(ring, before)
      return
    }
    case 'persist-failed':
      ring.failed = true
      ring.attempt = undefined
      return note(ring, 'persist-failed', {})
    case 'submit':
      return submit(ring, input.domain, input.ops)
    case 'withdraw':
      ring.own.withdraw(input.sequence, input.replacement)
      return
    case 'applied':
      return onApplied(ring, input.index, input.stateHash)
    case 'link':
      return onLink(ring, input.peer, input.state)
    case 'leave':
      ring.leaving = true
      ring.due.request = ring.now
      return
    default:
      assertNever(input)
  }
}

function receive(ring: Ring, from: PeerId, lamport: number, message: Message): void {
  ring.clock.observe(lamport)
  const peer = peerState(ring, from)
  peer.heardAt = ring.now
  peer.refused = false
  peer.connected = true
  switch (message.kind) {
    case 'token':
      return onToken(ring, from, message)
    case 'blocks':
      return acceptBlocks(ring, from, message.epoch, message.blocks, message.commit)
    case 'durable':
      return reportDurable(ring, from, message.epoch, message.index)
    case 'token-ack':
      return onTokenAck(ring, from, message.epoch, message.turn)
    case 'want':
      return onWant(ring, from, message.epoch, message.request)
    case 'committed':
      return learnCommit(ring, message.commit)
    case 'status':
      return onStatus(ring, from, message)
    case 'ping':
      return sendTo(ring, [from], { kind: 'pong', nonce: message.nonce, wallClock: ownClock(ring) })
    case 'pong':
      return onPong(ring, from, message.nonce, message.wallClock)
    case 'request':
      return onRequest(ring, from, message.purpose, message.above)
    case 'pre-vote':
      return onPreVote(ring, from, message.attempt, message.suspect)
    case 'agree':
      return onAgree(ring, from, message.attempt, message.promised)
    case 'prepare':
      return onPrepare(ring, from, message.epoch)
    case 'promise':
      return onPromise(ring, from, message.epoch, message.head, message.commit)
    case 'refuse':
      return onRefuse(ring, message.epoch, message.promised)
    case 'install':
      return onInstall(ring, from, message.epoch, message.viewBlock)
    case 'installed':
      return onInstalled(ring, from, message.epoch)
    case 'activated':
      return onActivated(ring, from, message.epoch, message.commit)
    case 'fetch':
      return onFetch(ring, from, message)
    case 'fetched':
      return onFetched(ring, from, message)
    case 'announce':
      return
    default:
      assertNever(message)
  }
}

function submit(ring: Ring, domain: Domain, ops: readonly Uint8Array[]): void {
  ring.own.submit(domain, ops)
  if (ring.token.hold === undefined) ring.due.announce = Math.min(ring.due.announce, ring.now + timing.announceEvery)
}

/** For eyes: what waits for the token (PROTOCOL, section 2). */
function announce(ring: Ring): void {
  ring.due.announce = Number.POSITIVE_INFINITY
  if (ring.token.hold !== undefined || ring.own.unwritten === 0) return
  const { domain, ops } = ring.own.announcement(announceOpsMax, announceBytesMax)
  if (ops.length === 0) return
  const announced = ops.map((op) => ({ ...op, incarnation: ring.incarnation }))
  gossip(ring, { kind: 'announce', domain, epoch: ring.promised, request: ring.token.request, ops: announced })
}

function onLink(ring: Ring, peer: PeerId, state: 'up' | 'down' | 'refused'): void {
  const known = peerState(ring, peer)
  known.connected = state === 'up'
  known.refused = state === 'refused'
}

function runDue(ring: Ring): void {
  const { due, now } = ring
  if (now >= due.status) sendStatus(ring)
  if (now >= due.ack) sendOwedAck(ring)
  if (now >= due.tokenRepeat) repeatToken(ring)
  if (now >= due.want) repeatWant(ring)
  if (now >= due.announce) announce(ring)
  if (now >= due.commitTell) {
    due.commitTell = Number.POSITIVE_INFINITY
    if (isActive(ring)) tellCommit(ring, ring.log.installedView.members)
  }
  if (now >= due.commitFlush) {
    due.commitFlush = Number.POSITIVE_INFINITY
    markChanged(ring, {})
  }
  if (now >= due.stage) askForStage(ring)
  if (now >= due.activation) repeatActivation(ring)
  if (now >= due.request) repeatRequest(ring)
  if (now >= due.ping) pingMembers(ring)
  if (now >= due.suspicion) due.suspicion = now + timing.suspicionEvery
}

function nextDue(ring: Ring): number {
  const { due } = ring
  const frequent = Math.min(
    due.status,
    due.suspicion,
    due.token,
    due.ack,
    due.tokenRepeat,
    due.want,
    due.commitTell,
    due.commitFlush,
  )
  return Math.min(frequent, due.announce, due.attempt, due.activation, due.request, due.ping, due.stage)
}

/** Nothing but what was said so far, and the end. */
function endWithStop(ring: Ring): readonly Output[] {
  const last = ring.outputs.findIndex((output) => output.kind === 'stopped')
  const stopped = ring.outputs.splice(last, 1)
  flushDisk(ring)
  ring.outputs.push(...stopped)
  return ring.outputs
}
