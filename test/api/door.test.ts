import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectApi } from '../../src/api/client.ts'
import { startApiServer } from '../../src/api/http.ts'
import { createFakePeer } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { startTestApi, testToken } from './api.ts'

const bearer = { authorization: `Bearer ${testToken}` }

interface Stranger {
  readonly sentence: string
  readonly headers: (port: number) => Record<string, string>
  readonly status: number
  readonly code: string
}

const strangers: readonly Stranger[] = [
  { sentence: 'without a token', headers: () => ({}), status: 401, code: 'token-wrong' },
  { sentence: 'with another token', headers: () => ({ authorization: 'Bearer guess' }), status: 401, code: 'token-wrong' },
  {
    sentence: 'that names another host (DNS rebinding)',
    headers: (port) => ({ ...bearer, host: `evil.example:${port}` }),
    status: 403,
    code: 'host-refused',
  },
  { sentence: 'that names another port', headers: () => ({ ...bearer, host: '127.0.0.1:1' }), status: 403, code: 'host-refused' },
  {
    sentence: 'from a page of another origin',
    headers: () => ({ ...bearer, origin: 'https://evil.example' }),
    status: 403,
    code: 'origin-refused',
  },
  {
    sentence: 'from a page without an origin',
    headers: () => ({ ...bearer, origin: 'null' }),
    status: 403,
    code: 'origin-refused',
  },
]

describe('a stranger is refused', () => {
  for (const { sentence, headers, status, code } of strangers) {
    test(`over HTTP ${sentence}`, async () => {
      const { port } = await startTestApi()
      const answer = await get(port, '/api/status', headers(port))
      expect([answer.status, answer.body]).toMatchObject([status, { code }])
    })

    test(`over WebSocket ${sentence}`, async () => {
      const { port } = await startTestApi()
      expect(await upgradeStatus(port, '/ws', headers(port))).toBe(status)
    })
  }
})

describe('whoever knows the token', () => {
  test('is let in over HTTP, also from the own page', async () => {
    const { port } = await startTestApi()
    const answer = await get(port, '/api/status', { ...bearer, origin: `http://127.0.0.1:${port}` })
    expect(answer).toMatchObject({ status: 200, body: { role: 'member' } })
  })

  test('is let in over WebSocket with the header', async () => {
    const { port } = await startTestApi()
    expect(await upgradeStatus(port, '/ws', bearer)).toBe(101)
  })

  test('finds the WebSocket at /ws only', async () => {
    const { port } = await startTestApi()
    expect(await upgradeStatus(port, '/elsewhere', bearer)).toBe(404)
  })

  test('finds no client with a wrong token', async () => {
    const { server } = await startTestApi()
    await expect(connectApi({ url: server.url, token: 'wrong' })).rejects.toMatchObject({ reason: 'stranger' })
  })
})

describe('over HTTP', () => {
  test('numbers in a query are read as numbers', async () => {
    const { port } = await startTestApi()
    expect(await get(port, '/api/log/tail?count=5', bearer)).toMatchObject({ status: 200, body: [] })
    expect(await get(port, '/api/log/tail?count=five', bearer)).toMatchObject({ status: 400, body: { code: 'input-invalid' } })
  })

  test('a deposit is submitted, and a rejection has its status, code and numbers', async () => {
    const { port, peer } = await startTestApi()
    const path = '/api/accounts/ana/deposit'
    expect(await post(port, path, JSON.stringify({ amount: '1.50' }))).toMatchObject({ status: 200 })
    expect(peer.submissions[0]?.submission.operation).toEqual({ kind: 'deposit', account: 'ana', amount: 150 })
    peer.answer({ rejection: { code: 'not-host' } })
    const answer = await post(port, path, JSON.stringify({ amount: '1.50' }))
    expect(answer).toMatchObject({ status: 422, body: { code: 'not-host', data: { receipt: { block: { index: 2 } } } } })
  })

  test('a new room is refused while there is a quorum, with an empty request too, unless it is forced', async () => {
    const { port } = await startTestApi()
    for (const body of ['', '{}']) {
      expect(await post(port, '/api/rooms/refound', body)).toMatchObject({ status: 409, body: { code: 'quorum-held' } })
    }
    expect(await post(port, '/api/rooms/refound', '{"force":true}')).toMatchObject({
      status: 200,
      body: { room: '12'.repeat(32) },
    })
  })

  test('an amount that is a JSON number is refused: it was a float on its way', async () => {
    const { port, peer } = await startTestApi()
    expect((await post(port, '/api/transfers', JSON.stringify({ from: 'ana', to: 'bob', amount: 0.1 }))).status).toBe(400)
    expect(peer.submissions).toEqual([])
  })

  test('half a body and a body over the limit are refused, and the next request is served', async () => {
    const { port, peer } = await startTestApi()
    const path = '/api/accounts/ana/deposit'
    expect((await post(port, path, '{"amount":')).status).toBe(400)
    expect((await post(port, path, JSON.stringify({ amount: '1', pad: 'x'.repeat(300_000) }))).status).toBe(413)
    expect(peer.submissions).toEqual([])
    expect((await post(port, path, JSON.stringify({ amount: '1' }))).status).toBe(200)
  })

  test('the specification names every route', async () => {
    const { port } = await startTestApi()
    const { body } = await get(port, '/openapi.json', bearer)
    const { paths } = body as { paths: Record<string, unknown> }
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/status',
        '/accounts',
        '/accounts/{account}',
        '/transfers',
        '/auctions/{auction}/bids',
        '/events',
      ]),
    )
  })

  test('an unknown route is a 404', async () => {
    const { port } = await startTestApi()
    expect(await get(port, '/api/nothing', bearer)).toMatchObject({ status: 404, body: { code: 'not-found' } })
  })
})

test('a WebSocket message over the limit closes that connection only', async () => {
  const { port, client } = await startTestApi()
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: bearer })
  const closed = new Promise<number>((resolve) => webSocket.on('close', resolve))
  webSocket.on('open', () => webSocket.send('x'.repeat(300_000)))
  expect(await closed).toBe(1009)
  expect(await client.api.status()).toMatchObject({ role: 'member' })
})

test('a port in use is a failure with a name', async () => {
  const { port } = await startTestApi()
  const starting = startApiServer({
    seat: createFakeSeat(createFakePeer()),
    logger: silentLogger,
    token: testToken,
    port,
    version: '0',
  })
  await expect(starting).rejects.toMatchObject({ code: 'port-in-use', message: `Port ${port} is in use.` })
})

interface Answer {
  readonly status: number | undefined
  readonly body: unknown
}

const get = (port: number, path: string, headers: Record<string, string>): Promise<Answer> => send(port, 'GET', path, headers, '')

const post = (port: number, path: string, body: string): Promise<Answer> =>
  send(port, 'POST', path, { ...bearer, 'content-type': 'application/json' }, body)

function send(port: number, method: string, path: string, headers: Record<string, string>, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve({ status: response.statusCode, body: JSON.parse(text) })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function upgradeStatus(port: number, path: string, headers: Record<string, string>): Promise<number | undefined> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  return new Promise((resolve) => {
    webSocket.on('upgrade', (response) => resolve(response.statusCode))
    webSocket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    webSocket.on('error', () => {})
    webSocket.on('open', () => webSocket.close())
  })
}
