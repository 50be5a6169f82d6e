import { describe, expect, test } from 'vitest'
import { type AccountId, operationId } from '../../src/core/ids.ts'
import type { PendingOperation } from '../../src/peer/peer.ts'
import { fakeSelf } from '../support/fake-peer.ts'
import { startTestApi, testToken } from './api.ts'
import { asker, posted, type RealPeer, startRealPeer } from './real-peer.ts'

/** Follows `Link: rel="next"` to the end. */
async function pagesOf(ask: RealPeer['ask'], first: string): Promise<readonly (readonly Record<string, unknown>[])[]> {
  const pages: Record<string, unknown>[][] = []
  for (let next: string | undefined = first; next !== undefined; ) {
    const answer: Response = await ask(next)
    expect(answer.status).toBe(200)
    pages.push((await answer.json()) as Record<string, unknown>[])
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  return pages
}

describe('a long list comes in pages', () => {
  test('accounts, each once, in the order of the whole list, and the last page leads nowhere', async () => {
    const { ask } = await startRealPeer()
    const accounts = Array.from({ length: 6 }, (_, at) => `account-${(at * 7) % 6}`)
    for (const account of accounts) await ask('/api/accounts', posted({ account, holder: 'Ana' }))
    const [whole] = await pagesOf(ask, '/api/accounts')
    expect(whole?.map(({ account }) => account)).toEqual(accounts)
    for (const limit of [1, 2, 3, 4, 6, 7]) {
      const pages = await pagesOf(ask, `/api/accounts?limit=${limit}`)
      expect(pages.flat(), `limit ${limit}`).toEqual(whole)
      expect(pages).toHaveLength(Math.ceil(6 / limit))
    }
  })

  test('what is opened meanwhile comes last', async () => {
    const { ask } = await startRealPeer()
    for (const account of ['b', 'c']) await ask('/api/accounts', posted({ account, holder: 'Ana' }))
    const answer = await ask('/api/accounts?limit=1')
    await ask('/api/accounts', posted({ account: 'a', holder: 'Ana' }))
    const next = /<(.+)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? ''
    expect((await pagesOf(ask, next)).flat()).toMatchObject([{ account: 'c' }, { account: 'a' }])
  })

  test('auctions and blocks', async () => {
    const { ask } = await startRealPeer()
    await ask('/api/accounts', posted({ account: 'ana', holder: 'Ana' }))
    for (const item of ['Lamp', 'Vase', 'Clock']) {
      await ask('/api/auctions', posted({ item, payee: 'ana', startingPrice: '1', increment: '1' }))
    }
    expect((await pagesOf(ask, '/api/auctions?limit=2')).map((page) => page.map(({ item }) => item))).toEqual([
      ['Lamp', 'Vase'],
      ['Clock'],
    ])
    const { commit } = (await (await ask('/api/status')).json()) as { commit: { index: number } }
    const indexes = (await pagesOf(ask, '/api/log?from=0&count=2')).flat().map(({ index }) => index)
    expect(indexes.slice(0, commit.index + 1)).toEqual(Array.from({ length: commit.index + 1 }, (_, index) => index))
    const searched = await ask('/api/log/search?text=Lamp&count=1&before=2')
    expect([searched.status, searched.headers.get('link')]).toEqual([200, null])
  })

  test('operations that wait, though some are written meanwhile', async () => {
    const { server, peer } = await startTestApi()
    const ask = asker(server.url, testToken)
    const waiting: PendingOperation[] = Array.from({ length: 12 }, (_, at) => ({
      ...{ id: operationId(fakeSelf, at < 2 ? 1 : 2, at + 1), written: false },
      operation: { kind: 'close-account', account: 'ana' as AccountId },
    }))
    peer.setPending(waiting)
    const answer = await ask('/api/pending?limit=5')
    const next = /<(.+)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? ''
    // Those that were told, and one behind them.
    peer.setPending(waiting.slice(6))
    expect((await pagesOf(ask, next)).flat().map(({ operation }) => operation)).toEqual(waiting.slice(6).map(({ id }) => id))
  })

  test('of a thousand at most, also where nobody said so', async () => {
    const { server, peer, client } = await startTestApi()
    const [account] = peer.accounts()
    if (account === undefined) throw new Error('the fake has an account')
    peer.accounts = () => Array.from({ length: 1_001 }, (_, at) => ({ ...account, id: `a${at}` as AccountId }))
    const ask = asker(server.url, testToken)
    expect((await pagesOf(ask, '/api/accounts')).map((page) => page.length)).toEqual([1_000, 1])
    // Whoever shows them all over a connection of its own asks for all.
    expect(await client.api.accounts.list()).toHaveLength(1_001)
    expect(await client.api.accounts.list({ limit: 2, cursor: 'a1' })).toMatchObject([{ account: 'a2' }, { account: 'a3' }])
  })

  test.each([
    ['?limit=0', 'limit'],
    ['?limit=1001', 'limit'],
    ['?limit=1.5', 'limit'],
    ['?limit=all', 'limit'],
    ['?cursor=nobody', 'cursor'],
    [`?cursor=${'x'.repeat(201)}`, 'cursor'],
  ])('is not asked for with %s', async (query, field) => {
    const { server } = await startTestApi()
    for (const list of ['accounts', 'auctions', 'pending']) {
      const answer = await asker(server.url, testToken)(`/api/${list}${query}`)
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'input-invalid', data: { field } }])
    }
  })
})
