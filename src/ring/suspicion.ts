import type { PeerId } from '../core/ids.ts'
import { startAttempt } from './attempt.ts'
import { type Epoch, sameEpoch } from './epoch.ts'
import { configPeers, inSomeConfig, isActive, isSilent, note, type Ring, sendTo } from './state.ts'
import { timing } from './timing.ts'
import { isViewQuorum, nextInRing, previousInRing } from './view.ts'

/** Asks around before an epoch is started: a peer with a bad link must not disturb a healthy room (PROTOCOL, section 5). */
export function onPreVote(ring: Ring, from: PeerId, attempt: number, suspect: PeerId | undefined): void {
  if ((ring.now - ring.suspicion.promisedAt < timing.quietAgree && !isSettled(ring)) || ring.forgotBelow !== undefined) return
  const cannotReach = suspect !== undefined && suspect !== ring.self && isSilent(ring, suspect, timing.suspectAfter)
  if (cannotReach || missesToken(ring, 1) || isStalled(ring, timing.commitStallAgree) || !isActive(ring)) {
    sendTo(ring, [from], { kind: 'agree', attempt, promised: ring.promised })
  }
}

export function onAgree(ring: Ring, from: PeerId, attempt: number, promised: Epoch): void {
  ring.highest = Math.max(ring.highest, promised.number)
  const { preVote } = ring.suspicion
  if (preVote?.attempt === attempt) preVote.agreed.add(from)
}

/** Looks for a failure, asks around, and starts an epoch when a view quorum of every config agrees. */
export function advanceSuspicion(ring: Ring): void {
  const { suspicion } = ring
  if (ring.attempt !== undefined || ring.failed || ring.forgotBelow !== undefined) return
  const { preVote, retry } = suspicion
  if (preVote !== undefined) return countPreVote(ring, preVote)
  if (retry !== undefined) {
    if (ring.now < suspicion.waitUntil) return
    suspicion.retry = undefined
    return startAttempt(ring, retry.joiners, retry.leavers, 'refused')
  }
  if ((ring.now < suspicion.quietUntil && !isSettled(ring)) || ring.now < suspicion.waitUntil || !inSomeConfig(ring)) return
  const doubt = findDoubt(ring)
  if (doubt !== undefined) startPreVote(ring, doubt)
}

/** A peer that alone is a view quorum of every config waits for nobody. */
export function startAlone(ring: Ring): void {
  const alone = ring.log.configs.every((view) => isViewQuorum(view.members, (peer) => peer === ring.self))
  if (alone) startAttempt(ring, new Set(), new Set(), 'alone')
}

interface Doubt {
  readonly why: 'unacknowledged' | 'silent' | 'stalled' | 'token-lost'
  readonly suspect: PeerId | undefined
}

function findDoubt(ring: Ring): Doubt | undefined {
  if (isActive(ring)) {
    const { handing } = ring.token
    if (
      handing !== undefined &&
      (ring.now - handing.since > timing.suspectAfter || isSilent(ring, handing.to, Number.POSITIVE_INFINITY))
    ) {
      return { why: 'unacknowledged', suspect: handing.to }
    }
    const { members } = ring.log.installedView
    for (const neighbour of [nextInRing(members, ring.self), previousInRing(members, ring.self)]) {
      if (neighbour !== ring.self && isSilent(ring, neighbour, timing.suspectAfter)) return { why: 'silent', suspect: neighbour }
    }
    if (isStalled(ring, timing.commitStall)) return { why: 'stalled', suspect: undefined }
  }
  return missesToken(ring, ring.leaving ? 2 : 1) ? { why: 'token-lost', suspect: undefined } : undefined
}

/** The promised epoch has come about: what happens now is a new matter, and needs no quiet time. */
function isSettled(ring: Ring): boolean {
  return isActive(ring) && sameEpoch(ring.log.committedView.epoch, ring.promised)
}

function missesToken(ring: Ring, patience: number): boolean {
  return ring.token.hold === undefined && ring.now - ring.token.signAt > patience * timing.tokenTimeout + ring.pace.idleHop
}

function isStalled(ring: Ring, wait: number): boolean {
  return ring.log.head.index > ring.log.commit.index && ring.now - ring.progressAt > wait
}

function startPreVote(ring: Ring, doubt: Doubt): void {
  const attempt = ++ring.suspicion.preVotes
  ring.suspicion.preVote = { attempt, since: ring.now, agreed: new Set([ring.self]) }
  note(ring, 'pre-vote', { why: doubt.why, suspect: doubt.suspect })
  sendTo(ring, [...configPeers(ring, ring.log.configs)], { kind: 'pre-vote', attempt, suspect: doubt.suspect })
  countPreVote(ring, ring.suspicion.preVote)
}

function countPreVote(ring: Ring, preVote: NonNullable<Ring['suspicion']['preVote']>): void {
  const has = (peer: PeerId): boolean => preVote.agreed.has(peer)
  if (ring.log.configs.every((view) => isViewQuorum(view.members, has))) {
    ring.suspicion.preVote = undefined
    startAttempt(ring, new Set(ring.requests.joiners), new Set(ring.requests.leavers.keys()), 'failure')
  } else if (ring.now - preVote.since > timing.preVoteLife) {
    ring.suspicion.preVote = undefined
    ring.suspicion.waitUntil = ring.now + timing.repeat + ring.random.below(timing.waitSpread)
  }
}
