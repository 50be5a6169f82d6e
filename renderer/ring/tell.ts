import { useTranslation } from 'react-i18next'
import { useFormat } from '../room/format.ts'
import { useRingNames } from './names.tsx'
import type { Happening } from './scene.ts'
import type { TokenStep } from './types.ts'

/** A formatter costs far more than a formatting, and times are drawn sixty times a second. One for each language and precision. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** The room's time with its fraction, as far as marks that are so many milliseconds apart need it. */
export function timeText(at: number, stepMillis: number, language: string): string {
  const digits = stepMillis >= 1_000 ? undefined : stepMillis >= 100 ? 1 : stepMillis >= 10 ? 2 : 3
  const key = `${language} ${digits}`
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(language, { ...clock, fractionalSecondDigits: digits })
  formatters.set(key, formatter)
  return formatter.format(at)
}

const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const

/** What happened, in one line. */
export function useTeller(): (step: Happening | TokenStep) => string {
  const { t, i18n } = useTranslation('ring')
  const { number } = useFormat()
  const name = useRingNames()
  return (step) => {
    const time = timeText(step.at, 1, i18n.language)
    switch (step.kind) {
      case 'token':
        return t('tokenTo', { time, name: name(step.to), turn: number(step.turn) })
      case 'block':
        return t('blockBy', { time, name: name(step.author), block: step.index, lamport: step.lamport })
      case 'frame': {
        const { message, lamport, arrivedLamport } = step
        const facts = { time, message, from: name(step.from), to: name(step.to), lamport, arrived: arrivedLamport ?? 0 }
        if (step.to === '') return t('frameToAll', facts)
        return arrivedLamport === undefined ? t('frameSent', facts) : t('frameArrived', facts)
      }
    }
  }
}
