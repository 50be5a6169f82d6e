import type { AccountId, AuctionId, Instant } from '../core/ids.ts'
import type { Cents } from '../core/money.ts'
import type { AccountEntry } from './types.ts'

/** Entries of an account that are kept, the newest. */
export const historyMax = 100

/** Where an entry stands: block index and block time. One object for all that happened in a block. */
export interface Moment {
  readonly index: number
  readonly time: Instant
}

type Cell = Moment | string | number | undefined

/** What an entry says, cell by cell: see {@link entryAt}. */
const entryCells = 8

/** The entries as they were, whatever is added later. */
export interface HistoryImage {
  readonly cells: readonly Cell[]
  /** In the cells, the entry that is the oldest; behind the last one the first one follows. */
  readonly oldest: number
}

/**
 * The newest entries of one account: a ring, once it is full. What they say stands in one list, cell by cell: with an object for
 * each of them two for a transfer were most of what applying a long log leaves in memory, and had to be collected again.
 */
export class History {
  #cells: Cell[] = []
  /** Where the next entry goes. */
  #next = 0
  /** An image shows these cells: they are left to it before anything in them changes. */
  #isShown = false

  add(
    moment: Moment,
    kind: AccountEntry['kind'],
    change: number,
    counterparty: AccountId | undefined,
    auction: AuctionId | undefined,
    memo: string,
    available: number,
    held: number,
  ): void {
    if (this.#isShown) {
      this.#cells = this.#cells.slice()
      this.#isShown = false
    }
    const cells = this.#cells
    let at = this.#next * entryCells
    cells[at++] = moment
    cells[at++] = kind
    cells[at++] = change
    cells[at++] = counterparty
    cells[at++] = auction
    cells[at++] = memo
    cells[at++] = available
    cells[at] = held
    this.#next = this.#next + 1 === historyMax ? 0 : this.#next + 1
  }

  /** Costs nothing: cells that it shows are copied when the next entry comes. */
  image(): HistoryImage {
    this.#isShown = true
    return this.#now
  }

  /** Oldest first. */
  list(): readonly AccountEntry[] {
    return entriesOf(this.#now)
  }

  get #now(): HistoryImage {
    const isFull = this.#cells.length === historyMax * entryCells
    return { cells: this.#cells, oldest: isFull ? this.#next : 0 }
  }
}

/** Oldest first. */
export function entriesOf({ cells, oldest }: HistoryImage): readonly AccountEntry[] {
  const count = cells.length / entryCells
  return Array.from({ length: count }, (_, place) => entryAt(cells, ((oldest + place) % count) * entryCells))
}

function entryAt(cells: readonly Cell[], at: number): AccountEntry {
  const { index, time } = cells[at] as Moment
  return {
    index,
    time,
    kind: cells[at + 1] as AccountEntry['kind'],
    change: cells[at + 2] as number,
    counterparty: cells[at + 3] as AccountId | undefined,
    auction: cells[at + 4] as AuctionId | undefined,
    memo: cells[at + 5] as string,
    available: cells[at + 6] as Cents,
    held: cells[at + 7] as Cents,
  }
}
