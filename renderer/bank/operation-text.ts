import { useTranslation } from 'react-i18next'
import { shortName } from '../parts/name.tsx'
import { isMoney, useCurrency } from '../room/money.ts'
import { useLive, useRoom } from '../room/use-room.tsx'

type LooseText = (key: string, facts: Record<string, string>) => string

/** Facts that are amounts where they come as bare numbers, in minor units: the log has them so. */
const amounts: ReadonlySet<string> = new Set(['amount', 'startingPrice', 'increment', 'reserve', 'buyNow'])

/** An operation in words, from what the peer says of it. */
export function useOperationText(): (what: Readonly<Record<string, unknown>>) => string {
  const { t, i18n } = useTranslation('bank')
  const { format } = useCurrency()
  const lots = useLive(useRoom().auctions)
  return (what) => {
    const shown: Record<string, string> = {}
    for (const [name, fact] of Object.entries(what)) {
      if (isMoney(fact)) shown[name] = format(fact.cents)
      else if (typeof fact === 'number') shown[name] = amounts.has(name) ? format(fact) : String(fact)
      else if (typeof fact === 'string') shown[name] = shortName(fact)
    }
    const lot = lots?.find(({ auction }) => auction === what.auction)
    shown.lot = lot === undefined ? (shown.auction ?? '') : t('lot', { number: lot.number })
    const key = `op_${shown.kind ?? ''}`
    return i18n.exists(key, { ns: 'bank' }) ? (t as LooseText)(key, shown) : (shown.kind ?? '')
  }
}
