import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currencyOf } from '../../src/core/currency.ts'
import { classicAmount, readClassicAmount } from '../../src/gateway/amounts.ts'

const [euro, yen, dinar] = ['EUR', 'JPY', 'KWD'].map(currencyOf)
if (euro === undefined || yen === undefined || dinar === undefined) throw new Error('no currencies')

describe('a balance looks like a Python float', () => {
  test.each([
    [11_000, euro, '110.0'],
    [0, euro, '0.0'],
    [5, euro, '0.05'],
    [50, euro, '0.5'],
    [-325, euro, '-3.25'],
    [10_010, euro, '100.1'],
    [110, yen, '110.0'],
    [1_001, dinar, '1.001'],
    [1_500, dinar, '1.5'],
    [9_000_000_000_000_000, yen, '9000000000000000.0'],
  ])('%i of %o is %s', (units, currency, text) => {
    expect(classicAmount(units, currency)).toBe(text)
  })
})

describe('an amount is read exactly', () => {
  test.each([
    ['110.0', euro, 11_000],
    ['110', euro, 11_000],
    ['0.1', euro, 10],
    ['10,50', euro, 1_050],
    ['110.0', yen, 110],
    ['0.001', dinar, 1],
  ])('%s of %o is %i', (text, currency, units) => {
    expect(readClassicAmount(text, currency)).toEqual({ ok: true, value: units })
  })

  test.each([
    'nan',
    'NaN',
    'inf',
    '-inf',
    '-5',
    '+5',
    '1e308',
    '1e2',
    '0.001',
    '0',
    '0.0',
    '',
    ' ',
    '0x10',
    '1_000',
    '1.000',
    '10 USD',
  ])('“%s” of the euro is refused', (text) => {
    expect(readClassicAmount(text, euro).ok).toBe(false)
  })
  test.each(['0.5', '110.00', '1.000'])('“%s” of the yen is refused', (text) => {
    expect(readClassicAmount(text, yen).ok).toBe(false)
  })

  test('what is written is read as the same, in every currency', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 13 }), fc.constantFrom(euro, yen, dinar), (units, currency) => {
        expect(readClassicAmount(classicAmount(units, currency), currency)).toEqual({ ok: true, value: units })
      }),
    )
  })
})
