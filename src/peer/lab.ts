import type { PeerId } from '../core/ids.ts'
import type { AlgorithmKind } from '../mutex/algorithm.ts'
import { algorithms } from '../mutex/algorithms.ts'
import { type Rehearsal, rehearse } from '../mutex/rehearsal.ts'
import type { LabSetting } from '../mutex/report.ts'
import { type Results, resultsOf } from '../mutex/results.ts'

export { stepsOfTrial } from '../mutex/run-steps.ts'
export { shivizLog } from '../mutex/shiviz.ts'
export type { AlgorithmKind, LabSetting, Rehearsal, Results }
export { algorithms }

/** An algorithm of somebody's own cannot be loaded, is none, or threw. The message is for people. */
export class AlgorithmFault extends Error {
  override readonly name = 'AlgorithmFault'
}

export interface LabRun {
  readonly results: Results
  readonly rehearsal: Rehearsal
}

const limitMillis = 3_600_000
const returnAfter = 1_000
/** What the ring needs to notice that a peer is gone, about. */
const viewDelay = { least: 0, most: 50 }

/** `A`, `B`, … `Z`, `P27`, …: short in tables, and in the order of the ring. */
export const labPeer = (index: number): PeerId => (index < 26 ? String.fromCharCode(65 + index) : `P${index + 1}`) as PeerId

/**
 * Runs one algorithm in a simulated room. Throws an {@link AlgorithmFault} where it is somebody's own, and throws.
 */
export function runLab(algorithm: AlgorithmKind, setting: LabSetting): LabRun {
  const { peers, entries, think, stay, delay, lost, seed, crashAt } = setting
  const members = Array.from({ length: peers }, (_, index) => labPeer(index))
  const victim = members[seed % peers] as PeerId
  try {
    const rehearsal = rehearse({
      algorithm,
      members,
      seed,
      entries,
      think: { least: 0, most: think },
      stay: { least: 0, most: stay },
      delay: { least: delay, most: delay },
      lostShare: lost,
      repeatedShare: 0,
      calmAt: limitMillis,
      viewDelay: crashAt === undefined ? { least: 0, most: 0 } : viewDelay,
      faults:
        crashAt === undefined
          ? []
          : [
              { at: crashAt, kind: 'crash', peer: victim },
              { at: crashAt + returnAfter, kind: 'return', peer: victim },
            ],
      limitMillis,
    })
    return { rehearsal, results: resultsOf(algorithm.name, members, entries, rehearsal.events) }
  } catch (error) {
    if (algorithms.includes(algorithm)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new AlgorithmFault(`The algorithm “${algorithm.name}” threw: ${reason}`, { cause: error })
  }
}
