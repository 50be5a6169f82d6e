import { createORPCClient, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Api } from '../../src/api/client.ts'
import { connectApi } from '../../src/api/client.ts'
import { startApiServer } from '../../src/api/http.ts'
import { createRateLimit } from '../../src/api/rate-limit.ts'
import { createFakePeer } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { testToken } from './api.ts'
import { asker } from './real-peer.ts'

describe('a bucket', () => {
  const limit = (now: () => number, keysMax = 10) => createRateLimit({ perSecond: 2, burst: 3, keysMax, now })
  const takes = (bucket: ReturnType<typeof limit>, key: string, count: number) =>
    Array.from({ length: count }, () => bucket.take(key))

  test('lets so many through at once, then says how long to wait, and fills up again', () => {
    let now = 0
    const bucket = limit(() => now)
    expect(takes(bucket, 'ana', 4)).toEqual([undefined, undefined, undefined, 1])
    now = 499
    expect(bucket.take('ana')).toBe(1)
    now = 500
    expect(takes(bucket, 'ana', 2)).toEqual([undefined, 1])
    now = 1_000_000
    expect(takes(bucket, 'ana', 4)).toEqual([undefined, undefined, undefined, 1])
  })

  test('is one for each key', () => {
    const bucket = limit(() => 0)
    takes(bucket, 'ana', 4)
    expect(bucket.take('bob')).toBeUndefined()
  })

  test('remembers so many keys and no more: the one that was quiet for longest goes', () => {
    const bucket = limit(() => 0, 2)
    takes(bucket, 'ana', 4)
    takes(bucket, 'bob', 4)
    expect(bucket.take('ana')).toBe(1)
    bucket.take('cleo')
    expect([bucket.take('ana'), bucket.take('bob')]).toEqual([1, undefined])
  })

  test('of a slow rate says the seconds that it takes', () => {
    const bucket = createRateLimit({ perSecond: 0.1, burst: 1, keysMax: 1, now: () => 0 })
    expect([bucket.take('ana'), bucket.take('ana')]).toEqual([undefined, 10])
  })
})

/** A tenth of a call a second: what is used up stays so for the test. */
async function startSlow() {
  const seat = createFakeSeat(createFakePeer())
  const limits = { callsPerSecond: 0.1, callsBurst: 3, guessesPerSecond: 0.1, guessesBurst: 3 }
  const server = await startApiServer({ seat, logger: silentLogger, token: testToken, port: 0, version: '0.1.0', limits })
  onTestFinished(() => server.stop())
  const made = await seat.tokens.create('read', undefined)
  return { server, seat, token: made?.token ?? '' }
}

const statuses = (ask: ReturnType<typeof asker>, count: number, path = '/api/status'): Promise<readonly number[]> =>
  Array.from({ length: count }).reduce<Promise<number[]>>(
    async (before) => [...(await before), (await ask(path)).status],
    Promise.resolve([]),
  )

describe('calls of a token are limited', () => {
  test('over HTTP with 429 and Retry-After, other tokens and the owner are not', async () => {
    const { server, seat, token } = await startSlow()
    const ask = asker(server.url, token)
    expect(await statuses(ask, 4)).toEqual([200, 200, 200, 429])
    const refused = await ask('/api/status')
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d?$/)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(await refused.json()).toMatchObject({ code: 'rate-limited', data: { retryAfterSeconds: 10 } })
    const other = await seat.tokens.create('read', undefined)
    expect(await statuses(asker(server.url, other?.token), 1)).toEqual([200])
    expect(new Set(await statuses(asker(server.url, testToken), 50))).toEqual(new Set([200]))
  })

  test('over WebSocket call by call, and the connection stays', async () => {
    const { server, token } = await startSlow()
    const webSocket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, ['gavelring', `gavelring.token.${token}`])
    await new Promise((resolve) => webSocket.on('open', resolve))
    const api = createORPCClient<Api>(new RPCLink({ websocket: webSocket as never }))
    const codes: string[] = []
    for (let call = 0; call < 5; call++) {
      const { error } = await safe(api.status())
      codes.push(error === null ? 'done' : (error as { code: string }).code)
    }
    expect(codes).toEqual(['done', 'done', 'done', 'rate-limited', 'rate-limited'])
    expect(webSocket.readyState).toBe(WebSocket.OPEN)
    webSocket.terminate()
  })

  test('the owner’s are not, over WebSocket either', async () => {
    const { server } = await startSlow()
    const client = await connectApi({ url: server.url, token: testToken })
    await Promise.all(Array.from({ length: 100 }, () => client.api.status()))
    client.close()
  })
})

test('wrong tokens are limited by their address, the right one comes in all the same, and health is told to everyone', async () => {
  const { server, token } = await startSlow()
  expect(await statuses(asker(server.url, 'guess'), 5)).toEqual([401, 401, 401, 429, 429])
  expect(await statuses(asker(server.url, undefined), 1)).toEqual([429])
  expect(await statuses(asker(server.url, undefined), 5, '/healthz')).toEqual([200, 200, 200, 200, 200])
  expect(await statuses(asker(server.url, testToken), 1)).toEqual([200])
  expect(await statuses(asker(server.url, token), 1)).toEqual([200])
})
