import { fileURLToPath } from 'node:url'
import type { RateReport } from './gateway-client.ts'
import { forkOrdered, openRoom } from './room.ts'
import { median } from './statistics.ts'
import type { ApiClientOrder, ApiPlace } from './web-socket-client.ts'

const connections = 64
const windowMany = 32
const callersEach = 64

/** The WebSocket API, as its own client speaks it: three peers with fsync and quorum. */
export async function measureWebSocket(runs: number, seconds: number): Promise<object> {
  const room = await openRoom(3, { http: true })
  const client = (): ReturnType<typeof forkOrdered<ApiClientOrder>> =>
    forkOrdered(fileURLToPath(new URL('./web-socket-client.ts', import.meta.url)), [])
  const clients = room.peers.map(client)
  try {
    const places = await Promise.all(room.peers.map((peer) => peer.order<ApiPlace>({ kind: 'api' })))
    const rateOf = async (order: Omit<ApiClientOrder, 'millis'>, by = clients[0]): Promise<number> => {
      if (by === undefined) throw new Error('no client')
      const { done, millis } = await by.order<RateReport>({ ...order, millis: seconds * 1_000 })
      return (done / millis) * 1_000
    }
    /** Each on one connection to its own peer. */
    const rateOfAll = async (): Promise<number> => {
      const own = places.map((place, i) => rateOf({ places: [place], connections: 1, window: callersEach }, clients[i]))
      return (await Promise.all(own)).reduce((sum, rate) => sum + rate, 0)
    }
    const oneByOne: number[] = []
    const many: number[] = []
    const committed: number[] = []
    await rateOfAll()
    for (let run = 0; run < runs; run++) {
      oneByOne.push(await rateOf({ places, connections, window: 1 }))
      many.push(await rateOf({ places, connections, window: windowMany }))
      committed.push(await rateOfAll())
    }
    return {
      unit: 'transfers/s',
      requestResponse: median(oneByOne),
      pipelined: median(many),
      committed: median(committed),
      clients: `one process with ${connections} connections, one call at a time on each; pipelined: ${windowMany} calls at once on each. committed: one process with one connection for each peer, ${callersEach} calls at once on it`,
      runs: { requestResponse: oneByOne, pipelined: many, committed },
    }
  } finally {
    for (const { process } of clients) process.kill('SIGKILL')
    await room.close()
  }
}
