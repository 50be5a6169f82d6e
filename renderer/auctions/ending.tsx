import { useTranslation } from 'react-i18next'
import type { AuctionSummary } from '../../src/api/views.ts'
import { shortName } from '../parts/name.tsx'
import { useCurrency } from '../room/money.ts'

/** How it ended, in words. */
export function Ending({ lot }: { readonly lot: AuctionSummary }) {
  const { t } = useTranslation('auctions')
  const { format } = useCurrency()
  const { ended, leader } = lot
  if (ended === undefined) return null
  if (ended.why === 'sold' && leader !== undefined) {
    return <span>{t('soldTo', { name: shortName(leader.account), price: format(leader.amount.cents) })}</span>
  }
  const reason = ended.reason === '' ? '' : `. ${t('because', { reason: ended.reason })}`
  return (
    <span>
      {t(ended.why)}
      {reason}
    </span>
  )
}
