import type { PeerId } from '../../core/ids.ts'
import { BoundedMap } from '../bounded-map.ts'
import { type Bucket, createBucket } from './bucket.ts'

/** Gossip has no backpressure, and each message costs a signature: a learner says three things a second. */
const gossipOfOne = { perSecond: 100, most: 300 } as const
/** Of all signers that are neither members nor linked with: who can invent one can invent thousands. */
const gossipOfUnlinked = { perSecond: 50, most: 500 } as const
const banMillis = 10_000
const banMillisMax = 300_000
const outcastsMax = 256

export interface Admission {
  /** A message signed by `from` came over the link with `source`, which answers for it as for an own one: signers can be invented. */
  mayBeHeard(source: PeerId, from: PeerId): boolean
  /** It floods by another way. */
  cast(peer: PeerId): void
  /** Whoever is out is refused for a while, longer each time. */
  isOut(peer: PeerId): boolean
}

export interface AdmissionPorts {
  now(): number
  isMember(peer: PeerId): boolean
  isLinked(peer: PeerId): boolean
  /** It has said too much, and is out: it is to be hung up on. */
  onOut(peer: PeerId): void
}

/** Who may say how much by gossip. Members may say anything. */
export function createAdmission({ now, isMember, isLinked, onOut }: AdmissionPorts): Admission {
  const known = new BoundedMap<PeerId, { readonly bucket: Bucket; until: number; ban: number }>(outcastsMax)
  const unlinked = createBucket(gossipOfUnlinked.perSecond, gossipOfUnlinked.most, now)

  const entryOf = (peer: PeerId) => {
    let entry = known.get(peer)
    if (entry === undefined) {
      entry = { bucket: createBucket(gossipOfOne.perSecond, gossipOfOne.most, now), until: 0, ban: banMillis }
      known.set(peer, entry)
    }
    return entry
  }

  const cast = (peer: PeerId): void => {
    const entry = entryOf(peer)
    if (now() < entry.until) return
    entry.until = now() + entry.ban
    entry.ban = Math.min(2 * entry.ban, banMillisMax)
    onOut(peer)
  }

  const isOut = (peer: PeerId): boolean => now() < (known.get(peer)?.until ?? 0)

  /** False once it has said too much. */
  const count = (peer: PeerId): boolean => {
    if (entryOf(peer).bucket.take(1) < 0) cast(peer)
    return !isOut(peer)
  }

  return {
    mayBeHeard(source, from) {
      // A member's signature cannot be invented, and around a broken link somebody has to pass on what it says.
      if (isMember(from)) return !isOut(source)
      if (!isMember(source) && !count(source)) return false
      // Of one that is linked what counts is what it says itself, whoever passes it on.
      if (isLinked(from)) return from === source || count(from)
      if (unlinked.take(0) < 1) return false
      unlinked.take(1)
      return true
    },
    cast,
    isOut,
  }
}
