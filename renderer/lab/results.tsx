import { Button, NativeSelect } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { figuresCsv } from '../../src/mutex/exports.ts'
import { AskedLine } from '../parts/asked.tsx'
import { Delayed } from '../parts/empty.tsx'
import { Name } from '../parts/name.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { saveFile } from '../parts/save-file.ts'
import { useAct } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { type Workload, workloadsOf } from './compare.ts'
import { useTheory } from './figures-table.tsx'
import { useMeasure, useSpanText } from './tell.ts'
import type { Figures, Recorded, Setting } from './types.ts'
import type { UsedRecorded } from './use-recorded.ts'

const Plots = lazy(async () => ({ default: (await import('./plots.tsx')).Plots }))

interface HostProps {
  readonly isHost: boolean
  onTake(setting: Setting): void
}

export interface ResultsProps extends HostProps {
  readonly results: UsedRecorded
}

/** What the log has of experiments: side by side, and one by one. */
export function Results({ results: { recorded, isWhole, asked, more }, isHost, onTake }: ResultsProps) {
  const { t } = useTranslation('lab')
  const ended = recorded.filter(({ what }) => what !== 'setup')
  return (
    <>
      <Compare workloads={workloadsOf(ended)} />
      <section aria-labelledby="lab-results-title" className="lab-results">
        <div className="title-row">
          <h2 id="lab-results-title">{t('results')}</h2>
          {ended.length > 0 && (
            <Button
              variant="default"
              size="compact-md"
              onClick={() =>
                saveFile('gavelring-lab-results.csv', new Blob([figuresCsv(figuresOf(ended))], { type: 'text/csv' }))
              }
            >
              {t('resultsCsv')}
            </Button>
          )}
        </div>
        <AskedLine asked={asked} />
        {ended.length === 0 ? (
          <p className="faint">{isWhole ? t('noResults') : t('noResultsYet')}</p>
        ) : (
          <ResultTable ended={ended} isHost={isHost} onTake={onTake} />
        )}
        {!isWhole && (
          <div className="actions">
            <Button variant="default" disabled={asked.kind === 'asking'} onClick={more}>
              {t('older')}
            </Button>
          </div>
        )}
      </section>
    </>
  )
}

const figuresOf = (ended: readonly Recorded[]): readonly Figures[] =>
  ended.flatMap(({ figures }) => (figures === undefined ? [] : [figures]))

interface ResultTableProps extends HostProps {
  readonly ended: readonly Recorded[]
}

function ResultTable({ ended, isHost, onTake }: ResultTableProps) {
  const { t } = useTranslation('lab')
  const { number, moment } = useFormat()
  const { two, millis, whole } = useMeasure()
  const theory = useTheory()
  const act = useAct()
  const repeat = (experiment: number): void =>
    void act.run(async (api, request) => {
      const started = await api.lab.repeat({ experiment, ...request })
      go(paths.lab())
      return started
    })
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled by keys, too. */}
      <section className="lab-wide" aria-label={t('resultsTable')} tabIndex={0}>
        <table className="ledger">
          <thead>
            <tr>
              <th>{t('experimentNumber')}</th>
              <th>{t('algorithm')}</th>
              <th className="right">{t('entriesShort')}</th>
              <th className="right">{t('figure_messages')}</th>
              <th>{t('theory')}</th>
              <th className="right">{t('waitShort')}</th>
              <th className="right">{t('figure_delay')}</th>
              <th className="right">{t('figure_fairness')}</th>
              <th className="right">{t('figure_rate')}</th>
              <th className="right">{t('violationsShort')}</th>
              <th>{t('inLog')}</th>
              {isHost && (
                <th>
                  <span className="unseen">{t('again')}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {ended.map(({ experiment, what, figures, block, time, setting }) => (
              <tr key={block + experiment / 1e9} data-result={experiment} data-what={what}>
                <td className="figures">{experiment}</td>
                <td>
                  <Name text={figures?.algorithm ?? setting?.algorithm ?? ''} />
                  {what === 'stop' && <span className="faint"> {t('state_stop')}</span>}
                </td>
                <td className="right figures">{figures && whole(figures.entries)}</td>
                <td className="right figures">{figures?.messagesPerEntry !== undefined && two(figures.messagesPerEntry)}</td>
                <td className="figures">{figures && theory(figures)}</td>
                <td className="right figures">{figures?.waiting && millis(figures.waiting.mean)}</td>
                <td className="right figures">
                  {figures?.synchronisationDelay !== undefined && millis(figures.synchronisationDelay)}
                </td>
                <td className="right figures">{figures?.fairness !== undefined && two(figures.fairness)}</td>
                <td className="right figures">{figures?.entriesPerSecond !== undefined && two(figures.entriesPerSecond)}</td>
                <td className={figures !== undefined && figures.violations > 0 ? 'right figures bad' : 'right figures'}>
                  {figures && whole(figures.violations)}
                </td>
                <td>
                  <a href={paths.log(block)} title={moment(time)}>
                    {t('block', { block: number(block) })}
                  </a>
                </td>
                {isHost && (
                  <td>
                    <span className="actions">
                      <Button
                        size="compact-sm"
                        variant="default"
                        disabled={act.outcome.kind === 'pending'}
                        aria-label={t('repeatOf', { experiment })}
                        onClick={() => repeat(experiment)}
                      >
                        {t('again')}
                      </Button>
                      {setting !== undefined && (
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={t('takeOf', { experiment })}
                          onClick={() => onTake(setting)}
                        >
                          {t('takeShort')}
                        </Button>
                      )}
                    </span>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {act.outcome.kind !== 'none' && <OutcomeLine act={act} />}
    </>
  )
}

/** Runs of one workload side by side. */
function Compare({ workloads }: { readonly workloads: readonly Workload[] }) {
  const { t } = useTranslation('lab')
  const span = useSpanText()
  const [key, setKey] = useState('')
  const several = workloads.filter(({ compared }) => compared.length > 1)
  const shown = several.find((one) => one.key === key) ?? several[0]
  if (shown === undefined) return null
  const label = ({ setting, members }: Workload): string =>
    [
      t('workload', {
        members,
        entries: setting.entries,
        think: span(setting.think),
        stay: span(setting.stay),
        seed: setting.seed,
      }),
      ...(setting.lostShare > 0 ? [t('fact_lost', { percent: Math.round(setting.lostShare * 100) })] : []),
      ...(setting.faults.length > 0 ? [t('fact_faults', { count: setting.faults.length })] : []),
      ...(setting.step ? [t('state_steps')] : []),
    ].join(' · ')
  return (
    <section aria-labelledby="lab-compare-title" className="lab-compare">
      <h2 id="lab-compare-title">{t('compare')}</h2>
      {several.length > 1 ? (
        <NativeSelect
          label={t('workloadWhich')}
          value={shown.key}
          data={several.map((one) => ({ value: one.key, label: label(one) }))}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
      ) : (
        <p className="faint">{label(shown)}</p>
      )}
      <SideBySide workload={shown} />
      <Suspense fallback={<Delayed />}>
        <Plots compared={shown.compared} />
      </Suspense>
    </section>
  )
}

function SideBySide({ workload: { compared } }: { readonly workload: Workload }) {
  const { t } = useTranslation('lab')
  const { two, millis, whole } = useMeasure()
  const theory = useTheory()
  const rows: readonly (readonly [string, (figures: Figures) => string | undefined])[] = [
    [t('figure_messages'), ({ messagesPerEntry: value }) => (value === undefined ? undefined : two(value))],
    [t('theory'), theory],
    [t('figure_overhead'), ({ messages }) => whole(messages.overhead)],
    [t('figure_waiting'), ({ waiting }) => waiting && t('meanAndP95', { mean: millis(waiting.mean), p95: millis(waiting.p95) })],
    [t('figure_delay'), ({ synchronisationDelay: value }) => (value === undefined ? undefined : millis(value))],
    [t('figure_fairness'), ({ fairness }) => (fairness === undefined ? undefined : two(fairness))],
    [t('figure_rate'), ({ entriesPerSecond: value }) => (value === undefined ? undefined : two(value))],
    [t('figure_recovery'), ({ recovery }) => (recovery === undefined ? undefined : millis(recovery))],
    [t('violationsShort'), ({ violations }) => whole(violations)],
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled by keys, too.
    <section className="lab-wide" aria-label={t('compareTable')} tabIndex={0}>
      <table className="ledger lab-beside">
        <thead>
          <tr>
            <td />
            {compared.map(({ experiment, figures }) => (
              <th key={experiment} className="right" scope="col">
                <a href={paths.lab(experiment)}>
                  <Name text={figures.algorithm} />
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows
            .filter(([, tell]) => compared.some(({ figures }) => tell(figures) !== undefined))
            .map(([name, tell]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {compared.map(({ experiment, figures }) => (
                  <td key={experiment} className="right figures">
                    {tell(figures) ?? '–'}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  )
}
