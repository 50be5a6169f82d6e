import type { ExperimentSetting } from '../src/mutex/setting.ts'
import { plainSetting } from '../test/support/lab-setting.ts'
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
 * what a whole set of recorded messages costs. Time is from the first wish to the last entry, on the room clock; that of the
 * processors is of all five processes from the set-up to the result, which waits for the messages that are told late.
 */
export async function measureLab(entries: number, runs: number): Promise<object> {
  const room = await openRoom(5)
  try {
    const [host] = room.peers
    if (host === undefined) throw new Error('nobody is the host')
    const cpu = async (): Promise<number> => {
      const used = await Promise.all(room.peers.map((peer) => peer.order<{ readonly millis: number }>({ kind: 'cpu' })))
      return used.reduce((sum, { millis }) => sum + millis, 0)
    }
    const run = async (algorithm: string, record: boolean, each = entries): Promise<LabReport & Cost> => {
      const before = await cpu()
      const report = await host.order<LabReport>({ kind: 'lab', setting: settingOf(algorithm, each, record) })
      return { ...report, cpuMillisPerEntry: ((await cpu()) - before) / Math.max(1, report.entries) }
    }
    // Programs that have just begun are slow for a while.
    await run(recorded, true, Math.ceil(entries / 5))
    const result: Record<string, object> = {}
    for (const algorithm of algorithms) {
      result[algorithm] = await run(algorithm, true)
    }
    const ratios: number[] = []
    const costs: { readonly off: number; readonly on: number }[] = []
    for (let at = 0; at < runs; at++) {
      const [off, on] = [await run(recorded, false), await run(recorded, true)]
      ratios.push(on.entriesPerSecond / off.entriesPerSecond)
      costs.push({ off: off.cpuMillisPerEntry, on: on.cpuMillisPerEntry })
    }
    return {
      ...{ unit: 'entries/s', entriesEach: entries, ...result },
      ...{ recordingShare: median(ratios), recordingRuns: ratios, cpuMillisPerEntry: costs },
    }
  } finally {
    await room.close()
  }
}

interface Cost {
  readonly cpuMillisPerEntry: number
}

const settingOf = (algorithm: string, entries: number, record: boolean): ExperimentSetting => ({
  ...plainSetting,
  algorithm,
  entries,
  record,
})
