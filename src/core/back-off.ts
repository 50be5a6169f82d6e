/** How long to wait before something is tried again: longer from one loss to the next, and little again once it has held. */
export interface BackOff {
  /** It is there, as of `now`. */
  opened(now: number): void
  /** It went, or was not to be had: so many milliseconds until the next try. */
  lost(now: number): number
}

const waitsMillis = [200, 500, 1_000] as const
const waitMillisMax = 2_000
/** What lasts no longer than this was not worth the try. */
const heldMillis = 5_000

/** Times are those of any clock that only goes forward, in milliseconds. */
export function createBackOff(): BackOff {
  let losses = 0
  let openedAt: number | undefined
  return {
    opened(now) {
      openedAt = now
    },
    lost(now) {
      if (openedAt !== undefined && now - openedAt >= heldMillis) losses = 0
      openedAt = undefined
      return waitsMillis[losses++] ?? waitMillisMax
    },
  }
}
