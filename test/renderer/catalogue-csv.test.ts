import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CatalogueReader, pictureKey, readCatalogue } from '../../renderer/auctions/catalogue-csv.ts'
import { exactText, readCents } from '../../renderer/room/cents.ts'

const reader: CatalogueReader = {
  amount: (text) => readCents(text, 2),
  exact: (cents) => exactText(cents, 2),
  hasPicture: (key) => key === 'clock.jpg',
}
const read = (text: string) => readCatalogue(text, reader)
const codes = (text: string) => read(text).faults.map(({ line, code }) => `${line} ${code}`)

test('a file with everything, as a spreadsheet writes it', () => {
  const text =
    '\uFEFFItem;Descrição;Preço;Increment;Reserve;Buy now;Duration;Picture\r\n' +
    '"Clock; brass";"Two\r\nlines";40;2,50;60;99.90;5m;Pictures\\CLOCK.JPG\r\n' +
    'Chess;;12;;;;;\r\n'
  expect(read(text)).toEqual({
    faults: [],
    lots: [
      {
        line: 2,
        item: 'Clock; brass',
        description: 'Two\r\nlines',
        startingPrice: '40.00',
        increment: '2.50',
        reserve: '60.00',
        buyNow: '99.90',
        durationMillis: 300_000,
        picture: 'clock.jpg',
      },
      {
        line: 4,
        item: 'Chess',
        description: '',
        startingPrice: '12.00',
        increment: '1.00',
        reserve: undefined,
        buyNow: undefined,
        durationMillis: 60_000,
        picture: undefined,
      },
    ],
  })
})

describe('each fault is told with its line, and the other lines are lots all the same', () => {
  test.each([
    ['item,price\n,1\nB,2', ['2 item']],
    ['item,price\nA\u202e,1', ['2 item']],
    [`item,price\n${'A'.repeat(65)},1`, ['2 item']],
    [`item,price,description\nA,1,${'x'.repeat(1_001)}`, ['2 description']],
    ['item,price\nA,0\nB,-1\nC,1e3\nD,\nE,1.005', ['2 price', '3 price', '4 price', '5 price', '6 price']],
    ['item,price,increment\nA,1,0\nB,1,x', ['2 increment', '3 increment']],
    ['item,price,reserve\nA,10,x\nB,10,9', ['2 reserve', '3 reserve-low']],
    ['item,price,buy now,reserve\nA,10,x,\nB,10,9,\nC,10,11,12', ['2 buy-now', '3 buy-now-low', '4 buy-now-low']],
    ['item,price,duration\nA,1,soon\nB,1,0\nC,1,31d\nD,1,-5', ['2 duration', '3 duration', '4 duration', '5 duration']],
    ['item,price,picture\nA,1,lamp.png', ['2 picture-absent']],
    ['item,price,colour\nA,1,red', ['1 column-unknown']],
    ['name;cost\nA;1', ['1 header-missing']],
    ['item,price', ['1 empty']],
    ['\n\n', ['1 empty']],
    ['item,price\n"A,1', ['1 unclosed']],
    ['x'.repeat(1_000_001), ['1 too-large']],
  ])('%j', (text, expected) => {
    expect(codes(text)).toEqual(expected)
  })

  test('the good ones stay', () => {
    expect(read('item,price\n,1\nB,2').lots).toMatchObject([{ line: 3, item: 'B' }])
  })

  test('a catalogue has an end', () => {
    const { lots, faults } = read(`item,price\n${'A,1\n'.repeat(600)}`)
    expect([lots.length, faults]).toEqual([500, [{ line: 502, code: 'too-many', text: '500' }]])
  })
})

test('durations', () => {
  const durations = read('item,price,duration\nA,1,90\nB,1,90s\nC,1,5 min\nD,1,1h\nE,1,2d').lots.map((lot) => lot.durationMillis)
  expect(durations).toEqual([90_000, 90_000, 300_000, 3_600_000, 172_800_000])
})

test('whatever a file has in it, reading it ends with lots that can be added, or with faults that are short', () => {
  const cell = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('1', '10.50', 'A', '5m', '"', '\n', ','))
  const text = fc
    .array(fc.array(cell, { maxLength: 9 }), { maxLength: 8 })
    .map((rows) => rows.map((row) => row.join(',')).join('\n'))
  fc.assert(
    fc.property(text, fc.boolean(), (body, hasHead) => {
      const { lots, faults } = read(hasHead ? `item,price,picture,duration\n${body}` : body)
      for (const { item, startingPrice } of lots) {
        expect(item.length).toBeGreaterThan(0)
        expect(readCents(startingPrice, 2)).toBeGreaterThan(0)
      }
      for (const fault of faults) expect(fault.text.length).toBeLessThanOrEqual(40)
    }),
  )
})

test('a picture is found whatever folder and case its name is written with', () => {
  expect(['a/b/Clock.JPG', 'C:\\x\\clock.jpg', 'clock.jpg'].map(pictureKey)).toEqual(['clock.jpg', 'clock.jpg', 'clock.jpg'])
})
