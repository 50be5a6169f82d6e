/** So many calls a second for each key, and so many at once after a pause: a bucket that fills up again (token bucket). */
export interface RateLimit {
  /** Counts one call. `undefined`: it may; else whole seconds after which the next one may. */
  take(key: string): number | undefined
  /** Nobody comes with this key any more. */
  forget(key: string): void
}

export interface RateOptions {
  readonly perSecond: number
  readonly burst: number
  /** Keys that are remembered: with one more the one that was quiet for longest goes, and begins anew should it come again. */
  readonly keysMax: number
  /** In milliseconds; default: the process's own. */
  readonly now?: () => number
}

export function createRateLimit({ perSecond, burst, keysMax, now = () => performance.now() }: RateOptions): RateLimit {
  // In the order of their last call: a Map keeps it.
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    take(key) {
      const at = now()
      const bucket = buckets.get(key) ?? { left: burst, at }
      buckets.delete(key)
      buckets.set(key, bucket)
      if (buckets.size > keysMax) buckets.delete(buckets.keys().next().value ?? key)
      bucket.left = Math.min(burst, bucket.left + ((at - bucket.at) / 1_000) * perSecond)
      bucket.at = at
      if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / perSecond))
      bucket.left--
      return undefined
    },
    forget: (key) => void buckets.delete(key),
  }
}
