import type { Random } from '../../src/core/random.ts'
import type { Block } from '../../src/ring/block.ts'
import type { Disk, DiskMeta, Persist } from '../../src/ring/types.ts'
import type { View } from '../../src/ring/view.ts'

/** One peer's false disk: rows that are fsynced, and batches that are on their way there. */
export interface SimDisk {
  /** `rows[i]` is block i; what is here survives every crash. */
  rows: Block[]
  meta: DiskMeta
  /** Batches handed over and not fsynced, oldest first; the first `inFlight` of them are being written. */
  unsynced: Persist[]
  inFlight: number
}

export function createSimDisk(genesis: Block, meta: DiskMeta): SimDisk {
  return { rows: [genesis], meta, unsynced: [], inFlight: 0 }
}

/** One fsync for all that wait: false where one is under way already, or nothing waits. */
export function startSync(disk: SimDisk): boolean {
  if (disk.inFlight > 0 || disk.unsynced.length === 0) return false
  disk.inFlight = disk.unsynced.length
  return true
}

/** The fsync is done; answers the id of its last batch. */
export function finishSync(disk: SimDisk): number {
  const done = disk.unsynced.splice(0, disk.inFlight)
  disk.inFlight = 0
  for (const batch of done) applyBatch(disk, batch)
  return done.at(-1)?.id ?? 0
}

/** The machine dies: of what was not fsynced some prefix is on disk, the rest is gone. Answers how many batches survived. */
export function crashDisk(disk: SimDisk, random: Random): number {
  const survived = random.below(disk.unsynced.length + 1)
  for (const batch of disk.unsynced.slice(0, survived)) applyBatch(disk, batch)
  disk.unsynced = []
  disk.inFlight = 0
  return survived
}

/** What a driver hands to a replica at its start: the newest rows, and every view from the last committed one on. */
export function openDisk(disk: SimDisk, spareBlocks: number): Disk {
  const { rows, meta } = disk
  const from = Math.max(0, Math.min(meta.commit.index, rows.length - 1) - spareBlocks)
  return { meta, blocks: rows.slice(from), views: viewsFrom(rows, meta.commit.index) }
}

function applyBatch(disk: SimDisk, { cutFrom, blocks, meta }: Persist): void {
  if (cutFrom !== undefined) disk.rows.length = Math.min(disk.rows.length, cutFrom)
  for (const block of blocks) disk.rows[block.index] = block
  disk.meta = meta
}

function viewsFrom(rows: readonly Block[], commit: number): readonly View[] {
  const views: View[] = []
  for (let index = rows.length - 1; index >= 0; index--) {
    const { body, epoch } = rows[index] as Block
    if (body.kind === 'ops') continue
    views.push({ epoch, index, members: body.kind === 'view' ? body.members : [body.genesis.founder] })
    if (index <= commit) break
  }
  return views.reverse()
}
