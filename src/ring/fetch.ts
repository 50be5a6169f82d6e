import type { PeerId } from '../core/ids.ts'
import { acceptBlocks } from './accept.ts'
import { type Block, type Commit, headOf } from './block.ts'
import { adoptCommitted } from './catch-up.ts'
import { faultOf } from './chain.ts'
import { viewOf } from './log.ts'
import type { FetchedMessage, FetchMessage } from './message.ts'
import { isActive, note, type Ring, type Stage, sendTo } from './state.ts'
import { fetchedBytesMax, timing } from './timing.ts'

/** Serves what is asked for: from memory, or by way of the driver from the store. */
export function onFetch(ring: Ring, from: PeerId, message: FetchMessage): void {
  const { log } = ring
  const { what } = message
  const last = what === 'committed' ? log.commit.index : log.head.index
  if (message.from > last) return
  const place = { commit: log.commit, head: headOf(log.head) }
  if (message.from < log.base) {
    const through = Math.min(log.commit.index, log.durable)
    ring.outputs.push({ kind: 'serve', to: from, lamport: ring.clock.advance(), what, from: message.from, through, ...place })
    return
  }
  const blocks: Block[] = []
  let bytes = 0
  for (const block of log.slice(message.from, last)) {
    bytes += block.bytes.length
    if (bytes > fetchedBytesMax && blocks.length > 0) break
    blocks.push(block)
  }
  sendTo(ring, [from], { kind: 'fetched', what, blocks, ...place })
}

/** Starts to fetch another peer's log from our commit on, up to a target; a stage towards the same target goes on. */
export function beginStage(ring: Ring, wanted: Omit<Stage, 'blocks'>): void {
  const { stage } = ring
  if (stage?.purpose === wanted.purpose && stage.target.hash === wanted.target.hash) return
  ring.stage = { ...wanted, blocks: [] }
  askForStage(ring)
}

/** The staged blocks after our commit up to `target`, once all are here. */
export function stagedBlocks(ring: Ring, target: Commit): readonly Block[] | undefined {
  const { stage, log } = ring
  if (stage === undefined || stage.target.hash !== target.hash) return undefined
  if (log.commit.hash === target.hash) return []
  alignStage(ring, stage)
  return stage.blocks[stage.blocks.length - 1]?.hash === target.hash ? stage.blocks : undefined
}

export function askForStage(ring: Ring): void {
  const { stage } = ring
  ring.due.stage = Number.POSITIVE_INFINITY
  if (stage === undefined) return
  ring.due.stage = ring.now + timing.repeat
  alignStage(ring, stage)
  const tip = stage.blocks[stage.blocks.length - 1]?.index ?? ring.log.commit.index
  sendTo(ring, [stage.from], { kind: 'fetch', what: 'tail', from: tip + 1 })
}

/** Blocks of another log came. What of it is committed may always be taken over; the rest only where it was asked for. */
export function onFetched(ring: Ring, from: PeerId, message: FetchedMessage): void {
  const committed = message.blocks.filter((block) => block.index <= message.commit.index)
  const rest = message.what === 'tail' && isActive(ring) && ring.stage === undefined
  if (rest) acceptBlocks(ring, from, ring.promised, message.blocks, message.commit)
  if (ring.stopped !== undefined) return
  const before = ring.log.commit.index
  adoptCommitted(ring, from, committed)
  if (message.what === 'tail') extendStage(ring, from, message.blocks)
  // More where that came from: at once, not at the next status. Only where this answer was of use, or two peers could talk for ever.
  const wantsMore = ring.log.commit.index > before && message.commit.index > ring.log.commit.index
  if (message.what === 'committed' && wantsMore && !isActive(ring)) {
    ring.due.sync = ring.now + timing.syncEvery
    sendTo(ring, [from], { kind: 'fetch', what: 'committed', from: ring.log.commit.index + 1 })
  }
}

function extendStage(ring: Ring, from: PeerId, blocks: readonly Block[]): void {
  const { stage } = ring
  if (stage === undefined || stage.from !== from) return
  alignStage(ring, stage)
  const before = stage.blocks.length
  let previous = stage.blocks[before - 1] ?? ring.log.at(ring.log.commit.index)
  let view = stage.blocks.reduce((last, block) => viewOf(block) ?? last, ring.log.committedView)
  for (const block of blocks) {
    if (block.index <= previous.index || previous.hash === stage.target.hash) continue
    const fault = ring.log.has(block.index, block.hash) ? undefined : faultOf(block, previous, view, ring.crypto)
    if (fault !== undefined) {
      // The other log changed between two answers: begin again at our commit.
      stage.blocks.length = 0
      note(ring, 'fetched-refused', { from, index: block.index, fault })
      return
    }
    stage.blocks.push(block)
    view = viewOf(block) ?? view
    previous = block
  }
  if (stage.blocks.length > before && previous.hash !== stage.target.hash) askForStage(ring)
}

/** The commit may have moved since: a stage always starts right after it. */
function alignStage(ring: Ring, stage: Stage): void {
  const { commit } = ring.log
  const passed = stage.blocks.findIndex((block) => block.index > commit.index)
  stage.blocks.splice(0, passed < 0 ? stage.blocks.length : passed)
  const first = stage.blocks[0]
  if (first !== undefined && (first.index !== commit.index + 1 || first.prevHash !== commit.hash)) stage.blocks.length = 0
}
