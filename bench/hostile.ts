import { fileURLToPath } from 'node:url'
import type { Message } from '../src/ring/message.ts'
import type { Flood, FloodKind, HostileOrder } from './hostile-process.ts'
import { type BenchRoom, benchCode, forkOrdered, openRoom, pause } from './room.ts'
import { median } from './statistics.ts'
import { loadAll, rateOf } from './three-peers.ts'

const windowMillis = 1_000
const windows = 3
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
  ...[...(Object.keys(kinds) as Message['kind'][]), 'fetch-all' as const, 'garbage' as const, 'large' as const].map(
    (what: FloodKind) => ({ what, perSecond: undefined }),
  ),
  { what: 'prepare', perSecond: 5 },
  { what: 'request', perSecond: 5 },
  { what: 'join', perSecond: 5 },
]

/**
 * Three peers with 64 callers each, and one process that knows the room code and says one kind of message as fast as a
 * stream to each of them takes it: what the room commits meanwhile, of what it commits undisturbed just before and
 * after, and what the peers keep in memory.
 */
export async function measureHostile(): Promise<object> {
  const room = await openRoom(3, { execArgv: ['--expose-gc'] })
  const { name, addresses, peers } = room
  const hostile = forkOrdered<HostileOrder>(fileURLToPath(new URL('./hostile-process.ts', import.meta.url)), [])
  try {
    await loadAll(peers, 4_000)
    const alone = await rates(room, windows)
    const residentBefore = await residentMiB(room)
    await hostile.order({ kind: 'start', room: name, code: benchCode, address: addresses[0] ?? '' })
    const rows: FloodRow[] = []
    let calm = await rates(room, 1)
    for (const flood of floods) {
      const before = calm
      const sending = hostile.order<number>({ kind: 'flood', flood, millis: windows * windowMillis })
      const disturbed = await rates(room, windows)
      const frames = await sending
      await pause(calmMillis)
      calm = await rates(room, 1)
      const undisturbed = median([...before, ...calm])
      rows.push({
        kind: flood.what,
        sent: flood.perSecond === undefined ? 'as fast as one stream takes it' : `${flood.perSecond} a second`,
        frames,
        committed: median(disturbed),
        undisturbed,
        ratio: median(disturbed) / undisturbed,
        residentMiB: Math.max(...(await residentMiB(room))),
        runs: disturbed,
      })
    }
    const residentAfter = await residentMiB(room)
    const worst = rows.reduce((one, other) => (other.ratio < one.ratio ? other : one))
    return {
      unit: 'transfers/s',
      callers: '64 in each of three peers',
      undisturbed: median(alone),
      worst: { kind: worst.kind, sent: worst.sent, ratio: worst.ratio },
      residentGrowthMiB: Math.max(...residentAfter.map((after, index) => after - (residentBefore[index] ?? 0))),
      residentBefore,
      residentAfter,
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
  readonly frames: number
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

const residentMiB = (room: BenchRoom): Promise<readonly number[]> =>
  Promise.all(room.peers.map((peer) => peer.order<number>({ kind: 'memory' })))
