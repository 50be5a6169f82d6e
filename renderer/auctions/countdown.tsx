import { useTranslation } from 'react-i18next'
import type { AuctionSummary } from '../../src/api/views.ts'
import { countdownText } from '../room/countdown.ts'
import { useRoom, useRoomTime } from '../room/use-room.tsx'
import { leftOf } from './lot-state.ts'

const tenthsMillis = 11_000

/** The time that is left, in words. */
export function Countdown({ lot }: { readonly lot: AuctionSummary }) {
  const { t, i18n } = useTranslation('auctions')
  const room = useRoom()
  // Tenths are shown at the end only.
  const now = useRoomTime(leftOf(lot, room.now()) < tenthsMillis ? 100 : 500)
  const left = leftOf(lot, now)
  const time = countdownText(left, i18n.language)
  const text = lot.paused !== undefined ? t('paused', { time }) : left > 0 ? t('timeLeft', { time }) : t('timeUp')
  return (
    <span className="figures" role="timer">
      {text}
    </span>
  )
}
