import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bidKey, bidsIn } from '../../renderer/auctions/bids-in.ts'
import { callOf, leftOf, lotAt, offersOf, splitLots } from '../../renderer/auctions/lot-state.ts'
import { exactText, formatCents, readCents, typedText } from '../../renderer/room/cents.ts'
import { countdownText } from '../../renderer/room/countdown.ts'
import { readShellState } from '../../renderer/room/desktop.ts'
import { parseRoute, paths } from '../../renderer/room/routes.ts'
import type { AuctionDetail, JudgedBlock } from '../../src/api/views.ts'

const money = (cents: number) => ({ cents, text: `${cents}`, currency: 'EUR' })

const lot: AuctionDetail = {
  auction: 'a-1-1',
  number: 1,
  item: 'Clock',
  payee: 'ana',
  seller: 'peer',
  startedAt: 1_000,
  endsAt: 61_000,
  bids: 0,
  minimum: money(1_000),
  description: '',
  startingPrice: money(1_000),
  increment: money(250),
  durationMillis: 60_000,
  firstEnd: 61_000,
  picture: '',
  recentBids: [],
}

test('an amount that is written exactly is read as the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 13 }), fc.constantFrom(0, 2, 3), (cents, decimals) => {
      expect(readCents(exactText(cents, decimals), decimals)).toBe(cents)
    }),
  )
})

test('an amount as a person types it, in any language, is read as the same', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10 ** 13 }),
      fc.constantFrom(0, 2, 3),
      fc.constantFrom('en', 'pt', 'es'),
      (cents, decimals, language) => {
        expect(readCents(typedText(cents, decimals, language), decimals)).toBe(cents)
      },
    ),
  )
  expect(['en', 'pt', 'es'].map((language) => typedText(1_234_550, 2, language))).toEqual(['12345.50', '12345,50', '12345,50'])
})

test.each([
  ['10', 2, 1_000],
  ['10,5', 2, 1_050],
  [' 10.50 ', 2, 1_050],
  ['0', 2, 0],
  ['1,000', 3, undefined],
  ['1.005', 2, undefined],
  ['1e3', 2, undefined],
  ['-1', 2, undefined],
  ['', 2, undefined],
  ['12.5', 0, undefined],
])('%j with %i decimals is %j', (text, decimals, cents) => {
  expect(readCents(text, decimals)).toBe(cents)
})

test('money is shown with the room’s decimals, exactly, however large', () => {
  expect(formatCents(-5, 'EUR', 2, 'en')).toBe('-€0.05')
  expect(formatCents(9_007_199_254_740_991, 'EUR', 2, 'en')).toBe('€90,071,992,547,409.91')
  expect(formatCents(1_234, 'JPY', 0, 'en')).toBe('¥1,234')
  expect(formatCents(1_250, 'EUR', 2, 'es').replaceAll(/\s/g, ' ')).toBe('12,50 €')
})

test('the time that is left', () => {
  expect(['en', 'es'].map((language) => countdownText(9_950, language))).toEqual(['0:09.9', '0:09,9'])
  expect([65_000, 59_001, 10_000, 3_723_000, -5].map((left) => countdownText(left, 'en'))).toEqual([
    '1:05',
    '1:00',
    '0:10',
    '1:02:03',
    '0:00.0',
  ])
  expect(leftOf(lot, 60_000)).toBe(1_000)
  expect(leftOf(lot, 70_000)).toBe(0)
  expect(leftOf({ ...lot, paused: { at: 2_000, until: 9_000, leftMillis: 59_000 } }, 70_000)).toBe(59_000)
})

test('the offers are the least, and two and five steps more; never above buy-now', () => {
  expect(offersOf(lot)).toEqual([1_000, 1_500, 2_250])
  expect(offersOf({ ...lot, buyNow: money(1_600) })).toEqual([1_000, 1_500, 1_600])
  expect(offersOf({ ...lot, buyNow: money(1_000) })).toEqual([1_000])
})

test('open lots are in the order in which they end, ended ones the newest first', () => {
  const ended = (number: number, at: number) => ({ ...lot, number, ended: { why: 'unsold' as const, at, reason: '' } })
  const { open, ended: past } = splitLots([
    ended(1, 10),
    { ...lot, number: 2, endsAt: 9 },
    ended(3, 20),
    { ...lot, number: 4, endsAt: 5 },
  ])
  expect([open, past].map((lots) => lots.map(({ number }) => number))).toEqual([
    [4, 2],
    [3, 1],
  ])
})

test('each place leads to its screen, and whatever leads nowhere to the auctions', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (id) => {
      expect(parseRoute(paths.lot(id))).toEqual({ screen: 'lot', auction: id })
      expect(parseRoute(paths.bank(id))).toEqual({ screen: 'bank', account: id })
      expect(parseRoute(paths.projector(id))).toEqual({ screen: 'projector', auction: id })
    }),
  )
  expect(parseRoute(paths.bank())).toEqual({ screen: 'bank', account: undefined })
  expect(parseRoute(paths.startLot)).toEqual({ screen: 'start-lot' })
  expect(parseRoute(paths.settings)).toEqual({ screen: 'settings' })
  expect(parseRoute(paths.log(7))).toEqual({ screen: 'log', block: 7 })
  expect(parseRoute('#/log/x')).toEqual({ screen: 'log', block: undefined })
  expect(parseRoute(paths.roomOf('0a'))).toEqual({ screen: 'welcome', room: '0a' })
  for (const screen of ['ring', 'class', 'catalogue'] as const) expect(parseRoute(paths[screen])).toEqual({ screen })
  expect(parseRoute(paths.welcome)).toEqual({ screen: 'welcome', room: undefined })
  for (const hash of ['', '#', '#/', '#/nowhere', '#/lots', '#/lots/', '#/lots/%', '#token=x']) {
    expect(parseRoute(hash)).toEqual({ screen: 'auctions' })
  }
})

test('an auctioneer calls when the time of a bid is nearly over, and not while it is paused or nobody has bid', () => {
  const led = { ...lot, leader: { account: 'ana', amount: money(1_000), at: 2_000 } }
  const calls = [50_999, 51_000, 55_999, 56_000, 60_999, 61_000].map((now) => callOf(led, now))
  expect(calls).toEqual([undefined, 'once', 'once', 'twice', 'twice', undefined])
  expect(callOf(lot, 56_000)).toBeUndefined()
  expect(callOf({ ...led, paused: { at: 2_000, until: 9_000, leftMillis: 4_000 } }, 56_000)).toBeUndefined()
  expect(callOf({ ...led, ended: { why: 'sold', at: 56_000, reason: '' } }, 56_000)).toBeUndefined()
})

test('of a block only accepted bids on the lot itself are its bids', () => {
  const bid = { kind: 'bid', auction: 'a-1-1', account: 'ana', amount: 1_000 }
  const block: JudgedBlock = {
    ...{ index: 7, epoch: '1.dfEPoC', turn: 3, author: 'peer', lamport: 9, time: 5, prevHash: 'a', hash: 'b' },
    ...{ kind: 'ops', judged: true },
    content: [
      bid,
      { ...bid, account: 'bob', refused: {} },
      { ...bid, repeat: true, amount: 2_000 },
      { ...bid, auction: 'b-1-1', amount: 3_000 },
    ],
  }
  expect(bidsIn(block, 'a-1-1')).toEqual([[bidKey('ana', 1_000), { index: 7, turn: 3, lamport: 9 }]])
  expect(bidsIn({ ...block, kind: 'view', content: {} }, 'a-1-1')).toEqual([])
})

test('an address names a lot by its id, its number, or as the last', () => {
  const lots = [
    { auction: 'k3XbQz-2-15', number: 1 },
    { auction: 'k3XbQz-2-19', number: 12 },
    { auction: 'p9Trmw-1-4', number: 2 },
  ]
  const named = ['1', '#1', 'k3XbQz-2-15', '12', 'last', '3', '', '#', '01', '1.0'].map((place) => lotAt(place, lots)?.number)
  expect(named).toEqual([1, 1, 1, 12, 12, undefined, undefined, undefined, undefined, undefined])
  expect([lotAt('last', []), lotAt('1', undefined)]).toEqual([undefined, undefined])
})

test.each<[unknown, ReturnType<typeof readShellState>]>([
  [
    { kind: 'running', text: 'In the room “evening”.' },
    { isRunning: true, isGone: false, text: 'In the room “evening”.' },
  ],
  [
    { kind: 'starting', text: 'The peer starts.' },
    { isRunning: false, isGone: false, text: 'The peer starts.' },
  ],
  [
    { kind: 'refused', text: 'The disk is full.' },
    { isRunning: false, isGone: true, text: 'The disk is full.' },
  ],
  [
    { kind: 'away', text: 7 },
    { isRunning: false, isGone: true, text: '' },
  ],
  [undefined, { isRunning: false, isGone: false, text: '' }],
  ['running', { isRunning: false, isGone: false, text: '' }],
  [null, { isRunning: false, isGone: false, text: '' }],
])('what the desktop app says of its peer, %j, is read as %j', (told, state) => {
  expect(readShellState(told)).toEqual(state)
})
