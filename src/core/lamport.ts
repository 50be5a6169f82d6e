import { numberMax } from './limits.ts'

/** A Lamport clock (Lamport 1978): counts what happened, so that a cause always has a smaller number than its effect. */
export interface LamportClock {
  readonly time: number
  /** A local event, such as a sending or an append: the clock after it. */
  advance(): number
  /** A frame came that carries its sender's clock. */
  observe(received: number): void
  /** What it was told beyond that turned out to lead nowhere. */
  goBackTo(most: number): void
}

export function createLamportClock(start: number): LamportClock {
  return new Counter(start)
}

class Counter implements LamportClock {
  time: number

  constructor(start: number) {
    this.time = start
  }

  /** Not beyond what can be read: a clock that has come to its end stands still, and whoever has it can still be heard. */
  advance(): number {
    if (this.time < numberMax) this.time++
    return this.time
  }

  observe(received: number): void {
    this.time = Math.max(this.time, received)
    this.advance()
  }

  goBackTo(most: number): void {
    this.time = Math.min(this.time, most)
  }
}
