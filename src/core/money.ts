import { type Currency, isCurrency } from './currency.ts'
import { amountCentsMax } from './limits.ts'
import { type Parsed, parsed, refused } from './result.ts'

declare const brand: unique symbol
/** Whole minor units of the room's currency, a safe integer. Balances may be 0, the issuer's below; amounts are 1 to 10^13. */
export type Cents = number & { readonly [brand]: 'Cents' }

/**
 * What a person typed, read exactly, never through a float: `100`, `10.5`, `10.50 EUR`, and `10,50`, where a comma can only
 * be a decimal comma. Refused by name: another currency, more decimals than the currency has, and whatever has two readings
 * or separators between thousands.
 */
export function parseAmount(text: string, currency: Currency): Parsed<Cents> {
  const { amount, code } = splitCode(text)
  if (code !== undefined && code !== currency.code) {
    return refused('amount-other-currency', `This room counts in ${currency.code}, not in ${code}.`)
  }
  if (/^\d+(?:[ '_\u00a0\u202f.,]\d+)+$/.test(amount) && !/^\d+[.,]\d+$/.test(amount)) return refuseSeparators(amount, currency)
  const [, whole, separator, decimals = ''] = /^(\d{1,16})(?:([.,])(\d{1,16}))?$/.exec(amount) ?? []
  if (whole === undefined)
    return refused('amount-not-a-number', `An amount looks like ${exampleOf(currency)}: “${shown(text)}” is none.`)
  if (separator === ',' && isThousands(whole, decimals)) return refuseComma(whole, decimals, currency)
  if (decimals.length > currency.decimals) return refusePrecise(whole, separator, decimals, currency)
  const units = BigInt(whole) * 10n ** BigInt(currency.decimals) + BigInt(decimals.padEnd(currency.decimals, '0') || '0')
  return checkAmount(Number(units), currency)
}

/** A number that arrived as one (JSON, the wire): whole minor units, 1 to 10^13. Without a currency nobody reads the reason. */
export function checkAmount(value: number, currency?: Currency): Parsed<Cents> {
  const words = (units: number): string => (currency === undefined ? `${units} minor units` : formatMoney(units, currency))
  if (value > amountCentsMax) return refused('amount-too-large', `An amount is at most ${words(amountCentsMax)}.`)
  if (!Number.isSafeInteger(value)) return refused('amount-not-whole', 'An amount is a whole number of minor units.')
  if (value < 1) return refused('amount-too-small', `An amount is at least ${words(1)}.`)
  return parsed(value as Cents)
}

/** Exact text with all decimals of the currency: `-10.50`; the yen has none. */
export function formatAmount(units: number, { decimals }: Currency): string {
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0')
  const sign = units < 0 ? '-' : ''
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** {@link formatAmount} with the currency: `10.50 EUR`. {@link parseAmount} reads it as the same. */
export const formatMoney = (units: number, currency: Currency): string => `${formatAmount(units, currency)} ${currency.code}`

/** `10 EUR`, `10eur`, `EUR 10`. What stands there and is no currency is left where it is, and then no amount. */
function splitCode(text: string): { readonly amount: string; readonly code: string | undefined } {
  const [, before, first, second, after] = /^(?:([A-Za-z]{3}) ?(\d.*)|(.*\d) ?([A-Za-z]{3}))$/.exec(text) ?? []
  const code = (before ?? after)?.toUpperCase()
  return code !== undefined && isCurrency(code) ? { amount: first ?? second ?? '', code } : { amount: text, code: undefined }
}

/** Three digits after a comma, and no more than three before it, none of them a leading 0: as people write 1,000. */
const isThousands = (whole: string, decimals: string): boolean => decimals.length === 3 && /^[1-9]\d{0,2}$/.test(whole)

function refuseComma(whole: string, decimals: string, { decimals: count }: Currency): Parsed<never> {
  const thousand = `If ${whole}${decimals} is meant, write ${whole}${decimals}`
  const fraction = count >= 3 ? `; if ${whole}.${decimals} is meant, write ${whole}.${decimals}` : ''
  return refused('amount-ambiguous', `“${whole},${decimals}” can be read in two ways. ${thousand}${fraction}.`)
}

/** More than one separator, or one that only stands between thousands: a reading is offered where it is plain. */
function refuseSeparators(amount: string, { decimals: count }: Currency): Parsed<never> {
  const rule = 'An amount has no separators between thousands'
  const [, groups, last] = /^(\d{1,3}(?:([ '_\u00a0\u202f.,])\d{3})(?:\2\d{3})*)(?:[.,]\d+)?$/.exec(amount) ?? []
  const decimals = groups === undefined ? '' : amount.slice(groups.length + 1)
  const isPlain = groups !== undefined && last !== amount[groups.length] && decimals.length <= count
  if (!isPlain) return refused('amount-ambiguous', `${rule}: “${shown(amount)}” cannot be read in one way only.`)
  const reading = groups.replaceAll(/\D/g, '') + (decimals === '' ? '' : `.${decimals}`)
  return refused('amount-ambiguous', `${rule}. If ${reading} is meant, write ${reading}.`)
}

function refusePrecise(
  whole: string,
  separator: string | undefined,
  decimals: string,
  { code, decimals: count }: Currency,
): Parsed<never> {
  const has = count === 0 ? `no decimals` : `at most ${count} decimals`
  const isMaybeThousands = separator === '.' && isThousands(whole, decimals)
  const reading = isMaybeThousands ? ` If ${whole}${decimals} is meant, write ${whole}${decimals}.` : ''
  return refused('amount-too-precise', `An amount in ${code} has ${has}.${reading}`)
}

const exampleOf = (currency: Currency): string => `100 or ${formatMoney(1_050, currency)}`

const shown = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
