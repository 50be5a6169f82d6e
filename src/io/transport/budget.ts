/** What somebody who is no member may send: enough to catch up, to join and to be heard. */
const framesPerSecond = 500
const burstFrames = 1_000
/** Longer, and a paused stream would pass for a dead one. */
const pauseMillisMax = 2_000
/** So far over the budget nobody is by honest work: what waits in the other's buffers would only keep coming. */
const floodFrames = 5_000
/** So many bytes count like one frame more. */
const frameBytes = { ring: 4 * 1024, bulk: 40 * 1024 } as const

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

/** Gossip has no backpressure, and each message costs a signature: a learner says three things a second. */
const gossipPerSecond = 100
const gossipBurst = 1_000
const banMillis = 10_000
const banMillisMax = 300_000
const outcastsMax = 256

/** Who is no member and says so much by gossip that its connections are refused for a while, longer each time. */
export interface Outcasts {
  /** A message of this peer came. True once it has said too much: it is to be hung up on. */
  heard(peer: string): boolean
  /** It floods by another way. */
  cast(peer: string): void
  isOut(peer: string): boolean
}

export function createOutcasts(now: () => number): Outcasts {
  const known = new Map<string, { readonly bucket: Bucket; until: number; ban: number }>()
  const entryOf = (peer: string) => {
    let entry = known.get(peer)
    if (entry === undefined) {
      if (known.size >= outcastsMax) for (const oldest of known.keys()) if (known.delete(oldest)) break
      entry = { bucket: createBucket(gossipPerSecond, gossipBurst, now), until: 0, ban: banMillis }
      known.set(peer, entry)
    }
    return entry
  }
  const cast = (peer: string): void => {
    const entry = entryOf(peer)
    if (now() < entry.until) return
    entry.until = now() + entry.ban
    entry.ban = Math.min(2 * entry.ban, banMillisMax)
  }
  return {
    heard(peer) {
      if (entryOf(peer).bucket.take(1) >= 0) return false
      cast(peer)
      return true
    },
    cast,
    isOut: (peer) => now() < (known.get(peer)?.until ?? 0),
  }
}

interface Bucket {
  /** Answers what is left, below 0 where too much was taken. */
  take(count: number): number
}

function createBucket(perSecond: number, most: number, now: () => number): Bucket {
  let left = most
  let at = now()
  return {
    take(count) {
      const time = now()
      left = Math.min(most, left + ((time - at) / 1_000) * perSecond) - count
      at = time
      return left
    },
  }
}
