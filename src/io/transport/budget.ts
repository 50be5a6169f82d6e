/** Frames that somebody who is no member may send: enough to catch up, to join and to be heard. */
const framesPerSecond = 500
const burstFrames = 1_000
/** Longer, and a paused stream would pass for a dead one. */
const pauseMillisMax = 2_000

/**
 * A token bucket for one stream. A socket is read until it is empty before others are looked at: without a bound one
 * stranger with small frames keeps every member waiting for as long as it likes to send.
 */
export function createBudget(now: () => number): { spend(frames: number): number } {
  let left = burstFrames
  let at = now()
  return {
    /** For how many milliseconds nothing more is to be read after so many frames; 0: read on. */
    spend(frames) {
      const time = now()
      left = Math.min(burstFrames, left + ((time - at) / 1_000) * framesPerSecond) - frames
      at = time
      return left >= 0 ? 0 : Math.min(pauseMillisMax, (-left / framesPerSecond) * 1_000)
    },
  }
}
