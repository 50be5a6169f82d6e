import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuctionSummary } from '../../src/api/views.ts'
import { RoleNeeded } from '../parts/allowed.tsx'
import { Amount } from '../parts/amount.tsx'
import { AskedLine } from '../parts/asked.tsx'
import { Delayed, Empty } from '../parts/empty.tsx'
import { Name, shortName } from '../parts/name.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { LotPicture } from '../parts/picture.tsx'
import { useShortcuts } from '../parts/shortcuts.ts'
import { useAct } from '../room/act.ts'
import { useAsk } from '../room/ask.ts'
import { useCurrency } from '../room/money.ts'
import { paths } from '../room/routes.ts'
import { useLive, useRole, useRoom, useStatus } from '../room/use-room.tsx'
import { CrossIcon } from '../shell/icons.tsx'
import { AddLots } from './add-lots.tsx'
import { Call } from './call.tsx'
import { Controls } from './controls.tsx'
import { Countdown } from './countdown.tsx'
import { ownAccounts, splitLots } from './lot-state.ts'
import { useSpan } from './span.ts'
import { type CatalogueLot, useCatalogue, useCataloguePicture } from './use-catalogue.ts'
import './auctions.css'
import './catalogue.css'

/** The evening's lots in order: what is on offer now, what comes next, and where more come from. */
export default function Catalogue() {
  const { t } = useTranslation('catalogue')
  const room = useRoom()
  const accounts = useLive(room.accounts)
  const auctions = useLive(room.auctions)
  const self = useStatus()?.self
  const { lots, refresh } = useCatalogue()
  if (!useRole().may('catalogue.list')) return <NotShown />
  if (accounts === undefined || auctions === undefined || self === undefined || lots === undefined) return <Delayed />
  const own = ownAccounts(accounts, self).map(({ account }) => account)
  const offered = splitLots(auctions).open.filter(({ seller }) => seller === self)
  return (
    <>
      <a href={paths.auctions} className="back">
        {t('toAuctions', { ns: 'auctions' })}
      </a>
      <div className="title-row">
        <h1>{t('title')}</h1>
        <Button component="a" href={paths.projector()} variant="default">
          {t('projector', { ns: 'auctions' })}
        </Button>
      </div>
      {offered.length > 0 && (
        <section>
          <h2>{t('offered')}</h2>
          {offered.map((lot) => (
            <Offered key={lot.auction} lot={lot} />
          ))}
        </section>
      )}
      {own.length === 0 ? (
        <Empty title={t('needPayee', { ns: 'auctions' })}>
          <Button component="a" href={paths.bank()}>
            {t('openAccount', { ns: 'auctions' })}
          </Button>
        </Empty>
      ) : (
        <Queue lots={lots} own={own} refresh={refresh} />
      )}
      <AddLots isFirst={lots.length === 0} onAdded={refresh} />
    </>
  )
}

/** What is not offered yet is the host's own business. */
function NotShown() {
  const { t } = useTranslation('catalogue')
  return (
    <>
      <a href={paths.auctions} className="back">
        {t('toAuctions', { ns: 'auctions' })}
      </a>
      <h1>{t('title')}</h1>
      <RoleNeeded to="catalogue.list" />
    </>
  )
}

function Offered({ lot }: { readonly lot: AuctionSummary }) {
  const { t } = useTranslation('auctions')
  const act = useAct()
  return (
    <article className="card offered">
      <div className="row">
        <div className="grow">
          <a href={paths.lot(lot.auction)}>
            <bdi>{t('lot', { number: lot.number })}</bdi>
          </a>{' '}
          <strong>
            <Name text={lot.item} />
          </strong>
          <p className="faint">
            <Countdown lot={lot} /> <Call lot={lot} />
          </p>
        </div>
        <div className="lot-price">
          <strong>
            <Amount cents={lot.leader?.amount.cents ?? lot.minimum.cents} />
          </strong>
          <bdi className={lot.leader === undefined ? 'faint' : 'light'}>
            {lot.leader === undefined ? t('noBids') : t('leads', { name: shortName(lot.leader.account) })}
          </bdi>
        </div>
      </div>
      <div className="actions">
        <Controls lot={lot} act={act} />
      </div>
      <OutcomeLine act={act} />
    </article>
  )
}

interface QueueProps {
  readonly lots: readonly CatalogueLot[]
  /** Accounts that a lot can pay into. */
  readonly own: readonly string[]
  refresh(): void
}

function Queue({ lots, own, refresh }: QueueProps) {
  const { t } = useTranslation('catalogue')
  const act = useAct()
  const change = useAsk<unknown>()
  const [chosen, setChosen] = useState('')
  const payee = own.includes(chosen) ? chosen : (own[0] ?? '')
  const [next] = lots
  const isBusy = act.outcome.kind === 'pending'

  const start = async (lot: CatalogueLot | undefined): Promise<void> => {
    if (lot === undefined || isBusy) return
    // The peer itself sees to it that the lot is started once.
    await act.run((api) => api.catalogue.start({ id: lot.id, payee }))
    refresh()
  }
  const ask = async (question: Parameters<typeof change.run>[0]): Promise<void> => {
    await change.run(question)
    refresh()
  }
  useShortcuts([{ key: 'n', text: t('startNext'), run: () => void start(next) }])
  return (
    <section>
      <h2>{t('queue', { count: lots.length })}</h2>
      {next === undefined ? (
        <p className="faint">{t('empty')}</p>
      ) : (
        <>
          <div className="queue-next">
            <Button size="md" aria-keyshortcuts="n" disabled={isBusy} onClick={() => void start(next)}>
              {t('startNextLot', { item: shortName(next.item) })}
            </Button>
            {own.length > 1 && (
              <NativeSelect
                label={t('payee', { ns: 'auctions' })}
                value={payee}
                data={[...own]}
                onChange={(event) => setChosen(event.currentTarget.value)}
              />
            )}
          </div>
          <ol className="lots queue" aria-label={t('queue', { count: lots.length })}>
            {lots.map((lot, at) => (
              <Waiting
                key={lot.id}
                lot={lot}
                isShown={at < picturesMax}
                onStart={at === 0 ? undefined : () => void start(lot)}
                onEarlier={
                  at === 0 ? undefined : () => void ask((api) => api.catalogue.move({ id: lot.id, before: lots[at - 1]?.id }))
                }
                onLater={
                  at === lots.length - 1
                    ? undefined
                    : () => void ask((api) => api.catalogue.move({ id: lot.id, before: lots[at + 2]?.id }))
                }
                onRemove={() => void ask((api) => api.catalogue.remove({ id: lot.id }))}
              />
            ))}
          </ol>
        </>
      )}
      <AskedLine asked={change.asked} />
      <OutcomeLine act={act} />
    </section>
  )
}

/** Pictures of lots that come much later are not fetched. */
const picturesMax = 12

interface WaitingProps {
  readonly lot: CatalogueLot
  readonly isShown: boolean
  readonly onStart: (() => void) | undefined
  readonly onEarlier: (() => void) | undefined
  readonly onLater: (() => void) | undefined
  onRemove(): void
}

function Waiting({ lot, isShown, onStart, onEarlier, onLater, onRemove }: WaitingProps) {
  const { t } = useTranslation('catalogue')
  const { format, read } = useCurrency()
  const span = useSpan()
  const picture = useCataloguePicture({ ...lot, hasPicture: lot.hasPicture && isShown })
  const item = shortName(lot.item)
  const price = read(lot.startingPrice)
  return (
    <li className="queue-lot">
      <span className="queue-number figures">{lot.number}</span>
      {isShown && <LotPicture picture={picture} item={lot.item} />}
      <span className="lot-what">
        <strong>
          <Name text={lot.item} />
        </strong>
        <span className="faint figures">
          {t('from', { price: price === undefined ? lot.startingPrice : format(price) })} · {span(lot.durationMillis)}
        </span>
      </span>
      <span className="queue-actions">
        {onStart !== undefined && (
          <Button size="compact-md" variant="default" aria-label={t('startOf', { item })} onClick={onStart}>
            {t('start')}
          </Button>
        )}
        <RowButton label={t('earlierOf', { item })} onClick={onEarlier} turn="up" />
        <RowButton label={t('laterOf', { item })} onClick={onLater} turn="down" />
        <RowButton label={t('removeOf', { item })} onClick={onRemove} />
      </span>
    </li>
  )
}

interface RowButtonProps {
  readonly label: string
  readonly onClick: (() => void) | undefined
  /** Which way the arrow points; without one it is a cross. */
  readonly turn?: 'up' | 'down'
}

function RowButton({ label, onClick, turn }: RowButtonProps) {
  return (
    <button
      type="button"
      className="round small"
      aria-label={label}
      title={label}
      disabled={onClick === undefined}
      onClick={onClick}
    >
      {turn === undefined ? (
        <CrossIcon />
      ) : (
        <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
          <path d={turn === 'up' ? 'M12 19V5M6 11l6-6 6 6' : 'M12 5v14M6 13l6 6 6-6'} />
        </svg>
      )}
    </button>
  )
}
