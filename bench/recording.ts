import type { ApiAddress } from '../src/api/api-files.ts'
import { connectApi } from '../src/api/client.ts'
import { recording } from '../src/peer/recording.ts'
import type { LoadReport } from './peer-process.ts'
import { type BenchRoom, openRoom, pause } from './room.ts'
import { median } from './statistics.ts'
import { loadAll, rateOf } from './three-peers.ts'

const windowMillis = 2_000
/** Until no peer records any more for somebody who has gone. */
const restMillis = recording.watchLasts + 2 * recording.batchEvery
/** Until all record. */
const beginMillis = 1_000

/** Somebody looks at the ring until `stop`, which answers how many steps were told, and how many frames were not. */
type Watch = (room: BenchRoom) => Promise<() => Promise<Seen>>

interface Seen {
  readonly told: number
  readonly missed: number
}

/**
 * Three peers with 64 callers each: what the room commits while one of them is watched, of what it commits just before and after.
 * `recording`: the steps are made, and counted in the watched peer. `screen`: they go to a client over WebSocket too, which shares
 * the cores with the peers.
 */
export async function measureRecording(runs: number): Promise<object> {
  const room = await openRoom(3, { http: true })
  try {
    await loadAll(room.peers, 4_000)
    const result: Record<string, object> = {}
    for (const [name, watch] of Object.entries({ recording: watchInside, screen: watchByClient })) {
      result[name] = await compare(room, watch, runs)
    }
    return { unit: 'share of the transfers/s committed while nobody watches', ...result }
  } finally {
    await room.close()
  }
}

async function compare(room: BenchRoom, watch: Watch, runs: number): Promise<object> {
  const ratios: number[] = []
  const costs: number[] = []
  const steps: Seen[] = []
  let before = await load(room)
  for (let run = 0; run < runs; run++) {
    const stop = await watch(room)
    await pause(beginMillis)
    const watched = await load(room)
    steps.push(await stop())
    await pause(restMillis)
    const after = await load(room)
    ratios.push((2 * watched.rate) / (before.rate + after.rate))
    costs.push((2 * watched.cpuEach) / (before.cpuEach + after.cpuEach))
    before = after
  }
  const seconds = (beginMillis + windowMillis) / 1_000
  return {
    rate: median(ratios),
    processorTimeEach: median(costs),
    toldPerSecond: median(steps.map(({ told }) => told / seconds)),
    missedPerSecond: median(steps.map(({ missed }) => missed / seconds)),
    runs: ratios,
  }
}

async function load({ peers }: BenchRoom): Promise<{ readonly rate: number; readonly cpuEach: number }> {
  const reports = await loadAll(peers, windowMillis)
  const sum = (of: (report: LoadReport) => number): number => reports.reduce((total, report) => total + of(report), 0)
  return { rate: rateOf(reports), cpuEach: sum(({ cpuMillis }) => cpuMillis) / sum(({ committed }) => committed) }
}

const watchInside: Watch = async ({ peers: [peer] }) => {
  if (peer === undefined) throw new Error('nobody to watch')
  await peer.order({ kind: 'watch', isOn: true })
  return () => peer.order<Seen>({ kind: 'watch', isOn: false })
}

const watchByClient: Watch = async ({ peers: [peer] }) => {
  if (peer === undefined) throw new Error('nobody to watch')
  const client = await connectApi(await peer.order<ApiAddress>({ kind: 'api' }))
  const steps = await client.api.ring.watch()
  const seen = { told: 0, missed: 0 }
  const reading = (async () => {
    for await (const step of steps) {
      if (step.kind === 'missed') seen.missed += step.count
      else seen.told++
    }
  })().catch(() => {})
  return async () => {
    client.close()
    await reading
    return seen
  }
}
