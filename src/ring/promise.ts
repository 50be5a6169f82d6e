import type { PeerId } from '../core/ids.ts'
import { appendBlock, dropTail } from './accept.ts'
import { type Block, type Commit, isSignedByAuthor } from './block.ts'
import { learnCommit } from './commit.ts'
import { whenDurable } from './disk.ts'
import { compareEpochs, type Epoch, sameEpoch } from './epoch.ts'
import { beginStage, stagedBlocks } from './fetch.ts'
import { raisePromise } from './raise.ts'
import { note, type Ring, sendTo } from './state.ts'
import { timing } from './timing.ts'

/** Step 2: promise what is higher, answer the same again, refuse what is lower (PROTOCOL, section 5.2). */
export function onPrepare(ring: Ring, from: PeerId, epoch: Epoch): void {
  ring.highest = Math.max(ring.highest, epoch.number)
  if (ring.forgotBelow !== undefined || ring.failed) return
  const order = compareEpochs(ring.promised, epoch)
  if (order > 0) return sendTo(ring, [from], { kind: 'refuse', epoch, promised: ring.promised })
  if (order < 0) raisePromise(ring, epoch)
  whenDurable(ring, () => {
    // The head is read after the promise took force, and is on disk **[S2, S3]**.
    if (sameEpoch(ring.promised, epoch))
      sendTo(ring, [from], { kind: 'promise', epoch, head: ring.log.durableHead, commit: ring.log.commit })
  })
}

/** Step 4: our log becomes the initiator's, if our promise is still for its epoch. */
export function onInstall(ring: Ring, from: PeerId, epoch: Epoch, viewBlock: Block): void {
  if (ring.forgotBelow !== undefined || ring.failed || !isProposal(ring, epoch, viewBlock)) return
  if (!sameEpoch(ring.promised, epoch)) return
  // A repeated one changes nothing: the peer only answers again **[S1, S3]**.
  if (ring.log.has(viewBlock.index, viewBlock.hash)) return answerInstalled(ring, from, epoch, viewBlock)
  const past: Commit = { index: viewBlock.index - 1, hash: viewBlock.prevHash }
  if (ring.log.has(past.index, past.hash)) return replaceLog(ring, from, epoch, [], viewBlock)
  beginStage(ring, { purpose: 'install', epoch, from, target: past, viewBlock })
}

/** Goes on with an `Install` once the blocks before its view are here. */
export function advanceInstall(ring: Ring): void {
  const { stage } = ring
  if (stage?.purpose !== 'install' || stage.viewBlock === undefined) return
  const blocks = stagedBlocks(ring, stage.target)
  if (blocks === undefined) return
  ring.stage = undefined
  // Looked at again in the very step that replaces the log, after all fetching **[S3]**.
  if (sameEpoch(ring.promised, stage.epoch)) replaceLog(ring, stage.from, stage.epoch, blocks, stage.viewBlock)
}

export function onActivated(ring: Ring, from: PeerId, epoch: Epoch, commit: Commit): void {
  ring.highest = Math.max(ring.highest, epoch.number)
  if (ring.log.has(commit.index, commit.hash)) return learnCommit(ring, commit)
  if (compareEpochs(ring.promised, epoch) > 0 || ring.log.commit.index >= commit.index) return
  ring.due.sync = ring.now + timing.syncEvery
  sendTo(ring, [from], { kind: 'fetch', what: 'committed', from: ring.log.commit.index + 1 })
}

function isProposal(ring: Ring, epoch: Epoch, viewBlock: Block): boolean {
  const { body } = viewBlock
  return (
    body.kind === 'view' &&
    sameEpoch(viewBlock.epoch, epoch) &&
    viewBlock.author === epoch.initiator &&
    body.members.includes(epoch.initiator) &&
    (ring.log.has(viewBlock.index, viewBlock.hash) || isSignedByAuthor(viewBlock, ring.crypto))
  )
}

/** Replaces a conflicting tail from the first block that differs on, and appends the view: one atomic batch. */
function replaceLog(ring: Ring, from: PeerId, epoch: Epoch, blocks: readonly Block[], viewBlock: Block): void {
  const { log } = ring
  const wanted = [...blocks, viewBlock]
  const fork = wanted.find((block) => !log.has(block.index, block.hash))
  if (fork === undefined) return answerInstalled(ring, from, epoch, viewBlock)
  if (fork.index <= log.head.index) dropTail(ring, fork.index)
  for (const block of wanted) if (block.index >= fork.index) appendBlock(ring, block)
  note(ring, 'view-installed', { number: epoch.number, index: viewBlock.index })
  answerInstalled(ring, from, epoch, viewBlock)
}

/** Once the view block is on disk, and only if no later promise was made during the fsync **[S2, S3]**. */
function answerInstalled(ring: Ring, to: PeerId, epoch: Epoch, viewBlock: Block): void {
  whenDurable(ring, () => {
    const onDisk = ring.log.has(viewBlock.index, viewBlock.hash) && ring.log.durable >= viewBlock.index
    if (onDisk && sameEpoch(ring.promised, epoch)) sendTo(ring, [to], { kind: 'installed', epoch })
  })
}
