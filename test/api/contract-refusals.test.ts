import { isDefinedError, safe } from '@orpc/client'
import { describe, expect, test } from 'vitest'
import type { FailureCode } from '../../src/core/failure.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Rejection } from '../../src/market/outcome.ts'
import { gif } from '../market/room.ts'
import { fakeAuction, fakeSelf, fakeTime } from '../support/fake-peer.ts'
import { startTestApi } from './api.ts'
import { codeOf, dataOf, ended } from './contract/case.ts'
import { account, cents, seven } from './contract/values.ts'

/** How the contract says no: by the rules, by the world, and since nothing could be read. */

const rejections: { readonly [Code in Rejection['code']]: Extract<Rejection, { code: Code }> } = {
  malformed: { code: 'malformed', detail: 'ends too early' },
  'request-reused': { code: 'request-reused' },
  'account-taken': { code: 'account-taken', account },
  'account-unknown': { code: 'account-unknown', account },
  'account-closed': { code: 'account-closed', account },
  'not-owner': { code: 'not-owner', account },
  'not-host': { code: 'not-host' },
  'auction-unknown': { code: 'auction-unknown', auction: fakeAuction },
  'auction-closed': { code: 'auction-closed', auction: fakeAuction, at: fakeTime },
  'auction-open': { code: 'auction-open', auction: fakeAuction, until: fakeTime },
  'auction-paused': { code: 'auction-paused', auction: fakeAuction, until: fakeTime },
  'auction-not-paused': { code: 'auction-not-paused', auction: fakeAuction },
  'auction-too-long': { code: 'auction-too-long', auction: fakeAuction, latest: fakeTime },
  'auction-has-bids': { code: 'auction-has-bids', auction: fakeAuction, bids: 2 },
  'reason-needed': { code: 'reason-needed', auction: fakeAuction, bids: 2 },
  'own-lot': { code: 'own-lot' },
  'bid-too-low': { code: 'bid-too-low', minimum: cents },
  'room-limit': { code: 'room-limit', available: cents },
  'account-not-empty': { code: 'account-not-empty', available: cents, held: cents },
  'account-in-use': { code: 'account-in-use', auction: fakeAuction },
  'funds-short': { code: 'funds-short', available: cents },
  'experiment-running': { code: 'experiment-running', section: 'main', experiment: 3 },
  'experiment-unknown': { code: 'experiment-unknown', experiment: 3 },
}

describe('a rejection reaches the client with its numbers and its place in the log', () => {
  for (const rejection of Object.values(rejections)) {
    test(rejection.code, async () => {
      const { client, peer } = await startTestApi()
      peer.answer({ rejection })
      const { error } = await safe(client.api.deposit({ account: 'ana', amount: '1' }))
      if (!isDefinedError(error)) throw error
      const { code, ...facts } = rejection
      const told = Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, fact === cents ? seven : fact]))
      const receipt = { operation: `${fakeSelf}/1/1`, block: ended.accepted }
      expect(error.code).toBe(code)
      expect(error.data).toEqual({ ...told, receipt })
      expect(error.message, 'a sentence for people, without the code').toMatch(/^[A-Z][^_{}]*\.$/)
    })
  }
})

describe('a failure reaches the client by its code, and without a place in the log', () => {
  const failures: FailureCode[] = ['unsettled', 'no-quorum', 'stopping', 'disk-full', 'disk-failed']
  for (const failure of failures) {
    test(failure, async () => {
      const { client, peer } = await startTestApi()
      peer.answer({ failure })
      const { error } = await safe(client.api.deposit({ account: 'ana', amount: '1' }))
      if (!isDefinedError(error)) throw error
      expect([error.code, error.data]).toEqual([failure, undefined])
    })
  }

  test('a withdrawn operation is voided', async () => {
    const { client, peer } = await startTestApi()
    peer.answer('voided')
    expect(await codeOf(client.api.deposit({ account: 'ana', amount: '1' }))).toBe('voided')
  })
})

describe('a request that cannot be read never reaches the peer', () => {
  const amounts = {
    nan: 'amount-not-a-number',
    inf: 'amount-not-a-number',
    '-1': 'amount-not-a-number',
    '0': 'amount-too-small',
    '1e9': 'amount-not-a-number',
    '0.001': 'amount-too-precise',
    '9007199254740993': 'amount-too-large',
    '10 USD': 'amount-other-currency',
    '1,000': 'amount-ambiguous',
    '100000000000.01': 'amount-too-large',
    '': 'amount-not-a-number',
  }
  for (const [amount, code] of Object.entries(amounts)) {
    test(`amount ${JSON.stringify(amount)} is ${code}`, async () => {
      const { client, peer } = await startTestApi()
      const { error } = await safe(client.api.deposit({ account: 'ana', amount }))
      if (!isDefinedError(error)) throw error
      expect([error.code, error.data]).toEqual(['input-invalid', { field: 'amount', code }])
      expect(peer.submissions).toEqual([])
    })
  }

  test('an account id with a space is named with its field', async () => {
    const { client } = await startTestApi()
    const { error } = await safe(client.api.accounts.open({ account: 'a b', holder: 'Ana' }))
    if (!isDefinedError(error)) throw error
    expect(error.data).toEqual({ field: 'account', code: 'account-id-invalid' })
  })

  const lot = { item: 'Lamp', payee: 'ana', startingPrice: '10', increment: '1' }
  const lots: readonly (readonly [string, object, string, string])[] = [
    ['a reserve below the starting price', { reserve: '9' }, 'reserve', 'reserve-too-low'],
    ['buy-now below the starting price', { buyNow: '9' }, 'buyNow', 'buy-now-too-low'],
    ['buy-now below the reserve', { reserve: '30', buyNow: '20' }, 'buyNow', 'buy-now-too-low'],
    ['an increment that is none', { increment: '0' }, 'increment', 'amount-too-small'],
    ['a picture that is text', { picture: Buffer.from('<svg/>').toString('base64url') }, 'picture', 'picture-invalid'],
    ['a picture of 93 KiB', { picture: Buffer.from(gif(93 * 1024)).toString('base64url') }, 'picture', 'picture-too-large'],
  ]
  for (const [name, changes, field, code] of lots) {
    test(`${name} is refused`, async () => {
      const { client, peer } = await startTestApi()
      expect(await dataOf(client.api.auctions.start({ ...lot, ...changes }))).toEqual({ field, code })
      expect(peer.submissions).toEqual([])
    })
  }

  test('a transfer within one account is refused', async () => {
    const { client, peer } = await startTestApi()
    const { error } = await safe(client.api.transfer({ from: 'bob', to: 'bob', amount: '1' }))
    if (!isDefinedError(error)) throw error
    expect([error.message, error.data]).toEqual([
      'Money goes from one account to another: these two are the same account.',
      { field: 'to', code: 'same-account' },
    ])
    expect(peer.submissions).toEqual([])
  })

  test('a lot of a number that there is none of is named', async () => {
    const { client, peer } = await startTestApi()
    const { error } = await safe(client.api.auctions.bid({ auction: '7', account: 'ana', amount: '1' }))
    if (!isDefinedError(error)) throw error
    expect([error.code, error.message, error.data]).toEqual(['auction-unknown', 'There is no lot 7.', { auction: '7' }])
    expect(peer.submissions).toEqual([])
  })
})

describe('amounts are of the room’s currency', () => {
  test.each([
    ['JPY', '1000', 1_000, '1000 JPY'],
    ['KWD', '1,5', 1_500, '1.500 KWD'],
    ['BRL', '1,50', 150, '1.50 BRL'],
    ['credits', '1.5', 150, '1.50 credits'],
  ])('in %s %s is %i, told as %s', async (currency, typed, amount, told) => {
    const { client, peer } = await startTestApi()
    peer.setCurrency(currency)
    peer.answer({ events: [{ kind: 'moved', from: account, to: account, amount: amount as Cents, memo: '' }] })
    const { events } = await client.api.deposit({ account: 'ana', amount: typed })
    expect(peer.submissions).toMatchObject([{ submission: { operation: { amount } } }])
    expect(events).toMatchObject([{ amount: { cents: amount, text: told, currency } }])
  })
})
