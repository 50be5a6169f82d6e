import { createORPCClient, isDefinedError, ORPCError, safe } from '@orpc/client'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { describe, expect, test } from 'vitest'
import type { Api } from '../../src/api/client.ts'
import { contract } from '../../src/api/contract.ts'
import type { FailureCode } from '../../src/core/failure.ts'
import type { AccountId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Rejection } from '../../src/market/outcome.ts'
import { gif } from '../market/room.ts'
import { blockAfter, genesisBy } from '../peer/log-of-blocks.ts'
import { collect } from '../support/collect.ts'
import {
  createFakePeer,
  type FakePeer,
  fakeAuction,
  fakeFrame,
  fakeLink,
  fakeOther,
  fakeProof,
  fakeRing,
  fakeSelf,
  fakeTime,
} from '../support/fake-peer.ts'
import { createFakeSeat, type FakeSeat, fakeRooms } from '../support/fake-seat.ts'
import { until } from '../support/wait.ts'
import { startTestApi, testToken } from './api.ts'
import { startTestPort } from './port.ts'

/** `status`, `accounts.open`, …: every procedure of the contract, so that one without a case here does not compile. */
type Route<Tree> = {
  [Name in keyof Tree & string]: '~orpc' extends keyof Tree[Name] ? Name : `${Name}.${Route<Tree[Name]>}`
}[keyof Tree & string]

interface Case {
  readonly sentence: string
  readonly run: (api: Api, peer: FakePeer, seat: FakeSeat) => Promise<void>
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

const chess = { item: 'Chess', startingPrice: '5', increment: '0.50' }
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
  'ring.show': {
    sentence: 'tells who has the token, who waits for it, and the last turns',
    run: async (api) => expect(await api.ring.show()).toEqual(JSON.parse(JSON.stringify(fakeRing))),
  },
  'ring.pace': {
    sentence: 'submits a pace, and refuses one that no room can have',
    run: async (api, peer) => {
      await submits((one) => one.ring.pace({ millis: 3_000 }), { kind: 'set-pace', millis: 3_000 })(api, peer)
      for (const millis of [49, 3_001, 250.5]) expect(await codeOf(api.ring.pace({ millis }))).toBe('input-invalid')
      peer.answer({ rejection: { code: 'not-host' } })
      expect(await messageOf(api.ring.pace({ millis: 50 }))).toBe('Only the host, the peer that founded the room, sets the pace.')
    },
  },
  'ring.watch': {
    sentence: 'tells each step of the ring as it happens, for as long as somebody reads',
    run: async (api, peer) => {
      const steps = await api.ring.watch()
      const first = steps.next()
      await until('somebody watches', () => peer.watchers === 1)
      const token = { kind: 'token', at: fakeTime + 0.25, epoch: '1.dfEPoC', turn: 3, from: undefined, to: fakeSelf } as const
      peer.tellStep(token)
      expect((await first).value).toEqual(token)
      peer.tellStep({ kind: 'recorders', peers: [fakeSelf, fakeOther] })
      expect((await steps.next()).value).toEqual({ kind: 'recorders', peers: [fakeSelf, fakeOther] })
      await steps.return()
      await until('nobody watches', () => peer.watchers === 0)
    },
  },
  'ring.frame': {
    sentence: 'shows a message in full, and says so where it is not known any more',
    run: async (api) => {
      expect(await api.ring.frame({ id: fakeFrame.id })).toEqual(fakeFrame)
      expect(await codeOf(api.ring.frame({ id: `${fakeSelf}.1.` }))).toBe('frame-unknown')
      expect(await codeOf(api.ring.frame({ id: 'x'.repeat(201) }))).toBe('input-invalid')
    },
  },
  'rooms.list': {
    sentence: 'says where it is and what keeps it away, which rooms are in sight, and which it knows',
    run: async (api) => expect(await api.rooms.list()).toEqual(fakeRooms),
  },
  'rooms.create': {
    sentence: 'founds a room by its rules, and gives its code and link; refuses what is no currency, and a room that is here',
    run: async (api, _, seat) => {
      expect(await api.rooms.create({ name: 'evening', code: 'new', currency: 'jpy', deposits: 'host' })).toEqual({
        room: '78'.repeat(32),
        link: 'gavelring://join?room=evening',
        code: 'new',
      })
      expect(await api.rooms.create({ name: 'plain' })).toMatchObject({ code: '' })
      expect(seat.created).toEqual([
        { name: 'evening', code: 'new', currency: 'JPY', deposits: 'host' },
        { name: 'plain', code: '', currency: 'EUR', deposits: 'open' },
      ])
      expect(await codeOf(api.rooms.create({ name: 'classroom' }))).toBe('room-known')
      expect(await dataOf(api.rooms.create({ name: 'x', currency: 'XXX' }))).toEqual({
        field: 'currency',
        code: 'currency-unknown',
      })
      expect(await codeOf(api.rooms.create({ name: 'x', code: 'a\nb' }))).toBe('input-invalid')
      expect(await codeOf(api.rooms.create({ name: 'x'.repeat(10_000) }))).toBe('input-invalid')
    },
  },
  'rooms.join': {
    sentence: 'moves to a room by link, address, id or name, and says so where there is something to lose',
    run: async (api, peer) => {
      expect(await codeOf(api.rooms.join({ to: 'ab12cd34' }))).toBe('room-has-history')
      const id = 'ab'.repeat(32)
      const targets = {
        [`gavelring://join?room=evening&code=lamp&id=${id}&at=10.0.0.2:4001`]: {
          ...{ name: 'evening', code: 'lamp', room: id, addresses: ['/ip4/10.0.0.2/tcp/4001'] },
        },
        '10.0.0.2:4001': { ...nowhere, code: 'other', addresses: ['/ip4/10.0.0.2/tcp/4001'] },
        ab12cd34: { ...nowhere, code: 'other', room: 'ab12cd34' },
        evening: { ...nowhere, code: 'other', name: 'evening' },
      }
      for (const to of Object.keys(targets)) {
        const joined = await api.rooms.join({ to, code: 'other', force: true })
        expect(joined).toEqual({ room: '34'.repeat(32), archive: '/tmp/archive.jsonl' })
      }
      expect(peer.joins.slice(1)).toEqual(Object.values(targets))
      expect(await codeOf(api.rooms.join({ to: '10.0.0.2:99999' }))).toBe('input-invalid')
      expect(await codeOf(api.rooms.join({ to: 'gavelring://join?code=x' }))).toBe('input-invalid')
    },
  },
  'rooms.cancel': {
    sentence: 'calls entering off',
    run: async (api, _, seat) => {
      expect(await api.rooms.cancel()).toEqual({})
      expect(seat.cancelled).toBe(1)
    },
  },
  'rooms.leave': {
    sentence: 'answers, then leaves and stops; or stays, in no room, where nothing can be asked of one',
    run: async (api, peer, seat) => {
      expect(await api.rooms.leave({ stay: true })).toEqual({ room: 'ab'.repeat(32) })
      expect(await api.rooms.leave()).toEqual({})
      expect(await codeOf(api.status())).toBe('no-room')
      seat.setPeer(peer)
      expect(await api.rooms.leave()).toEqual({ room: 'ab'.repeat(32) })
      expect(await peer.stopped).toBe('left')
    },
  },
  'rooms.rename': {
    sentence: 'takes a name that can be shown, and no other',
    run: async (api, _, seat) => {
      expect(await api.rooms.rename({ name: 'Ana Maria' })).toEqual({ name: 'Ana Maria' })
      expect(seat.names).toEqual(['Ana Maria'])
      for (const name of ['', 'x'.repeat(10_000), 'a\u202eb', 'a\nb']) {
        expect(await codeOf(api.rooms.rename({ name })), JSON.stringify(name.slice(0, 9))).toBe('input-invalid')
      }
    },
  },
  'rooms.link': {
    sentence: 'gives the link with the code, which the status does not have',
    run: async (api) => {
      expect(await api.rooms.link()).toEqual({ link: `${fakeLink}&code=lamp` })
      expect((await api.status()).link).toBe(fakeLink)
    },
  },
  'rooms.refound': {
    sentence: 'makes a new room where the quorum is lost or it is forced, and refuses while it is there',
    run: async (api, peer) => {
      expect(await codeOf(api.rooms.refound())).toBe('quorum-held')
      expect(await api.rooms.refound({ force: true })).toEqual({ room: '12'.repeat(32) })
      peer.setQuorum(false)
      expect(await api.rooms.refound()).toEqual({ room: '12'.repeat(32) })
    },
  },
  diagnosis: {
    sentence: 'says what is good and what is bad about the network, with remedies, in no room too',
    run: async (api, _, seat) => {
      seat.setPeer(undefined)
      expect(await api.diagnosis()).toEqual([
        { code: 'multicast', text: 'Multicast works on lo.', severity: 'good', facts: { on: ['lo'] } },
        { code: 'nobody-heard', text: 'Nobody was heard.', remedy: 'Wait.', severity: 'bad' },
      ])
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
  'catalogue.add': {
    sentence: 'keeps a lot, if the room could read it, and has an end',
    run: async (api, _peer, seat) => {
      const { id } = await api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: '1', picture: gifText })
      expect(seat.catalogue.list()).toMatchObject([{ id, item: 'Lamp', startingPrice: '10', durationMillis: 30_000 }])
      expect(await codeOf(api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: 'x' }))).toBe('input-invalid')
      expect(await codeOf(api.catalogue.add({ ...chess, reserve: '1' }))).toBe('input-invalid')
      await api.catalogue.add(chess)
      expect(await dataOf(api.catalogue.add(chess))).toEqual({ most: 2 })
    },
  },
  'catalogue.list': {
    sentence: 'lists the lots in order, without pictures',
    run: async (api) => {
      await api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: '1', picture: gifText })
      await api.catalogue.add(chess)
      const lots = await api.catalogue.list()
      expect(lots).toMatchObject([
        { number: 1, item: 'Lamp', hasPicture: true },
        { number: 2, item: 'Chess', hasPicture: false },
      ])
      expect(lots[0]).not.toHaveProperty('picture')
    },
  },
  'catalogue.picture': {
    sentence: 'tells a picture, an empty text where there is none, and refuses an unknown lot',
    run: async (api) => {
      const { id } = await api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: '1', picture: gifText })
      expect(await api.catalogue.picture({ id })).toEqual({ picture: gifText })
      expect(await api.catalogue.picture(await api.catalogue.add(chess))).toEqual({ picture: '' })
      expect(await dataOf(api.catalogue.picture({ id: '0'.repeat(12) }))).toEqual({ lot: '0'.repeat(12) })
      expect(await codeOf(api.catalogue.picture({ id: '../key' }))).toBe('input-invalid')
    },
  },
  'catalogue.remove': {
    sentence: 'takes a lot out, once',
    run: async (api) => {
      const lot = await api.catalogue.add(chess)
      expect(await api.catalogue.remove(lot)).toEqual({})
      expect(await api.catalogue.list()).toEqual([])
      expect(await codeOf(api.catalogue.remove(lot))).toBe('lot-unknown')
    },
  },
  'catalogue.move': {
    sentence: 'puts a lot before another one, or last',
    run: async (api) => {
      const [first, second] = [await api.catalogue.add({ ...chess, item: 'Lamp' }), await api.catalogue.add(chess)]
      const items = async () => (await api.catalogue.list()).map(({ item }) => item)
      expect(await api.catalogue.move({ ...second, before: first.id })).toEqual({})
      expect(await items()).toEqual(['Chess', 'Lamp'])
      await api.catalogue.move(second)
      expect(await items()).toEqual(['Lamp', 'Chess'])
      expect(await codeOf(api.catalogue.move({ ...first, before: '0'.repeat(12) }))).toBe('lot-unknown')
    },
  },
  'catalogue.start': {
    sentence: 'submits the lot with its picture under a request id of its own, and takes it out once that is committed',
    run: async (api, peer) => {
      const { id } = await api.catalogue.add({ ...chess, picture: gifText })
      peer.answer({ failure: 'unsettled' })
      expect(await codeOf(api.catalogue.start({ id, payee: 'ana' }))).toBe('unsettled')
      // It may still happen: the very same is asked for again, and nothing else.
      expect(await codeOf(api.catalogue.start({ id, payee: 'bob' }))).toBe('input-invalid')
      peer.answer({ rejection: { code: 'not-owner', account } })
      expect(await codeOf(api.catalogue.start({ id, payee: 'ana' }))).toBe('not-owner')
      expect(await api.catalogue.list()).toHaveLength(1)
      peer.answer({ events: [{ kind: 'auction-started', auction: fakeAuction, item: 'Chess', endsAt: fakeTime }] })
      expect(await api.catalogue.start({ id, payee: 'bob' })).toMatchObject({ auction: fakeAuction, number: 1, endsAt: fakeTime })
      const asked = peer.submissions.map(({ submission: { request, operation } }) => [request, operation])
      expect(asked).toMatchObject([
        [`lot-${id}-1`, { kind: 'start-auction', payee: 'ana', picture: gif() }],
        [`lot-${id}-1`, { kind: 'start-auction', payee: 'ana' }],
        [`lot-${id}-2`, { kind: 'start-auction', payee: 'bob', startingPrice: 500 }],
      ])
      expect(await api.catalogue.list()).toEqual([])
      expect(await codeOf(api.catalogue.start({ id, payee: 'bob' }))).toBe('lot-unknown')
    },
  },
  'log.tail': {
    sentence: 'tells the newest blocks, oldest first',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      expect((await api.log.tail({ count: 2 })).map((block) => block.index)).toEqual([1, 2])
    },
  },
  'log.page': {
    sentence: 'tells blocks from one on, and how many there are',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      expect(await api.log.page({ from: 1, count: 1 })).toMatchObject({ last: 2, blocks: [{ index: 1, judged: true }] })
      expect(await api.log.page({ from: 3, count: 500 })).toEqual({ last: 2, blocks: [] })
      expect(await codeOf(api.log.page({ from: 0, count: 501 }))).toBe('input-invalid')
    },
  },
  'log.entry': {
    sentence: 'tells one block with its signature, and says how many there are where there is none',
    run: async (api, peer) => {
      const log = writtenLog()
      peer.setLog(log)
      const entry = await api.log.entry({ index: 1 })
      expect(entry).toMatchObject({ index: 1, kind: 'ops', judged: false, signer: fakeSelf, commit: 2, hash: log[1]?.hash })
      expect(entry.signature).toBe(Buffer.from(log[1]?.signature ?? []).toString('hex'))
      expect(Buffer.from(entry.bytes, 'base64url')).toEqual(Buffer.from(log[1]?.bytes ?? []))
      expect(await dataOf(api.log.entry({ index: 3 }))).toEqual({ index: 3, last: 2 })
    },
  },
  'log.search': {
    sentence: 'finds what people are shown, newest first',
    run: async (api, peer) => {
      peer.setLog(writtenLog())
      const found = async (text: string) => (await api.log.search({ text })).blocks.map(({ index }) => index)
      expect(await found('open-account')).toEqual([1])
      expect(await found('10.50 eur')).toEqual([2])
      expect(await found('Ana')).toEqual([2, 1, 0])
      expect(await found('#2')).toEqual([2])
      expect(await found('nowhere')).toEqual([])
      expect(await api.log.search({ text: 'ana', before: 2, count: 1 })).toMatchObject({ lookedTo: 1, isDone: false })
      expect(await codeOf(api.log.search({ text: ' ' }))).toBe('input-invalid')
    },
  },
  'log.verify': {
    sentence: 'says how far it is, and how it ended',
    run: async (api, peer) => {
      const log = writtenLog()
      peer.setLog(log)
      const steps = await collect(await api.log.verify())
      expect(steps[0]).toEqual({ kind: 'progress', done: 1, total: 3 })
      expect(steps.at(-1)).toMatchObject({ kind: 'done', blocks: 3, hash: log[2]?.hash })
      peer.setLog([...log.slice(0, 2), blockAt(2)])
      const damage = { kind: 'damage', index: 2, code: 'unreadable', reason: expect.stringMatching(/cannot be read/) }
      expect((await collect(await api.log.verify())).at(-1)).toEqual(damage)
    },
  },
  'log.export': {
    sentence: 'gives lines that can be verified, or rows with what became of each operation',
    run: async (api, peer) => {
      const log = writtenLog()
      peer.setLog(log)
      const file = async (format: 'jsonl' | 'csv') => {
        const steps = await collect(await api.log.export({ format }))
        expect(steps.at(-1)).toMatchObject({ done: 3, total: 3 })
        return steps.map(({ text }) => text).join('')
      }
      const lines = (await file('jsonl')).trimEnd().split('\n')
      expect(lines.map((line) => JSON.parse(line).hash)).toEqual(log.map(({ hash }) => hash))
      const rows = (await file('csv')).trimEnd().split('\r\n')
      expect(rows.map((line) => line.split(',').slice(-8).join(','))).toEqual([
        'kind,account,to,auction,amount,currency,text,outcome',
        'genesis,,,,,,test,done',
        'open-account,ana,,,,,Ana,done',
        'deposit,ana,,,10.50,EUR,,done',
        'withdraw,ana,,,99.00,EUR,,refused: funds-short',
      ])
      expect(await codeOf(api.log.export({ format: 'xml' as 'csv' }))).toBe('input-invalid')
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
      expect((await events.next()).value).toMatchObject({ kind: 'opened', start: peer.start })
      expect((await events.next()).value).toMatchObject({ number: 1, kind: 'quorum', text: 'one' })
      peer.tell({ kind: 'quorum', held: false, text: 'two' })
      expect((await events.next()).value).toMatchObject({ number: 2, text: 'two' })
      await events.return()
    },
  },
}

/** The contract is one, whichever door it is asked at. */
const doors: Record<string, () => Promise<{ readonly api: Api; readonly peer: FakePeer; readonly seat: FakeSeat }>> = {
  WebSocket: async () => {
    const { client, peer, seat } = await startTestApi()
    return { api: client.api, peer, seat }
  },
  'HTTP, as /openapi.json says': async () => {
    const { server, peer, seat } = await startTestApi()
    const headers = { authorization: `Bearer ${testToken}` }
    return { api: createORPCClient<Api>(new OpenAPILink(contract, { url: `${server.url}/api`, headers })), peer, seat }
  },
  'message port': async () => {
    const peer = createFakePeer()
    const seat = createFakeSeat(peer)
    const { client, connect } = startTestPort(seat)
    connect()
    return { api: client.api, peer, seat }
  },
}

for (const [door, open] of Object.entries(doors)) {
  describe(`each procedure, by ${door}`, () => {
    for (const [route, { sentence, run }] of Object.entries(cases)) {
      test(`${route} ${sentence}`, async () => {
        const { api, peer, seat } = await open()
        await run(api, peer, seat)
      })
    }
  })
}

test('what needs a room is refused where there is none, and nothing else is', async () => {
  const { client, seat } = await startTestApi()
  seat.setPeer(undefined)
  const asked: Partial<Record<Route<typeof contract>, (api: Api) => Promise<unknown>>> = {
    status: (api) => api.status(),
    peers: (api) => api.peers(),
    'rooms.link': (api) => api.rooms.link(),
    'rooms.refound': (api) => api.rooms.refound({ force: true }),
    'ring.watch': (api) => api.ring.watch(),
    'ring.frame': (api) => api.ring.frame({ id: fakeFrame.id }),
    'accounts.list': (api) => api.accounts.list(),
    deposit: (api) => api.deposit({ account: 'ana', amount: '1' }),
    'auctions.list': (api) => api.auctions.list(),
    'auctions.bid': (api) => api.auctions.bid({ auction: 'last', account: 'ana', amount: '1' }),
    'bidders.list': (api) => api.bidders.list(),
    'pending.list': (api) => api.pending.list(),
    'log.tail': (api) => api.log.tail({}),
    'log.proofs': (api) => api.log.proofs(),
    events: (api) => api.events({}),
  }
  for (const [route, ask] of Object.entries(asked)) expect(await codeOf(ask(client.api)), route).toBe('no-room')
  expect(await client.api.rooms.list()).toEqual(fakeRooms)
})

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

/** Ana, the host, opens an account, pays 10.50 in, and wants 99 out. */
function writtenLog(): Block[] {
  const genesis = genesisBy(fakeSelf)
  const ops = (firstSequence: number, ...operations: readonly Operation[]) => ({
    ...{ kind: 'ops' as const, incarnation: 1, firstSequence },
    ops: operations.map((operation) => encodeSubmission({ request: undefined, operation })),
  })
  const opened = blockAfter(genesis, fakeSelf, ops(1, { kind: 'open-account', account, holder: 'Ana' }))
  const paid: Operation = { kind: 'deposit', account, amount: 1_050 as Cents }
  const wanted: Operation = { kind: 'withdraw', account, amount: 9_900 as Cents }
  return [genesis, opened, blockAfter(opened, fakeSelf, ops(2, paid, wanted))]
}

async function messageOf(call: Promise<unknown>): Promise<string> {
  const { error } = await safe(call)
  return error instanceof Error ? error.message : 'no error'
}

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

type Block = Awaited<ReturnType<FakePeer['log']>>[number]

function blockAt(index: number): Block {
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
