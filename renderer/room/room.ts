import type { Api } from '../../src/api/client.ts'
import type {
  AccountDetail,
  AccountSummary,
  AuctionDetail,
  AuctionSummary,
  BidderSummary,
  EventView,
  MarketEventView,
  PeerView,
  StatusView,
} from '../../src/api/views.ts'
import { allAccounts, allAuctions, allBidders, allPeers, allPending } from '../../src/api/whole-lists.ts'
import { codeOf, createLive, type Live } from './live.ts'
import type { Door } from './open-door.ts'
import type { RoomsView } from './rooms.ts'

export type Pending = Awaited<ReturnType<Api['pending']['list']>>[number]

/** The room as this page knows it: the peer's answers, kept fresh by its events. In no room only `rooms` has any. */
export interface Room {
  readonly door: Door
  /** Which rooms there are, and where this peer is among them. */
  readonly rooms: Live<RoomsView>
  readonly status: Live<StatusView>
  readonly peers: Live<readonly PeerView[]>
  readonly accounts: Live<readonly AccountSummary[]>
  readonly auctions: Live<readonly AuctionSummary[]>
  readonly bidders: Live<readonly BidderSummary[]>
  readonly pending: Live<readonly Pending[]>
  account(id: string): Live<AccountDetail>
  auction(id: string): Live<AuctionDetail>
  /** Who was seen last with the token. */
  readonly holder: { read(): string | undefined; subscribe(listener: () => void): () => void }
  /** Each event of the market as it comes, with the room's time at which it happened; until the returned function is called. */
  onMarket(listener: (event: MarketEventView, at: number) => void): () => void
  /** Each event of the peer as it comes; until the returned function is called. */
  onEvent(listener: (event: EventView) => void): () => void
  /** Members that are members no longer, and how many are left. */
  onGone(listener: (peers: readonly Gone[], left: number) => void): () => void
  /** Since when the quorum is missing, in the room's time, as far as this page saw it go. */
  quorumLostAt(): number | undefined
  /** The room's time, in milliseconds since 1970. */
  now(): number
}

export interface Gone {
  readonly peer: string
  readonly name: string
}

/** What no event tells (how far behind, the turn, round trips, names, what waits without a quorum) is asked for so often, in milliseconds. */
const lookMillis = 2_000
/** Rooms come into sight and go, and no event tells that either. */
const lookForRoomsMillis = 1_000
/** Lots and accounts that were looked at; those of longest ago are forgotten. */
const detailsMax = 50

export function enterRoom(door: Door): Room {
  // The laptop's own clock may jump: only what has passed since is taken from it.
  let ahead = Date.now() - performance.now()
  const now = (): number => performance.now() + ahead

  let holder: string | undefined
  const holderListeners = new Set<() => void>()
  const setHolder = (peer: string | undefined): void => {
    if (peer === holder) return
    holder = peer
    for (const listener of [...holderListeners]) listener()
  }

  /** The id of the room that this peer is in; empty: in none; `undefined`: not told yet. */
  let place: string | undefined
  const rooms = createLive(
    door,
    (api) => api.rooms.list(),
    ({ state, room }) => {
      const before = place
      place = state === 'in' ? (room?.id ?? '') : ''
      if (before !== undefined && before !== place) forgetRoom()
    },
  )

  /** What peers were called last: who is gone is told by its name, too. */
  const names = new Map<string, string>()
  const goneListeners = new Set<Parameters<Room['onGone']>[0]>()
  /** Members as they were last told while this peer was not behind: whoever is, passes through rings of long ago. */
  let ring: readonly string[] | undefined
  const tellGone = ({ behind, membersAsOfLog, members }: StatusView): void => {
    if (behind > 0 || membersAsOfLog) return
    const gone = ring?.filter((member) => !members.includes(member)) ?? []
    ring = members
    if (gone.length === 0) return
    const told = gone.map((peer) => ({ peer, name: names.get(peer) ?? '' }))
    for (const listener of [...goneListeners]) listener(told, members.length)
  }

  const marketListeners = new Set<(event: MarketEventView, at: number) => void>()
  let lostAt: number | undefined
  const status: Live<StatusView> = createLive(
    door,
    (api) => api.status(),
    (answer) => {
      const { time, quorum, holdsToken, self } = answer
      tellGone(answer)
      ahead = time - performance.now()
      lostAt = quorum ? undefined : (lostAt ?? time)
      // This peer knows for itself whether it has the token.
      if (holdsToken) setHolder(self)
      else if (holder === self) setHolder(undefined)
    },
  )
  const peers = createLive(
    door,
    (api) => allPeers(api),
    (answer) => {
      for (const { peer, name } of answer) if (name !== '') names.set(peer, name)
    },
  )
  const accounts = createLive(door, (api) => allAccounts(api))
  const auctions = createLive(door, (api) => allAuctions(api))
  const bidders = createLive(door, (api) => allBidders(api))
  const pending = createLive(door, (api) => allPending(api))
  const accountDetails = new Map<string, Live<AccountDetail>>()
  const auctionDetails = new Map<string, Live<AuctionDetail>>()

  const refresh = (...lives: readonly { refresh(): void }[]): void => {
    for (const live of lives) live.refresh()
  }
  const market = [accounts, auctions, bidders, pending]
  const refreshMarket = (): void => refresh(...market, ...accountDetails.values(), ...auctionDetails.values())
  const refreshAll = (): void => {
    refresh(rooms, status, peers)
    refreshMarket()
  }
  /** Nothing of one room may be seen in another. */
  const forgetRoom = (): void => {
    setHolder(undefined)
    lostAt = undefined
    ring = undefined
    names.clear()
    accountDetails.clear()
    auctionDetails.clear()
    for (const live of [status, peers, ...market]) live.forget()
  }

  const eventListeners = new Set<(event: EventView) => void>()
  const see = (event: EventView): void => {
    for (const listener of [...eventListeners]) listener(event)
    switch (event.kind) {
      case 'opened':
        return
      case 'gap':
        return refreshAll()
      case 'market':
        setHolder(authorOf(event.operation))
        for (const listener of [...marketListeners]) listener(event.event, event.at)
        return refreshMarket()
      case 'rejected':
        setHolder(authorOf(event.operation))
        return refresh(pending)
      case 'announced':
        return refresh(pending)
      case 'members':
        setHolder(undefined)
        return refresh(status, peers)
      case 'quorum':
        lostAt = event.held ? undefined : event.at
        return refresh(status, peers)
      case 'presence':
      case 'suspected':
      case 'other-room':
        return refresh(status, peers)
      case 'note':
        if (event.event === 'token-passed' && typeof event.facts.to === 'string') setHolder(event.facts.to)
        return
    }
  }

  void follow(door, see, refreshAll)
  setInterval(() => {
    if (!document.hidden) refresh(status, peers, pending)
  }, lookMillis)
  setInterval(() => {
    if (!document.hidden) refresh(rooms)
  }, lookForRoomsMillis)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refreshAll()
  })

  return {
    door,
    rooms,
    status,
    peers,
    accounts,
    auctions,
    bidders,
    pending,
    account: (id) => kept(accountDetails, id, () => createLive(door, (api) => api.accounts.show({ account: id }))),
    auction: (id) => kept(auctionDetails, id, () => createLive(door, (api) => api.auctions.show({ auction: id }))),
    holder: {
      read: () => holder,
      subscribe(listener) {
        holderListeners.add(listener)
        return () => holderListeners.delete(listener)
      },
    },
    onMarket(listener) {
      marketListeners.add(listener)
      return () => marketListeners.delete(listener)
    },
    onGone(listener) {
      goneListeners.add(listener)
      return () => goneListeners.delete(listener)
    },
    onEvent(listener) {
      eventListeners.add(listener)
      return () => eventListeners.delete(listener)
    },
    quorumLostAt: () => lostAt,
    now,
  }
}

/** How long until a stream that has ended is opened again, in milliseconds; in no room nothing happens so soon. */
const [againMillis, roomlessMillis] = [300, 1_000]

/**
 * One stream, without an end: it goes on after the last event that came. `onAnew`: the peer was started anew or is another room's,
 * with events and numbers of its own, so that whatever is shown is asked for once more.
 */
async function follow(door: Door, see: (event: EventView) => void, onAnew: () => void): Promise<never> {
  let after = 0
  let start: string | undefined
  for (;;) {
    let pause = againMillis
    try {
      const api = await door.api()
      for await (const event of await api.events(start === undefined ? { after } : { after, start })) {
        if (event.kind === 'opened' && event.start !== start) {
          start = event.start
          onAnew()
        }
        after = event.number
        see(event)
      }
    } catch (error) {
      // Lost, in no room, or as many streams are open as can be: again, and no faster than this.
      if (codeOf(error) === 'no-room') pause = roomlessMillis
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

function kept<T>(all: Map<string, Live<T>>, id: string, make: () => Live<T>): Live<T> {
  const known = all.get(id) ?? make()
  all.delete(id)
  all.set(id, known)
  for (const oldest of all.keys()) {
    if (all.size <= detailsMax) break
    all.delete(oldest)
  }
  return known
}

/** An operation's id begins with who wrote it. */
const authorOf = (operation: string): string => operation.slice(0, operation.indexOf('/'))
