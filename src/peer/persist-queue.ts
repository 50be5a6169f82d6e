import type { Crypto } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import { type Evidence, encodeEvidence } from '../ring/evidence.ts'
import type { DiskMeta, Persist } from '../ring/types.ts'
import { encodeMeta, evidenceName, toStored } from './disk.ts'
import type { Store } from './ports.ts'

/** Several batches of the ring as one: the same rows as if each had been written by itself, in order. */
export interface MergedPersist {
  /** Of the last batch in it. */
  readonly id: number
  readonly cutFrom: number | undefined
  readonly blocks: Persist['blocks']
  readonly evidence: readonly Evidence[]
  readonly meta: DiskMeta
}

export interface PersistQueue {
  /** Begins at once where nothing is under way; else it shares the next fsync with all that comes meanwhile. */
  add(persist: Persist): void
  /** Resolves when everything added is on disk, or has failed. */
  idle(): Promise<void>
  readonly failed: Failure | undefined
}

export interface PersistQueueOptions {
  readonly store: Store
  readonly crypto: Crypto
  /** Slots for evidence in which nothing is kept. What comes when none is left is kept in memory only. */
  readonly freeSlots: readonly number[]
  /** Every batch up to `id` is on disk. */
  readonly onPersisted: (id: number, meta: DiskMeta) => void
  /** Once. */
  readonly onFailed: (failure: Failure) => void
}

/** One fsync at a time. After a failed write nothing is written any more: a later batch must not leave a gap behind it. */
export function createPersistQueue({ store, crypto, onPersisted, onFailed, ...options }: PersistQueueOptions): PersistQueue {
  const slots = [...options.freeSlots]
  let waiting: MergedPersist | undefined
  let isWriting = false
  let failed: Failure | undefined
  let idlers: (() => void)[] = []

  const writeNext = (): void => {
    const batch = waiting
    if (isWriting) return
    if (batch === undefined) return rest()
    waiting = undefined
    isWriting = true
    // No `await`: whoever drives this by callbacks of his own need not wait for a microtask.
    store.write(toBatch(batch)).then(
      () => {
        // What comes of it is one batch, too.
        onPersisted(batch.id, batch.meta)
        isWriting = false
        writeNext()
      },
      (error: unknown) => {
        isWriting = false
        failed = error instanceof Failure ? error : new Failure('disk-failed', 'A write failed.', {}, { cause: error })
        onFailed(failed)
        rest()
      },
    )
  }

  const toBatch = ({ cutFrom, blocks, evidence, meta }: MergedPersist) => ({
    cutFrom,
    blocks: blocks.map(toStored),
    values: evidence.flatMap((one) => {
      const slot = slots.shift()
      return slot === undefined ? [] : [{ name: evidenceName(slot), bytes: encodeEvidence(one, crypto) }]
    }),
    meta: encodeMeta(meta),
  })

  const rest = (): void => {
    const resting = idlers
    idlers = []
    for (const idle of resting) idle()
  }

  return {
    add(persist) {
      if (failed !== undefined) return
      waiting = mergePersists(waiting, persist)
      writeNext()
    },
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve)
        if (!isWriting) rest()
      }),
    get failed() {
      return failed
    },
  }
}

export function mergePersists(first: MergedPersist | undefined, second: MergedPersist): MergedPersist {
  if (first === undefined) return second
  const { id, meta } = second
  const cut = second.cutFrom
  const evidence = [...first.evidence, ...second.evidence]
  if (cut === undefined) return { id, cutFrom: first.cutFrom, blocks: [...first.blocks, ...second.blocks], evidence, meta }
  const kept = first.blocks.filter((block) => block.index < cut)
  // What the first batch appends begins where it cuts, or after the last row on disk: a cut at or beyond that
  // place takes back only what was never written.
  const begins = first.cutFrom ?? first.blocks[0]?.index
  const cutFrom = begins !== undefined && cut >= begins ? first.cutFrom : cut
  return { id, cutFrom, blocks: [...kept, ...second.blocks], evidence, meta }
}
