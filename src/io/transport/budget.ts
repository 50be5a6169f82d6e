import { createBucket } from './bucket.ts'

/** What somebody who is no member may send: enough to catch up, to join and to be heard. */
const framesPerSecond = 500
const burstFrames = 1_000
/** Longer, and a paused stream would pass for a dead one. */
const pauseMillisMax = 2_000
/** So far over the budget nobody is by honest work: what waits in the other's buffers would only keep coming. */
const floodFrames = 5_000
/** So many bytes count like one frame more. */
const frameBytes = { ring: 4 * 1024, bulk: 10 * 1024 } as const

export interface Budget {
  /** For so much that has come, before any of it is looked at. False: it is so far over that this is a flood. */
  charge(frames: number, bytes: number): boolean
  /** How many of the frames that have come are not paid for yet: they are looked at later. */
  readonly debt: number
  /** For how long to wait until some of that is paid, in milliseconds. */
  readonly pauseMillis: number
}

/**
 * A token bucket for one stream. A socket is read until it is empty before others are looked at: without a bound one
 * stranger with small frames keeps every member waiting for as long as it likes to send.
 */
export function createBudget(lane: keyof typeof frameBytes, now: () => number): Budget {
  const bucket = createBucket(framesPerSecond, burstFrames, now)
  const debt = (): number => Math.max(0, -bucket.take(0))
  return {
    charge: (frames, bytes) => bucket.take(frames + Math.floor(bytes / frameBytes[lane])) >= -floodFrames,
    get debt() {
      return Math.ceil(debt())
    },
    get pauseMillis() {
      return Math.min(pauseMillisMax, (debt() / framesPerSecond) * 1_000)
    },
  }
}
