import { describe, expect, test } from 'vitest'
import { contract } from '../../src/api/contract.ts'
import { procedures } from '../../src/api/rest/refusals.ts'
import { startTestApi, testToken } from './api.ts'
import { asker, makeProfile, posted, startRealPeer } from './real-peer.ts'

const keyed = (body: object, key: string): RequestInit => posted(body, { 'idempotency-key': key })

describe('an operation with an Idempotency-Key', () => {
  test('is done once: who repeats it gets the first result, also after a restart', async () => {
    const profile = makeProfile()
    const first = await startRealPeer(profile)
    await first.ask('/api/accounts', posted({ account: 'ana', holder: 'Ana' }))
    const deposit = keyed({ amount: '5' }, 'coin-1')
    const { events } = (await (await first.ask('/api/accounts/ana/deposit', deposit)).json()) as { events: object[] }
    expect(events).toMatchObject([{ kind: 'moved', amount: '5.00 EUR' }])
    expect(await (await first.ask('/api/accounts/ana/deposit', deposit)).json()).toMatchObject({ events })
    // The same id in the body is the same request.
    const inBody = posted({ amount: '5', requestId: 'coin-1' })
    expect(await (await first.ask('/api/accounts/ana/deposit', inBody)).json()).toMatchObject({ events })
    await first.stop(5_000)

    const second = await startRealPeer(profile, { last: true })
    const again = await second.ask('/api/accounts/ana/deposit', deposit)
    expect([again.status, await again.json()]).toMatchObject([200, { events }])
    expect(await (await second.ask('/api/accounts/ana')).json()).toMatchObject({ available: { text: '5.00 EUR' } })
  })

  test('with another body, or for something else, is refused by the rules', async () => {
    const { ask } = await startRealPeer()
    await ask('/api/accounts', keyed({ account: 'ana', holder: 'Ana' }, 'one'))
    for (const [path, body] of [
      ['/api/accounts', { account: 'bob', holder: 'Bob' }],
      ['/api/accounts/ana/deposit', { amount: '5' }],
    ] as const) {
      const answer = await ask(path, keyed(body, 'one'))
      expect([answer.status, await answer.json()]).toMatchObject([422, { code: 'request-reused' }])
    }
  })

  test('gives the first no again, too', async () => {
    const { ask } = await startRealPeer()
    const close = keyed({}, 'close-1')
    const once = await (await ask('/api/accounts/nobody/close', close)).json()
    expect(once).toMatchObject({ code: 'account-unknown' })
    await ask('/api/accounts', posted({ account: 'nobody', holder: 'Nobody' }))
    expect(await (await ask('/api/accounts/nobody/close', close)).json()).toMatchObject({ code: 'account-unknown' })
  })
})

describe('the key', () => {
  const reach = async (key: string, body: object = { amount: '1' }) => {
    const { server, peer } = await startTestApi()
    const answer = await asker(server.url, testToken)('/api/accounts/ana/deposit', keyed(body, key))
    return { status: answer.status, body: await answer.json(), request: peer.submissions[0]?.submission.request }
  }

  test.each([
    ['bare', 'coin-1', 'coin-1'],
    ['in quotation marks, as the draft has it', '"coin-1"', 'coin-1'],
    ['with quotation marks in it', '"a\\"b\\\\c"', 'a"b\\c'],
    ['a UUID', '8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  ])('may stand %s', async (_, header, request) => {
    expect(await reach(header)).toMatchObject({ status: 200, request })
  })

  test.each([
    ['nothing', ''],
    ['an empty string', '""'],
    ['spaces', 'a b'],
    ['one that is too long', 'x'.repeat(500)],
    ['other characters', 'é'],
  ])('is not %s', async (_, header) => {
    expect(await reach(header)).toMatchObject({
      ...{ status: 400, request: undefined },
      body: { code: 'input-invalid', data: { field: 'Idempotency-Key', code: 'request-id-invalid' } },
    })
  })

  test('and the request id of the body have to be the same, where both are told', async () => {
    expect(await reach('one', { amount: '1', requestId: 'one' })).toMatchObject({ status: 200, request: 'one' })
    expect(await reach('one', { amount: '1', requestId: 'two' })).toMatchObject({
      ...{ status: 400, request: undefined },
      body: { code: 'input-invalid', data: { field: 'requestId', code: 'request-ids-differ' } },
    })
  })

  test('means nothing to a question', async () => {
    const { server } = await startTestApi()
    const ask = asker(server.url, testToken)
    expect((await ask('/api/status', { headers: { 'idempotency-key': 'x' } })).status).toBe(200)
  })
})

/** Of each procedure that comes into the log under an id of the client's. */
const withRequestId = (): readonly string[] =>
  Object.entries({
    ring: { pace: contract.ring.pace },
    accounts: { open: contract.accounts.open, close: contract.accounts.close },
    deposit: contract.deposit,
    withdraw: contract.withdraw,
    transfer: contract.transfer,
    auctions: {
      start: contract.auctions.start,
      bid: contract.auctions.bid,
      cancel: contract.auctions.cancel,
      extend: contract.auctions.extend,
      pause: contract.auctions.pause,
      resume: contract.auctions.resume,
    },
  }).flatMap(([name, part]) => ('~orpc' in part ? [name] : Object.keys(part).map((each) => `${name}.${each}`)))

const bodies: Readonly<Record<string, object>> = {
  'ring.pace': { millis: 500 },
  'accounts.open': { account: 'bob', holder: 'Bob' },
  transfer: { from: 'ana', to: 'bob', amount: '1' },
  'auctions.start': { item: 'Lamp', payee: 'ana', startingPrice: '1', increment: '1' },
  'auctions.bid': { account: 'ana', amount: '1' },
  'auctions.extend': { millis: 1_000 },
}

test.each(withRequestId())('%s takes the key into the log', async (name) => {
  const { server, peer } = await startTestApi()
  const path = procedures
    .find((each) => each.name === name)
    ?.path.replace('{account}', 'ana')
    .replace('{auction}', 'last')
  await asker(server.url, testToken)(`/api${path}`, keyed(bodies[name] ?? { amount: '1' }, 'the-key'))
  expect(peer.submissions.map(({ submission }) => submission.request)).toEqual(['the-key'])
})

describe('what never comes into the log, with a key', () => {
  test('gives the first result again, and another body is refused', async () => {
    const { server, seat } = await startTestApi()
    const ask = asker(server.url, testToken)
    const make = keyed({ role: 'read', label: 'wall' }, 'token-1')
    const [once, again] = await Promise.all([ask('/api/tokens', make), ask('/api/tokens', make)])
    expect(await again.json()).toEqual(await once.json())
    expect(seat.tokens.list()).toHaveLength(1)
    const other = await ask('/api/tokens', keyed({ role: 'bid' }, 'token-1'))
    expect([other.status, await other.json()]).toMatchObject([422, { code: 'request-reused' }])
    await ask('/api/tokens', keyed({ role: 'read', label: 'wall' }, 'token-2'))
    expect(seat.tokens.list()).toHaveLength(2)
  })

  test('is another one for another token', async () => {
    const { server, seat } = await startTestApi()
    const tokens = await Promise.all([seat.tokens.create('host', undefined), seat.tokens.create('host', undefined)])
    const lot = keyed({ item: 'Lamp', startingPrice: '1', increment: '1' }, 'lot-1')
    for (const made of tokens) await asker(server.url, made?.token)('/api/catalogue', lot)
    expect(seat.catalogue.list()).toHaveLength(2)
  })

  test('may be asked again once it was refused', async () => {
    const { server, seat } = await startTestApi()
    const ask = asker(server.url, testToken)
    for (let count = 0; count < seat.tokens.tokensMax; count++) await seat.tokens.create('read', undefined)
    const make = keyed({ role: 'read' }, 'token-1')
    expect((await ask('/api/tokens', make)).status).toBe(409)
    await seat.tokens.revoke(seat.tokens.list()[0]?.id ?? '')
    expect((await ask('/api/tokens', make)).status).toBe(200)
  })
})
