import type { Line } from './lines.ts'

/** Lines of the log by their blocks' indexes, of which only those around what is looked at are here. */
export interface LogPages {
  /** `undefined`: not here (yet). */
  line(index: number): Line | undefined
  /** These are looked at now, the last one included; what was wanted before, and has not been asked for, is wanted no more. */
  want(first: number, last: number): void
  /** Another number whenever a line has come. */
  version(): number
  subscribe(listener: () => void): () => void
}

export interface LogPagesOptions {
  /** Blocks from `from` on, `count` at most; fewer where they are large. */
  readonly load: (from: number, count: number) => Promise<readonly Line[]>
  /** Lines of a page, 100 unless told: more are fewer questions, and longer answers. */
  readonly pageSize?: number
  /** Pages that are kept, 60 unless told; never fewer than are looked at. */
  readonly pagesMax?: number
}

/** A scroll of a finger passes ten thousand lines: only where it rests is asked for, one question at a time. */
export function createLogPages({ load, pageSize = 100, pagesMax = 60 }: LogPagesOptions): LogPages {
  /** The one used last comes last. */
  const pages = new Map<number, Line[]>()
  const listeners = new Set<() => void>()
  let version = 0
  let wanted = { first: 0, last: -1 }
  let isLoading = false

  const pageOf = (index: number): number => Math.floor(index / pageSize)
  const line = (index: number): Line | undefined => pages.get(pageOf(index))?.[index % pageSize]

  /** The first run of lines that is missing in what is wanted, within one page. */
  const nextGap = (): { readonly from: number; readonly count: number } | undefined => {
    for (let index = wanted.first; index <= wanted.last; index++) {
      if (line(index) !== undefined) continue
      const end = (pageOf(index) + 1) * pageSize
      // The page as a whole, so that a few lines more need no question more.
      const start = pages.has(pageOf(index)) ? index : pageOf(index) * pageSize
      return { from: start, count: end - start }
    }
    return undefined
  }

  const keep = (lines: readonly Line[]): void => {
    for (const one of lines) {
      const number = pageOf(one.index)
      const page = pages.get(number) ?? []
      page[one.index % pageSize] = one
      pages.delete(number)
      pages.set(number, page)
    }
    for (const oldest of pages.keys()) {
      if (pages.size <= pagesMax) break
      const isWanted = oldest >= pageOf(wanted.first) && oldest <= pageOf(wanted.last)
      if (!isWanted) pages.delete(oldest)
    }
    version++
    for (const listener of [...listeners]) listener()
  }

  const loadWanted = async (): Promise<void> => {
    if (isLoading) return
    isLoading = true
    try {
      for (let gap = nextGap(); gap !== undefined; gap = nextGap()) {
        const before = wanted
        const lines = await load(gap.from, gap.count)
        keep(lines)
        // What is not there yet is asked for again when somebody looks again, and not without an end.
        if (lines.length === 0 && before === wanted) break
      }
    } catch {
      // Refused, or lost: the next look asks again.
    } finally {
      isLoading = false
    }
  }

  return {
    line,
    want(first, last) {
      wanted = { first: Math.max(0, first), last }
      void loadWanted()
    },
    version: () => version,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
