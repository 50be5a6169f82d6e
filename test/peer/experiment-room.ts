import type { PeerId } from '../../src/core/ids.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import type { Experiment } from '../../src/peer/experiment.ts'
import type { Peer, Receipt } from '../../src/peer/peer.ts'
import { plainSetting } from '../support/lab-setting.ts'
import { until } from '../support/wait.ts'
import { accept, type Rig } from './rig.ts'

export const settingOf = (algorithm: string, changes: Partial<ExperimentSetting> = {}): ExperimentSetting => ({
  ...plainSetting,
  algorithm,
  entries: 5,
  think: { least: 0, most: 5 },
  stay: { least: 0, most: 2 },
  ...changes,
})

/** Real peers of one room, in one ring. */
export async function startRoom(rig: Rig, count: number, options: Parameters<ReturnType<Rig['machine']>['start']>[0] = {}) {
  const machines = ['Ana', 'Bob', 'Cleo', 'Dora', 'Eva'].slice(0, count).map((name) => rig.machine(name))
  const peers: Peer[] = []
  for (const machine of machines)
    peers.push(await machine.start(peers.length === 0 ? { ...options, entry: { kind: 'create' } } : options))
  await until('all are members', () =>
    peers.every((peer) => peer.status().members.length === count && peer.status().role === 'member'),
  )
  return { machines, peers, host: peers[0] as Peer }
}

/** The host begins it; resolves with its number. */
export async function begin(host: Peer, setting: ExperimentSetting): Promise<number> {
  return numberIn(await accept(host, host.lab().setupOf(setting)))
}

export function numberIn({ outcome }: Receipt): number {
  const event = outcome.accepted ? outcome.events.find(({ kind }) => kind === 'experiment-started') : undefined
  if (event?.kind !== 'experiment-started') throw new Error('no experiment has begun')
  return event.experiment
}

export function runOf(peer: Peer, number: number): Experiment {
  const run = peer.lab().runs.find(({ setup }) => setup.number === number)
  if (run === undefined) throw new Error(`experiment ${number} is not here`)
  return run
}

export const entriesAt = (peer: Peer, number: number): readonly number[] => [
  ...runOf(peer, number).record.figures.entriesByPeer.map(({ entries }) => entries),
]

export const idOf = (peer: Peer): PeerId => peer.status().self

export const ended = (peers: readonly Peer[], number: number): Promise<void> =>
  until(`experiment ${number} has ended everywhere`, () =>
    peers.every((peer) => peer.lab().runs.some((run) => run.setup.number === number && run.isClosed)),
  )
