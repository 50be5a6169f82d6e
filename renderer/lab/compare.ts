import type { Figures, Recorded, Setting } from './types.ts'

/** Which recorded results may stand side by side. */

export interface Compared {
  readonly experiment: number
  readonly block: number
  readonly figures: Figures
}

/** Runs of one workload, the newest of each algorithm; in the order in which the algorithms were first met. */
export interface Workload {
  readonly key: string
  readonly setting: Setting
  readonly members: number
  readonly compared: readonly Compared[]
}

type Known = Recorded & { readonly setting: Setting; readonly figures: Figures }
const isKnown = (one: Recorded): one is Known => one.what === 'result' && one.setting !== undefined && one.figures !== undefined

/**
 * Results with the same setting but for the algorithm, among as many peers. Of what was stopped nothing is compared.
 * @param recorded the newest first; so are the workloads
 */
export function workloadsOf(recorded: readonly Recorded[]): readonly Workload[] {
  const found = new Map<string, { setting: Setting; members: number; byAlgorithm: Map<string, Compared> }>()
  for (const one of recorded.filter(isKnown)) {
    const { setting, figures, experiment, block } = one
    const key = keyOf(setting, figures.members)
    const workload = found.get(key) ?? { setting, members: figures.members, byAlgorithm: new Map() }
    found.set(key, workload)
    if (!workload.byAlgorithm.has(figures.algorithm)) workload.byAlgorithm.set(figures.algorithm, { experiment, block, figures })
  }
  return [...found].map(([key, { setting, members, byAlgorithm }]) => ({
    ...{ key, setting, members },
    compared: [...byAlgorithm.values()].sort((a, b) => a.experiment - b.experiment),
  }))
}

function keyOf({ entries, think, stay, seed, lostShare, faults, step }: Setting, members: number): string {
  return JSON.stringify([entries, think.least, think.most, stay.least, stay.most, seed, lostShare, faults, step, members])
}

/** For one entry, as the theory has it for this very run; `undefined`: it says nothing. Without `most` there is no most. */
export function expectedPerEntry({ expected, entries }: Figures): { readonly least: number; readonly most?: number } | undefined {
  if (expected === undefined || entries === 0) return undefined
  const { least, most } = expected
  return { least: least / entries, ...(most !== undefined && { most: most / entries }) }
}

/** Whether the measured messages are within what the theory says; `undefined`: it says nothing, or faults took part. */
export function agrees(figures: Figures, setting: Pick<Setting, 'faults'> | undefined): boolean | undefined {
  const { expected, messages, entries } = figures
  if (expected === undefined || entries === 0 || setting === undefined || setting.faults.length > 0) return undefined
  return messages.entry >= expected.least && messages.entry <= (expected.most ?? Number.POSITIVE_INFINITY)
}
