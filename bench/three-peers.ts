import { performance } from 'node:perf_hooks'
import type { Figure } from './in-turns.ts'
import type { LoadReport } from './peer-process.ts'
import { openRoom, statuses, until } from './room.ts'
import { median, nearestRank, quantile } from './statistics.ts'

/** Runs of one writer in which the code is still compiled: in them a commit takes half a millisecond more. */
const warmups = 4

/** Three peers in three processes on loopback: one writer in an idle room. `runs`: with those that warm up. */
export async function measureLatency(runs: number): Promise<object> {
  const room = await openRoom(3)
  try {
    const p50: number[] = []
    const p99: number[] = []
    for (let run = 0; run < runs; run++) {
      const writer = room.peers[run % 3]
      const report = await writer?.order<LoadReport>({ kind: 'load', callers: 1, millis: 3_000, pauseMillis: 20 })
      p50.push(quantile(report?.latencies ?? [], 0.5))
      p99.push(quantile(report?.latencies ?? [], 0.99))
    }
    return { unit: 'ms', commitP50: median(p50.slice(warmups)), commitP99: median(p99.slice(warmups)), warmups, runs: p50 }
  } finally {
    await room.close()
  }
}

export const latencyInTurns: Figure = {
  measure: 'measureLatency',
  args: [9],
  of: ({ runs }: { runs: number[] }) => median(runs.slice(warmups)),
}

export const throughputInTurns: Figure = {
  measure: 'measureThroughput',
  args: [3, 5],
  of: ({ committed }: { committed: number }) => committed,
}

/** 64 closed loops in each of the three processes: committed transfers a second, fsync on. */
export async function measureThroughput(runs: number, seconds: number): Promise<object> {
  const room = await openRoom(3)
  try {
    await loadAll(room.peers, 2_000)
    const rates: number[] = []
    const p50: number[] = []
    const cpu: number[] = []
    for (let run = 0; run < runs; run++) {
      const reports = await loadAll(room.peers, seconds * 1_000)
      rates.push(rateOf(reports))
      cpu.push(cpuOf(reports))
      p50.push(median(reports.map(({ latencies }) => quantile(latencies, 0.5))))
    }
    return {
      unit: 'transfers/s',
      committed: median(rates),
      callLatencyP50Millis: median(p50),
      cpuMicrosEach: median(cpu),
      runs: { committed: rates, cpuMicrosEach: cpu },
    }
  } finally {
    await room.close()
  }
}

/** Microseconds of processor time for one committed transfer, of all peers together: other programs matter less to it. */
const cpuOf = (reports: readonly LoadReport[]): number => {
  const sum = (of: (report: LoadReport) => number): number => reports.reduce((total, report) => total + of(report), 0)
  return (sum(({ cpuMillis }) => cpuMillis) * 1_000) / sum(({ committed }) => committed)
}

/** Committed transfers a second, of all peers together. */
export const rateOf = (reports: readonly LoadReport[]): number =>
  reports.reduce((sum, { committed, millis }) => sum + (committed / millis) * 1_000, 0)

export const loadAll = (peers: Awaited<ReturnType<typeof openRoom>>['peers'], millis: number): Promise<LoadReport[]> =>
  Promise.all(peers.map((peer) => peer.order<LoadReport>({ kind: 'load', callers: 64, millis, pauseMillis: 0 })))

/** kill -9 of the holder of the token: how long until an operation submitted right after it is committed. */
export async function measureFailover(runs: number): Promise<object> {
  const gaps: number[] = []
  for (let run = 0; run < runs; run++) {
    const room = await openRoom(3)
    try {
      let holder = -1
      await until(async () => {
        holder = (await statuses(room.peers)).findIndex((status) => status.holdsToken)
        return holder >= 0
      }, 10_000)
      const survivor = room.peers[(holder + 1) % 3]
      const killedAt = performance.timeOrigin + performance.now()
      room.peers[holder]?.process.kill('SIGKILL')
      const committed = await survivor?.order<{ at: number }>({ kind: 'once' })
      gaps.push((committed?.at ?? Number.NaN) - killedAt)
    } finally {
      await room.close()
    }
  }
  return { unit: 'ms', killToNextCommit: median(gaps), killToNextCommitP95: nearestRank(gaps, 0.95), runs: gaps }
}

/**
 * All three peers killed at once and started again together, where they were: how long until an operation submitted to
 * the first of them is committed, from the moment when the last process was up. What starting a process takes is told
 * beside it.
 */
export async function measureRestart(runs: number): Promise<object> {
  const gaps: number[] = []
  const starts: number[] = []
  for (let run = 0; run < runs; run++) {
    const room = await openRoom(3)
    try {
      await loadAll(room.peers, 1_000)
      const killedAt = performance.now()
      await room.restart()
      const upAt = performance.now()
      await room.peers[0]?.order({ kind: 'once' })
      gaps.push(performance.now() - upAt)
      starts.push(upAt - killedAt)
    } finally {
      await room.close()
    }
  }
  return {
    unit: 'ms',
    upToNextCommit: median(gaps),
    killToUp: median(starts),
    runs: { upToNextCommit: gaps, killToUp: starts },
  }
}
