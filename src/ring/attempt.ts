import type { PeerId } from '../core/ids.ts'
import { appendBlock, dropTail } from './accept.ts'
import { type Block, type Commit, type Head, headOf, signBlock } from './block.ts'
import { ownCheckpoint } from './checkpoint.ts'
import { commitTold, moveCommit } from './commit.ts'
import { whenDurable } from './disk.ts'
import { compareEpochs, type Epoch, epochText, sameEpoch } from './epoch.ts'
import { beginStage, stagedBlocks } from './fetch.ts'
import { isHigher, viewOf } from './log.ts'
import { nextMembers } from './members.ts'
import { raisePromise } from './raise.ts'
import { blockTime } from './room-clock.ts'
import { type Attempt, configPeers, inSomeConfig, isActive, isSilent, note, peerState, type Ring, sendTo } from './state.ts'
import { caughtUpBlocks, timing } from './timing.ts'
import { takeToken } from './token.ts'
import { isCommitQuorum, isViewQuorum, type View } from './view.ts'

/** Starts an epoch of our own above everything seen (PROTOCOL, section 5.1). Only a member of a config of its log may. */
export function startAttempt(ring: Ring, joiners: ReadonlySet<PeerId>, leavers: ReadonlySet<PeerId>, why: string): void {
  if (!inSomeConfig(ring) || ring.failed || ring.forgotBelow !== undefined) return
  const epoch: Epoch = { number: Math.max(ring.highest, ring.promised.number) + 1, initiator: ring.self }
  raisePromise(ring, epoch)
  const attempt: Attempt = {
    epoch,
    joiners,
    leavers,
    phase: 'prepare',
    since: ring.now,
    repeatAt: Number.POSITIVE_INFINITY,
    prepared: false,
    asked: new Set(),
    promises: new Map(),
    viewBlock: undefined,
    configs: [],
    installed: new Set(),
  }
  ring.attempt = attempt
  note(ring, 'attempt-started', { epoch: epochText(epoch), why })
  // A restart must not start this very epoch again: `Prepare` waits for the disk.
  whenDurable(ring, () => {
    if (ring.attempt !== attempt) return
    attempt.prepared = true
    attempt.promises.set(ring.self, { head: headOf(ring.log.head), commit: ring.log.commit })
    askFor(ring, attempt, new Set([...configPeers(ring, ring.log.configs), ...joiners]))
  })
}

export function onPromise(ring: Ring, from: PeerId, epoch: Epoch, head: Head, commit: Commit): void {
  const { attempt } = ring
  if (attempt?.phase === 'prepare' && sameEpoch(attempt.epoch, epoch)) attempt.promises.set(from, { head, commit })
}

/** Somebody has promised more: start over above that after a random wait, without asking around again. */
export function onRefuse(ring: Ring, epoch: Epoch, promised: Epoch): void {
  ring.highest = Math.max(ring.highest, promised.number)
  const { attempt } = ring
  if (attempt?.phase !== 'prepare' || !sameEpoch(attempt.epoch, epoch) || compareEpochs(promised, epoch) <= 0) return
  ring.attempt = undefined
  ring.suspicion.retry = { epoch, joiners: attempt.joiners, leavers: attempt.leavers }
  ring.suspicion.waitUntil = ring.now + ring.random.below(timing.retrySpread)
}

export function onInstalled(ring: Ring, from: PeerId, epoch: Epoch): void {
  const { attempt, activation } = ring
  if (attempt?.phase === 'install' && sameEpoch(attempt.epoch, epoch)) attempt.installed.add(from)
  if (activation !== undefined && sameEpoch(activation.epoch, epoch)) activation.missing.delete(from)
}

/** Takes the attempt as far as the answers allow; gives it up when it takes too long. */
export function advanceAttempt(ring: Ring): void {
  const { attempt } = ring
  ring.due.attempt = Number.POSITIVE_INFINITY
  if (attempt === undefined) return
  if (attempt.phase === 'prepare' && attempt.prepared) choose(ring, attempt)
  if (attempt.phase === 'install') activate(ring, attempt)
  if (ring.attempt !== attempt) return
  const giveUpAt = attempt.since + timing.attemptLife
  if (ring.now >= giveUpAt) {
    ring.attempt = undefined
    ring.suspicion.waitUntil = ring.now + ring.random.below(timing.waitSpread)
    note(ring, 'attempt-given-up', { epoch: epochText(attempt.epoch), phase: attempt.phase })
    return
  }
  if (ring.now >= attempt.repeatAt) repeat(ring, attempt)
  const chooseAt =
    attempt.phase === 'prepare' && ring.now < attempt.since + timing.chooseWait ? attempt.since + timing.chooseWait : giveUpAt
  ring.due.attempt = Math.min(giveUpAt, attempt.repeatAt, chooseAt)
}

function repeat(ring: Ring, attempt: Attempt): void {
  attempt.repeatAt = ring.now + timing.repeat
  const silent = [...attempt.asked].filter((peer) => !attempt.promises.has(peer))
  if (attempt.phase === 'prepare') return sendTo(ring, silent, { kind: 'prepare', epoch: attempt.epoch })
  const missing = [...attempt.promises.keys()].filter((peer) => peer !== ring.self && !attempt.installed.has(peer))
  if (attempt.viewBlock !== undefined)
    sendTo(ring, missing, { kind: 'install', epoch: attempt.epoch, viewBlock: attempt.viewBlock })
}

function askFor(ring: Ring, attempt: Attempt, peers: Iterable<PeerId>): void {
  const fresh = [...peers].filter((peer) => peer !== ring.self && !attempt.asked.has(peer))
  for (const peer of fresh) attempt.asked.add(peer)
  sendTo(ring, fresh, { kind: 'prepare', epoch: attempt.epoch })
  if (fresh.length > 0 || attempt.repeatAt === Number.POSITIVE_INFINITY) attempt.repeatAt = ring.now + timing.repeat
}

/** Step 3: the log with the highest head among the promises is the past, if every config of it has a view quorum. */
function choose(ring: Ring, attempt: Attempt): void {
  if (ring.now < attempt.since + timing.chooseWait && [...attempt.asked].some((peer) => isWorthWaiting(ring, attempt, peer)))
    return
  const { log } = ring
  attempt.promises.set(ring.self, { head: headOf(log.head), commit: log.commit })
  const best = highestPromise(attempt)
  const past = pastUpTo(ring, attempt, best)
  if (past === undefined) return
  const commitIndex = highestCommit(ring, attempt, past)
  const configs = configsOf(ring, past, commitIndex)
  const has = (peer: PeerId): boolean => attempt.promises.has(peer)
  if (!configs.every((view) => isViewQuorum(view.members, has))) return askFor(ring, attempt, configPeers(ring, configs))
  if (compareEpochs(best.head.epoch, attempt.epoch) > 0) {
    ring.highest = Math.max(ring.highest, best.head.epoch.number)
    ring.attempt = undefined
    return
  }
  install(ring, attempt, past, commitIndex, configs)
}

function isWorthWaiting(ring: Ring, attempt: Attempt, peer: PeerId): boolean {
  return !attempt.promises.has(peer) && !isSilent(ring, peer, timing.lately) && peerState(ring, peer).connected
}

function highestPromise(attempt: Attempt): { readonly peer: PeerId; readonly head: Head } {
  let best: { peer: PeerId; head: Head } | undefined
  for (const [peer, { head }] of attempt.promises) if (best === undefined || isHigher(head, best.head)) best = { peer, head }
  return best as { peer: PeerId; head: Head }
}

/** The chosen log as our own one up to `keep`, then `blocks`. */
interface Past {
  readonly keep: number
  readonly blocks: readonly Block[]
}

/** `undefined` while blocks of it are still on their way. */
function pastUpTo(ring: Ring, attempt: Attempt, best: { readonly peer: PeerId; readonly head: Head }): Past | undefined {
  const { log } = ring
  if (best.head.hash === log.head.hash || !isHigher(best.head, headOf(log.head))) return { keep: log.head.index, blocks: [] }
  const staged = stagedBlocks(ring, best.head)
  if (staged === undefined) {
    beginStage(ring, { purpose: 'choose', epoch: attempt.epoch, from: best.peer, target: best.head, viewBlock: undefined })
    return undefined
  }
  const blocks = staged.filter((block) => !log.has(block.index, block.hash))
  return { keep: (blocks[0]?.index ?? log.head.index + 1) - 1, blocks }
}

/** The highest commit of the promises that stands in the chosen log; one that is not there is ignored. */
function highestCommit(ring: Ring, attempt: Attempt, past: Past): number {
  let index = ring.log.commit.index
  for (const { commit } of attempt.promises.values()) {
    const kept = commit.index <= past.keep && ring.log.has(commit.index, commit.hash)
    if (commit.index > index && (kept || past.blocks.some((block) => block.index === commit.index && block.hash === commit.hash)))
      index = commit.index
  }
  return index
}

function configsOf(ring: Ring, past: Past, commitIndex: number): readonly View[] {
  const views = ring.log.configs.filter((view) => view.index <= past.keep)
  for (const block of past.blocks) {
    const view = viewOf(block)
    if (view !== undefined) views.push(view)
  }
  const lastCommitted = views.findLastIndex((view) => view.index <= commitIndex)
  return views.slice(Math.max(0, lastCommitted))
}

/** Step 4: our log becomes the chosen one, with the view block at its end. */
function install(ring: Ring, attempt: Attempt, past: Past, commitIndex: number, configs: readonly View[]): void {
  const { log } = ring
  if (past.keep < log.head.index) dropTail(ring, past.keep + 1)
  for (const block of past.blocks) appendBlock(ring, block)
  ring.stage = undefined
  if (commitIndex > log.commit.index) moveCommit(ring, commitIndex)
  const members = nextMembers({
    self: ring.self,
    configs,
    answered: (peer) => attempt.promises.has(peer),
    leavers: attempt.leavers,
    joiners: [...attempt.joiners].filter((peer) => isCaughtUp(ring, attempt, peer)),
  })
  ring.clock.observe(log.head.lamport)
  const viewBlock = signBlock(
    {
      index: log.head.index + 1,
      epoch: attempt.epoch,
      turn: 0,
      author: ring.self,
      lamport: ring.clock.advance(),
      time: blockTime(ring),
      prevHash: log.head.hash,
      checkpoint: ownCheckpoint(ring),
      body: { kind: 'view', members },
    },
    ring.crypto,
  )
  appendBlock(ring, viewBlock)
  attempt.phase = 'install'
  attempt.viewBlock = viewBlock
  attempt.configs = configs
  attempt.since = ring.now
  attempt.repeatAt = ring.now + timing.repeat
  const others = [...attempt.promises.keys()].filter((peer) => peer !== ring.self)
  sendTo(ring, others, { kind: 'install', epoch: attempt.epoch, viewBlock })
  note(ring, 'view-proposed', { epoch: epochText(attempt.epoch), members: members.length, index: viewBlock.index })
  whenDurable(ring, () => {
    if (ring.attempt === attempt && log.has(viewBlock.index, viewBlock.hash)) attempt.installed.add(ring.self)
  })
}

/** A joiner is in the view only once it has nearly all of the log: before that it would only be waited for. */
function isCaughtUp(ring: Ring, attempt: Attempt, peer: PeerId): boolean {
  const promise = attempt.promises.get(peer)
  return promise !== undefined && promise.head.index + caughtUpBlocks >= ring.log.commit.index
}

/** Step 5: the view block is committed by the answers, and only so; the ring turns. */
function activate(ring: Ring, attempt: Attempt): void {
  const { viewBlock, installed } = attempt
  const has = (peer: PeerId): boolean => installed.has(peer)
  if (viewBlock?.body.kind !== 'view' || !installed.has(ring.self)) return
  const { members } = viewBlock.body
  if (!isCommitQuorum(members, has) || !attempt.configs.every((view) => isViewQuorum(view.members, has))) return
  ring.attempt = undefined
  if (viewBlock.index > ring.log.commit.index) moveCommit(ring, viewBlock.index)
  ring.activation = {
    epoch: attempt.epoch,
    viewBlock,
    missing: new Set(members.filter((member) => member !== ring.self && !installed.has(member))),
  }
  ring.due.activation = ring.now + timing.activatedRepeat
  const told = [...new Set([...attempt.asked, ...members])].filter((peer) => peer !== ring.self)
  sendTo(ring, told, { kind: 'activated', epoch: attempt.epoch, commit: ring.log.commit })
  commitTold(ring, told)
  note(ring, 'epoch-activated', { epoch: epochText(attempt.epoch), members: members.length, index: viewBlock.index })
  if (isActive(ring)) takeToken(ring, 1, new Array(members.length).fill(0), new Array(members.length).fill(false))
}

/** For as long as our epoch lasts, its members that did not answer hear of it again. */
export function repeatActivation(ring: Ring): void {
  const { activation } = ring
  ring.due.activation = Number.POSITIVE_INFINITY
  if (activation === undefined || activation.missing.size === 0) return
  ring.due.activation = ring.now + timing.activatedRepeat
  const missing = [...activation.missing]
  const { viewBlock } = activation
  sendTo(ring, missing, { kind: 'install', epoch: activation.epoch, viewBlock })
  sendTo(ring, missing, { kind: 'activated', epoch: activation.epoch, commit: { index: viewBlock.index, hash: viewBlock.hash } })
}
