import type { PeerId } from '../../src/core/ids.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { type ExperimentSetting, encodeSetting } from '../../src/mutex/setting.ts'
import { createExperiment, type Experiment } from '../../src/peer/experiment.ts'
import type { Lab } from '../../src/peer/experiments.ts'
import { plainSetting } from './lab-setting.ts'

export const fakeSetting: ExperimentSetting = { ...plainSetting, seed: 7, step: true }

/** The lab of a room of two, where experiment 1 runs in step mode: this peer's real part waits for the other, who is not there. */
export function createFakeLab(self: PeerId, other: PeerId): Lab & { readonly run: Experiment } {
  const run = createExperiment({
    self,
    host: self,
    clock: { monotonic: () => 0, wall: () => 0, at: () => () => {}, soon: (task) => void setImmediate(task) },
    setup: { number: 1, block: 3, startedAt: 1_000, settingHash: 'ab'.repeat(32), setting: fakeSetting },
    kind: algorithms.find(({ name }) => name === fakeSetting.algorithm),
    life: 1,
    timeAt: () => 1_000,
    isMember: () => true,
    gossip: () => {},
    send: () => {},
    refuse: () => {},
    onFinished: async () => true,
  })
  run.enterView({ epoch: 2, members: [self, other] })
  run.heard(other, {
    kind: 'talk',
    experiment: 1,
    parts: [
      {
        to: self,
        frame: {
          epoch: 2,
          part: {
            kind: 'data',
            number: 1,
            payload: { message: { kind: 'begin', isInside: false }, lamport: 1, vector: { [other]: 1 } },
          },
        },
      },
    ],
  })
  return {
    run,
    host: self,
    isHost: true,
    algorithms: async () => [
      { name: 'ricart-agrawala', kind: 'built-in' },
      { name: 'mine', kind: 'own', sha256: 'cd'.repeat(32), peers: [self] },
    ],
    prepare: async (setting) => {
      if (setting.algorithm === 'mine')
        return { setting: { ...setting, sha256: 'cd'.repeat(32), peers: [self] }, absent: [{ peer: other, why: 'lacks' }] }
      return algorithms.some(({ name }) => name === setting.algorithm) ? { setting, absent: [] } : undefined
    },
    runs: [run],
    startSeries: async () => {
      throw new Error('a fake runs no series')
    },
    series: undefined,
    setupIn: () => undefined,
    setupOf: (setting) => ({
      ...{ kind: 'record-experiment', what: 'setup', section: setting.section },
      ...{ experiment: 0, content: encodeSetting(setting) },
    }),
    stopOf: (experiment) =>
      experiment === 1
        ? { kind: 'record-experiment', what: 'stop', section: 'main', experiment, content: new Uint8Array() }
        : undefined,
  }
}
