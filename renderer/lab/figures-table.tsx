import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { TickIcon } from '../shell/icons.tsx'
import { agrees, expectedPerEntry } from './compare.ts'
import { useMeasure } from './tell.ts'
import type { Figures, Setting } from './types.ts'

/** What the theory says of the messages for one entry: its formula, and what that comes to in this run. */
export function useTheory(): (figures: Figures) => string | undefined {
  const { t } = useTranslation('lab')
  const { two } = useMeasure()
  return (figures) => {
    const perEntry = expectedPerEntry(figures)
    if (figures.expected === undefined || perEntry === undefined) return figures.expected?.formula
    const { formula } = figures.expected
    const { least, most } = perEntry
    if (most === undefined) return t('theoryLeast', { formula, least: two(least) })
    return least === most
      ? t('theoryIs', { formula, value: two(least) })
      : t('theoryRange', { formula, least: two(least), most: two(most) })
  }
}

export interface FiguresTableProps {
  readonly figures: Figures
  readonly setting: Setting
  readonly isRunning: boolean
}

/** What was measured, beside what the theory says. */
export function FiguresTable({ figures, setting, isRunning }: FiguresTableProps) {
  const { t } = useTranslation('lab')
  const { two, millis, whole } = useMeasure()
  const theory = useTheory()(figures)
  const { messagesPerEntry, messages, waiting, synchronisationDelay, fairness, entriesPerSecond, recovery } = figures
  const isRight = !isRunning && agrees(figures, setting) === true
  const rows: readonly (readonly [string, ReactNode])[] = [
    [
      t('figure_messages'),
      messagesPerEntry === undefined ? undefined : (
        <span key="messages" data-messages={two(messagesPerEntry)}>
          {two(messagesPerEntry)}
          {theory !== undefined && (
            <span className="lab-theory faint">
              {t('theory')}: {theory} {isRight && <TickIcon />}
              {isRight && <span className="unseen">{t('agrees')}</span>}
            </span>
          )}
        </span>
      ),
    ],
    [t('figure_overhead'), messages.overhead > 0 ? whole(messages.overhead) : undefined],
    [t('figure_waiting'), waiting && t('meanAndP95', { mean: millis(waiting.mean), p95: millis(waiting.p95) })],
    [t('figure_delay'), synchronisationDelay === undefined ? undefined : t('about', { value: millis(synchronisationDelay) })],
    [t('figure_fairness'), fairness === undefined ? undefined : two(fairness)],
    [t('figure_rate'), entriesPerSecond === undefined ? undefined : t('about', { value: two(entriesPerSecond) })],
    [t('figure_recovery'), recovery === undefined ? undefined : t('about', { value: millis(recovery) })],
  ]
  return (
    <dl className="facts lab-figures" aria-label={t('figures')}>
      {rows
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
