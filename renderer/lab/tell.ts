import { useTranslation } from 'react-i18next'
import { printable } from '../../src/core/safe-text.ts'
import { inText } from '../parts/name.tsx'
import { numberFormat } from '../room/formatters.ts'
import { useNameOf } from '../room/use-room.tsx'
import type { Held, PeerEvent, Setting } from './types.ts'

/** Numbers of measured things: as many decimals as say something. */
export function useMeasure() {
  const { language } = useTranslation().i18n
  const plain = (value: number, decimals: number): string =>
    numberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value)
  return {
    whole: (value: number): string => plain(value, 0),
    two: (value: number): string => plain(value, 2),
    /** Milliseconds. */
    millis: (value: number): string =>
      numberFormat(language, {
        ...{ style: 'unit', unit: 'millisecond', unitDisplay: 'short' },
        maximumFractionDigits: value < 10 ? 1 : 0,
      }).format(value),
  }
}

/** `0 ms`, or `50 to 150 ms`. */
export function useSpanText(): (span: Setting['think']) => string {
  const { t } = useTranslation('lab')
  const { millis, whole } = useMeasure()
  return ({ least, most }) => (least === most ? millis(least) : t('span', { least: whole(least), most: millis(most) }))
}

/** What a message says, beside its kind: `time 3, entry 2`. Own algorithms say whatever they like: it is cut, and made harmless. */
export function fieldsOf(message: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(message)
    .filter(([name]) => name !== 'kind')
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')
  return printable(fields.slice(0, 120))
}

/** One event, or one waiting message, in words. */
export function useTell() {
  const { t } = useTranslation('lab')
  const nameOf = useNameOf()
  const name = (peer: string): string => inText(nameOf(peer))
  return {
    name,
    event: ({ number, peer, what, other, message, lamport }: PeerEvent): string =>
      t(`event_${what}`, {
        number,
        lamport,
        name: name(peer),
        other: other === undefined ? '' : name(other),
        message: inText(message?.kind ?? ''),
      }),
    held: ({ from, to, message }: Held): string =>
      t('heldLine', { from: name(from), to: name(to), message: inText(message.kind) }),
  }
}
