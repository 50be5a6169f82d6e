import { fileURLToPath } from 'node:url'
import type { ClientOrder, Place, RateReport, TimesReport } from './gateway-client.ts'
import type { MemoryReport } from './peer-process.ts'
import { forkOrdered, openRoom } from './room.ts'
import { median, quantile } from './statistics.ts'

const connections = 64
const windowMany = 32
const idleConnections = 1_000

/** The line protocol for thin clients: one client process, three peers with fsync and quorum. */
export async function measureGateway(runs: number, seconds: number): Promise<object> {
  const room = await openRoom(3, { gateway: true, execArgv: ['--expose-gc'] })
  const client = forkOrdered<ClientOrder>(fileURLToPath(new URL('./gateway-client.ts', import.meta.url)), [])
  try {
    const places = await Promise.all(room.peers.map((peer) => peer.order<Place>({ kind: 'gateway' })))
    const [first] = places
    const [peer] = room.peers
    if (first === undefined || peer === undefined) throw new Error('no peer')
    const rateOf = async (window: number): Promise<number> => {
      const { done, millis } = await client.order<RateReport>({
        kind: 'rate',
        places,
        connections,
        window,
        millis: seconds * 1_000,
      })
      return (done / millis) * 1_000
    }
    const memory = await peer.order<MemoryReport>({ kind: 'memory' })
    const idle = await client.order<{ open: number }>({ kind: 'idle', place: first, connections: idleConnections })
    const idleMiB = (await peer.order<MemoryReport>({ kind: 'memory' })).residentMiB - memory.residentMiB
    await client.order({ kind: 'hang-up' })
    // As those of the classic bank are: ten digits.
    const account = '1111111111'
    await peer.order({ kind: 'open-account', account })
    const times = await client.order<TimesReport>({ kind: 'times', place: { ...first, account }, count: 500 })
    const oneByOne: number[] = []
    const many: number[] = []
    await rateOf(1)
    for (let run = 0; run < runs; run++) {
      oneByOne.push(await rateOf(1))
      many.push(await rateOf(windowMany))
    }
    return {
      unit: 'transfers/s',
      requestResponse: median(oneByOne),
      pipelined: median(many),
      loginP50Millis: quantile(times.login, 0.5),
      loginP99Millis: quantile(times.login, 0.99),
      balanceP50Millis: quantile(times.balance, 0.5),
      balanceP99Millis: quantile(times.balance, 0.99),
      idleConnections: idle.open,
      idleMiB,
      clients: `one process with ${connections} connections; pipelined: ${windowMany} requests at once on each`,
      runs: { requestResponse: oneByOne, pipelined: many },
    }
  } finally {
    client.process.kill('SIGKILL')
    await room.close()
  }
}
