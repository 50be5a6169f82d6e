import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AuctionDetail } from '../../src/api/views.ts'
import { Allowed } from '../parts/allowed.tsx'
import { Amount, usePriceClass } from '../parts/amount.tsx'
import { Delayed, Empty } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { LotPicture } from '../parts/picture.tsx'
import { TimeRing } from '../parts/time-ring.tsx'
import { useFormat } from '../room/format.ts'
import { paths } from '../room/routes.ts'
import { useFailure, useLive, useNameOf, useRoom, useRoomTime, useStatus } from '../room/use-room.tsx'
import { PauseIcon } from '../shell/icons.tsx'
import { useBidBlocks } from './bid-blocks.ts'
import { BidForm } from './bid-form.tsx'
import { Bidders } from './bidders.tsx'
import { type BidBlock, bidKey } from './bids-in.ts'
import { Call } from './call.tsx'
import { Countdown } from './countdown.tsx'
import { Ending } from './ending.tsx'
import { Govern } from './govern.tsx'
import { leftOf, ownAccounts } from './lot-state.ts'
import { StandingLine, useStanding } from './standing.tsx'
import './auctions.css'

export function LotPage({ auction }: { readonly auction: string }) {
  const { t } = useTranslation('auctions')
  const live = useRoom().auction(auction)
  const lot = useLive(live)
  const failure = useFailure(live)
  if (lot === undefined && (failure === 'auction-unknown' || failure === 'input-invalid')) {
    return (
      <Empty title={t('unknownLot')}>
        <Button component="a" href={paths.auctions}>
          {t('toAuctions')}
        </Button>
      </Empty>
    )
  }
  return lot === undefined ? <Delayed /> : <Lot lot={lot} />
}

function Lot({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const isOpen = lot.ended === undefined
  const standing = useStanding(lot)
  return (
    <article className="lot">
      <div className="lot-head">
        <a href={paths.auctions} className="back">
          {t('toAuctions')}
        </a>
        <p className="faint">{t('lot', { number: lot.number })}</p>
        <h1>
          <Name text={lot.item} />
        </h1>
      </div>
      <LotPicture picture={lot.picture} item={lot.item} />
      <div className="lot-right">
        <Price lot={lot} />
        {isOpen ? (
          <Allowed to="auctions.bid">
            <BidForm lot={lot} />
            <Bidders lot={lot} />
          </Allowed>
        ) : (
          <StandingLine standing={standing} />
        )}
        {isOpen && <Govern lot={lot} />}
        <History lot={lot} />
      </div>
      <About lot={lot} />
    </article>
  )
}

function Price({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const { clock, moment } = useFormat()
  const isOpen = lot.ended === undefined
  const cents = lot.leader?.amount.cents ?? lot.startingPrice.cents
  const priceClass = usePriceClass(cents)
  const label = isOpen ? (lot.leader === undefined ? t('startingPrice') : t('price')) : t('finalPrice')
  return (
    <section className="price-block" aria-label={label}>
      <div>
        <p className="faint">{label}</p>
        <p className={priceClass} aria-live="polite" data-price={cents}>
          <span key={cents} className="step">
            <Amount cents={cents} />
          </span>
        </p>
        {isOpen ? <Leader lot={lot} /> : <Ending lot={lot} />}
        {lot.ended !== undefined && <p className="faint">{t('endedAt', { time: moment(lot.ended.at) })}</p>}
      </div>
      {isOpen && (
        <div className="lot-time">
          <Ring lot={lot} />
          <Countdown lot={lot} />
          <Call lot={lot} />
          {lot.paused !== undefined && (
            <span className="faint">
              <PauseIcon />
              {t('pausedUntil', { time: clock(lot.paused.until) })}
            </span>
          )}
        </div>
      )}
    </section>
  )
}

function Ring({ lot }: { readonly lot: AuctionDetail }) {
  const now = useRoomTime(200)
  return (
    <TimeRing
      left={leftOf(lot, now)}
      total={Math.max(lot.durationMillis, lot.endsAt - lot.startedAt)}
      isPaused={lot.paused !== undefined}
    />
  )
}

function Leader({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const own = ownAccounts(useLive(useRoom().accounts), useStatus()?.self)
  if (lot.leader === undefined) return <p className="faint">{t('noBids')}</p>
  const { account } = lot.leader
  const isMine = own.some((each) => each.account === account)
  return (
    <p className="light leader">
      <i className="dot" />
      <bdi>{isMine ? t('youLead') : t('leads', { name: account })}</bdi>
    </p>
  )
}

function About({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const nameOf = useNameOf()
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [t('seller'), <Name key="seller" text={nameOf(lot.seller)} />],
    [t('paidTo'), <Name key="payee" text={lot.payee} />],
    [t('startingPrice'), <Amount key="start" cents={lot.startingPrice.cents} />],
    [t('increment'), <Amount key="increment" cents={lot.increment.cents} />],
    ...(lot.reserve === undefined ? [] : [[t('reserve'), <Amount key="reserve" cents={lot.reserve.cents} />] as const]),
    ...(lot.buyNow === undefined ? [] : [[t('buyNow'), <Amount key="buy" cents={lot.buyNow.cents} />] as const]),
  ]
  return (
    <section className="about">
      <h2>{t('about')}</h2>
      {lot.description !== '' && (
        <p className="description">
          <bdi>{lot.description}</bdi>
        </p>
      )}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function History({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const { clock } = useFormat()
  const blocks = useBidBlocks(lot)
  const bids = [...lot.recentBids].reverse()
  return (
    <section>
      <h2>{t('history')}</h2>
      {bids.length === 0 ? (
        <p className="faint">{t('historyEmpty')}</p>
      ) : (
        <table className="ledger">
          <thead>
            <tr>
              <th scope="col">{t('time')}</th>
              <th scope="col">{t('bidder')}</th>
              <th scope="col" className="right">
                {t('amount')}
              </th>
            </tr>
          </thead>
          <tbody>
            {bids.map(({ account, amount, at }) => (
              <tr key={`${account} ${amount.cents}`}>
                <td className="figures">{clock(at)}</td>
                <td>
                  <Name text={account} />
                  <Place block={blocks.get(bidKey(account, amount.cents))} />
                </td>
                <td className="right">
                  <Amount cents={amount.cents} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Where the bid stands in the log, with the way there. */
function Place({ block }: { readonly block: BidBlock | undefined }) {
  const { t } = useTranslation('auctions')
  const { number } = useFormat()
  if (block === undefined) return null
  const { index, turn, lamport } = block
  return (
    <a className="bid-place figures" href={paths.log(index)}>
      {t('bidAt', { block: number(index), turn: number(turn), lamport: number(lamport) })}
    </a>
  )
}
