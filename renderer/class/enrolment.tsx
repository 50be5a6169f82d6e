import { Button, Checkbox, Progress, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AccountSummary, StatusView } from '../../src/api/views.ts'
import { Amount } from '../parts/amount.tsx'
import { Delayed } from '../parts/empty.tsx'
import { inText, Name } from '../parts/name.tsx'
import { useRefusal } from '../parts/outcome.tsx'
import { outcomeOf } from '../room/act.ts'
import { useFormat } from '../room/format.ts'
import { useCurrency } from '../room/money.ts'
import type { Outcome } from '../room/outcome.ts'
import { useLive, useNameOf, useRoom } from '../room/use-room.tsx'
import { CrossIcon, TickIcon, WaitIcon } from '../shell/icons.tsx'
import { enrol, type Job } from './enrol.ts'
import { type Plan, planLine, requestIdOf, type Step } from './plan.ts'
import type { RosterLine } from './roster.ts'

/** What became of the steps of each line so far. */
type Outcomes = ReadonlyMap<number, Outcome>

interface Run {
  readonly state: 'running' | 'stopping' | 'done' | 'stopped' | 'unanswered'
  readonly total: number
  readonly committed: number
  readonly outcomes: Outcomes
}

/** What is to be done for each line, and what became of it. `onRunning`: called when doing it begins and ends. */
export function Enrolment({
  status,
  lines,
  onRunning,
}: {
  readonly status: StatusView
  readonly lines: readonly RosterLine[]
  onRunning(isRunning: boolean): void
}) {
  const { t } = useTranslation('class')
  const accounts = useLive(useRoom().accounts)
  const [opensMissing, setOpensMissing] = useState(true)
  const [round, setRound] = useState('1')
  const { run, start, stop } = useEnrolment(onRunning)
  if (accounts === undefined) return <Delayed />
  const rules = { self: status.self, deposits: status.room.deposits, opensMissing }
  const byId = new Map(accounts.map((account) => [account.account, account]))
  const plans = lines.map((line) => ({ line, plan: planLine(line, byId.get(line.account), rules) }))
  const jobs = plans.flatMap(({ line, plan }) => ('steps' in plan ? [{ line: line.line, steps: plan.steps }] : []))
  const count = jobs.reduce((sum, { steps }) => sum + steps.length, 0)
  const roundNumber = /^[1-9]\d{0,5}$/.test(round) ? Number(round) : undefined
  const isRunning = run?.state === 'running' || run?.state === 'stopping'
  return (
    <div className="form">
      <h3>{t('preview')}</h3>
      <Checkbox
        label={t('opensMissing')}
        description={t('opensMissingHint')}
        checked={opensMissing}
        disabled={isRunning}
        onChange={(event) => setOpensMissing(event.currentTarget.checked)}
      />
      <TextInput
        className="round-field"
        label={t('round')}
        description={t('roundHint')}
        inputMode="numeric"
        maxLength={6}
        error={roundNumber === undefined}
        disabled={isRunning}
        value={round}
        onChange={(event) => setRound(event.currentTarget.value)}
      />
      <div className="enrolment-state" role="status" aria-live="polite">
        {run !== undefined && <State run={run} />}
      </div>
      <div className="actions">
        {isRunning ? (
          <Button variant="default" disabled={run.state === 'stopping'} onClick={stop}>
            {t('stop')}
          </Button>
        ) : (
          <Button
            disabled={count === 0 || roundNumber === undefined}
            onClick={() => roundNumber !== undefined && void start(jobs, roundNumber)}
          >
            {count === 0 ? t('nothingToDo') : t('start', { count })}
          </Button>
        )}
      </div>
      <Lines plans={plans} outcomes={run?.outcomes ?? new Map()} byId={byId} />
    </div>
  )
}

function State({ run: { state, committed, total } }: { readonly run: Run }) {
  const { t } = useTranslation('class')
  const { number } = useFormat()
  const facts = { done: number(committed), total: number(total) }
  const progress = t('progress', facts)
  switch (state) {
    case 'running':
    case 'stopping':
      return (
        <>
          <p className="figures">{state === 'running' ? progress : `${progress}. ${t('stopping')}`}</p>
          <Progress value={total === 0 ? 100 : (committed / total) * 100} aria-label={progress} />
        </>
      )
    case 'done':
      return committed === total ? (
        <p className="good">
          <TickIcon />
          {t('finished', { count: total })}
        </p>
      ) : (
        <p className="bad">
          <CrossIcon />
          {t('finishedSome', facts)}
        </p>
      )
    case 'stopped':
      return (
        <p className="wait">
          <WaitIcon />
          {t('stopped', facts)}
        </p>
      )
    case 'unanswered':
      return (
        <p className="wait">
          <WaitIcon />
          {t('unanswered')}
        </p>
      )
  }
}

function Lines({
  plans,
  outcomes,
  byId,
}: {
  readonly plans: readonly { readonly line: RosterLine; readonly plan: Plan }[]
  readonly outcomes: Outcomes
  readonly byId: ReadonlyMap<string, AccountSummary>
}) {
  const { t } = useTranslation('class')
  const { number } = useFormat()
  return (
    <table className="ledger roster">
      <thead>
        <tr>
          <th scope="col" className="right roster-line">
            {t('line')}
          </th>
          <th scope="col">{t('account')}</th>
          <th scope="col">{t('name')}</th>
          <th scope="col" className="right">
            {t('amount')}
          </th>
          <th scope="col">{t('what')}</th>
        </tr>
      </thead>
      <tbody>
        {plans.map(({ line, plan }) => (
          <tr key={line.line} data-line={line.line}>
            <td className="right figures roster-line">{number(line.line)}</td>
            <td className="roster-account">{line.account}</td>
            <td className="roster-name">
              <Name text={byId.get(line.account)?.holder ?? line.holder} />
            </td>
            <td className="right roster-amount">{line.cents !== undefined && <Amount cents={line.cents} />}</td>
            <td className="roster-what">
              <What plan={plan} outcome={outcomes.get(line.line)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function What({ plan, outcome }: { readonly plan: Plan; readonly outcome: Outcome | undefined }) {
  const { t } = useTranslation('class')
  const refusal = useRefusal()
  const nameOf = useNameOf()
  switch (outcome?.kind) {
    case 'committed':
      return (
        <span className="good did">
          <TickIcon />
          {t('did_committed')}
        </span>
      )
    case 'refused':
      return (
        <span className="bad did">
          <CrossIcon />
          {refusal(outcome)}
        </span>
      )
    case 'pending':
    case 'unsettled':
      return (
        <span className="wait did">
          <WaitIcon />
          {t(`did_${outcome.kind}`)}
        </span>
      )
    default:
      return (
        <span className={'steps' in plan ? undefined : 'faint'}>
          {plan.kind === 'not-yours' ? t('plan_not-yours', { name: inText(nameOf(plan.owner)) }) : t(`plan_${plan.kind}`)}
        </span>
      )
  }
}

function useEnrolment(onRunning: (isRunning: boolean) => void) {
  const { door } = useRoom()
  const { exact } = useCurrency()
  const [run, setRun] = useState<Run>()
  const stopping = useRef<AbortController | undefined>(undefined)
  /** Refusals of each request so far: they would be given again. */
  const refusals = useRef(new Map<string, number>())
  useEffect(() => () => stopping.current?.abort(), [])

  const ask = async (step: Step, round: number): Promise<Outcome> => {
    const first = await requestIdOf(step, round, 0)
    const attempt = refusals.current.get(first) ?? 0
    const requestId = attempt === 0 ? first : await requestIdOf(step, round, attempt)
    const outcome = await outcomeOf(
      door
        .api()
        .then((api) =>
          step.kind === 'open'
            ? api.accounts.open({ account: step.account, holder: step.holder, requestId })
            : api.deposit({ account: step.account, amount: exact(step.cents), requestId }),
        ),
    )
    if (outcome.kind === 'refused') refusals.current.set(first, attempt + 1)
    return outcome
  }

  const start = async (jobs: readonly Job[], round: number): Promise<void> => {
    const own = new AbortController()
    stopping.current = own
    const outcomes = new Map<number, Outcome>()
    const total = jobs.reduce((sum, { steps }) => sum + steps.length, 0)
    let committed = 0
    const tell = (state: Run['state']): void => setRun({ state, total, committed, outcomes: new Map(outcomes) })
    let frame: number | undefined
    // A class of hundreds is drawn once a frame, not once an answer.
    const tellSoon = (): void => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined
        tell(own.signal.aborted ? 'stopping' : 'running')
      })
    }
    tell('running')
    onRunning(true)
    const why = await enrol(jobs, {
      signal: own.signal,
      ask: (step) => ask(step, round),
      onOutcome({ line, steps }, step, outcome) {
        if (outcome.kind === 'committed') committed++
        // A line is done when its last step is.
        if (outcome.kind !== 'committed' || step === steps.at(-1)) outcomes.set(line, outcome)
        tellSoon()
      },
    })
    if (frame !== undefined) cancelAnimationFrame(frame)
    // Of a line that is half done only its first step was asked for: nothing of it waits.
    for (const [line, outcome] of outcomes) if (outcome.kind === 'pending') outcomes.delete(line)
    tell(why)
    onRunning(false)
  }

  const stop = (): void => {
    stopping.current?.abort()
    setRun((before) => (before === undefined ? before : { ...before, state: 'stopping' }))
  }
  return { run, start, stop }
}
