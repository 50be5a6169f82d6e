import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { inText, shortName } from '../parts/name.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useNameOf } from '../room/use-room.tsx'
import { type Complaints, type Draft, type Field, readDraft } from './draft.ts'
import { FaultFields } from './fault-fields.tsx'
import type { Algorithm, Started, Wanted } from './types.ts'
import { useAlgorithms } from './use-lab.ts'

/** What "the series" is: the textbook's three, one after the other. */
export const seriesAlgorithms = ['centralized', 'ricart-agrawala', 'token-ring']

export interface SetUpProps {
  readonly status: StatusView
  readonly draft: Draft
  /** Nothing else on the screen is what to do next. */
  readonly isPrimary: boolean
  onChange(draft: Draft): void
}

/** The host chooses what runs. */
export function SetUp({ status, draft, isPrimary, onChange }: SetUpProps) {
  const { t } = useTranslation('lab')
  const { names } = useFormat()
  const nameOf = useNameOf()
  const { algorithms, again } = useAlgorithms()
  const act = useAct()
  const [complaints, setComplaints] = useState<Complaints>(new Map())
  const [absent, setAbsent] = useState<Started['absent']>([])
  const complain = useComplaint(complaints)
  const change = (part: Partial<Draft>): void => {
    onChange({ ...draft, ...part })
    setComplaints(new Map())
  }
  const run = (begin: (wanted: Wanted) => void): void => {
    const read = readDraft(draft)
    setAbsent([])
    if ('wanted' in read) return begin(read.wanted)
    setComplaints(read.complaints)
    act.forget()
  }
  const start = (event: FormEvent): void => {
    event.preventDefault()
    run(
      (wanted) =>
        void act.run(async (api, request) => {
          const started = await api.lab.start({ ...wanted, ...request })
          setAbsent(started.absent)
          go(paths.lab())
          return started
        }),
    )
  }
  const startSeries = (): void =>
    run(
      ({ algorithm: _, ...common }) =>
        void act.run(async (api) => {
          const started = await api.lab.series({ ...common, algorithms: seriesAlgorithms })
          go(paths.lab())
          return started
        }),
    )
  const text = (field: Field, key: keyof Draft & string, label: string, description?: string) => (
    <TextInput
      label={label}
      description={description}
      inputMode={key === 'section' ? 'text' : 'numeric'}
      autoComplete="off"
      maxLength={32}
      error={complain(field)}
      value={String(draft[key])}
      onChange={(event) => change({ [key]: event.currentTarget.value })}
    />
  )
  const chosen = algorithms.find(({ name }) => name === draft.algorithm)
  const isPending = act.outcome.kind === 'pending'
  return (
    <section className="card" aria-labelledby="lab-set-up">
      <form className="form" onSubmit={start} noValidate>
        <h2 id="lab-set-up" tabIndex={-1}>
          {t('setUp')}
        </h2>
        <div className="lab-fields">
          <NativeSelect
            label={t('algorithm')}
            value={draft.algorithm}
            data={optionsOf(algorithms, draft.algorithm, (name) => t('ownAlgorithm', { name }))}
            onFocus={again}
            onChange={(event) => change({ algorithm: event.currentTarget.value })}
          />
          {text('entries', 'entries', t('entries'))}
          {text('seed', 'seed', t('seed'))}
          {text('lost', 'lost', t('lost'))}
          {text('think', 'thinkLeast', t('thinkLeast'))}
          {text('think', 'thinkMost', t('thinkMost'))}
          {text('stay', 'stayLeast', t('stayLeast'))}
          {text('stay', 'stayMost', t('stayMost'))}
        </div>
        {chosen?.kind === 'own' && (
          <p className="faint">
            {t('ownHas', {
              count: chosen.peers?.length ?? 0,
              members: status.members.length,
              names: names((chosen.peers ?? []).map((peer) => inText(nameOf(peer)))),
              hash: chosen.sha256?.slice(0, 8) ?? '',
            })}
          </p>
        )}
        <Checkbox
          radius={4}
          label={t('stepMode')}
          description={t('stepModeHint')}
          checked={draft.step}
          onChange={(event) => change({ step: event.currentTarget.checked })}
        />
        <details className="more">
          <summary>{t('faultsAndSection', { count: draft.faults.length })}</summary>
          <FaultFields
            faults={draft.faults}
            members={status.members}
            complain={complain}
            onChange={(faults) => change({ faults })}
          />
          <div className="lab-fields">{text('section', 'section', t('section'), t('sectionHint'))}</div>
        </details>
        {complaints.size > 0 && (
          <p className="bad" role="alert">
            {t('complaints', { count: complaints.size })}
          </p>
        )}
        <div className="actions">
          <Button type="submit" variant={isPrimary ? 'filled' : 'default'} disabled={isPending}>
            {t('start')}
          </Button>
          <Button variant="default" disabled={isPending} onClick={startSeries}>
            {t('startSeries')}
          </Button>
        </div>
        <p className="faint">{t('seriesHint', { names: names(seriesAlgorithms) })}</p>
        <OutcomeLine act={act} />
        {absent.length > 0 && (
          <ul className="plain">
            {absent.map(({ peer, why }) => (
              <li key={peer}>{t(`absent_${why}`, { name: inText(nameOf(peer)) })}</li>
            ))}
          </ul>
        )}
      </form>
    </section>
  )
}

/** As the peer lists them; the one that is asked for is there also before it has answered. */
function optionsOf(algorithms: readonly Algorithm[], wanted: string, ownName: (name: string) => string) {
  const known = algorithms.some(({ name }) => name === wanted) ? [] : [{ value: wanted, label: shortName(wanted) }]
  const options = algorithms.map(({ name, kind }) => ({ value: name, label: kind === 'own' ? ownName(shortName(name)) : name }))
  // Own ones of several files may have one name: the peer's own file is taken.
  return [...known, ...options].filter(({ value }, at, all) => all.findIndex((one) => one.value === value) === at)
}

/** What is wrong with a field, in words. */
function useComplaint(complaints: Complaints): (field: Field) => string | undefined {
  const { t } = useTranslation('lab')
  const { number } = useFormat()
  return (field) => {
    const complaint = complaints.get(field)
    if (complaint === undefined) return undefined
    return complaint.code === 'number'
      ? t('wrong_number', { least: number(complaint.least), most: number(complaint.most) })
      : t(`wrong_${complaint.code}`)
  }
}
