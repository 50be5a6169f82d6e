import { useTranslation } from 'react-i18next'

/** Numbers and times in the language that is shown. */
export function useFormat() {
  const { i18n } = useTranslation()
  const { language } = i18n
  return {
    number: (value: number): string => new Intl.NumberFormat(language).format(value),
    clock: (millis: number): string => new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(millis),
    moment: (millis: number): string =>
      new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(millis),
    names: (names: readonly string[]): string => new Intl.ListFormat(language, { type: 'conjunction' }).format(names),
  }
}
