import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amountCentsMax } from '../../src/core/limits.ts'
import { checkAmount, formatCents, parseAmount } from '../../src/core/money.ts'

describe('an amount is read exactly, never through a float', () => {
  it.each([
    ['0.01', 1],
    ['100', 10_000],
    ['100.00', 10_000],
    ['10.5', 1_050],
    ['0.10', 10],
    ['007', 700],
    ['1234567.89', 123_456_789],
    ['100000000000', amountCentsMax],
  ])('%s is %i', (text, cents) => {
    expect(parseAmount(text)).toEqual({ ok: true, value: cents })
  })

  it.each([
    ['nan', 'amount-not-a-number'],
    ['NaN', 'amount-not-a-number'],
    ['inf', 'amount-not-a-number'],
    ['-1', 'amount-not-a-number'],
    ['+1', 'amount-not-a-number'],
    ['1e9', 'amount-not-a-number'],
    ['1e3', 'amount-not-a-number'],
    ['', 'amount-not-a-number'],
    [' 1', 'amount-not-a-number'],
    ['1,5', 'amount-not-a-number'],
    ['.5', 'amount-not-a-number'],
    ['5.', 'amount-not-a-number'],
    ['0x10', 'amount-not-a-number'],
    ['٣', 'amount-not-a-number'],
    ['1.2.3', 'amount-not-a-number'],
    ['99999999999999999999', 'amount-not-a-number'],
    ['0.001', 'amount-too-precise'],
    ['0', 'amount-too-small'],
    ['0.00', 'amount-too-small'],
    ['9007199254740993', 'amount-not-whole'],
    ['100000000000.01', 'amount-too-large'],
  ])('%j is refused: %s', (text, code) => {
    expect(parseAmount(text)).toMatchObject({ ok: false, error: { code } })
  })

  it.each([
    [Number.NaN, 'amount-not-whole'],
    [1.5, 'amount-not-whole'],
    [2 ** 53, 'amount-not-whole'],
    [Number.POSITIVE_INFINITY, 'amount-not-whole'],
    [0, 'amount-too-small'],
    [-1, 'amount-too-small'],
    [amountCentsMax + 1, 'amount-too-large'],
  ])('the number %d is refused: %s', (value, code) => {
    expect(checkAmount(value)).toMatchObject({ ok: false, error: { code } })
  })

  it('what is written can be read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: amountCentsMax }), (cents) => {
        expect(parseAmount(formatCents(cents))).toEqual({ ok: true, value: cents })
      }),
    )
    expect(formatCents(-1_050)).toBe('-10.50')
    expect(formatCents(0)).toBe('0.00')
  })
})
