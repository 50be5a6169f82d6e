import { useTranslation } from 'react-i18next'
import type { AuctionDetail } from '../../src/api/views.ts'
import { useCurrency } from '../room/money.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { ownAccounts } from './lot-state.ts'

export interface Standing {
  readonly look: 'good' | 'bad'
  readonly text: string
}

/** How it stands for who has bid here: outbid, won, lost. `undefined`: in the lead, or not taking part. */
export function useStanding(lot: AuctionDetail): Standing | undefined {
  const { t } = useTranslation('auctions')
  const { format } = useCurrency()
  const own = ownAccounts(useLive(useRoom().accounts), useStatus()?.self).map(({ account }) => account)
  const { leader, ended, recentBids } = lot
  if (leader === undefined || !recentBids.some(({ account }) => own.includes(account))) return undefined
  const isLeading = own.includes(leader.account)
  if (ended === undefined) return isLeading ? undefined : { look: 'bad', text: t('outbid') }
  if (ended.why !== 'sold') return undefined
  return isLeading
    ? { look: 'good', text: t('youWon', { price: format(leader.amount.cents) }) }
    : { look: 'bad', text: t('youLost') }
}

/**
 * In its place on the page, never in a dialog: what can be pressed stays where it is. An alert is read out when it appears, too:
 * with the end of the lot the line is another one.
 */
export function StandingLine({ standing }: { readonly standing: Standing | undefined }) {
  return (
    <p role="alert" className={standing === undefined ? 'standing' : `standing ${standing.look}`}>
      {standing?.text}
    </p>
  )
}
