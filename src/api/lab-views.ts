import type { Peer } from '../peer/peer.ts'
import { bounds, first, newest } from './bounds.ts'
import type { LabStateView, LabStepView, RunView, SettingView } from './lab.ts'

/** From what the lab of a peer holds to what the contract promises; and its events, one by one. */

type Lab = ReturnType<Peer['lab']>
export type Experiment = Lab['runs'][number]
type LabEvent = Experiment['record']['kept'][number]
type Setting = Experiment['setup']['setting']

/** From one state that is told to the next, in milliseconds. */
const stateEvery = 200
/** Events that are made into views at once. */
const batchMax = 500

export function toLabState(lab: Lab): LabStateView {
  const { host, isHost, runs, series } = lab
  return {
    host,
    isHost,
    runs: newest(runs, bounds.runs).map((run) => toRun(run)),
    ...(series !== undefined && {
      series: { ...series, algorithms: [...series.algorithms], experiments: [...series.experiments] },
    }),
  }
}

export const toSetting = (setting: Setting): SettingView => {
  const { faults, peers, think, stay, ...rest } = setting
  return {
    ...rest,
    think: { ...think },
    stay: { ...stay },
    faults: faults.map((fault) => ({ ...fault })),
    ...(peers !== undefined && { peers: [...peers] }),
  }
}

export function toRun({ setup, record, predictions, ended, epoch, ownVote }: Experiment): RunView {
  const { number, block, settingHash, setting, startedAt } = setup
  return {
    experiment: number,
    section: setting.section,
    block,
    settingHash,
    setting: toSetting(setting),
    startedAt,
    ...(ended !== undefined && { ended }),
    epoch,
    members: first(record.members, bounds.membersEver).map(({ why, sent, ...member }) => ({
      ...member,
      sent: { ...sent },
      ...(why !== '' && { why }),
    })),
    inside: first(record.inside, bounds.membersEver),
    figures: toFigures(record.figures),
    violations: first(record.violations, bounds.violations).map(({ first, second }) => ({
      first: { ...first },
      second: { ...second },
    })),
    missed: record.missed,
    ...(record.awaited > 0 && { awaited: record.awaited }),
    round: predictions.round,
    votes: predictions.votes.size,
    ...(ownVote !== undefined && { myVote: ownVote }),
    held: first(record.held, bounds.held).map(({ event, from, to, message, lamport, attempt, rank }) => ({
      ...{ id: `${from}:${event}`, from, to, message: { ...message }, lamport, attempt, rank },
    })),
    predictions: newest(predictions.closed, bounds.predictions).map(({ round, tally, entered }) => ({
      round,
      tally: first(tally, bounds.membersEver).map((one) => ({ ...one })),
      voters: tally.reduce((sum, { votes }) => sum + votes, 0),
      ...(entered !== undefined && { entered }),
    })),
    predicted: { ...predictions.sum },
  }
}

const toFigures = (figures: Experiment['record']['figures']): RunView['figures'] => ({
  ...figures,
  entriesByPeer: first(figures.entriesByPeer, bounds.membersEver).map((one) => ({ ...one })),
  messages: { ...figures.messages },
  expected: figures.expected && { ...figures.expected },
  waiting: figures.waiting && { ...figures.waiting },
})

/** Events from number `after` on as they come, with the state before the first of them and after each change, until all is over. */
export async function* tellLab(run: Experiment, after: number, signal: AbortSignal | undefined): AsyncGenerator<LabStepView> {
  let told = after
  let stateAt = performance.now()
  let hasChanged = false
  let wake: () => void = () => {}
  const stop = run.onChange(() => {
    hasChanged = true
    wake()
  })
  const onAbort = (): void => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    yield { kind: 'state', run: toRun(run) }
    while (signal?.aborted !== true) {
      const { isClosed } = run
      const events = run.record.kept.slice(told, told + batchMax)
      for (const event of events) yield toStep(event)
      told += events.length
      if (events.length === batchMax) continue
      if (hasChanged && performance.now() - stateAt >= stateEvery) {
        hasChanged = false
        stateAt = performance.now()
        yield { kind: 'state', run: toRun(run) }
      }
      if (isClosed) return
      await new Promise<void>((resolve) => {
        const timer = hasChanged ? setTimeout(resolve, stateEvery) : undefined
        wake = () => {
          if (timer === undefined || signal?.aborted === true) {
            clearTimeout(timer)
            resolve()
          }
        }
        if (signal?.aborted === true) resolve()
      })
    }
  } finally {
    stop()
    signal?.removeEventListener('abort', onAbort)
  }
}

function toStep(event: LabEvent): LabStepView {
  const { number, at } = event
  switch (event.kind) {
    case 'event': {
      const { what, epoch, peer: other, message, purpose, lamport, vector } = event.event
      return {
        ...{ number, at, kind: 'event', peer: event.peer, own: event.own, what, epoch, lamport },
        ...(other !== undefined && { other }),
        ...(message !== undefined && { message: { ...message } }),
        ...(purpose !== undefined && { purpose }),
        vector: first(Object.entries(vector), bounds.membersEver).map(([peer, count]) => ({ peer, count })),
      }
    }
    case 'view':
      return { number, at, kind: 'view', epoch: event.epoch, members: [...event.members] }
    case 'violation':
      return { number, at, kind: 'violation', first: { ...event.violation.first }, second: { ...event.violation.second } }
    case 'missed':
      return { number, at, kind: 'missed', peer: event.peer, count: event.count }
  }
}
