import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ApiAddress } from '../src/api/api-files.ts'
import { openRoom } from './room.ts'
import { median } from './statistics.ts'

/** The same 64 callers for each of three peers, but through the WebSocket API, from a client process for each peer. */
export async function measureWebSocket(runs: number, seconds: number): Promise<object> {
  const room = await openRoom(3, { http: true })
  try {
    const addresses = await Promise.all(room.peers.map((peer) => peer.order<ApiAddress & { account: string }>({ kind: 'api' })))
    const rates: number[] = []
    for (let run = 0; run < runs; run++) {
      const committed = await Promise.all(addresses.map((address) => callFrom(address, seconds * 1_000)))
      rates.push(committed.reduce((sum, count) => sum + count, 0) / seconds)
    }
    return {
      unit: 'transfers/s',
      committed: median(rates),
      clients: 'one process for each peer, 64 callers in each',
      runs: rates,
    }
  } finally {
    await room.close()
  }
}

function callFrom(address: ApiAddress & { readonly account: string }, millis: number): Promise<number> {
  const child = fork(fileURLToPath(new URL('./web-socket-client.ts', import.meta.url)))
  return new Promise((resolve, reject) => {
    child.on('message', (committed: number) => resolve(committed))
    child.on('exit', (code) => reject(new Error(`the client ended with ${code}`)))
    child.send({ ...address, millis })
  })
}
