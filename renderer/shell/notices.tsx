import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MarketEventView } from '../../src/api/views.ts'
import { lotAt, ownAccounts } from '../auctions/lot-state.ts'
import { inText } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { useCurrency } from '../room/money.ts'
import type { Gone } from '../room/room.ts'
import { paths, type Route } from '../room/routes.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { CrossIcon } from './icons.tsx'

interface Told {
  /** Of one subject only the newest is shown: a lot, the ring. */
  readonly about: string
  /** Where one sees more of it. */
  readonly path: string
  readonly look: 'good' | 'bad' | 'plain'
  readonly text: string
}

interface Notice extends Told {
  readonly id: number
}

/** What happened longer ago, in milliseconds of the room's time, is history: a peer that catches up tells all of it at once. */
const freshMillis = 5_000
const shownMillis = 8_000
const noticesMax = 3

/** Outbid, won, and members that are gone, where another screen than theirs is shown: a line with the way there, no dialog. */
export function Notices({ route }: { readonly route: Route }) {
  const { t } = useTranslation()
  const { auctions, onMarket, onGone, now } = useRoom()
  const { notices, add, close } = useNotices()
  const readMarket = useNewest(useMarketReader())
  const readGone = useNewest(useGoneReader())
  const lots = useLive(auctions)
  // The address may name a lot by its number.
  const shown = useNewest(route.screen === 'lot' ? lotAt(route.auction, lots)?.auction : route.screen)

  useEffect(() => {
    const take = (told: Told | undefined): void => {
      if (told !== undefined && told.about !== shown.current) add(told)
    }
    const stops = [
      onMarket((event, at) => now() - at <= freshMillis && take(readMarket.current(event))),
      onGone((peers, left) => take(readGone.current(peers, left))),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [onMarket, onGone, now, add, readMarket, readGone, shown])

  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <p key={notice.id} className={`notice ${notice.look}`}>
          <a href={notice.path} onClick={() => close(notice)}>
            <bdi>{notice.text}</bdi>
          </a>
          <button type="button" className="round" aria-label={t('close')} onClick={() => close(notice)}>
            <CrossIcon />
          </button>
        </p>
      ))}
    </div>
  )
}

/** Each is gone by itself after some seconds. */
function useNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const count = useRef(0)
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>())
  useEffect(() => {
    const running = timers.current
    return () => {
      for (const timer of running) clearTimeout(timer)
    }
  }, [])
  const close = useCallback((notice: Notice): void => setNotices((before) => before.filter(({ id }) => id !== notice.id)), [])
  const add = useCallback(
    (told: Told): void => {
      const notice = { ...told, id: count.current++ }
      setNotices((before) => [...before.filter(({ about }) => about !== told.about), notice].slice(-noticesMax))
      const timer = setTimeout(() => {
        timers.current.delete(timer)
        close(notice)
      }, shownMillis)
      timers.current.add(timer)
    },
    [close],
  )
  return { notices, add, close }
}

function useNewest<T>(value: T): { readonly current: T } {
  const newest = useRef(value)
  newest.current = value
  return newest
}

/** What an event of the market means to who sits here; `undefined`: nothing. */
function useMarketReader(): (event: MarketEventView) => Told | undefined {
  const { t } = useTranslation('auctions')
  const { format } = useCurrency()
  const { accounts, auctions } = useRoom()
  const own = ownAccounts(useLive(accounts), useStatus()?.self).map(({ account }) => account)
  const lots = useLive(auctions)
  return (event) => {
    if (event.kind !== 'outbid' && event.kind !== 'auction-ended') return undefined
    const lot = lots?.find(({ auction }) => auction === event.auction)
    if (lot === undefined) return undefined
    const { auction, number } = lot
    const item = inText(lot.item)
    const place = { about: auction, path: paths.lot(auction) }
    if (event.kind === 'outbid') {
      if (!own.includes(event.account) || own.includes(event.by)) return undefined
      return {
        ...place,
        look: 'bad',
        text: t('noticeOutbid', { number, item, name: event.by, amount: format(event.amount.cents) }),
      }
    }
    if (event.winner === undefined || event.price === undefined || !own.includes(event.winner)) return undefined
    return { ...place, look: 'good', text: t('noticeWon', { number, item, amount: format(event.price.cents) }) }
  }
}

/** So many are named; the rest as a number. */
const namedMax = 3

/** A ring that goes on without somebody counts anew: without a word, `1 of 1` would look as if nobody had ever been there. */
function useGoneReader(): (peers: readonly Gone[], left: number) => Told {
  const { t } = useTranslation()
  const { names } = useFormat()
  return (peers, left) => {
    const named = peers.slice(0, namedMax).map(({ peer, name }) => inText(name === '' ? `…${peer.slice(-6)}` : name))
    const rest = peers.length - named.length
    const who = names(rest > 0 ? [...named, t('moreOf', { count: rest })] : named)
    return {
      about: 'ring',
      path: paths.ring,
      look: 'plain',
      text: `${t('gone', { count: peers.length, names: who })} ${t('goesOn', { count: left })}`,
    }
  }
}
