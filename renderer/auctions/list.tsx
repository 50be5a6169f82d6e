import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuctionSummary } from '../../src/api/views.ts'
import { Amount } from '../parts/amount.tsx'
import { Delayed, Empty } from '../parts/empty.tsx'
import { inText, Name } from '../parts/name.tsx'
import { TimeRing } from '../parts/time-ring.tsx'
import { paths } from '../room/routes.ts'
import { useLive, useRoom, useRoomTime, useStatus } from '../room/use-room.tsx'
import { Call } from './call.tsx'
import { Countdown } from './countdown.tsx'
import { Ending } from './ending.tsx'
import { leftOf, ownAccounts, splitLots } from './lot-state.ts'
import { Thumbnail } from './thumbnail.tsx'
import './auctions.css'

export function AuctionList() {
  const { t } = useTranslation('auctions')
  const lots = useLive(useRoom().auctions)
  if (lots === undefined) return <Delayed />
  const { open, ended } = splitLots(lots)
  return (
    <>
      <div className="title-row">
        <h1>{t('title')}</h1>
        {lots.length > 0 && (
          <span className="actions">
            <Button component="a" href={paths.projector()} variant="default">
              {t('projector')}
            </Button>
            <Button component="a" href={paths.catalogue} variant="default">
              {t('catalogue')}
            </Button>
            <Button component="a" href={paths.startLot}>
              {t('startLot')}
            </Button>
          </span>
        )}
      </div>
      {lots.length === 0 && (
        <Empty title={t('empty')} hint={t('emptyHint')}>
          <span className="actions">
            <Button component="a" href={paths.startLot}>
              {t('startLot')}
            </Button>
            <Button component="a" href={paths.catalogue} variant="default">
              {t('catalogue')}
            </Button>
          </span>
        </Empty>
      )}
      <Lots title={t('open')} lots={open} />
      <Lots title={t('ended')} lots={ended} />
    </>
  )
}

/** A long evening has many that have ended: who wants them all says so. */
const lotsMax = 50

function Lots({ title, lots }: { readonly title: string; readonly lots: readonly AuctionSummary[] }) {
  const { t } = useTranslation('auctions')
  const [isWhole, setWhole] = useState(false)
  if (lots.length === 0) return null
  const shown = isWhole ? lots : lots.slice(0, lotsMax)
  return (
    <section>
      <h2>{title}</h2>
      <ul className="lots">
        {shown.map((lot) => (
          <li key={lot.auction}>
            <LotRow lot={lot} />
          </li>
        ))}
      </ul>
      {shown.length < lots.length && (
        <div className="actions">
          <Button variant="default" onClick={() => setWhole(true)}>
            {t('showAll', { count: lots.length })}
          </Button>
        </div>
      )}
    </section>
  )
}

function LotRow({ lot }: { readonly lot: AuctionSummary }) {
  const { t } = useTranslation('auctions')
  const own = ownAccounts(useLive(useRoom().accounts), useStatus()?.self)
  const isMine = own.some(({ account }) => account === lot.leader?.account)
  return (
    <a className="lot-row" href={paths.lot(lot.auction)}>
      {lot.ended === undefined && <Thumbnail auction={lot.auction} item={lot.item} />}
      <span className="lot-clock">{lot.ended === undefined ? <RowRing lot={lot} /> : null}</span>
      <span className="lot-what">
        <span className="faint">{t('lot', { number: lot.number })}</span>
        <strong>
          <Name text={lot.item} />
        </strong>
        <span className="faint">
          {lot.ended === undefined ? (
            <>
              <Countdown lot={lot} /> <Call lot={lot} />
            </>
          ) : (
            <Ending lot={lot} />
          )}
        </span>
      </span>
      <span className="lot-price">
        <strong>
          <Amount cents={lot.leader?.amount.cents ?? lot.minimum.cents} />
        </strong>
        {lot.leader !== undefined && lot.ended === undefined && (
          <span className={isMine ? 'light' : 'faint'}>
            {isMine ? t('youLead') : t('leads', { name: inText(lot.leader.account) })}
          </span>
        )}
        <span className="faint">
          {lot.leader === undefined ? t(lot.ended === undefined ? 'noBids' : 'noBidsCame') : t('bids', { count: lot.bids })}
        </span>
      </span>
    </a>
  )
}

function RowRing({ lot }: { readonly lot: AuctionSummary }) {
  const now = useRoomTime(500)
  return <TimeRing left={leftOf(lot, now)} total={lot.endsAt - lot.startedAt} isPaused={lot.paused !== undefined} />
}
