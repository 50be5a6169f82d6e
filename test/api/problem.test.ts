import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { startTestApi, testToken } from './api.ts'
import { posted, startRealPeer } from './real-peer.ts'

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

const bearer = { authorization: `Bearer ${testToken}` }
const json = { 'content-type': 'application/json' }

/** By bare HTTP: `fetch` would not send all of this. */
function send(port: number, method: string, path: string, headers: Record<string, string>, body = ''): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

interface Row {
  readonly what: string
  readonly ask: readonly [method: string, path: string, headers: Record<string, string>, body?: string]
  readonly status: number
  readonly code: string
  /** Besides what every problem has. */
  readonly headers?: Record<string, string>
  readonly data?: unknown
}

const transfers = '/api/transfers'
const rows: readonly Row[] = [
  { what: 'an unknown path', ask: ['GET', '/api/nothing', bearer], status: 404, code: 'not-found' },
  { what: 'a path beside the API', ask: ['GET', '/nothing', bearer], status: 404, code: 'not-found' },
  { what: 'the API itself', ask: ['GET', '/api', bearer], status: 404, code: 'not-found' },
  {
    what: 'another method than there is',
    ask: ['DELETE', '/api/status', bearer],
    ...{ status: 405, code: 'method-refused', headers: { allow: 'GET' } },
  },
  {
    what: 'a question to where something is done',
    ask: ['GET', transfers, bearer],
    ...{ status: 405, code: 'method-refused', headers: { allow: 'POST' } },
  },
  {
    what: 'another method where there are two',
    ask: ['PUT', '/api/accounts', { ...bearer, ...json }, '{}'],
    ...{ status: 405, code: 'method-refused', headers: { allow: 'GET, POST' } },
  },
  {
    what: 'another method for the description',
    ask: ['POST', '/openapi.json', { ...bearer, ...json }, '{}'],
    ...{ status: 405, code: 'method-refused', headers: { allow: 'GET' } },
  },
  {
    what: 'another method for the health',
    ask: ['POST', '/healthz', { ...json }, '{}'],
    ...{ status: 405, code: 'method-refused', headers: { allow: 'GET, HEAD' } },
  },
  {
    what: 'another method for the metrics',
    ask: ['POST', '/metrics', { ...bearer, ...json }, '{}'],
    ...{ status: 405, code: 'method-refused', headers: { allow: 'GET, HEAD' } },
  },
  { what: 'half a body', ask: ['POST', transfers, { ...bearer, ...json }, '{"from":'], status: 400, code: 'body-unreadable' },
  {
    what: 'a body that is no object',
    ask: ['POST', transfers, { ...bearer, ...json }, '[1]'],
    ...{ status: 400, code: 'input-invalid', data: { field: 'from', code: 'invalid_type' } },
  },
  { what: 'a body that is a form', ask: ['POST', transfers, bearer, 'from=ana'], status: 415, code: 'body-unknown' },
  {
    what: 'too large a body',
    ask: ['POST', transfers, { ...bearer, ...json }, JSON.stringify({ memo: 'x'.repeat(300_000) })],
    ...{ status: 413, code: 'body-too-large' },
  },
  {
    what: 'no token',
    ask: ['GET', '/api/status', {}],
    ...{ status: 401, code: 'token-wrong', headers: { 'www-authenticate': 'Bearer realm="gavelring"' } },
  },
  {
    what: 'no token for the metrics',
    ask: ['GET', '/metrics', {}],
    ...{ status: 401, code: 'token-wrong', headers: { 'www-authenticate': 'Bearer realm="gavelring"' } },
  },
  { what: 'another host', ask: ['GET', '/healthz', { host: 'evil.example' }], status: 403, code: 'host-refused' },
  { what: 'another origin', ask: ['GET', '/api/status', { ...bearer, origin: 'null' }], status: 403, code: 'origin-refused' },
  {
    what: 'an amount that is none',
    ask: ['POST', '/api/accounts/ana/deposit', { ...bearer, ...json }, '{"amount":"1e3"}'],
    ...{ status: 400, code: 'input-invalid', data: { field: 'amount', code: 'amount-not-a-number' } },
  },
  {
    what: 'a number in a query that is none',
    ask: ['GET', '/api/log/tail?count=x', bearer],
    ...{ status: 400, code: 'input-invalid', data: { field: 'count', code: 'invalid_type' } },
  },
  {
    what: 'an account that there is none of',
    ask: ['GET', '/api/accounts/nobody', bearer],
    ...{ status: 404, code: 'account-unknown', data: { account: 'nobody' } },
  },
]

describe('every refusal is a problem', () => {
  for (const { what, ask, status, code, headers, data } of rows) {
    test(what, async () => {
      const { port } = await startTestApi()
      const told = await send(port, ...ask)
      const problem: unknown = JSON.parse(told.text)
      expect([told.status, problem]).toEqual([
        status,
        {
          ...{ type: `urn:gavelring:problem:${code}`, code, status },
          ...{ title: expect.stringMatching(/^[A-Z].*\.$|^[A-Z].*…$/), detail: expect.stringMatching(/^[A-Z]/) },
          ...(data !== undefined && { data }),
        },
      ])
      expect(told.headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers })
    })
  }

  test('what the rules refuse has the title of its code, its numbers, and its place in the log', async () => {
    const { ask } = await startRealPeer()
    for (const account of ['ana', 'bob']) await ask('/api/accounts', posted({ account, holder: account }))
    const answer = await ask('/api/transfers', posted({ from: 'ana', to: 'bob', amount: '3' }))
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      422,
      'application/problem+json',
      {
        type: 'urn:gavelring:problem:funds-short',
        title: 'The account has not enough money.',
        status: 422,
        detail: 'The account has not enough money: 0.00 EUR is available.',
        code: 'funds-short',
        data: {
          available: { cents: 0, text: '0.00 EUR', currency: 'EUR' },
          receipt: { operation: expect.any(String), block: expect.objectContaining({ index: expect.any(Number) }) },
        },
      },
    ])
  })

  test('what passes by itself says when to ask again', async () => {
    const { port, peer } = await startTestApi()
    for (const failure of ['no-quorum', 'stopping'] as const) {
      peer.answer({ failure })
      const told = await send(port, 'POST', '/api/accounts/ana/deposit', { ...bearer, ...json }, '{"amount":"1"}')
      expect([told.status, told.headers['retry-after'], JSON.parse(told.text)]).toEqual([
        503,
        '1',
        expect.objectContaining({ code: failure }),
      ])
    }
  })

  test('a bug is told as one, without its insides', async () => {
    const { port, peer } = await startTestApi()
    peer.ring = () => {
      throw new TypeError('a secret of the inside')
    }
    const told = await send(port, 'GET', '/api/ring', bearer)
    expect([told.status, JSON.parse(told.text)]).toEqual([500, expect.objectContaining({ code: 'internal' })])
    expect(told.text).not.toContain('secret')
  })

  test('a head alone is answered with a head alone', async () => {
    const { port, peer } = await startTestApi()
    peer.setQuorum(false)
    const told = await send(port, 'HEAD', '/readyz', {})
    expect([told.status, told.text, told.headers['content-type']]).toEqual([503, '', 'application/problem+json'])
  })
})
