/** A Lamport clock (Lamport 1978): counts what happened, so that a cause always has a smaller number than its effect. */
export interface LamportClock {
  readonly time: number
  /** A local event, such as a sending or an append: the clock after it. */
  advance(): number
  /** A frame came that carries its sender's clock. */
  observe(received: number): void
}

export function createLamportClock(start: number): LamportClock {
  let time = start
  return {
    get time() {
      return time
    },
    advance: () => ++time,
    observe: (received) => {
      time = Math.max(time, received) + 1
    },
  }
}
