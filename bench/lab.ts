import type { ExperimentSetting } from '../src/mutex/setting.ts'
import type { LabReport } from './peer-process.ts'
import { openRoom } from './room.ts'
import { median } from './statistics.ts'

const algorithms = [
  'centralized',
  'ricart-agrawala',
  'token-ring',
  'centralized-chang-roberts',
  'lamport',
  'suzuki-kasami',
  'maekawa',
] as const

/** Which one shows what recording costs: it sends the most messages for an entry. */
const recorded = 'lamport'

/**
 * Five peers in five processes on loopback, an empty section, no thinking: entries a second of each algorithm on the real room, and
 * what a whole set of recorded messages costs. Time is from the first wish to the last entry, on the room clock.
 */
export async function measureLab(entries: number, runs: number): Promise<object> {
  const room = await openRoom(5)
  try {
    const [host] = room.peers
    if (host === undefined) throw new Error('nobody is the host')
    const run = (algorithm: string, record: boolean, each = entries): Promise<LabReport> =>
      host.order<LabReport>({ kind: 'lab', setting: settingOf(algorithm, each, record) })
    // Programs that have just begun are slow for a while.
    await run(recorded, true, Math.ceil(entries / 5))
    const result: Record<string, object> = {}
    for (const algorithm of algorithms) {
      result[algorithm] = await run(algorithm, true)
    }
    const ratios: number[] = []
    for (let at = 0; at < runs; at++) {
      const [off, on] = [await run(recorded, false), await run(recorded, true)]
      ratios.push(on.entriesPerSecond / off.entriesPerSecond)
    }
    return { unit: 'entries/s', entriesEach: entries, ...result, recordingShare: median(ratios), recordingRuns: ratios }
  } finally {
    await room.close()
  }
}

const settingOf = (algorithm: string, entries: number, record: boolean): ExperimentSetting => ({
  algorithm,
  section: 'main',
  entries,
  think: { least: 0, most: 0 },
  stay: { least: 0, most: 0 },
  seed: 1,
  lostShare: 0,
  faults: [],
  step: false,
  record,
})
