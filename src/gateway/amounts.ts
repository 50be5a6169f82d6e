import type { Currency } from '../core/currency.ts'
import { type Cents, formatAmount, parseAmount } from '../core/money.ts'
import type { Parsed } from '../core/result.ts'

/**
 * What a classic client sends: the text that Python makes of a float, or what a person typed. Read exactly, never through a float,
 * so that `nan`, `inf`, `1e308` and `0.001` are refused by name. A whole float has a `.0` behind it in every currency, the yen too.
 */
export const readClassicAmount = (text: string, currency: Currency): Parsed<Cents> =>
  parseAmount(text.replace(/^(\d+)\.0$/, '$1'), currency)

/**
 * As Python writes a float: always with a decimal point, and with no zero behind the last digit that says something: `110.0`,
 * `0.5`, `-3.25`. Balances stay far below 10^16, where Python begins to write exponents.
 */
export function classicAmount(units: number, currency: Currency): string {
  const text = formatAmount(units, currency)
  if (!text.includes('.')) return `${text}.0`
  return text.replace(/(\.\d+?)0+$/, '$1')
}
