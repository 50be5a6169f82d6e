import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AccountDetail } from '../../src/api/views.ts'
import { Allowed } from '../parts/allowed.tsx'
import { Amount, usePriceClass } from '../parts/amount.tsx'
import { Name } from '../parts/name.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { paths } from '../room/routes.ts'
import { useLive, useNameOf, useRole, useRoom, useStatus } from '../room/use-room.tsx'
import { History } from './history.tsx'
import { MoveMoney } from './move-money.tsx'

/** One account as a good bank shows it: what can be spent in large, what is held with the lots that hold it, and what happened. */
export function AccountPage({ detail }: { readonly detail: AccountDetail }) {
  const { t } = useTranslation('bank')
  const status = useStatus()
  const nameOf = useNameOf()
  const priceClass = usePriceClass(detail.available.cents)
  const { may } = useRole()
  const { account, holder, owner, closed } = detail
  if (status === undefined) return null
  const isOwn = owner === status.self
  const isHost = status.room.founder === status.self
  const mayDeposit = !closed && (status.room.deposits === 'open' ? isOwn : isHost)
  return (
    <article className="account">
      <header className="card">
        <div>
          <h2>
            <Name text={holder} /> <span className="faint">{account}</span>
          </h2>
          {!isOwn && <p className="faint">{t('ownerIs', { name: nameOf(owner) })}</p>}
        </div>
        <p className="faint">{t('available')}</p>
        <p className={priceClass} data-available={detail.available.cents}>
          <Amount cents={detail.available.cents} />
        </p>
        <Held detail={detail} />
      </header>
      {!closed && (isOwn || mayDeposit) && (
        <Allowed to={isOwn ? 'transfer' : 'deposit'}>
          <MoveMoney account={account} isOwn={isOwn} mayDeposit={mayDeposit} />
        </Allowed>
      )}
      <History detail={detail} />
      {isOwn && !closed && may('accounts.close') && <CloseAccount account={account} />}
    </article>
  )
}

function Held({ detail }: { readonly detail: AccountDetail }) {
  const { t } = useTranslation('bank')
  const lots = useLive(useRoom().auctions) ?? []
  const holding = lots.filter(({ ended, leader }) => ended === undefined && leader?.account === detail.account)
  return (
    <div className="held">
      <p className="row">
        <span className="faint">{t('held')}</span>
        <Amount cents={detail.held.cents} />
      </p>
      {holding.map((lot) => (
        <p key={lot.auction} className="row">
          <a href={paths.lot(lot.auction)}>
            <bdi>{t('heldIn', { number: lot.number, item: lot.item.slice(0, 64) })}</bdi>
          </a>
          <Amount cents={lot.leader?.amount.cents ?? 0} />
        </p>
      ))}
    </div>
  )
}

function CloseAccount({ account }: { readonly account: string }) {
  const { t } = useTranslation('bank')
  const act = useAct()
  return (
    <div className="closing">
      <Button
        variant="default"
        className="danger"
        onClick={() => void act.run((api, request) => api.accounts.close({ account, ...request }))}
      >
        {t('closeAccount')}
      </Button>
      <OutcomeLine act={act} />
    </div>
  )
}
