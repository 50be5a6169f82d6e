import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MarketEventView } from '../../src/api/views.ts'
import { ownAccounts } from '../auctions/lot-state.ts'
import { shortName } from '../parts/name.tsx'
import { useCurrency } from '../room/money.ts'
import { paths, type Route } from '../room/routes.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { CrossIcon } from './icons.tsx'

interface Notice {
  readonly id: number
  readonly auction: string
  readonly look: 'good' | 'bad'
  readonly text: string
}

/** What happened longer ago, in milliseconds of the room's time, is history: a peer that catches up tells all of it at once. */
const freshMillis = 5_000
const shownMillis = 8_000
const noticesMax = 3

/** Outbid and won, where another screen is shown than the lot's: a line with the way there, no dialog. */
export function Notices({ route }: { readonly route: Route }) {
  const { t } = useTranslation()
  const { onMarket, now } = useRoom()
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const read = useReader()
  const newest = useRef(read)
  newest.current = read
  const count = useRef(0)
  const shownLot = useRef<string | undefined>(undefined)
  shownLot.current = route.screen === 'lot' ? route.auction : undefined

  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>()
    const stop = onMarket((event, at) => {
      const told = now() - at > freshMillis ? undefined : newest.current(event)
      if (told === undefined || told.auction === shownLot.current) return
      const notice = { ...told, id: count.current++ }
      // One lot, one notice: the newest.
      setNotices((before) => [...before.filter(({ auction }) => auction !== told.auction), notice].slice(-noticesMax))
      const timer = setTimeout(() => {
        timers.delete(timer)
        setNotices((before) => before.filter(({ id }) => id !== notice.id))
      }, shownMillis)
      timers.add(timer)
    })
    return () => {
      stop()
      for (const timer of timers) clearTimeout(timer)
    }
  }, [onMarket, now])

  const close = (notice: Notice): void => setNotices((before) => before.filter(({ id }) => id !== notice.id))
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <p key={notice.id} className={`notice ${notice.look}`}>
          <a href={paths.lot(notice.auction)} onClick={() => close(notice)}>
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

/** What an event means to who sits here; `undefined`: nothing. */
function useReader(): (event: MarketEventView) => Omit<Notice, 'id'> | undefined {
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
    const item = shortName(lot.item)
    if (event.kind === 'outbid') {
      if (!own.includes(event.account) || own.includes(event.by)) return undefined
      return {
        auction,
        look: 'bad',
        text: t('noticeOutbid', { number, item, name: event.by, amount: format(event.amount.cents) }),
      }
    }
    if (event.winner === undefined || event.price === undefined || !own.includes(event.winner)) return undefined
    return { auction, look: 'good', text: t('noticeWon', { number, item, amount: format(event.price.cents) }) }
  }
}
