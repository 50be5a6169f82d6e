import type { PeerView } from '../../src/api/views.ts'
import type { History } from './history.ts'
import type { Departure, Membership, News } from './membership.ts'
import type { RingView, TokenStep } from './types.ts'

/** The ring as it is drawn and as it is told in words: both say the same. */
export interface Seen {
  readonly self: string
  readonly epoch: string
  readonly quorum: boolean
  /** In ring order. */
  readonly members: readonly string[]
  readonly reachable: readonly string[]
  /** Those that follow the room, and are in no ring. */
  readonly outside: readonly string[]
  readonly departures: readonly Departure[]
  readonly news: readonly News[]
  /** Its last move; `undefined`: nobody knows where it is. */
  readonly token: TokenStep | undefined
  /** Who waits for the token, as it is asked for. */
  readonly waiting: ReadonlySet<string>
  readonly suspected: ReadonlySet<string>
  /** Members that cannot be reached. */
  readonly away: ReadonlySet<string>
  /** Members in reach that do not record for us: not yet, or since their program is an older one. */
  readonly silent: readonly string[]
}

/** `ring`: what the peer itself says; of what was seen step by step the newest counts. */
export function seenOf(
  { sight, departures, news }: Membership,
  history: Pick<History, 'token' | 'requests' | 'recorders'>,
  ring: RingView | undefined,
  peers: readonly PeerView[],
): Seen {
  const { self, epoch, quorum, members, reachable } = sight
  const away = new Set(members.filter((member) => !reachable.includes(member)))
  const recorders = history.recorders()
  return {
    ...{ self, epoch, quorum, members, reachable, departures, news, away },
    outside: peers.filter(isOutside).map(({ peer }) => peer),
    token: history.token() ?? tokenOf(ring),
    waiting: new Set(history.requests() ?? ring?.requests ?? []),
    suspected: new Set(sight.suspected),
    silent: recorders.length === 0 ? [] : members.filter((member) => !away.has(member) && !recorders.includes(member)),
  }
}

const isOutside = ({ role, connected, self }: PeerView): boolean => role === 'learner' && (connected || self)

/** Before a move of the token was seen: where the peer itself last saw it. */
function tokenOf(ring: RingView | undefined): TokenStep | undefined {
  if (ring?.holder === undefined) return undefined
  return { kind: 'token', at: 0, epoch: ring.epoch, turn: ring.turn, to: ring.holder }
}
