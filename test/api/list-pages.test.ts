import { safe } from '@orpc/client'
import { describe, expect, test } from 'vitest'
import type { CatalogueLot } from '../../src/api/catalogue.ts'
import { allAccounts, allAuctions, allBidders, allLots, allPeers, allPending, wholeList } from '../../src/api/whole-lists.ts'
import { type AccountId, auctionId, operationId, type PeerId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Bidder, PendingOperation } from '../../src/peer/peer.ts'
import { fakeAuction, fakeSelf } from '../support/fake-peer.ts'
import { startTestApi, type TestApi, testToken } from './api.ts'
import { asker, posted, type RealPeer, startRealPeer } from './real-peer.ts'

const bidderOf = (at: number): Bidder => ({
  ...{ auction: fakeAuction, account: `a${String(at).padStart(4, '0')}` as AccountId, paceMillis: 3_000 },
  ...{ raise: { least: 0 as Cents, most: 0 as Cents }, maximum: 100 as Cents },
})

const lotOf = (at: number): CatalogueLot => ({
  ...{ id: at.toString(16).padStart(12, '0'), number: at + 1, item: 'Lamp', description: '', startingPrice: '1' },
  ...{ increment: '1', durationMillis: 30_000, hasPicture: false },
})

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
    expect(await client.api.accounts.list()).toHaveLength(1_000)
    expect(await client.api.accounts.list({ limit: 2, cursor: 'a1' })).toMatchObject([{ account: 'a2' }, { account: 'a3' }])
    expect(await allAccounts(client.api)).toHaveLength(1_001)
  })

  describe('whoever shows all of it follows the pages to the end, at whatever length', () => {
    const many = Array.from({ length: 2_001 }, (_, at) => at)
    const lists: Readonly<Record<string, (api: TestApi) => Promise<readonly unknown[]>>> = {
      peers({ peer, client }) {
        const [one] = peer.peers()
        peer.peers = () => many.flatMap((at) => (one === undefined ? [] : [{ ...one, peer: `12D3KooW${at}` as PeerId }]))
        return allPeers(client.api)
      },
      auctions({ peer, client }) {
        const [one] = peer.auctions()
        peer.auctions = () => many.flatMap((at) => (one === undefined ? [] : [{ ...one, id: auctionId(fakeSelf, 1, at + 1) }]))
        return allAuctions(client.api)
      },
      pending({ peer, client }) {
        const operation = { kind: 'close-account', account: 'ana' as AccountId } as const
        peer.setPending(many.map((at) => ({ id: operationId(fakeSelf, 1, at + 1), written: false, operation })))
        return allPending(client.api)
      },
      bidders({ peer, client }) {
        peer.bidders = () => many.map(bidderOf).reverse()
        return allBidders(client.api)
      },
      catalogue({ seat, client }) {
        seat.catalogue.list = () => many.map(lotOf)
        return allLots(client.api)
      },
    }
    test.each(Object.entries(lists))('%s', async (_name, follow) => {
      const told = await follow(await startTestApi())
      expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(many.length)
    })
  })

  test('bidders come by lots and accounts, and one that has ended meanwhile is no hindrance', async () => {
    const { client, peer } = await startTestApi()
    let running = [3, 1, 2, 0].map(bidderOf)
    peer.bidders = () => running
    const first = await client.api.bidders.list({ limit: 2 })
    expect(first.map(({ account }) => account)).toEqual(['a0000', 'a0001'])
    running = [3, 2].map(bidderOf)
    const next = await client.api.bidders.list({ limit: 2, cursor: `${fakeAuction}/a0001` })
    expect(next.map(({ account }) => account)).toEqual(['a0002', 'a0003'])
  })

  test('a list whose entry is gone meanwhile is begun anew, and not without an end', async () => {
    const { client, seat } = await startTestApi()
    let gone = 0
    let asked = 0
    seat.catalogue.list = () => {
      asked++
      // After the first page the lot that it ended with is started, and leaves the catalogue.
      if (asked === 2) gone = 999
      return Array.from({ length: 1_500 }, (_, at) => lotOf(at)).filter(({ number }) => gone === 0 || number !== gone + 1)
    }
    const told = await allLots(client.api)
    expect([told.length, new Set(told.map(({ id }) => id)).size]).toEqual([1_499, 1_499])

    const neverThere = (page: { readonly cursor?: string }): Promise<readonly { id: string }[]> =>
      client.api.catalogue.list({ ...page, ...(page.cursor !== undefined && { cursor: 'gone' }) })
    const { error } = await safe(wholeList(neverThere, ({ id }) => id))
    expect(error).toMatchObject({ code: 'input-invalid', data: { field: 'cursor', code: 'cursor-unknown' } })
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
    for (const list of ['accounts', 'auctions', 'pending', 'peers', 'bidders', 'catalogue']) {
      const answer = await asker(server.url, testToken)(`/api/${list}${query}`)
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'input-invalid', data: { field } }])
    }
  })
})
