import { describe, expect, it } from 'vitest'
import { currencyOf, isCurrency, parseCurrency } from '../../src/core/currency.ts'

describe('a currency', () => {
  it.each([
    ['EUR', 2],
    ['BRL', 2],
    ['USD', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['ISK', 0],
    ['XOF', 0],
    ['KWD', 3],
    ['TND', 3],
    ['XCG', 2],
  ])('%s has %i decimals, as ISO 4217 says', (code, decimals) => {
    expect(parseCurrency(code)).toEqual({ ok: true, value: code })
    expect(currencyOf(code)).toEqual({ code, decimals })
  })

  it('may be typed small', () => {
    expect(parseCurrency(' eur ')).toEqual({ ok: true, value: 'EUR' })
  })

  it.each(['XXX', 'XTS', 'XAU', 'XDR', 'CLF', 'CHE', 'UYI', 'BOV', 'DEM', 'ZWL', 'EURO', 'EU', '€', 'credits', '', '__proto__'])(
    '%j is none that a room can be founded with',
    (code) => {
      expect(parseCurrency(code)).toMatchObject({ ok: false, error: { code: 'currency-unknown' } })
      expect(isCurrency(code)).toBe(false)
    },
  )

  it('of a room from before currencies were looked at is counted in hundredths', () => {
    expect(currencyOf('credits')).toEqual({ code: 'credits', decimals: 2 })
  })
})
