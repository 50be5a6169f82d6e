import { type CSSProperties, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuctionDetail, AuctionSummary } from '../../src/api/views.ts'
import { Call } from '../auctions/call.tsx'
import { Countdown } from '../auctions/countdown.tsx'
import { Ending } from '../auctions/ending.tsx'
import { leftOf, splitLots } from '../auctions/lot-state.ts'
import { type CatalogueLot, useCatalogue, useCataloguePicture } from '../auctions/use-catalogue.ts'
import { Amount } from '../parts/amount.tsx'
import { Name, shortName } from '../parts/name.tsx'
import { LotPicture } from '../parts/picture.tsx'
import { TimeRing } from '../parts/time-ring.tsx'
import { useCurrency } from '../room/money.ts'
import { paths } from '../room/routes.ts'
import { useLive, useRoom, useRoomTime, useStatus } from '../room/use-room.tsx'
import { Bars } from '../shell/bars.tsx'
import { Mark } from '../theme/mark.tsx'
import './projector.css'

/** For the wall: one lot, black, readable from the last row. Without a lot named it follows the one that ends next. */
export function Projector({ auction }: { readonly auction: string | undefined }) {
  const lots = useLive(useRoom().auctions)
  const isIdle = useIdle()
  const { open, ended } = splitLots(lots ?? [])
  // A lot may be named by its number, too.
  const named = lots?.find((lot) => lot.auction === auction || String(lot.number) === auction)
  const shown = named?.auction ?? auction ?? open[0]?.auction ?? ended[0]?.auction
  const next = open.find((lot) => lot.auction !== shown)
  return (
    <main className={isIdle ? 'wall idle' : 'wall'} data-screen="projector" data-mantine-color-scheme="dark">
      <Bars />
      {shown === undefined ? <WallEmpty /> : <WallLot auction={shown} />}
      <WallFoot next={next} />
    </main>
  )
}

function WallEmpty() {
  const { t } = useTranslation('auctions')
  const status = useStatus()
  return (
    <div className="wall-empty">
      <Mark />
      <h1>{status === undefined ? 'Gavelring' : <Name text={status.room.name} />}</h1>
      <p>{t('wallEmpty')}</p>
    </div>
  )
}

function WallLot({ auction }: { readonly auction: string }) {
  const lot = useLive(useRoom().auction(auction))
  return lot === undefined ? <div className="wall-lot" /> : <Wall lot={lot} />
}

/** What fits beside the picture in figures that are read from the last row. */
const priceCharactersMax = 9

function Wall({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const now = useRoomTime(100)
  const isOpen = lot.ended === undefined
  const cents = lot.leader?.amount.cents ?? lot.startingPrice.cents
  const bids = lot.recentBids.slice(-3).reverse()
  const { length } = useCurrency().format(cents)
  return (
    <article
      className={length > priceCharactersMax ? 'wall-lot long' : 'wall-lot'}
      style={{ '--characters': length } as CSSProperties}
    >
      <header>
        <p>{t('lot', { number: lot.number })}</p>
        <h1>
          <Name text={lot.item} />
        </h1>
      </header>
      <LotPicture picture={lot.picture} item={lot.item} />
      <div className="wall-price" aria-live="polite">
        <p className="wall-amount" data-price={cents}>
          <span key={cents} className="step">
            <Amount cents={cents} />
          </span>
        </p>
        <p className="wall-leader">
          {isOpen ? (
            lot.leader === undefined ? (
              t('noBids')
            ) : (
              <span className="light">
                <i className="dot" />
                {t('leads', { name: shortName(lot.leader.account) })}
              </span>
            )
          ) : (
            <Ending lot={lot} />
          )}
        </p>
      </div>
      <div className="wall-side">
        {isOpen && (
          <div className="wall-time">
            <TimeRing
              left={leftOf(lot, now)}
              total={Math.max(lot.durationMillis, lot.endsAt - lot.startedAt)}
              isPaused={lot.paused !== undefined}
            />
            <Countdown lot={lot} />
            <Call lot={lot} />
          </div>
        )}
        <ol className="wall-bids">
          {bids.map(({ account, amount }) => (
            <li key={`${account} ${amount.cents}`}>
              <Name text={account} />
              <Amount cents={amount.cents} />
            </li>
          ))}
        </ol>
      </div>
    </article>
  )
}

function WallFoot({ next }: { readonly next: AuctionSummary | undefined }) {
  const { t } = useTranslation('auctions')
  const [waiting] = useCatalogue().lots ?? []
  return (
    <footer className="wall-foot">
      <span className="wall-next">
        {next !== undefined && <bdi>{t('next', { number: next.number, item: shortName(next.item) })}</bdi>}
        {next === undefined && waiting !== undefined && <Waiting lot={waiting} />}
      </span>
      <span className="wall-actions">
        <button type="button" onClick={() => void document.documentElement.requestFullscreen()}>
          {t('fullScreen')}
        </button>
        <a href={paths.auctions}>{t('leaveProjector')}</a>
      </span>
    </footer>
  )
}

/** The lot that this peer's catalogue has next, small: it has no number yet. */
function Waiting({ lot }: { readonly lot: CatalogueLot }) {
  const { t } = useTranslation('auctions')
  const picture = useCataloguePicture(lot)
  return (
    <>
      {picture !== '' && <LotPicture picture={picture} item={lot.item} />}
      <bdi>{t('nextItem', { item: shortName(lot.item) })}</bdi>
    </>
  )
}

const idleMillis = 2_000

/** Nobody has moved the pointer, or pressed a key, for a while. */
function useIdle(): boolean {
  const [isIdle, setIdle] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const wake = (): void => {
      setIdle(false)
      clearTimeout(timer)
      timer = setTimeout(() => setIdle(true), idleMillis)
    }
    const signs = ['pointermove', 'pointerdown', 'keydown'] as const
    for (const sign of signs) window.addEventListener(sign, wake)
    wake()
    return () => {
      clearTimeout(timer)
      for (const sign of signs) window.removeEventListener(sign, wake)
    }
  }, [])
  return isIdle
}
