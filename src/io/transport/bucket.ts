/** So much a second, and so much at once after a rest. */
export interface Bucket {
  /** Answers what is left, below 0 where too much was taken. */
  take(count: number): number
}

export function createBucket(perSecond: number, most: number, now: () => number): Bucket {
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
