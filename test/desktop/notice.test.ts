import { describe, expect, test } from 'vitest'
import type { EventView, MarketEventView, Money } from '../../src/api/views.ts'
import { isHosting, type Market, noticeOf, noticeText } from '../../src/desktop/notice.ts'
import { type Words, words } from '../../src/desktop/words.ts'

const now = 1_000_000
const owners: Record<string, string> = { ana: 'self', ana2: 'self', bob: 'other', cleo: 'third' }

function marketOf(lot: Partial<ReturnType<Market['lotOf']>>): Market {
  return {
    self: 'self',
    ownerOf: (account) => owners[account],
    lotOf: () => ({ item: 'Brass lamp', seller: 'other', recentBids: [], ...lot }),
  }
}

const amount: Money = { cents: 1_350, text: '13.50 EUR', currency: 'EUR' }
const bidOf = (account: string) => ({ account, amount, at: now, block: 3 })
const told = (event: MarketEventView, at = now): EventView => ({ kind: 'market', number: 1, at, operation: 'o', block: 4, event })
const outbid = (account: string, by: string): MarketEventView => ({ kind: 'outbid', auction: 'a', account, by, amount })
const ended = (why: 'sold' | 'unsold' | 'reserve-not-met' | 'cancelled', winner?: string): MarketEventView => ({
  ...{ kind: 'auction-ended', auction: 'a', why, reason: '' },
  ...(winner !== undefined && { winner, price: amount }),
})

const spoken = (event: EventView, lot: Parameters<typeof marketOf>[0], language: Words): string | undefined => {
  const notice = noticeOf(event, marketOf(lot), now)
  if (notice === undefined) return undefined
  const { title, body } = noticeText(notice, language)
  return `${title} | ${body}`
}

describe('what a person is told while the window is not in front', () => {
  const mine = { recentBids: [bidOf('ana')] } as Partial<ReturnType<Market['lotOf']>>
  const rows: [string, MarketEventView, Partial<ReturnType<Market['lotOf']>>, string | undefined][] = [
    ['outbid', outbid('ana', 'bob'), {}, 'Outbid: Brass lamp | bob leads with 13.50 EUR.'],
    ['somebody else is outbid', outbid('bob', 'cleo'), {}, undefined],
    ['outbid by an account of one’s own', outbid('ana', 'ana2'), {}, undefined],
    ['won', ended('sold', 'ana'), {}, 'Won: Brass lamp | It is yours for 13.50 EUR.'],
    ['lost', ended('sold', 'bob'), mine, 'Closed: Brass lamp | Sold to bob for 13.50 EUR.'],
    ['sold', ended('sold', 'bob'), { seller: 'self' }, 'Closed: Brass lamp | Sold to bob for 13.50 EUR.'],
    ['unsold', ended('unsold'), { seller: 'self' }, 'Closed: Brass lamp | Nobody bid.'],
    ['reserve', ended('reserve-not-met'), mine, 'Closed: Brass lamp | The reserve was not met.'],
    ['cancelled', ended('cancelled'), mine, 'Closed: Brass lamp | The auction was cancelled.'],
    ['a lot of others', ended('sold', 'bob'), {}, undefined],
    ['a bid', { kind: 'bid-accepted', auction: 'a', account: 'ana', amount, endsAt: now }, {}, undefined],
  ]
  test.each(rows)('%s', (_name, event, lot, said) => {
    expect(spoken(told(event), lot, words.en)).toBe(said)
  })
})

test('it is told in the language that is spoken, amounts as it writes them', () => {
  const dear: Money = { cents: 1_234_550, text: '12345.50 EUR', currency: 'EUR' }
  const yen: Money = { cents: 1_234, text: '1234 JPY', currency: 'JPY' }
  const say = (event: MarketEventView, language: keyof typeof words, lot: Partial<ReturnType<Market['lotOf']>> = {}) =>
    spoken(told(event), lot, words[language])
  const beaten: MarketEventView = { kind: 'outbid', auction: 'a', account: 'ana', by: 'bob', amount: dear }
  expect(say(beaten, 'es')).toBe('Puja superada: Brass lamp | bob va en cabeza con 12.345,50 EUR.')
  expect(say(beaten, 'en')).toBe('Outbid: Brass lamp | bob leads with 12,345.50 EUR.')
  expect(say({ ...beaten, amount: yen }, 'pt')).toBe('Lance superado: Brass lamp | bob está na frente com 1.234 JPY.')
  expect(say(ended('sold', 'ana'), 'pt')).toBe('Ganho: Brass lamp | É seu por 13,50 EUR.')
  expect(say(ended('sold', 'bob'), 'es', { seller: 'self' })).toBe('Cerrado: Brass lamp | Vendido a bob por 13,50 EUR.')
  expect(say(ended('reserve-not-met'), 'es', { seller: 'self' })).toBe('Cerrado: Brass lamp | No se alcanzó la reserva.')
})

test('what happened long ago, as a peer that catches up tells it, is no news', () => {
  expect(noticeOf(told(outbid('ana', 'bob'), now - 30_001), marketOf({}), now)).toBeUndefined()
  expect(noticeOf(told(outbid('ana', 'bob'), now - 30_000), marketOf({}), now)).toBeDefined()
})

test('an item’s name is no markup, breaks no line, turns no text round, and is cut', () => {
  const title = (item: string) => spoken(told(outbid('ana', 'bob')), { item }, words.en)?.split(' | ')[0]
  expect(title('<a href="x">lamp</a> & co\n\u202Egnp')).toBe('Outbid: ‹a href="x"›lamp‹/a› ＆ co��gnp')
  expect([...(title('😀'.repeat(10_000)) ?? '')]).toHaveLength('Outbid: '.length + 60)
})

test('a peer hosts while an auction of its own is open', () => {
  expect(isHosting('self', [])).toBe(false)
  expect(isHosting('self', [{ seller: 'other', ended: undefined }])).toBe(false)
  expect(isHosting('self', [{ seller: 'self', ended: { why: 'sold' } }])).toBe(false)
  expect(
    isHosting('self', [
      { seller: 'other', ended: undefined },
      { seller: 'self', ended: undefined },
    ]),
  ).toBe(true)
})
