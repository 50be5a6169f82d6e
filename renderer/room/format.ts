import { useTranslation } from 'react-i18next'
import { dateFormat, listFormat, numberFormat } from './formatters.ts'

/** Numbers and times in the language that is shown. */
export function useFormat() {
  const { i18n } = useTranslation()
  const { language } = i18n
  return {
    number: (value: number): string => numberFormat(language).format(value),
    clock: (millis: number): string => dateFormat(language, { timeStyle: 'medium' }).format(millis),
    moment: (millis: number): string => dateFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(millis),
    names: (names: readonly string[]): string => listFormat(language, { type: 'conjunction' }).format(names),
  }
}
