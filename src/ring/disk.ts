import { headOf } from './block.ts'
import type { Ring } from './state.ts'

/** The log or the promise changed: the next batch, at the end of this step, carries it. */
export function markChanged(ring: Ring, change: { readonly from?: number; readonly cut?: boolean }): void {
  const { disk } = ring
  disk.metaChanged = true
  if (change.from === undefined) return
  disk.changedFrom = Math.min(disk.changedFrom ?? change.from, change.from)
  if (change.cut !== true) return
  disk.cut = true
  // What is under way may still put the dropped blocks on disk: it vouches for nothing beyond the cut.
  for (const batch of disk.underway) batch.head = Math.min(batch.head, change.from - 1)
}

/** Does `then` once everything changed so far is on disk: what depends on the disk leaves only there. */
export function whenDurable(ring: Ring, then: () => void): void {
  const { disk } = ring
  const changed = disk.metaChanged || disk.changedFrom !== undefined
  const id = disk.issued + (changed ? 1 : 0)
  if (!changed && disk.underway.length === 0) then()
  else disk.waiting.push({ id, then })
}

/** Emits one batch for all that changed in this step. */
export function flushDisk(ring: Ring): void {
  const { disk, log } = ring
  if (!disk.metaChanged || ring.failed) return
  const from = disk.changedFrom
  const id = ++disk.issued
  disk.underway.push({ id, head: log.head.index, promised: ring.promised, commit: log.commit })
  ring.outputs.push({
    kind: 'persist',
    id,
    cutFrom: disk.cut ? from : undefined,
    blocks: from === undefined ? [] : log.slice(from, log.head.index),
    meta: {
      head: headOf(log.head),
      promised: ring.promised,
      incarnation: ring.incarnation,
      commit: log.commit,
      forgotBelow: ring.forgotBelow,
    },
  })
  disk.changedFrom = undefined
  disk.cut = false
  disk.metaChanged = false
  ring.due.commitFlush = Number.POSITIVE_INFINITY
}

/** Every batch up to `id` is on disk. What waited for that goes on, in order. */
export function onPersisted(ring: Ring, id: number): void {
  const { disk, log } = ring
  let done = disk.underway[0]
  while (disk.underway.length > 0 && (disk.underway[0] as { id: number }).id <= id) done = disk.underway.shift()
  if (done === undefined || done.id > id) return
  log.durable = Math.max(log.durable, Math.min(done.head, log.head.index))
  disk.promised = done.promised
  disk.commit = done.commit
  while (disk.waiting.length > 0 && (disk.waiting[0] as { id: number }).id <= id) disk.waiting.shift()?.then()
}
