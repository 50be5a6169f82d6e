import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Column, shorten, table, tableOf, widthOf } from '../../src/cli/table.ts'

describe('a table', () => {
  const columns: readonly Column<readonly [string, string, string]>[] = [
    { name: 'name', head: 'Name', cell: ([name]) => name },
    { name: 'amount', head: 'Amount', cell: ([, amount]) => amount, right: true },
    { name: 'what', head: 'What', cell: ([, , what]) => what },
  ]

  test('stands in columns also where characters are wide, combined or emoji', () => {
    const rows = [
      ['Ana', '1.00', 'tea'],
      ['山田太郎', '12.50', 'お茶'],
      ['Zoe\u0308', '100.00', '👍🏽 fine'],
      ['❤️', '0.01', ''],
    ] as const
    expect(tableOf(columns, rows)).toEqual([
      'Name      Amount  What',
      'Ana         1.00  tea',
      '山田太郎   12.50  お茶',
      'Zoe\u0308       100.00  👍🏽 fine',
      '❤️          0.01',
    ])
  })

  test('fits: long texts give from their middle, amounts stay whole', () => {
    const rows = [['Maximiliana von und zu Hohenstein', '1000000.00', 'for the lamp that she had seen in the window']] as const
    expect(tableOf(columns, rows, 50)).toEqual([
      'Name                    Amount  What',
      'Maximilia…henstein  1000000.00  for the l…e window',
    ])
    for (const width of [20, 30, 50, 80]) {
      for (const line of tableOf(columns, rows, width)) expect(widthOf(line)).toBeLessThanOrEqual(width)
    }
  })

  test('is told row by row where it does not fit: an amount is never cut', () => {
    const rows = [
      ['Maximiliana von und zu Hohenstein', '1000000.00', 'lamp'],
      ['Bo', '1.00', ''],
    ] as const
    expect(tableOf(columns, rows, 20)).toEqual([
      'Name    Maximi…stein',
      'Amount  1000000.00',
      'What    lamp',
      '',
      'Name    Bo',
      'Amount  1.00',
    ])
  })

  test('is never wider than its terminal, whatever stands in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 60 })
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 6 })
    fc.assert(
      fc.property(rows, fc.integer({ min: 5, max: 200 }), (some, width) => {
        for (const line of tableOf(columns, some, width)) expect(widthOf(line)).toBeLessThanOrEqual(width)
      }),
    )
  })

  test('has no line but its rows, whatever stands in it', () => {
    expect(table(['A'], [['one\ntwo\r\x1b[2J']])).toEqual(['A', 'one\uFFFDtwo\uFFFD\uFFFD[2J'])
  })
})

describe('a text that is too long', () => {
  const cases: readonly (readonly [text: string, cells: number, short: string])[] = [
    ['brass lamp', 10, 'brass lamp'],
    ['brass lamps', 10, 'brass…amps'],
    ['brass lamps', 1, '…'],
    ['brass lamps', 0, ''],
    ['山田太郎', 7, '山…太郎'],
    ['👍🏽👍🏽👍🏽', 5, '👍🏽…👍🏽'],
  ]
  for (const [text, cells, short] of cases) {
    test(`${text} in ${cells} cells`, () => expect(shorten(text, cells)).toBe(short))
  }
})
