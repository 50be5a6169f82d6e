import { useTranslation } from 'react-i18next'
import { dateFormat, numberFormat } from '../room/formatters.ts'

interface Moments {
  number(value: number): string
  /** The time of today, the day and the time of any other. */
  moment(millis: number): string
}

export function useMoments(): Moments {
  const { language } = useTranslation().i18n
  return {
    number: (value) => numberFormat(language).format(value),
    moment: (millis) => dateFormat(language, isToday(millis) ? clock : day).format(millis),
  }
}

const clock = { timeStyle: 'medium' } as const
const day = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
const dayMillis = 24 * 3_600_000

function isToday(millis: number): boolean {
  const now = Date.now()
  return Math.abs(now - millis) < dayMillis && new Date(millis).getDate() === new Date(now).getDate()
}
