import { onTestFinished } from 'vitest'
import { type ApiClient, connectApi } from '../../src/api/client.ts'
import { type ApiServer, startApiServer } from '../../src/api/http.ts'
import { createFakePeer, type FakePeer } from '../support/fake-peer.ts'
import { createFakeSeat, type FakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'

export const testToken = 't'.repeat(43)

export interface TestApi {
  readonly peer: FakePeer
  readonly seat: FakeSeat
  readonly server: ApiServer
  readonly client: ApiClient
  readonly port: number
}

/** A fake peer behind the real server, and a real client; all gone when the test is over. */
export async function startTestApi(): Promise<TestApi> {
  const peer = createFakePeer()
  const seat = createFakeSeat(peer)
  const server = await startApiServer({
    seat,
    logger: silentLogger,
    token: testToken,
    port: 0,
    version: '0.1.0',
  })
  const client = await connectApi({ url: server.url, token: testToken })
  onTestFinished(async () => {
    client.close()
    await server.stop()
  })
  return { peer, seat, server, client, port: Number(new URL(server.url).port) }
}
