import { useTranslation } from 'react-i18next'

const units = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
] as const

/** `90 s`, `5 min`, `2 h`: in the largest unit that says it exactly. */
export function useSpan(): (millis: number) => string {
  const { t } = useTranslation('auctions')
  return (millis) => {
    const [unit, size] = units.find(([, each]) => millis % each === 0) ?? ['seconds', 1_000]
    return t(unit, { count: Math.round(millis / size) })
  }
}
