/** What happens at one moment of simulated time. Among equals the one that was scheduled first comes first. */
export interface Scheduled {
  readonly at: number
  readonly order: number
  readonly task: () => void
}

/** A binary heap of tasks on simulated milliseconds. */
export class EventQueue {
  readonly #heap: Scheduled[] = []
  #orders = 0

  get size(): number {
    return this.#heap.length
  }

  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  push(at: number, task: () => void): void {
    const heap = this.#heap
    const item = { at, order: this.#orders++, task }
    let place = heap.length
    heap.push(item)
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above] as Scheduled
      if (parent.at <= at) break
      heap[place] = parent
      place = above
    }
    heap[place] = item
  }

  pop(): Scheduled | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Scheduled, heap[below] as Scheduled)) below++
      const child = heap[below] as Scheduled
      if (!isBefore(child, last)) break
      heap[place] = child
      place = below
    }
    heap[place] = last
    return top
  }
}

const isBefore = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
