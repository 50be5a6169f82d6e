import type { PeerId } from '../../core/ids.ts'
import { BoundedMap } from '../bounded-map.ts'
import { type Bucket, createBucket } from './bucket.ts'

/** Where hearsay comes from: a peer, or discovery. */
export type Teller = PeerId | 'network'

/** What others tell may lead to so many dials: of one teller, and of all together. */
const hearsayOfOne = { perSecond: 2, most: 32 } as const
const hearsayOfNetwork = { perSecond: 8, most: 128 } as const
const hearsayOfAll = { perSecond: 16, most: 256 } as const
const tellersMax = 256

/**
 * Dials that hearsay may cost. A room of 128 is met by one member's list, then by those of the members met, and dials back;
 * but one list of invented addresses is not 1,330 dials in 15 s.
 */
export function createHearsayRates(now: () => number): {
  has(teller: Teller): boolean
  /** For one dial. `false`: not now. */
  spend(teller: Teller): boolean
} {
  const all = createBucket(hearsayOfAll.perSecond, hearsayOfAll.most, now)
  const tellers = new BoundedMap<Teller, Bucket>(tellersMax)
  const bucketOf = (teller: Teller): Bucket => {
    const known = tellers.get(teller)
    if (known !== undefined) return known
    const { perSecond, most } = teller === 'network' ? hearsayOfNetwork : hearsayOfOne
    const bucket = createBucket(perSecond, most, now)
    tellers.set(teller, bucket)
    return bucket
  }
  const has = (teller: Teller): boolean => bucketOf(teller).take(0) >= 1 && all.take(0) >= 1
  return {
    has,
    spend(teller) {
      if (!has(teller)) return false
      bucketOf(teller).take(1)
      all.take(1)
      return true
    },
  }
}
