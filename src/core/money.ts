import { amountCentsMax } from './limits.ts'
import { type Parsed, parsed, refused } from './result.ts'

declare const brand: unique symbol
/** Whole minor units of the room's currency, a safe integer. Balances may be 0, the issuer's below; amounts are 1 to 10^13. */
export type Cents = number & { readonly [brand]: 'Cents' }

/** Text such as `10.5`, `100` or `100.00`, read exactly, never through a float. */
export function parseAmount(text: string): Parsed<Cents> {
  const match = /^(\d{1,16})(?:\.(\d{1,2}))?$/.exec(text)
  if (match === null) {
    const decimals = /^\d+\.\d{3,}$/.test(text)
    return decimals
      ? refused('amount-too-precise', 'An amount has at most two decimals.')
      : refused('amount-not-a-number', 'An amount looks like 100 or 10.50: digits, at most one point, no sign and no exponent.')
  }
  const cents = BigInt(match[1] as string) * 100n + BigInt((match[2] ?? '').padEnd(2, '0') || '0')
  return checkAmount(Number(cents))
}

/** A number that arrived as one (JSON, the wire): whole minor units, 1 to 10^13. */
export function checkAmount(value: number): Parsed<Cents> {
  if (!Number.isSafeInteger(value)) return refused('amount-not-whole', 'An amount is a whole number of minor units.')
  if (value < 1) return refused('amount-too-small', 'An amount is at least 0.01.')
  if (value > amountCentsMax) return refused('amount-too-large', `An amount is at most ${formatCents(amountCentsMax)}.`)
  return parsed(value as Cents)
}

/** Exact text with two decimals: `-10.50`. */
export function formatCents(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
