import type { ExperimentSetting } from '../../src/mutex/setting.ts'

/** An experiment in which nobody thinks, stays or goes wrong. */
export const plainSetting: ExperimentSetting = {
  algorithm: 'ricart-agrawala',
  section: 'main',
  entries: 1,
  think: { least: 0, most: 0 },
  stay: { least: 0, most: 0 },
  seed: 1,
  lostShare: 0,
  faults: [],
  step: false,
  record: true,
}
