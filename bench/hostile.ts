import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Message } from '../src/ring/message.ts'
import type { Flood, Flooded, FloodKind, HostileOrder } from './hostile-process.ts'
import type { MemoryReport } from './peer-process.ts'
import { type BenchRoom, benchCode, forkOrdered, openRoom, pause } from './room.ts'
import { median } from './statistics.ts'
import { loadAll, rateOf } from './three-peers.ts'

const warmMillis = 15_000
const windowMillis = 800
const windows = 3
const calmWindows = 2
/** So that what a flood left behind is over before the next figure. */
const calmMillis = 300

/** In a table, so that a new kind of message does not compile without its flood. */
const kinds: Readonly<Record<Message['kind'], true>> = {
  announce: true,
  want: true,
  token: true,
  'token-ack': true,
  blocks: true,
  durable: true,
  committed: true,
  status: true,
  ping: true,
  pong: true,
  request: true,
  'pre-vote': true,
  agree: true,
  prepare: true,
  promise: true,
  refuse: true,
  install: true,
  installed: true,
  activated: true,
  fetch: true,
  fetched: true,
  evidence: true,
}

const floods: readonly Flood[] = [
  { what: 'nothing', perSecond: undefined },
  ...[
    ...(Object.keys(kinds) as Message['kind'][]),
    'fetch-all' as const,
    'topic' as const,
    'garbage' as const,
    'large' as const,
  ].map((what: FloodKind) => ({ what, perSecond: undefined })),
  { what: 'prepare', perSecond: 5 },
  { what: 'request', perSecond: 5 },
  { what: 'join', perSecond: 5 },
]

/**
 * Three peers with 64 callers each, and one process that knows the room code and says one kind of message as fast as a
 * stream to each of them takes it: what the room commits meanwhile, of what it commits undisturbed just before and
 * after, and what the peers keep in memory. `only`: these floods; default: all.
 */
export async function measureHostile(only: readonly FloodKind[] = []): Promise<object> {
  const room = await openRoom(3, { execArgv: ['--expose-gc'] })
  const { name, addresses, peers } = room
  const hostile = forkOrdered<HostileOrder>(fileURLToPath(new URL('./hostile-process.ts', import.meta.url)), [])
  try {
    // On its own laptop it would not take the peers' processors: here it gets what they leave.
    if (hostile.process.pid !== undefined) setPriority(hostile.process.pid, constants.priority.PRIORITY_LOW)
    // What a peer keeps of a busy room grows for the first half minute, whoever is there.
    await loadAll(peers, warmMillis)
    const alone = await rates(room, windows)
    const before = await memoryOf(room)
    const rows: FloodRow[] = []
    let calm = await rates(room, calmWindows)
    for (const flood of floods.filter(({ what }) => only.length === 0 || only.includes(what))) {
      await hostile.order({ kind: 'come', room: name, code: benchCode, address: addresses[0] ?? '' })
      const sending = hostile.order<Flooded>({ kind: 'flood', flood })
      await pause(calmMillis)
      const disturbed = await rates(room, windows)
      await hostile.order({ kind: 'halt' })
      const { frames, millis } = await sending
      await hostile.order({ kind: 'go' })
      if (frames === 0 && flood.what !== 'nothing') throw new Error(`nothing was sent: ${flood.what}`)
      await pause(calmMillis)
      const calmBefore = calm
      calm = await rates(room, calmWindows)
      const undisturbed = median([...calmBefore, ...calm])
      rows.push({
        kind: flood.what,
        sent: flood.perSecond === undefined ? 'as fast as it is taken' : `${flood.perSecond} a second to each`,
        framesPerSecond: (frames / millis) * 1_000,
        committed: median(disturbed),
        undisturbed,
        ratio: median(disturbed) / undisturbed,
        residentMiB: Math.max(...(await memoryOf(room)).map(({ residentMiB }) => residentMiB)),
        runs: disturbed,
      })
    }
    const after = await memoryOf(room)
    const worst = rows.reduce((one, other) => (other.ratio < one.ratio ? other : one))
    return {
      unit: 'transfers/s',
      callers: '64 in each of three peers',
      undisturbed: median(alone),
      worst: { kind: worst.kind, sent: worst.sent, ratio: worst.ratio },
      ratioMedian: median(rows.map(({ ratio }) => ratio)),
      residentGrowthMiB: growth(before, after, 'residentMiB'),
      ownGrowthMiB: growth(before, after, 'ownMiB'),
      usedGrowthMiB: growth(before, after, 'usedMiB'),
      memory: { before, after },
      floods: rows,
    }
  } finally {
    hostile.process.kill('SIGKILL')
    await room.close()
  }
}

interface FloodRow {
  readonly kind: FloodKind
  readonly sent: string
  /** To all three together. */
  readonly framesPerSecond: number
  readonly committed: number
  readonly undisturbed: number
  readonly ratio: number
  /** The largest of the three peers, just afterwards. */
  readonly residentMiB: number
  readonly runs: readonly number[]
}

async function rates({ peers }: BenchRoom, count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let run = 0; run < count; run++) found.push(rateOf(await loadAll(peers, windowMillis)))
  return found
}

const memoryOf = (room: BenchRoom): Promise<readonly MemoryReport[]> =>
  Promise.all(room.peers.map((peer) => peer.order<MemoryReport>({ kind: 'memory' })))

/** Of the peer that grew most. */
const growth = (before: readonly MemoryReport[], after: readonly MemoryReport[], what: keyof MemoryReport): number =>
  Math.max(...after.map((report, index) => report[what] - (before[index]?.[what] ?? 0)))
