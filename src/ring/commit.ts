import type { PeerId } from '../core/ids.ts'
import type { Block, Commit } from './block.ts'
import { compareEpochs, type Epoch, sameEpoch } from './epoch.ts'
import { isActive, ownBatch, peerState, type Ring, sendTo } from './state.ts'
import { timing } from './timing.ts'

/** A peer says up to where it has the log of an epoch on disk. Reports of one peer only grow. */
export function reportDurable(ring: Ring, peer: PeerId, epoch: Epoch, index: number): void {
  const state = peerState(ring, peer)
  const order = state.durable === undefined ? 1 : compareEpochs(epoch, state.durable.epoch)
  if (order > 0 || (order === 0 && index > (state.durable?.index ?? -1))) {
    state.durable = { epoch, index }
    countDurable(ring)
  }
}

/** This peer's own log reached the disk up to `durable`: count it, and tell the authors of what is new (PROTOCOL, section 3). */
export function reportOwnDurable(ring: Ring, before: number): void {
  const { log } = ring
  // A batch that finished after a promise vouches for nothing: its blocks may be dropped **[S3]**.
  if (!isActive(ring) || log.durable <= log.installedView.index) return
  const authors = new Set<PeerId>()
  for (let index = Math.max(before, log.installedView.index) + 1; index <= log.durable; index++) authors.add(log.at(index).author)
  authors.delete(ring.self)
  sendTo(ring, [...authors], { kind: 'durable', epoch: ring.promised, index: log.durable })
  reportDurable(ring, ring.self, ring.promised, log.durable)
}

/**
 * Commits what a commit quorum of the installed view has on disk. Never the view block itself, which is committed only
 * by activating its epoch **[S2, S3]**; earlier epochs are committed by standing before (PROTOCOL, section 4).
 */
export function countDurable(ring: Ring): void {
  const { log } = ring
  const view = log.installedView
  if (view !== log.lastView) return
  const reached: number[] = []
  for (const member of view.members) {
    const durable = ring.peers.get(member)?.durable
    reached.push(durable !== undefined && sameEpoch(durable.epoch, view.epoch) ? durable.index : -1)
  }
  reached.sort((a, b) => b - a)
  const index = Math.min(reached[view.members.length >> 1] ?? -1, log.head.index)
  if (index <= view.index || index <= log.commit.index) return
  moveCommit(ring, index)
  ring.due.commitTell = Math.min(ring.due.commitTell, ring.now + timing.commitTell)
}

/** Another peer's commit, taken over only where our own log has that very block, never by index alone **[S2]**. */
export function learnCommit(ring: Ring, commit: Commit): void {
  if (commit.index > ring.log.commit.index && ring.log.has(commit.index, commit.hash)) moveCommit(ring, commit.index)
}

/** `index` is known to be committed: hands out what is new, once, in order. */
export function moveCommit(ring: Ring, index: number): void {
  const newly = ring.log.commitTo(index)
  for (const block of newly) {
    const own = ownBatch(ring, block)
    if (own !== undefined) ring.own.committed(own.firstSequence, own.count)
  }
  ring.outputs.push({ kind: 'apply', blocks: newly as readonly Block[] })
  ring.progressAt = ring.now
  ring.due.commitFlush = Math.min(ring.due.commitFlush, ring.now + timing.commitFlush)
}

/** A frame that names our commit has left for these peers. */
export function commitTold(ring: Ring, peers: readonly PeerId[]): void {
  for (const peer of peers) peerState(ring, peer).commitTold = ring.log.commit.index
}

/** Nothing else carried the commit in time: say it by itself. */
export function tellCommit(ring: Ring, members: readonly PeerId[]): void {
  const { log } = ring
  const late = members.filter((member) => member !== ring.self && peerState(ring, member).commitTold < log.commit.index)
  sendTo(ring, late, { kind: 'committed', epoch: ring.promised, commit: log.commit })
  commitTold(ring, late)
}
