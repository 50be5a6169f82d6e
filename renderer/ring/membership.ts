/** What this peer knew of the ring at one moment. */
export interface Sight {
  readonly at: number
  readonly self: string
  readonly epoch: string
  /** In ring order. */
  readonly members: readonly string[]
  readonly suspected: readonly string[]
  /** Members that can be reached, this peer among them. */
  readonly reachable: readonly string[]
  readonly quorum: boolean
  /** Who has lately asked for a new epoch: of a member that means that it leaves in good order. */
  readonly asking: readonly string[]
}

export type News =
  | {
      /** `out`: it is in the ring no more, and nothing was seen that says why. */
      readonly kind: 'suspected' | 'answers' | 'voted-out' | 'left' | 'out' | 'came'
      readonly peer: string
      readonly epoch: string
      readonly at: number
    }
  | { readonly kind: 'quorum-lost' | 'quorum-back'; readonly epoch: string; readonly at: number }

/** Somebody who is in the ring no more, and is still drawn, on the way outwards. */
export interface Departure {
  readonly peer: string
  readonly at: number
  /** Where it stood: so much of the circle after this peer, in ring order, from 0 to 1. */
  readonly share: number
  /** It did not go by itself. */
  readonly isMissed: boolean
}

export interface Membership {
  readonly sight: Sight
  readonly departures: readonly Departure[]
  /** The newest last. */
  readonly news: readonly News[]
}

export const newsMax = 8
/** So long one that left is seen to go. */
export const departingMillis = 1_600

/** The ring as it was seen before, and as it is seen now. */
export function seeRing(before: Membership | undefined, now: Sight): Membership {
  if (before === undefined) return { sight: now, departures: [], news: [] }
  const { at, epoch } = now
  const was = before.sight
  const gone = was.members.filter((peer) => !now.members.includes(peer))
  const why = (peer: string): 'left' | 'voted-out' | 'out' => {
    if (now.asking.includes(peer)) return 'left'
    return was.suspected.includes(peer) || !was.reachable.includes(peer) ? 'voted-out' : 'out'
  }
  const news: News[] = [
    ...now.suspected
      .filter((peer) => now.members.includes(peer) && !was.suspected.includes(peer))
      .map((peer) => ({ kind: 'suspected', peer, epoch, at }) as const),
    ...was.suspected
      .filter((peer) => now.members.includes(peer) && !now.suspected.includes(peer))
      .map((peer) => ({ kind: 'answers', peer, epoch, at }) as const),
    ...gone.map((peer) => ({ kind: why(peer), peer, epoch, at }) as const),
    ...now.members.filter((peer) => !was.members.includes(peer)).map((peer) => ({ kind: 'came', peer, epoch, at }) as const),
    ...(was.quorum === now.quorum ? [] : [{ kind: now.quorum ? 'quorum-back' : 'quorum-lost', epoch, at } as const]),
  ]
  const departures = [
    ...before.departures.filter((departure) => at - departure.at < departingMillis && !now.members.includes(departure.peer)),
    ...gone.map((peer) => ({
      peer,
      at,
      share: shareOf(was, peer),
      isMissed: why(peer) !== 'left',
    })),
  ]
  return { sight: now, departures, news: [...before.news, ...news].slice(-newsMax) }
}

function shareOf({ members, self }: Sight, peer: string): number {
  const own = Math.max(0, members.indexOf(self))
  return ((members.indexOf(peer) - own + members.length) % members.length) / members.length
}
