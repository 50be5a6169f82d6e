import type { Disk } from './disk.ts'
import { decodeHead, encodeHead, type Head } from './rows.ts'

/**
 * LevelDB hides damage: it drops batches that were synced, and takes an emptied journal for a new one. So what it was last
 * asked to keep stands in a small file beside it, in two slots written in turn, each the head as it was after a batch. It is
 * synced after LevelDB's batch: LevelDB may be ahead of it, by what came in the last moment before a crash, and never behind.
 */

/** `damaged`: neither slot can be read. A number: a slot is of that later format. */
export interface Testimony {
  readonly head: Head | number | 'damaged'
  /** The older slot, or the one that cannot be read: the next to be written. */
  readonly slot: 0 | 1
}

export const witnessName = 'witness'
/** So far apart that no sector and no page holds parts of both. */
const slotBytes = 4096
/** In milliseconds: with the sync, no more than 50 from a batch to its testimony. More costs safety, less syncs. */
const patience = 30

/** The whole file of a store that has none yet. */
export function newWitness(head: Head): Uint8Array {
  const bytes = new Uint8Array(2 * slotBytes)
  bytes.set(encodeHead(head))
  return bytes
}

export function readWitness(bytes: Uint8Array): Testimony {
  const [first, second] = [decodeHead(bytes.subarray(0, slotBytes)), decodeHead(bytes.subarray(slotBytes))]
  if (typeof first === 'number') return { head: first, slot: 1 }
  if (typeof second === 'number' || first === 'damaged') return { head: second, slot: 0 }
  if (second === 'damaged' || first.batch > second.batch) return { head: first, slot: 1 }
  return { head: second, slot: 0 }
}

export interface Witness {
  /** Of the head as it is kept, after LevelDB's batch with it is synced. Written soon, and what comes meanwhile with it. */
  note(head: Uint8Array): void
  /** Writes what is not written yet, and closes the file. */
  close(): Promise<void>
}

/** `onFailed`: a batch without its testimony would be one that nobody misses, so there is to be none after it. */
export async function openWitness(disk: Disk, first: 0 | 1, onFailed: (error: unknown) => void): Promise<Witness> {
  const file = await disk.openFile(witnessName)
  let slot = first
  let latest: Uint8Array | undefined
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = (): Promise<void> => {
    cancel?.()
    cancel = undefined
    writing = writing.then(async () => {
      if (latest === undefined) return
      const bytes = latest
      latest = undefined
      await file.write(bytes, slot * slotBytes)
      await file.sync()
      slot = slot === 0 ? 1 : 0
    })
    return writing
  }

  return {
    note(head) {
      latest = head
      cancel ??= disk.after(patience, () => void write().catch(onFailed))
    },
    close: () => write().finally(() => file.close()),
  }
}
