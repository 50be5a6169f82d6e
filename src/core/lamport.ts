/** A Lamport clock (Lamport 1978): counts what happened, so that a cause always has a smaller number than its effect. */
export interface LamportClock {
  readonly time: number
  /** A local event, such as a sending or an append: the clock after it. */
  advance(): number
  /** A frame came that carries its sender's clock. */
  observe(received: number): void
}

export function createLamportClock(start: number): LamportClock {
  return new Counter(start)
}

class Counter implements LamportClock {
  time: number

  constructor(start: number) {
    this.time = start
  }

  advance(): number {
    return ++this.time
  }

  observe(received: number): void {
    this.time = Math.max(this.time, received) + 1
  }
}
