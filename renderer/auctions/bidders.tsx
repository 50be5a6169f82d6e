import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuctionDetail, BidderSummary } from '../../src/api/views.ts'
import { useRefusal } from '../parts/outcome.tsx'
import { refusedOf } from '../room/act.ts'
import { useCurrency } from '../room/money.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { ownAccounts } from './lot-state.ts'

/** Automatic bidders of this peer on one lot. They bid the least that leads. */
export function Bidders({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const { door, accounts, bidders } = useRoom()
  const { format, plain } = useCurrency()
  const refusal = useRefusal()
  const self = useStatus()?.self
  const able = ownAccounts(useLive(accounts), self).filter(({ account }) => account !== lot.payee)
  const running = (useLive(bidders) ?? []).filter(({ auction }) => auction === lot.auction)
  const [chosen, setChosen] = useState('')
  const [limit, setLimit] = useState('')
  const [fault, setFault] = useState<string>()
  if (able.length === 0) return null
  const account = able.find((each) => each.account === chosen)?.account ?? able[0]?.account ?? ''

  const change = async (ask: () => Promise<unknown>): Promise<void> => {
    try {
      await ask()
      setFault(undefined)
      setLimit('')
    } catch (error) {
      const refused = refusedOf(error)
      setFault(refused === undefined ? t('unsettled', { ns: 'common' }) : refusal(refused))
    }
    bidders.refresh()
  }
  const start = () =>
    change(async () => (await door.api()).bidders.start({ auction: lot.auction, account, maximum: limit.trim() }))
  const stop = (bidder: BidderSummary) =>
    change(async () => (await door.api()).bidders.stop({ auction: lot.auction, account: bidder.account }))

  return (
    <details className="more" open={running.length > 0 || undefined}>
      <summary>{t('bidders')}</summary>
      <p className="faint">{t('biddersHint')}</p>
      <ul className="plain">
        {running.map((bidder) => (
          <li key={bidder.account} className="row">
            <span>
              {t('bidderUpTo', { account: bidder.account, amount: format(bidder.maximum.cents) })}
              <span className={bidder.leads ? 'light' : 'faint'}> · {bidder.leads ? t('bidderLeads') : t('bidderWaits')}</span>
            </span>
            <Button
              size="compact-md"
              variant="default"
              aria-label={t('stopBidderOf', { account: bidder.account })}
              onClick={() => void stop(bidder)}
            >
              {t('stopBidder')}
            </Button>
          </li>
        ))}
      </ul>
      <form
        className="own-amount"
        onSubmit={(event) => {
          event.preventDefault()
          void start()
        }}
      >
        {able.length > 1 && (
          <NativeSelect
            label={t('account')}
            value={account}
            data={able.map((each) => each.account)}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
        )}
        <TextInput
          label={t('limit')}
          placeholder={plain(lot.minimum.cents)}
          inputMode="decimal"
          autoComplete="off"
          maxLength={20}
          value={limit}
          onChange={(event) => setLimit(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={limit.trim() === ''}>
          {t('startBidder')}
        </Button>
      </form>
      <p role="status" className="bad">
        {fault}
      </p>
    </details>
  )
}
