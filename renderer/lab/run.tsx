import { Button } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { Delayed, Empty } from '../parts/empty.tsx'
import { inText } from '../parts/name.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useNameOf } from '../room/use-room.tsx'
import { CrossIcon } from '../shell/icons.tsx'
import { Circle } from './circle.tsx'
import { FiguresTable } from './figures-table.tsx'
import { Members } from './members.tsx'
import { Predict, Predicted } from './predict.tsx'
import { StepMode } from './step-mode.tsx'
import { useSpanText } from './tell.ts'
import type { Figures, Run, Setting, Violation } from './types.ts'
import { useHistory } from './use-lab.ts'

const Diagram = lazy(async () => ({ default: (await import('./diagram.tsx')).Diagram }))

export interface RunPanelProps {
  readonly experiment: number
  /** As the peer lists it, until the stream of its events says more. */
  readonly known: Run | undefined
  /** What the log says of it, once it has ended: an idle token goes on for a moment longer. */
  readonly recorded: Figures | undefined
  readonly status: StatusView
  readonly isHost: boolean
  onTake(setting: Setting): void
}

/** One experiment: as it goes on, or as it ended. */
export function RunPanel({ experiment, known, recorded, status, isHost, onTake }: RunPanelProps) {
  const { t } = useTranslation('lab')
  const history = useHistory(experiment)
  // Whoever says that it has ended has the last word.
  const run = known?.ended !== undefined ? known : (history.run ?? known)
  if (run === undefined) return <Empty title={t('gone', { experiment })} hint={t('goneHint')} />
  const { setting, ended, members } = run
  const figures = recorded ?? run.figures
  const isRunning = ended === undefined
  return (
    <section className="lab-run" aria-labelledby="lab-run-title" data-experiment={experiment} data-ended={ended ?? ''}>
      <RunHead run={run} isHost={isHost} onTake={onTake} />
      {!status.quorum && isRunning && <p className="wait">{t('noQuorum')}</p>}
      <Violations violations={run.violations} count={figures.violations} />
      {setting.step && isRunning && (
        <div className="lab-pair">
          <StepMode run={run} isHost={isHost} />
          <Predict run={run} />
        </div>
      )}
      {!isRunning && <Predicted run={run} />}
      <div className="lab-top">
        <Circle run={run} history={history} self={status.self} />
        <div className="lab-side">
          <Members members={members} self={status.self} quota={setting.entries} />
          <FiguresTable figures={figures} setting={setting} isRunning={isRunning} />
        </div>
      </div>
      {run.awaited !== undefined && <p className="faint">{t('awaited', { count: run.awaited })}</p>}
      {run.missed > 0 && <p className="faint">{t('missed', { count: run.missed })}</p>}
      <Suspense fallback={<Delayed />}>
        <Diagram history={history} run={run} />
      </Suspense>
    </section>
  )
}

interface RunHeadProps {
  readonly run: Run
  readonly isHost: boolean
  onTake(setting: Setting): void
}

function RunHead({ run, isHost, onTake }: RunHeadProps) {
  const { t } = useTranslation('lab')
  const { number } = useFormat()
  const span = useSpanText()
  const act = useAct()
  const { experiment, setting, ended, block, figures, members } = run
  const taking = members.filter(({ part }) => part !== 'absent').length
  const facts = [
    t('fact_entries', { done: number(figures.entries), all: number(setting.entries * taking) }),
    t('fact_think', { span: span(setting.think) }),
    t('fact_stay', { span: span(setting.stay) }),
    t('fact_seed', { seed: String(setting.seed) }),
    ...(setting.lostShare > 0 ? [t('fact_lost', { percent: number(Math.round(setting.lostShare * 100)) })] : []),
    ...(setting.faults.length > 0 ? [t('fact_faults', { count: setting.faults.length })] : []),
    ...(setting.section === 'main' ? [] : [t('fact_section', { section: setting.section })]),
  ]
  return (
    <>
      <div className="title-row">
        <h2 id="lab-run-title">
          {t('experiment', { experiment, algorithm: inText(setting.algorithm) })}{' '}
          <span className="tag" data-state={ended ?? 'runs'}>
            {t(ended !== undefined ? `state_${ended}` : setting.step ? 'state_steps' : 'state_runs')}
          </span>
        </h2>
        {isHost && (
          <div className="actions">
            {ended === undefined ? (
              <Button
                variant="default"
                disabled={act.outcome.kind === 'pending'}
                onClick={() => void act.run((api, request) => api.lab.stop({ experiment, ...request }))}
              >
                {t('stop')}
              </Button>
            ) : (
              <Button
                variant="default"
                disabled={act.outcome.kind === 'pending'}
                onClick={() =>
                  void act.run(async (api, request) => {
                    const started = await api.lab.repeat({ experiment, ...request })
                    go(paths.lab())
                    return started
                  })
                }
              >
                {t('repeat')}
              </Button>
            )}
            <Button variant="default" onClick={() => onTake(setting)}>
              {t('take')}
            </Button>
          </div>
        )}
      </div>
      <p className="faint figures">
        {facts.join(' · ')} · <a href={paths.log(block)}>{t('setUpBlock', { block: number(block) })}</a>
      </p>
      {act.outcome.kind !== 'none' && <OutcomeLine act={act} />}
    </>
  )
}

/** Two inside at once: what must never be, with both entries. */
function Violations({ violations, count }: { readonly violations: readonly Violation[]; readonly count: number }) {
  const { t } = useTranslation('lab')
  const nameOf = useNameOf()
  const { clock } = useFormat()
  if (count === 0) return null
  const tell = ({ peer, at, epoch, lamport }: Violation['first']): string =>
    t('enteredAt', { name: inText(nameOf(peer)), time: clock(at), epoch, lamport })
  return (
    <div className="faults" role="alert">
      <p className="bad">
        <CrossIcon /> {t('violations', { count })}
      </p>
      <ul>
        {violations.map((violation, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are only ever added at the end
          <li key={index}>{t('violation', { first: tell(violation.first), second: tell(violation.second) })}</li>
        ))}
      </ul>
    </div>
  )
}
