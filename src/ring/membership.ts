import type { PeerId } from '../core/ids.ts'
import { startAttempt } from './attempt.ts'
import { markChanged } from './disk.ts'
import { compareEpochs, type Epoch, sameEpoch } from './epoch.ts'
import type { RequestPurpose } from './message.ts'
import { configPeers, gossip, inSomeConfig, isActive, type Ring, sendTo, stop } from './state.ts'
import { caughtUpBlocks, timing } from './timing.ts'
import { isCommitQuorum } from './view.ts'

/** Somebody wants in, out, or in again: the next holder serves it (PROTOCOL, section 5). */
export function onRequest(ring: Ring, from: PeerId, purpose: RequestPurpose, above: Epoch): void {
  ring.highest = Math.max(ring.highest, above.number)
  const { requests, log } = ring
  const view = log.installedView
  if (purpose === 'leave') requests.leavers.set(from, above)
  // A present member's counts only if it cannot follow this epoch any more **[L]**.
  else if (!view.members.includes(from) || compareEpochs(above, view.epoch) > 0) requests.joiners.add(from)
}

/** The holder collects requests for a moment, gives the token up, and initiates: inside the critical section. */
export function advanceRequests(ring: Ring): void {
  const { hold } = ring.token
  if (hold === undefined || !isActive(ring)) return
  const { members } = ring.log.installedView
  const joiners = [...ring.requests.joiners].filter((peer) => peer !== ring.self)
  const leavers = servableLeavers(ring, members)
  const stays = ring.leaving && members.some((member) => member !== ring.self && !ring.requests.leavers.has(member))
  if (stays || joiners.length + leavers.length === 0) {
    hold.collectSince = undefined
    if (ring.leaving && members.length === 1) stop(ring, { kind: 'left' })
    return
  }
  hold.collectSince ??= ring.now
  const dueAt = hold.collectSince + timing.collect
  if (ring.now < dueAt) {
    ring.due.token = Math.min(ring.due.token, dueAt)
    return
  }
  hold.collectSince = undefined
  const outside = new Set(joiners.filter((peer) => !members.includes(peer)))
  startAttempt(ring, outside, new Set(ring.requests.leavers.keys()), 'requests')
}

/** Asks to join, to rejoin or to leave, again and again until it is so. */
export function repeatRequest(ring: Ring): void {
  ring.due.request = ring.now + timing.requestEvery
  if (ring.leaving) {
    ring.requests.leavers.set(ring.self, ring.promised)
    return request(ring, 'leave', ring.promised)
  }
  if (isActive(ring) || ring.attempt !== undefined || ring.failed) return
  // A disk that hangs could not answer the epoch that we ask for: one after the other would be made in vain.
  if (!sameEpoch(ring.disk.promised, ring.promised)) return
  if (ring.forgotBelow !== undefined) return requestAsForgotten(ring, ring.forgotBelow)
  if (inSomeConfig(ring)) return request(ring, 'rejoin', above(ring))
  if (isCaughtUp(ring)) request(ring, 'join', above(ring))
}

/** A leaver goes only when nobody can need its answer any more **[L]**. */
export function leaveWhenFree(ring: Ring): void {
  if (!ring.leaving || ring.stopped !== undefined) return
  const view = ring.log.committedView
  if (inSomeConfig(ring) || compareEpochs(ring.promised, view.epoch) > 0) return
  const has = (peer: PeerId): boolean => {
    const persisted = ring.peers.get(peer)?.persistedCommit
    return persisted !== undefined && compareEpochs(persisted.epoch, view.epoch) >= 0 && persisted.index >= view.index
  }
  if (isCommitQuorum(view.members, has)) stop(ring, { kind: 'left' })
}

/** Leavers in the view, and those that promised something above it and so may still be needed. */
function servableLeavers(ring: Ring, members: readonly PeerId[]): readonly PeerId[] {
  const { epoch } = ring.log.installedView
  return [...ring.requests.leavers]
    .filter(([peer, promised]) => peer !== ring.self && (members.includes(peer) || compareEpochs(promised, epoch) > 0))
    .map(([peer]) => peer)
}

/** What the next epoch must be above: one more where this peer restarted in the very epoch that it promised. */
function above(ring: Ring): Epoch {
  return sameEpoch(ring.startedIn, ring.promised) ? { ...ring.promised, number: ring.promised.number + 1 } : ring.promised
}

/** Asks for an epoch above all that it sees: the one that leaves it out. Fixed at the first asking. */
function requestAsForgotten(ring: Ring, forgotBelow: number): void {
  if (forgotBelow === 0) {
    if (![...ring.peers.values()].some((peer) => peer.persistedCommit !== undefined)) return
    ring.forgotBelow = ring.highest + 1
    markChanged(ring, {})
  }
  const number = ring.forgotBelow ?? ring.highest + 1
  request(ring, 'rejoin', { number, initiator: ring.self })
}

/** Before that it is a learner: it gets the log and counts nowhere. */
function isCaughtUp(ring: Ring): boolean {
  let highest = -1
  for (const { persistedCommit } of ring.peers.values()) highest = Math.max(highest, persistedCommit?.index ?? -1)
  return highest >= 0 && ring.log.commit.index + caughtUpBlocks >= highest
}

function request(ring: Ring, purpose: RequestPurpose, aboveEpoch: Epoch): void {
  const message = { kind: 'request', purpose, above: aboveEpoch } as const
  sendTo(ring, [...configPeers(ring, ring.log.configs)], message)
  gossip(ring, message)
}
