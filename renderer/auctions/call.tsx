import { useTranslation } from 'react-i18next'
import type { AuctionSummary } from '../../src/api/views.ts'
import { useRoomTime } from '../room/use-room.tsx'
import { callOf } from './lot-state.ts'

/** What an auctioneer would call out now, by the room's clock: the same on every screen at the same time. */
export function Call({ lot }: { readonly lot: AuctionSummary }) {
  const { t } = useTranslation('auctions')
  const call = callOf(lot, useRoomTime(200))
  return (
    <strong className="call" role="status">
      {call !== undefined && t(call)}
    </strong>
  )
}
