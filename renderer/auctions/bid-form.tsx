import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuctionDetail } from '../../src/api/views.ts'
import { Amount } from '../parts/amount.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useShortcuts } from '../parts/shortcuts.ts'
import { useAct } from '../room/act.ts'
import { useCurrency } from '../room/money.ts'
import { paths } from '../room/routes.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { offersOf, ownAccounts } from './lot-state.ts'
import { StandingLine, useStanding } from './standing.tsx'

/**
 * The least, two and five steps more, or an own amount. Each button says what it will bid; on the page itself Enter bids the least,
 * or what is typed, and + and - step what is typed.
 */
export function BidForm({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const status = useStatus()
  const accounts = useLive(useRoom().accounts)
  const own = ownAccounts(accounts, status?.self)
  const able = own.filter(({ account }) => account !== lot.payee)
  const [chosen, setChosen] = useState('')
  const [text, setText] = useState('')
  const { format, exact, plain, read } = useCurrency()
  const act = useAct()
  const standing = useStanding(lot)
  const form = useRef<HTMLFormElement>(null)
  const isPaused = lot.paused !== undefined
  const isFresh = useJustChanged(lot.minimum.cents, aimMillis)
  /** So many increments more than what is typed; from the least on, and never above buy-now. */
  const step = (steps: 1 | -1): void => {
    const from = read(text) ?? lot.minimum.cents
    const most = lot.buyNow?.cents ?? Number.MAX_SAFE_INTEGER
    const next = Math.min(most, Math.max(lot.minimum.cents, from + steps * lot.increment.cents))
    setText(next === lot.minimum.cents ? '' : plain(next))
  }
  useShortcuts([
    { key: 'Enter', text: t('keyBid'), run: () => form.current?.requestSubmit() },
    { key: '+', text: t('keyMore'), run: () => step(1) },
    { key: '-', text: t('keyLess'), run: () => step(-1) },
  ])
  if (accounts === undefined || status === undefined) return null
  const purse = able.find(({ account }) => account === chosen) ?? able[0]
  if (purse === undefined) {
    if (own.length > 0) return <p className="faint">{t('ownLot')}</p>
    return (
      <div className="inline-hint">
        <p>{t('needAccount')}</p>
        <Button component="a" href={paths.bank()} variant="default">
          {t('openAccount')}
        </Button>
      </div>
    )
  }
  const bid = (amount: string) =>
    act.run((api, request) => api.auctions.bid({ auction: lot.auction, account: purse.account, amount, ...request }))
  const offers = offersOf(lot)
  const [least = lot.minimum.cents, more, most] = offers
  const typed = read(text)
  // One bid at a time; and by a button whose amount steps none that was aimed at what stood there a moment ago.
  const isBlocked = isPaused || act.outcome.kind === 'pending'
  const hold = isFresh ? { 'aria-disabled': true } : {}
  const bidUnlessFresh = (amount: string) => (isFresh || isBlocked ? undefined : bid(amount))
  const bidTyped = async (): Promise<void> => {
    if (isBlocked) return
    const { kind } = await bid(text.trim())
    if (kind === 'committed') setText('')
  }
  const sayOffer = (cents: number): string =>
    cents === lot.buyNow?.cents ? t('buyNowFor', { amount: format(cents) }) : t('bidAmount', { amount: format(cents) })
  const offer = (cents: number) => (
    <Button size="lg" variant="default" disabled={isPaused} {...hold} onClick={() => void bidUnlessFresh(exact(cents))}>
      {sayOffer(cents)}
    </Button>
  )
  return (
    <form
      ref={form}
      className="bid-form"
      aria-label={t('bidLegend')}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() === '') void bidUnlessFresh(exact(least))
        else void bidTyped()
      }}
    >
      <div className="offers">
        <Button
          size="lg"
          className="least"
          disabled={isPaused}
          aria-keyshortcuts="Enter"
          title={t('leastHint', { amount: format(least) })}
          {...hold}
          onClick={() => void bidUnlessFresh(exact(least))}
        >
          {sayOffer(least)}
        </Button>
        {more !== undefined && offer(more)}
        {most !== undefined && offer(most)}
      </div>
      <div className="own-amount">
        <TextInput
          label={t('ownAmount')}
          placeholder={plain(least)}
          inputMode="decimal"
          autoComplete="off"
          maxLength={20}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button variant="default" disabled={isPaused || text.trim() === ''} onClick={() => void bidTyped()}>
          {typed === undefined ? t('bidOwn') : t('bidAmount', { amount: format(typed) })}
        </Button>
      </div>
      <StandingLine standing={standing} />
      {(standing === undefined || act.outcome.kind !== 'committed') && <OutcomeLine act={act} />}
      <div className="purse">
        {able.length > 1 ? (
          <NativeSelect
            label={t('account')}
            value={purse.account}
            data={able.map(({ account }) => account)}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
        ) : (
          <Fact name={t('account')} value={purse.account} />
        )}
        <Fact name={t('free')} cents={purse.available.cents} />
        <Fact name={t('held')} cents={purse.held.cents} />
      </div>
    </form>
  )
}

function Fact({ name, value, cents }: { readonly name: string; readonly value?: string; readonly cents?: number }) {
  return (
    <div className="fact">
      <span className="faint">{name}</span>
      {cents === undefined ? <bdi>{value}</bdi> : <Amount cents={cents} />}
    </div>
  )
}

/** Nobody reads a new amount and presses a button in less, in milliseconds. */
const aimMillis = 300

/** Whether the value became another one less than so many milliseconds ago. */
function useJustChanged(value: number, millis: number): boolean {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), millis)
    return () => clearTimeout(timer)
  }, [value, millis])
  return settled !== value
}
