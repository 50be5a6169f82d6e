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
import type { Door } from './door.ts'
import { createLive, type Live } from './live.ts'

export type Pending = Awaited<ReturnType<Api['pending']['list']>>[number]

/** The room as this page knows it: the peer's answers, kept fresh by its events. */
export interface Room {
  readonly door: Door
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
  /** Since when the quorum is missing, in the room's time, as far as this page saw it go. */
  quorumLostAt(): number | undefined
  /** The room's time, in milliseconds since 1970. */
  now(): number
}

/** What no event tells (how far behind, the turn) is asked for so often, in milliseconds. */
const lookMillis = 2_000
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

  const marketListeners = new Set<(event: MarketEventView, at: number) => void>()
  let lostAt: number | undefined
  const status = createLive(
    door,
    (api) => api.status(),
    ({ time, quorum, holdsToken, self }) => {
      ahead = time - performance.now()
      lostAt = quorum ? undefined : (lostAt ?? time)
      // This peer knows for itself whether it has the token.
      if (holdsToken) setHolder(self)
      else if (holder === self) setHolder(undefined)
    },
  )
  const peers = createLive(door, (api) => api.peers())
  const accounts = createLive(door, (api) => api.accounts.list())
  const auctions = createLive(door, (api) => api.auctions.list())
  const bidders = createLive(door, (api) => api.bidders.list())
  const pending = createLive(door, (api) => api.pending.list())
  const accountDetails = new Map<string, Live<AccountDetail>>()
  const auctionDetails = new Map<string, Live<AuctionDetail>>()

  const refresh = (...lives: readonly { refresh(): void }[]): void => {
    for (const live of lives) live.refresh()
  }
  const market = [accounts, auctions, bidders, pending]
  const refreshMarket = (): void => refresh(...market, ...accountDetails.values(), ...auctionDetails.values())
  const refreshAll = (): void => {
    refresh(status, peers)
    refreshMarket()
  }

  const see = (event: EventView): void => {
    switch (event.kind) {
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
    if (!document.hidden) refresh(status)
  }, lookMillis)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refreshAll()
  })

  return {
    door,
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
    quorumLostAt: () => lostAt,
    now,
  }
}

/** One stream, without an end: it goes on after the last event that came; `onOpen` whenever it is opened. */
async function follow(door: Door, see: (event: EventView) => void, onOpen: () => void): Promise<never> {
  let after = 0
  for (;;) {
    try {
      const api = await door.api()
      const events = await api.events({ after })
      // The peer may have been started anew, with numbers of its own: whatever is shown is asked for once more.
      onOpen()
      for await (const event of events) {
        after = event.number
        see(event)
      }
    } catch {
      // Lost, or as many streams are open as can be: again, and no faster than this.
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
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
