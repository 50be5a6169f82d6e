import type { Block } from '../ring/block.ts'
import type { Clock } from './ports.ts'

/**
 * Committed blocks on their way into the market, in order. A few go at once; of a long log that comes in one slice after the other,
 * so that everything else goes on between two of them.
 */
export interface Applier {
  add(blocks: readonly Block[]): void
  /** Blocks wait: the market is behind what is known to be committed. */
  readonly isBehind: boolean
  /** Resolves when no block waits. */
  idle(): Promise<void>
  /** What waits is not applied any more. */
  close(): void
}

export interface ApplierOptions {
  readonly clock: Pick<Clock, 'soon'>
  /** So many operations make a slice, or one block: more lets everything else wait longer, fewer cost more turns of the loop. */
  readonly sliceOps: number
  readonly apply: (block: Block) => void
  /** A slice is over that nobody waited for. */
  readonly onSlice: () => void
  /** One failed: nothing more is applied. */
  readonly onError: (error: unknown) => void
}

/** Usual size of a slice: a few milliseconds' worth. */
export const applySliceOps = 1_500
/** What a block costs beside its operations, counted in those. */
const blockCost = 8

export function createApplier({ clock, sliceOps, apply, onSlice, onError }: ApplierOptions): Applier {
  let waiting: Block[] = []
  let next = 0
  let isScheduled = false
  const idlers: (() => void)[] = []

  const applySlice = (): void => {
    let left = sliceOps
    do {
      const block = waiting[next++]
      if (block === undefined) break
      left -= blockCost + (block.body.kind === 'ops' ? block.body.ops.length : 0)
      apply(block)
    } while (left > 0)
    if (next < waiting.length) schedule()
    else rest()
  }

  const schedule = (): void => {
    isScheduled = true
    clock.soon(() => {
      isScheduled = false
      try {
        applySlice()
        onSlice()
      } catch (error) {
        rest()
        onError(error)
      }
    })
  }

  const rest = (): void => {
    waiting = []
    next = 0
    for (const idle of idlers.splice(0)) idle()
  }

  return {
    add(blocks) {
      for (const block of blocks) waiting.push(block)
      if (!isScheduled) applySlice()
    },
    get isBehind() {
      return next < waiting.length
    },
    idle: () =>
      new Promise((resolve) => {
        if (next < waiting.length) idlers.push(resolve)
        else resolve()
      }),
    close: rest,
  }
}
