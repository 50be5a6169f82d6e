import { ORPCError } from '@orpc/client'
import type { Peer } from '../../peer/peer.ts'
import { bounds, first } from '../bounds.ts'
import { lateVote, stepErrors, unknownAlgorithm, unknownExperiment } from '../lab.ts'
import { findRecords, findSetting } from '../lab-log.ts'
import { type Experiment, tellLab, toLabState } from '../lab-views.ts'
import { refuseRejected } from '../refuse.ts'
import type { Streams } from '../streams.ts'
import { api } from './api.ts'
import type { Desk, SettleInput } from './desk.ts'

type Lab = ReturnType<Peer['lab']>
type Setting = Parameters<Lab['prepare']>[0]

const seriesUsual = ['centralized', 'ricart-agrawala', 'token-ring']

/** Experiments on the room: the host's to run, everybody's to watch. */
export const createLabRoutes = (desk: Desk, streams: Streams) => {
  const runOf = (experiment: number): Experiment => {
    const run = desk.peer.lab().runs.find(({ setup }) => setup.number === experiment)
    if (run === undefined)
      throw new ORPCError('experiment-gone', { ...unknownExperiment['experiment-gone'], data: { experiment } })
    return run
  }

  /** The log would refuse it, too; but then it would stand there. */
  const askHost = (): void => {
    if (!desk.peer.lab().isHost) throw refuseRejected({ code: 'not-host' }, desk.currency(), 'record-experiment')
  }

  const refuseUnknown = (experiment: number): Error =>
    refuseRejected({ code: 'experiment-unknown', experiment }, desk.currency(), 'record-experiment')

  const prepare = async (setting: Setting) => {
    const prepared = await desk.peer.lab().prepare(setting)
    if (prepared !== undefined) return { ...prepared, absent: prepared.absent.map((one) => ({ ...one })) }
    const data = { algorithm: setting.algorithm }
    throw new ORPCError('algorithm-unknown', { ...unknownAlgorithm['algorithm-unknown'], data })
  }

  const start = async (input: SettleInput, given: Setting) => {
    askHost()
    const { setting, absent } = await prepare(given)
    const settled = await desk.settle(input, desk.peer.lab().setupOf(setting))
    const event = settled.events.find(({ kind }) => kind === 'experiment-started')
    return { ...settled, experiment: event?.kind === 'experiment-started' ? event.experiment : 0, absent }
  }

  return {
    lab: {
      algorithms: api.lab.algorithms.handler(async () => ({
        algorithms: first(await desk.peer.lab().algorithms(), bounds.algorithms).map(({ peers, ...one }) => ({
          ...one,
          ...(peers !== undefined && { peers: first(peers, bounds.members) }),
        })),
      })),
      start: api.lab.start.handler(({ input: { requestId, deadlineMillis, ...setting } }) =>
        start({ requestId, deadlineMillis }, setting),
      ),
      stop: api.lab.stop.handler(({ input }) => {
        askHost()
        const { experiment } = input
        const operation = desk.peer.lab().stopOf(experiment)
        if (operation === undefined) throw refuseUnknown(experiment)
        return desk.settle(input, operation)
      }),
      repeat: api.lab.repeat.handler(async ({ input }) => {
        askHost()
        const setting = await findSetting(desk.peer, input.experiment)
        if (setting === undefined) throw refuseUnknown(input.experiment)
        return start(input, setting)
      }),
      series: api.lab.series.handler(async ({ input: { algorithms = seriesUsual, deadlineMillis, ...common } }) => {
        askHost()
        const settings: Setting[] = []
        for (const algorithm of algorithms) settings.push((await prepare({ ...common, algorithm })).setting)
        const receipt = await desk.peer.lab().startSeries(settings, deadlineMillis)
        const settled = desk.settled(receipt, 'record-experiment')
        const event = settled.events.find(({ kind }) => kind === 'experiment-started')
        return { ...settled, experiment: event?.kind === 'experiment-started' ? event.experiment : 0, algorithms }
      }),
      state: api.lab.state.handler(() => toLabState(desk.peer.lab())),
      events: api.lab.events.handler(({ input, signal }) => {
        const run = runOf(input.experiment)
        return streams.open(() => tellLab(run, input.after, signal), signal)
      }),
      step: api.lab.step.handler(({ input: { experiment, act, message } }) => {
        askHost()
        const run = runOf(experiment)
        if (!run.setup.setting.step) throw new ORPCError('not-stepping', stepErrors['not-stepping'])
        const [from, event] = message?.split(':') ?? []
        const wanted =
          from === undefined ? undefined : run.record.held.find((one) => one.from === from && one.event === Number(event))
        const stepped = from !== undefined && wanted === undefined ? undefined : run.step(act, wanted)
        if (stepped === undefined) throw new ORPCError('nothing-held', stepErrors['nothing-held'])
        return { message: `${stepped.held.from}:${stepped.held.event}`, round: stepped.round }
      }),
      predict: api.lab.predict.handler(({ input: { experiment, round, peer } }) => {
        if (runOf(experiment).vote(round, peer)) return {}
        throw new ORPCError('round-closed', { ...lateVote['round-closed'], data: { round } })
      }),
      results: api.lab.results.handler(async ({ input, context }) => {
        const { recorded, lookedTo, isWhole } = await findRecords(desk.peer, input.before, input.count)
        if (!isWhole) context.goesOn?.({ before: lookedTo })
        return { recorded: [...recorded], lookedTo, isWhole }
      }),
    },
  }
}
