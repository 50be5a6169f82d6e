import type { DiskMeta, Persist } from '../ring/types.ts'
import { encodeMeta, toStored } from './disk.ts'
import { Failure, type Store } from './ports.ts'

/** Several batches of the ring as one: the same rows as if each had been written by itself, in order. */
export interface MergedPersist {
  /** Of the last batch in it. */
  readonly id: number
  readonly cutFrom: number | undefined
  readonly blocks: Persist['blocks']
  readonly meta: DiskMeta
}

export interface PersistQueue {
  /** Begins at once where nothing is under way; else it shares the next fsync with all that comes meanwhile. */
  add(persist: Persist): void
  /** Resolves when everything added is on disk, or has failed. */
  idle(): Promise<void>
  readonly failed: Failure | undefined
}

/** One fsync at a time. After a failed write nothing is written any more: a later batch must not leave a gap behind it. */
export function createPersistQueue(
  store: Store,
  onPersisted: (id: number, meta: DiskMeta) => void,
  onFailed: (failure: Failure) => void,
): PersistQueue {
  let waiting: MergedPersist | undefined
  let underWay: Promise<void> | undefined
  let failed: Failure | undefined

  const writeAll = async (): Promise<void> => {
    while (waiting !== undefined && failed === undefined) {
      const batch = waiting
      waiting = undefined
      try {
        await store.write({ cutFrom: batch.cutFrom, blocks: batch.blocks.map(toStored), meta: encodeMeta(batch.meta) })
      } catch (error) {
        failed = error instanceof Failure ? error : new Failure('disk-failed', 'A write failed.', {}, { cause: error })
        onFailed(failed)
        break
      }
      onPersisted(batch.id, batch.meta)
    }
    underWay = undefined
  }

  return {
    add(persist) {
      if (failed !== undefined) return
      waiting = mergePersists(waiting, persist)
      underWay ??= writeAll()
    },
    async idle() {
      while (underWay !== undefined) await underWay
    },
    get failed() {
      return failed
    },
  }
}

export function mergePersists(first: MergedPersist | undefined, second: MergedPersist): MergedPersist {
  if (first === undefined) return second
  const { id, meta } = second
  const cut = second.cutFrom
  if (cut === undefined) return { id, cutFrom: first.cutFrom, blocks: [...first.blocks, ...second.blocks], meta }
  const kept = first.blocks.filter((block) => block.index < cut)
  // What the first batch appends begins where it cuts, or after the last row on disk: a cut at or beyond that
  // place takes back only what was never written.
  const begins = first.cutFrom ?? first.blocks[0]?.index
  const cutFrom = begins !== undefined && cut >= begins ? first.cutFrom : cut
  return { id, cutFrom, blocks: [...kept, ...second.blocks], meta }
}
