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

/**
 * A token bucket for one stream. A socket is read until it is empty before others are looked at: without a bound one
 * stranger with small frames keeps every member waiting for as long as it likes to send.
 */
export function createBudget(lane: keyof typeof frameBytes, now: () => number): { spend(frames: number, bytes: number): number } {
  const bucket = createBucket(framesPerSecond, burstFrames, now)
  return {
    /** For how many milliseconds nothing more is to be read after so much; 0: read on; `Infinity`: this is a flood. */
    spend(frames, bytes) {
      const left = bucket.take(frames + Math.floor(bytes / frameBytes[lane]))
      if (left < -floodFrames) return Number.POSITIVE_INFINITY
      return left >= 0 ? 0 : Math.min(pauseMillisMax, (-left / framesPerSecond) * 1_000)
    },
  }
}
