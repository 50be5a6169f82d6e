import { useTranslation } from 'react-i18next'
import type { Money } from '../../src/api/money.ts'
import { exactText, formatCents, readCents, typedText } from './cents.ts'
import { useStatus } from './use-room.tsx'

export interface Currency {
  readonly code: string
  readonly decimals: number
  /** In the language that is shown: `€ 12.50`. */
  format(cents: number): string
  /** As the peer reads it: `12.50`. */
  exact(cents: number): string
  /** As a person types it in the language that is shown: `12,50`. */
  plain(cents: number): string
  read(text: string): number | undefined
}

/** The room's currency, in the language that is shown. */
export function useCurrency(): Currency {
  const { i18n } = useTranslation()
  const room = useStatus()?.room
  const code = room?.currency ?? 'EUR'
  const decimals = room?.decimals ?? 2
  return {
    code,
    decimals,
    format: (cents) => formatCents(cents, code, decimals, i18n.language),
    exact: (cents) => exactText(cents, decimals),
    plain: (cents) => typedText(cents, decimals, i18n.language),
    read: (text) => readCents(text, decimals),
  }
}

export function isMoney(value: unknown): value is Money {
  return typeof value === 'object' && value !== null && 'cents' in value && typeof value.cents === 'number'
}
