import { Button } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { Allowed } from '../parts/allowed.tsx'
import { Delayed, Empty } from '../parts/empty.tsx'
import { inText, Name } from '../parts/name.tsx'
import { paths } from '../room/routes.ts'
import { useNameOf, useRole, useStatus } from '../room/use-room.tsx'
import { type Draft, firstDraft, toDraft } from './draft.ts'
import { RunPanel } from './run.tsx'
import { SetUp } from './set-up.tsx'
import type { StoriesProps } from './stories.tsx'
import type { LabState, Setting } from './types.ts'
import { useKnowsLab, useLabState } from './use-lab.ts'
import { useRecorded } from './use-recorded.ts'
import './lab.css'

const Stories = lazy(async () => ({ default: (await import('./stories.tsx')).Stories }))
const Results = lazy(async () => ({ default: (await import('./results.tsx')).Results }))

/** Ways to one critical section, on the room itself: set up by its host, seen and guessed at by everybody. */
export default function Lab({ experiment }: { readonly experiment: number | undefined }) {
  const { t } = useTranslation('lab')
  const status = useStatus()
  const state = useLabState()
  const knows = useKnowsLab()
  return (
    <>
      <h1>{t('title')}</h1>
      {knows === false ? (
        <OldRoom />
      ) : status === undefined || state === undefined ? (
        <Delayed />
      ) : (
        <LabOf key={status.room.id} status={status} state={state} experiment={experiment} />
      )}
    </>
  )
}

function OldRoom() {
  const { t } = useTranslation('lab')
  return (
    <div className="lab">
      <Empty title={t('oldRoom')} hint={t('oldRoomHint')}>
        <a href={paths.welcome}>{t('toRooms')}</a>
      </Empty>
    </div>
  )
}

interface LabOfProps {
  readonly status: StatusView
  readonly state: LabState
  readonly experiment: number | undefined
}

function LabOf({ status, state, experiment }: LabOfProps) {
  const { t } = useTranslation('lab')
  const nameOf = useNameOf()
  const [draft, setDraft] = useState<Draft>(firstDraft)
  const results = useRecorded()
  const { runs, isHost, series, host } = state
  // Who looks on at the host's own peer sees what a guest sees.
  const mayRun = useRole().may('lab.start') && isHost
  const running = runs.filter(({ ended }) => ended === undefined)
  const chosen = experiment ?? running.at(-1)?.experiment ?? runs.at(-1)?.experiment
  const isStepping = running.some((run) => run.experiment === chosen && run.setting.step)
  const hostName = inText(nameOf(host))
  const take = (setting: Setting): void => {
    setDraft(toDraft(setting))
    document.getElementById('lab-set-up')?.focus()
  }
  return (
    <div className="lab">
      {runs.length > 0 && <Runs state={state} chosen={chosen} isFollowing={experiment === undefined} />}
      {series?.stuck !== undefined && (
        <p className="bad" role="alert">
          {t(`stuck_${series.stuck}`, { algorithm: inText(series.algorithms[series.at] ?? '') })}
        </p>
      )}
      {series !== undefined && series.stuck === undefined && (
        <p role="status">
          {t('series', {
            at: series.at + 1,
            count: series.algorithms.length,
            algorithms: series.algorithms.map(inText).join(', '),
          })}
        </p>
      )}
      {chosen === undefined ? (
        <Empty title={t('none')} hint={isHost ? t('noneHost') : t('noneGuest', { name: hostName })} />
      ) : (
        <RunPanel
          key={chosen}
          experiment={chosen}
          known={runs.find((run) => run.experiment === chosen)}
          recorded={results.recorded.find((one) => one.experiment === chosen)?.figures}
          status={status}
          isHost={mayRun}
          onTake={take}
        />
      )}
      {status.members.length === 1 && (
        <p>
          {t('alone')} <a href={paths.welcome}>{t('invite')}</a>
        </p>
      )}
      {isHost ? (
        <Allowed to="lab.start">
          <SetUp status={status} draft={draft} isPrimary={!isStepping} onChange={setDraft} />
        </Allowed>
      ) : (
        chosen !== undefined && <p className="faint">{t('onlyHost', { name: hostName })}</p>
      )}
      <StoriesPart status={status} isHost={mayRun} host={host} />
      <Suspense fallback={<Delayed />}>
        <Results results={results} isHost={mayRun} onTake={take} />
      </Suspense>
    </div>
  )
}

/** Loaded once somebody wants to see them. */
function StoriesPart(props: StoriesProps) {
  const { t } = useTranslation('lab')
  const [isOpen, setOpen] = useState(false)
  return (
    <section className="card lab-stories" aria-labelledby="lab-stories">
      <div className="title-row">
        <h2 id="lab-stories">{t('stories')}</h2>
        <Button variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t(isOpen ? 'storiesHide' : 'storiesShow')}
        </Button>
      </div>
      <p className="faint">{t('storiesHint')}</p>
      {isOpen && (
        <Suspense fallback={<Delayed />}>
          <Stories {...props} />
        </Suspense>
      )}
    </section>
  )
}

interface RunsProps {
  readonly state: LabState
  readonly chosen: number | undefined
  /** The newest one is shown, whichever that is. */
  readonly isFollowing: boolean
}

function Runs({ state: { runs }, chosen, isFollowing }: RunsProps) {
  const { t } = useTranslation('lab')
  return (
    <nav className="lab-runs" aria-label={t('runs')}>
      {runs.toReversed().map(({ experiment, setting, ended }) => (
        <a
          key={experiment}
          href={paths.lab(experiment)}
          aria-current={experiment === chosen ? 'true' : undefined}
          data-run={experiment}
        >
          <span className="figures">{experiment}</span> <Name text={setting.algorithm} />
          <span className="faint">{t(ended === undefined ? 'state_runs' : `state_${ended}`)}</span>
        </a>
      ))}
      {!isFollowing && <a href={paths.lab()}>{t('newest')}</a>}
    </nav>
  )
}
