import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currencyOf } from '../../src/core/currency.ts'
import { amountCentsMax } from '../../src/core/limits.ts'
import { checkAmount, formatAmount, formatMoney, parseAmount } from '../../src/core/money.ts'

const [eur, jpy, kwd] = ['EUR', 'JPY', 'KWD'].map(currencyOf) as [Currency, Currency, Currency]
type Currency = ReturnType<typeof currencyOf>

describe('an amount is read exactly, never through a float', () => {
  it.each([
    ['0.01', eur, 1],
    ['100', eur, 10_000],
    ['100.00', eur, 10_000],
    ['10.5', eur, 1_050],
    ['0.10', eur, 10],
    ['007', eur, 700],
    ['1234567.89', eur, 123_456_789],
    ['100000000000', eur, amountCentsMax],
    ['1,50', eur, 150],
    ['1,5', eur, 150],
    ['1234,56', eur, 123_456],
    ['10 EUR', eur, 1_000],
    ['10EUR', eur, 1_000],
    ['10,50 eur', eur, 1_050],
    ['EUR 10.5', eur, 1_050],
    ['1000', jpy, 1_000],
    ['1 JPY', jpy, 1],
    ['10000000000000', jpy, amountCentsMax],
    ['1.5', kwd, 1_500],
    ['1.500', kwd, 1_500],
    ['0,500', kwd, 500],
    ['1234,500', kwd, 1_234_500],
    ['1,50 KWD', kwd, 1_500],
  ])('%s in %o is %i', (text, currency, units) => {
    expect(parseAmount(text, currency)).toEqual({ ok: true, value: units })
  })

  it.each([
    ['nan', eur, 'amount-not-a-number'],
    ['NaN', eur, 'amount-not-a-number'],
    ['inf', eur, 'amount-not-a-number'],
    ['1 inf', eur, 'amount-not-a-number'],
    ['-1', eur, 'amount-not-a-number'],
    ['+1', eur, 'amount-not-a-number'],
    ['1e9', eur, 'amount-not-a-number'],
    ['1e3', eur, 'amount-not-a-number'],
    ['', eur, 'amount-not-a-number'],
    ['EUR', eur, 'amount-not-a-number'],
    [' 1', eur, 'amount-not-a-number'],
    ['.5', eur, 'amount-not-a-number'],
    [',5', eur, 'amount-not-a-number'],
    ['5.', eur, 'amount-not-a-number'],
    ['5,', eur, 'amount-not-a-number'],
    ['€5', eur, 'amount-not-a-number'],
    ['0x10', eur, 'amount-not-a-number'],
    ['٣', eur, 'amount-not-a-number'],
    ['99999999999999999999', eur, 'amount-not-a-number'],
    ['EUR 10 EUR', eur, 'amount-not-a-number'],
    ['0.001', eur, 'amount-too-precise'],
    ['0,001', eur, 'amount-too-precise'],
    ['1.500', eur, 'amount-too-precise'],
    ['1,2345', eur, 'amount-too-precise'],
    ['1234,567', eur, 'amount-too-precise'],
    ['1.5', jpy, 'amount-too-precise'],
    ['1,5', jpy, 'amount-too-precise'],
    ['1.5000', kwd, 'amount-too-precise'],
    ['0', eur, 'amount-too-small'],
    ['0.00', eur, 'amount-too-small'],
    ['0 JPY', jpy, 'amount-too-small'],
    ['9007199254740993', eur, 'amount-too-large'],
    ['100000000000.01', eur, 'amount-too-large'],
    ['10 USD', eur, 'amount-other-currency'],
    ['USD 10', eur, 'amount-other-currency'],
    ['10 EUR', jpy, 'amount-other-currency'],
    ['1,000', eur, 'amount-ambiguous'],
    ['1,500', kwd, 'amount-ambiguous'],
    ['1,000 JPY', jpy, 'amount-ambiguous'],
    ['1.000,50', eur, 'amount-ambiguous'],
    ['1,000.50', eur, 'amount-ambiguous'],
    ['1.000.000', eur, 'amount-ambiguous'],
    ['1.2.3', eur, 'amount-ambiguous'],
    ['1,2,3', eur, 'amount-ambiguous'],
    ['1 000', eur, 'amount-ambiguous'],
    ["1'000.50", eur, 'amount-ambiguous'],
    ['1_000', eur, 'amount-ambiguous'],
  ])('%j in %o is refused: %s', (text, currency, code) => {
    expect(parseAmount(text, currency)).toMatchObject({ ok: false, error: { code } })
  })

  it.each([
    ['nan', eur, 'An amount looks like 100 or 10.50 EUR: “nan” is none.'],
    ['x'.repeat(40), eur, `An amount looks like 100 or 10.50 EUR: “${'x'.repeat(40)}” is none.`],
    ['x'.repeat(41), eur, `An amount looks like 100 or 10.50 EUR: “${'x'.repeat(39)}…” is none.`],
    ['0', eur, 'An amount is at least 0.01 EUR.'],
    ['0', jpy, 'An amount is at least 1 JPY.'],
    ['0', kwd, 'An amount is at least 0.001 KWD.'],
    ['9000000000000000', eur, 'An amount is at most 100000000000.00 EUR.'],
    ['1.5', jpy, 'An amount in JPY has no decimals.'],
    ['10.123', eur, 'An amount in EUR has at most 2 decimals. If 10123 is meant, write 10123.'],
    ['10 USD', eur, 'This room counts in EUR, not in USD.'],
    ['1,000', eur, '“1,000” can be read in two ways. If 1000 is meant, write 1000.'],
    ['1,500', kwd, '“1,500” can be read in two ways. If 1500 is meant, write 1500; if 1.500 is meant, write 1.500.'],
    ['1.000,50', eur, 'An amount has no separators between thousands. If 1000.50 is meant, write 1000.50.'],
    ['1,000.50', eur, 'An amount has no separators between thousands. If 1000.50 is meant, write 1000.50.'],
    ['1 000 000', eur, 'An amount has no separators between thousands. If 1000000 is meant, write 1000000.'],
    ['1.000,567', eur, 'An amount has no separators between thousands: “1.000,567” cannot be read in one way only.'],
    ['1.2.3', eur, 'An amount has no separators between thousands: “1.2.3” cannot be read in one way only.'],
  ])('%j in %o: the reason helps', (text, currency, message) => {
    expect(parseAmount(text, currency)).toMatchObject({ ok: false, error: { message } })
  })

  it.each([
    [Number.NaN, 'amount-not-whole'],
    [1.5, 'amount-not-whole'],
    [2 ** 53, 'amount-too-large'],
    [Number.POSITIVE_INFINITY, 'amount-too-large'],
    [0, 'amount-too-small'],
    [-1, 'amount-too-small'],
    [amountCentsMax + 1, 'amount-too-large'],
  ])('the number %d is refused: %s', (value, code) => {
    expect(checkAmount(value)).toMatchObject({ ok: false, error: { code } })
  })

  it('what is written can be read again, with the currency and without', () => {
    const units = fc.integer({ min: 1, max: amountCentsMax })
    fc.assert(
      fc.property(units, fc.constantFrom(eur, jpy, kwd), (value, currency) => {
        expect(parseAmount(formatAmount(value, currency), currency)).toEqual({ ok: true, value })
        expect(parseAmount(formatMoney(value, currency), currency)).toEqual({ ok: true, value })
      }),
    )
  })

  it('whatever is typed, the reading that was accepted is the only one', () => {
    const typed = fc.string({ unit: fc.constantFrom(...'0123456789.,'), maxLength: 10 })
    fc.assert(
      fc.property(typed, fc.constantFrom(eur, jpy, kwd), (text, currency) => {
        const read = parseAmount(text, currency)
        if (read.ok) expect(Number(text.replace(',', '.'))).toBeCloseTo(read.value / 10 ** currency.decimals, 6)
      }),
    )
  })

  it.each([
    [-1_050, eur, '-10.50', '-10.50 EUR'],
    [0, eur, '0.00', '0.00 EUR'],
    [7, jpy, '7', '7 JPY'],
    [-7, kwd, '-0.007', '-0.007 KWD'],
  ])('%i of %o is %s', (units, currency, amount, money) => {
    expect([formatAmount(units, currency), formatMoney(units, currency)]).toEqual([amount, money])
  })
})
