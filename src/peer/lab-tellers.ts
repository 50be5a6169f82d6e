import type { PeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'
import { recording } from './recording.ts'

/** Those who have said something on the topic `lab`: so many, and so much of each. All times are monotonic. */
export interface LabTellers {
  /** False: it is not heard, since it says too much, or since there are too many already. */
  hears(peer: PeerId, now: number): boolean
  /** Records of it came. */
  recorded(peer: PeerId, now: number): void
  /** Whose records came lately, in the order of their ids. */
  recorders(now: number): readonly PeerId[]
  clear(): void
}

interface Teller {
  /** Heard so often in the second that began at `since`. */
  since: number
  count: number
  recordedAt: number
}

export function createLabTellers(isMember: (peer: PeerId) => boolean): LabTellers {
  const tellers = new Map<PeerId, Teller>()

  const hasManyStrangers = (): boolean => [...tellers.keys()].filter((peer) => !isMember(peer)).length >= recording.strangersMax

  const tellerOf = (peer: PeerId, now: number): Teller | undefined => {
    const known = tellers.get(peer)
    if (known !== undefined) return known
    for (const [other, { since }] of tellers) if (now - since > recording.watchLasts) tellers.delete(other)
    if (tellers.size >= recording.strangersMax + roomMembersMax || (!isMember(peer) && hasManyStrangers())) return undefined
    const teller = { since: now, count: 0, recordedAt: Number.NEGATIVE_INFINITY }
    tellers.set(peer, teller)
    return teller
  }

  return {
    hears(peer, now) {
      const teller = tellerOf(peer, now)
      if (teller === undefined) return false
      if (now - teller.since >= 1_000) Object.assign(teller, { since: now, count: 0 })
      return ++teller.count <= recording.heardPerSecond
    },
    recorded(peer, now) {
      const teller = tellers.get(peer)
      if (teller !== undefined) teller.recordedAt = now
    },
    recorders: (now) =>
      [...tellers]
        .filter(([, { recordedAt }]) => now - recordedAt <= recording.watchLasts)
        .map(([peer]) => peer)
        .sort(),
    clear: () => tellers.clear(),
  }
}
