import { isDefinedError, ORPCError, safe } from '@orpc/client'
import { describe, expect, test } from 'vitest'
import type { Api } from '../../src/api/client.ts'
import type { contract } from '../../src/api/contract.ts'
import type { FailureCode } from '../../src/core/failure.ts'
import type { AccountId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Rejection } from '../../src/market/outcome.ts'
import { gif } from '../market/room.ts'
import {
  createFakePeer,
  type FakePeer,
  fakeAuction,
  fakeLink,
  fakeOther,
  fakeProof,
  fakeSelf,
  fakeTime,
} from '../support/fake-peer.ts'
import { startTestApi } from './api.ts'
import { startTestPort } from './port.ts'

/** `status`, `accounts.open`, …: every procedure of the contract, so that one without a case here does not compile. */
type Route<Tree> = {
  [Name in keyof Tree & string]: '~orpc' extends keyof Tree[Name] ? Name : `${Name}.${Route<Tree[Name]>}`
}[keyof Tree & string]

interface Case {
  readonly sentence: string
  readonly run: (api: Api, peer: FakePeer) => Promise<void>
}

const ended = { accepted: { index: 1, epoch: '1.dfEPoC', turn: 1, time: fakeTime } }

/** Calls, and looks at what reached the peer. */
const submits =
  (call: (api: Api) => Promise<{ operation: string }>, operation: object, request?: string) =>
  async (api: Api, peer: FakePeer): Promise<void> => {
    const settled = await call(api)
    expect(settled).toMatchObject({ operation: `${fakeSelf}/1/1`, block: ended.accepted })
    expect(peer.submissions).toEqual([{ submission: { request, operation }, deadlineMillis: 10_000 }])
  }

const nowhere = { name: undefined, code: undefined, room: undefined, addresses: [] }

const cases: Record<Route<typeof contract>, Case> = {
  status: {
    sentence: 'tells the room, its rules and what the peer is to it',
    run: async (api) => {
      const status = await api.status()
      expect(status).toMatchObject({ self: fakeSelf, role: 'member', room: { name: 'classroom', deposits: 'open' } })
    },
  },
  peers: {
    sentence: 'lists the peers of the room, and says who is refused or faulty',
    run: async (api) =>
      expect(await api.peers()).toMatchObject([
        { peer: fakeSelf, self: true },
        { peer: fakeOther, refused: { count: 3 }, faulty: 'signed two different blocks 7' },
      ]),
  },
  refound: {
    sentence: 'makes a new room where the quorum is lost or it is forced, and refuses while it is there',
    run: async (api, peer) => {
      expect(await codeOf(api.refound())).toBe('quorum-held')
      expect(await api.refound({ force: true })).toEqual({ room: '12'.repeat(32) })
      peer.setQuorum(false)
      expect(await api.refound()).toEqual({ room: '12'.repeat(32) })
    },
  },
  'room.link': {
    sentence: 'gives the link with the code, which the status does not have',
    run: async (api) => {
      expect(await api.room.link()).toEqual({ link: `${fakeLink}&code=lamp` })
      expect((await api.status()).link).toBe(fakeLink)
    },
  },
  'room.join': {
    sentence: 'moves to a room by link, address, id or name, and says so where there is something to lose',
    run: async (api, peer) => {
      expect(await codeOf(api.room.join({ to: 'ab12cd34' }))).toBe('room-has-history')
      const id = 'ab'.repeat(32)
      const targets = {
        [`gavelring://join?room=evening&code=lamp&id=${id}&at=10.0.0.2:4001`]: {
          ...{ name: 'evening', code: 'lamp', room: id, addresses: ['/ip4/10.0.0.2/tcp/4001'] },
        },
        '10.0.0.2:4001': { ...nowhere, addresses: ['/ip4/10.0.0.2/tcp/4001'] },
        ab12cd34: { ...nowhere, room: 'ab12cd34' },
        evening: { ...nowhere, name: 'evening' },
      }
      for (const to of Object.keys(targets)) {
        expect(await api.room.join({ to, force: true })).toEqual({ room: '34'.repeat(32), archive: '/tmp/archive.jsonl' })
      }
      expect(peer.joins.slice(1)).toEqual(Object.values(targets))
      expect(await codeOf(api.room.join({ to: '10.0.0.2:99999' }))).toBe('input-invalid')
      expect(await codeOf(api.room.join({ to: 'gavelring://join?code=x' }))).toBe('input-invalid')
    },
  },
  'room.leave': {
    sentence: 'answers, then leaves and stops',
    run: async (api, peer) => {
      expect(await api.room.leave()).toEqual({ room: 'ab'.repeat(32) })
      expect(await peer.stopped).toBe('left')
    },
  },
  'accounts.open': {
    sentence: 'submits what opens an account',
    run: submits((api) => api.accounts.open({ account: 'ana', holder: 'Ana' }), {
      kind: 'open-account',
      account: 'ana',
      holder: 'Ana',
    }),
  },
  'accounts.list': {
    sentence: 'lists accounts with amounts as cents and text',
    run: async (api) => {
      const [account] = await api.accounts.list()
      expect(account).toMatchObject({ account: 'ana', available: { cents: 1_050, text: '10.50 EUR', currency: 'EUR' } })
    },
  },
  'accounts.show': {
    sentence: 'shows an account with its history, and names one that is not there',
    run: async (api) => {
      const account = await api.accounts.show({ account: 'ana' })
      expect(account.history).toMatchObject([{ kind: 'deposit', change: { text: '10.50 EUR' }, counterparty: 'issuer' }])
      expect(await codeOf(api.accounts.show({ account: 'bob' }))).toBe('account-unknown')
    },
  },
  'accounts.close': {
    sentence: 'submits what closes an account',
    run: submits((api) => api.accounts.close({ account: 'ana' }), { kind: 'close-account', account: 'ana' }),
  },
  deposit: {
    sentence: 'reads the amount exactly and keeps the request id',
    run: submits(
      (api) => api.deposit({ account: 'ana', amount: '10.5', requestId: 'r-1' }),
      { kind: 'deposit', account: 'ana', amount: 1_050 },
      'r-1',
    ),
  },
  withdraw: {
    sentence: 'submits a withdrawal',
    run: submits((api) => api.withdraw({ account: 'ana', amount: '0.01' }), {
      kind: 'withdraw',
      account: 'ana',
      amount: 1,
    }),
  },
  transfer: {
    sentence: 'submits a transfer with its memo',
    run: submits((api) => api.transfer({ from: 'ana', to: 'bob', amount: '3', memo: 'tea' }), {
      kind: 'transfer',
      from: 'ana',
      to: 'bob',
      amount: 300,
      memo: 'tea',
    }),
  },
  'pending.list': {
    sentence: 'lists what waits',
    run: async (api, peer) => {
      const id = `${fakeSelf}/1/1` as Parameters<FakePeer['voidPending']>[0]
      const operation = { kind: 'deposit', account: 'ana' as AccountId, amount: 5 as Cents } as const
      peer.setPending([{ id, written: false, operation }])
      const what = { ...operation, amount: { cents: 5, text: '0.05 EUR', currency: 'EUR' } }
      expect(await api.pending.list()).toEqual([{ operation: id, written: false, what }])
    },
  },
  'pending.void': {
    sentence: 'withdraws what waits, and says so where nothing does',
    run: async (api, peer) => {
      const id = `${fakeSelf}/1/1`
      expect(await codeOf(api.pending.void({ operation: id }))).toBe('not-pending')
      const operation = { kind: 'void' } as const
      peer.setPending([{ id: id as Parameters<FakePeer['voidPending']>[0], written: false, operation }])
      expect(await api.pending.void({ operation: id })).toEqual({ operation: id })
      expect(peer.voided).toEqual([id])
    },
  },
  'auctions.start': {
    sentence: 'submits the lot, picture and all, and answers with the auction id',
    run: async (api, peer) => {
      peer.answer({
        events: [{ kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: fakeTime }],
      })
      const softClose = { windowMillis: 1, extensionMillis: 2, capMillis: 3 }
      const lot = { item: 'Lamp', payee: 'ana', startingPrice: '10', increment: '1', picture: gifText, softClose }
      expect(await api.auctions.start(lot)).toMatchObject({ auction: fakeAuction, number: 1, endsAt: fakeTime })
      expect(peer.submissions[0]?.submission.operation).toEqual({
        kind: 'start-auction',
        item: 'Lamp',
        description: '',
        picture: gif(),
        payee: 'ana',
        startingPrice: 1_000,
        increment: 100,
        reserve: undefined,
        buyNow: undefined,
        durationMillis: 30_000,
        softClose: { window: 1, extension: 2, cap: 3 },
      })
    },
  },
  'auctions.list': {
    sentence: 'lists auctions with the least bid, without pictures',
    run: async (api) => {
      const [auction] = await api.auctions.list()
      expect(auction).toMatchObject({ auction: fakeAuction, number: 1, minimum: { text: '10.00 EUR' } })
      expect(auction).not.toHaveProperty('picture')
    },
  },
  'auctions.show': {
    sentence: 'shows an auction with its picture as base64url, and names one that is not there',
    run: async (api) => {
      expect(await api.auctions.show({ auction: fakeAuction })).toMatchObject({ description: 'Brass', picture: 'AQL_' })
      expect(await codeOf(api.auctions.show({ auction: 'k3XbQz-9-9' }))).toBe('auction-unknown')
    },
  },
  'auctions.bid': {
    sentence: 'submits a bid',
    run: submits((api) => api.auctions.bid({ auction: fakeAuction, account: 'ana', amount: '12' }), {
      kind: 'bid',
      auction: fakeAuction,
      account: 'ana',
      amount: 1_200,
    }),
  },
  'auctions.cancel': {
    sentence: 'submits a cancellation with its reason',
    run: submits((api) => api.auctions.cancel({ auction: fakeAuction, reason: 'broken' }), {
      kind: 'cancel-auction',
      auction: fakeAuction,
      reason: 'broken',
    }),
  },
  'auctions.extend': {
    sentence: 'submits an extension',
    run: submits((api) => api.auctions.extend({ auction: '1', millis: 60_000 }), {
      kind: 'extend-auction',
      auction: fakeAuction,
      millis: 60_000,
    }),
  },
  'auctions.pause': {
    sentence: 'submits a pause, of an hour unless told',
    run: submits((api) => api.auctions.pause({ auction: 'last' }), {
      kind: 'pause-auction',
      auction: fakeAuction,
      millis: 3_600_000,
    }),
  },
  'auctions.resume': {
    sentence: 'submits the end of a pause',
    run: submits((api) => api.auctions.resume({ auction: '#1' }), { kind: 'resume-auction', auction: fakeAuction }),
  },
  'bidders.start': {
    sentence: 'starts an automatic bidder, which bids the least unless told else, or says why it would never bid',
    run: async (api, peer) => {
      const bidder = { auction: fakeAuction, account: 'ana', paceMillis: 3_000 }
      expect(await api.bidders.start({ ...bidder, raise: { least: '1', most: '100' }, maximum: '500' })).toMatchObject({
        maximum: { text: '500.00 EUR' },
        raise: { least: { text: '1.00 EUR' }, most: { text: '100.00 EUR' } },
        leads: false,
      })
      await api.bidders.start({ auction: 'last', account: 'ana', maximum: '500' })
      expect(peer.bidders()).toEqual([
        { ...bidder, raise: { least: 100, most: 10_000 }, maximum: 50_000 },
        { ...bidder, raise: { least: 0, most: 0 }, maximum: 50_000 },
      ])
      const reversed = api.bidders.start({ ...bidder, raise: { least: '2', most: '1' }, maximum: '500' })
      expect(await dataOf(reversed)).toEqual({ field: 'raise', code: 'range-reversed' })
      peer.answer({ rejection: { code: 'bid-too-low', minimum: 1_000 as Cents } })
      expect(await dataOf(api.bidders.start({ ...bidder, maximum: '9' }))).toEqual({ minimum: ten })
    },
  },
  'bidders.list': {
    sentence: 'lists them with what they bid for',
    run: async (api) => {
      expect(await api.bidders.list()).toEqual([])
      await api.bidders.start({ auction: fakeAuction, account: 'ana', maximum: '10' })
      expect(await api.bidders.list()).toEqual([
        { auction: fakeAuction, number: 1, item: 'Lamp', account: 'ana', maximum: ten, paceMillis: 3_000, leads: false },
      ])
    },
  },
  'bidders.stop': {
    sentence: 'stops one, and says so where there is none',
    run: async (api, peer) => {
      await api.bidders.start({ auction: fakeAuction, account: 'ana', maximum: '10' })
      expect(await api.bidders.stop({ auction: '1', account: 'ana' })).toEqual({ auction: fakeAuction, account: 'ana' })
      expect(peer.bidders()).toEqual([])
      expect(await codeOf(api.bidders.stop({ auction: '1', account: 'ana' }))).toBe('bidder-unknown')
      expect(await codeOf(api.bidders.stop({ auction: '2', account: 'ana' }))).toBe('auction-unknown')
    },
  },
  'log.tail': {
    sentence: 'tells the newest blocks, oldest first',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      expect((await api.log.tail({ count: 2 })).map((block) => block.index)).toEqual([1, 2])
    },
  },
  'log.proofs': {
    sentence: 'tells whose faults are proven, by which blocks',
    run: async (api) => expect(await api.log.proofs()).toEqual([fakeProof]),
  },
  'log.read': {
    sentence: 'tells blocks with their canonical bytes',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      const blocks = await api.log.read({ from: 1 })
      expect(blocks).toMatchObject([
        { index: 1, kind: 'view', bytes: 'AQ' },
        { index: 2, kind: 'view', bytes: 'Ag' },
      ])
    },
  },
  events: {
    sentence: 'tells what was kept, then what happens',
    run: async (api, peer) => {
      peer.tell({ kind: 'quorum', held: true, text: 'one' })
      const events = await api.events({ after: 0 })
      expect((await events.next()).value).toMatchObject({ number: 1, kind: 'quorum', text: 'one' })
      peer.tell({ kind: 'quorum', held: false, text: 'two' })
      expect((await events.next()).value).toMatchObject({ number: 2, text: 'two' })
      await events.return()
    },
  },
}

/** The contract is one, whichever door it is asked at. */
const doors: Record<string, () => Promise<{ readonly api: Api; readonly peer: FakePeer }>> = {
  WebSocket: async () => {
    const { client, peer } = await startTestApi()
    return { api: client.api, peer }
  },
  'message port': async () => {
    const peer = createFakePeer()
    const { client, connect } = startTestPort(peer)
    connect()
    return { api: client.api, peer }
  },
}

for (const [door, open] of Object.entries(doors)) {
  describe(`each procedure, by ${door}`, () => {
    for (const [route, { sentence, run }] of Object.entries(cases)) {
      test(`${route} ${sentence}`, async () => {
        const { api, peer } = await open()
        await run(api, peer)
      })
    }
  })
}

const instant = fakeTime
const cents = 7 as Cents
/** What becomes of it on its way out. */
const seven = { cents: 7, text: '0.07 EUR', currency: 'EUR' }
const ten = { cents: 1_000, text: '10.00 EUR', currency: 'EUR' }
const gifText = Buffer.from(gif()).toString('base64url')
const account = 'ana' as AccountId
const rejections: { readonly [Code in Rejection['code']]: Extract<Rejection, { code: Code }> } = {
  malformed: { code: 'malformed', detail: 'ends too early' },
  'request-reused': { code: 'request-reused' },
  'account-taken': { code: 'account-taken', account },
  'account-unknown': { code: 'account-unknown', account },
  'account-closed': { code: 'account-closed', account },
  'not-owner': { code: 'not-owner', account },
  'not-host': { code: 'not-host' },
  'auction-unknown': { code: 'auction-unknown', auction: fakeAuction },
  'auction-closed': { code: 'auction-closed', auction: fakeAuction, at: instant },
  'auction-open': { code: 'auction-open', auction: fakeAuction, until: instant },
  'auction-paused': { code: 'auction-paused', auction: fakeAuction, until: instant },
  'auction-not-paused': { code: 'auction-not-paused', auction: fakeAuction },
  'auction-too-long': { code: 'auction-too-long', auction: fakeAuction, latest: instant },
  'auction-has-bids': { code: 'auction-has-bids', auction: fakeAuction, bids: 2 },
  'reason-needed': { code: 'reason-needed', auction: fakeAuction, bids: 2 },
  'own-lot': { code: 'own-lot' },
  'bid-too-low': { code: 'bid-too-low', minimum: cents },
  'room-limit': { code: 'room-limit', available: cents },
  'account-not-empty': { code: 'account-not-empty', available: cents, held: cents },
  'account-in-use': { code: 'account-in-use', auction: fakeAuction },
  'funds-short': { code: 'funds-short', available: cents },
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

async function dataOf(call: Promise<unknown>): Promise<unknown> {
  const { error } = await safe(call)
  if (!(error instanceof ORPCError) || !error.defined) throw new Error('expected a declared error', { cause: error })
  return error.data
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  const { error } = await safe(call)
  if (!(error instanceof ORPCError) || !error.defined) throw new Error('expected a declared error', { cause: error })
  return error.code
}

function blockAt(index: number): Awaited<ReturnType<FakePeer['log']>>[number] {
  return {
    index,
    epoch: { number: 1, initiator: fakeSelf },
    turn: 0,
    author: fakeSelf,
    lamport: index,
    time: fakeTime,
    prevHash: '',
    checkpoint: undefined,
    body: { kind: 'view', members: [fakeSelf], lost: [] },
    signature: new Uint8Array(64),
    hash: 'ab'.repeat(32),
    bytes: new Uint8Array([index]),
  }
}
