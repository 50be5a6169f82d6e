import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AccountSummary } from '../../src/api/views.ts'
import { ownAccounts } from '../auctions/lot-state.ts'
import { Allowed } from '../parts/allowed.tsx'
import { Amount } from '../parts/amount.tsx'
import { Delayed, Empty } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { paths } from '../room/routes.ts'
import { useFailure, useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { AccountPage } from './account.tsx'
import { OpenAccount } from './open-account.tsx'
import { PendingList } from './pending.tsx'
import './bank.css'

export function Bank({ account }: { readonly account: string | undefined }) {
  const { t } = useTranslation('bank')
  const accounts = useLive(useRoom().accounts)
  const self = useStatus()?.self
  const [isOpening, setOpening] = useState(false)
  if (accounts === undefined || self === undefined) return <Delayed />
  const own = accounts.filter(({ owner }) => owner === self)
  const others = accounts.filter(({ owner }) => owner !== self)
  const shown = account ?? ownAccounts(accounts, self)[0]?.account
  return (
    <>
      <div className="title-row">
        <h1>{t('title')}</h1>
        {own.length > 0 && !isOpening && (
          <Button variant="default" onClick={() => setOpening(true)}>
            {t('open')}
          </Button>
        )}
      </div>
      <PendingList />
      {own.length === 0 && !isOpening && (
        <Empty title={t('empty')} hint={t('emptyHint')}>
          <Button onClick={() => setOpening(true)}>{t('open')}</Button>
        </Empty>
      )}
      {isOpening && (
        <Allowed to="accounts.open">
          <OpenAccount onDone={() => setOpening(false)} />
        </Allowed>
      )}
      <div className="bank">
        <div className="bank-list">
          <Accounts title={t('yours')} accounts={own} shown={shown} />
          <Accounts title={t('others')} accounts={others} shown={shown} />
        </div>
        {shown !== undefined && <Shown key={shown} account={shown} />}
      </div>
    </>
  )
}

function Accounts({
  title,
  accounts,
  shown,
}: {
  readonly title: string
  readonly accounts: readonly AccountSummary[]
  readonly shown: string | undefined
}) {
  const { t } = useTranslation('bank')
  if (accounts.length === 0) return null
  return (
    <section>
      <h2>{title}</h2>
      <ul className="accounts">
        {accounts.map(({ account, holder, available, closed }) => (
          <li key={account}>
            <a href={paths.bank(account)} aria-current={account === shown ? 'true' : undefined}>
              <span className="account-name">
                <strong>
                  <Name text={holder} />
                </strong>
                <span className="faint">
                  {account}
                  {closed && ` · ${t('closed')}`}
                </span>
              </span>
              <Amount cents={available.cents} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Shown({ account }: { readonly account: string }) {
  const { t } = useTranslation('bank')
  const live = useRoom().account(account)
  const detail = useLive(live)
  const failure = useFailure(live)
  if (detail !== undefined) return <AccountPage detail={detail} />
  return failure === 'account-unknown' || failure === 'input-invalid' ? <Empty title={t('unknown')} /> : <Delayed />
}
