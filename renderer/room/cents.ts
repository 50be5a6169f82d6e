import { numberFormat } from './formatters.ts'

/** Whole minor units as exact text, `-10.50`; never through a float. */
export function exactText(cents: number, decimals: number): `${number}` {
  const digits = String(Math.abs(cents)).padStart(decimals + 1, '0')
  const sign = cents < 0 ? '-' : ''
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  return `${sign}${text}` as `${number}`
}

/** With the room's decimals, whatever the currency has elsewhere. */
export function formatCents(cents: number, currency: string, decimals: number, language: string): string {
  const options = { style: 'currency', currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals } as const
  return numberFormat(language, options).format(exactText(cents, decimals))
}

/** As a person would type it: `12,50`, without anything that could be misread. */
export function typedText(cents: number, decimals: number, language: string): string {
  const exact = exactText(cents, decimals)
  // Three digits after a comma would be refused: they may be thousands.
  if (decimals === 3) return exact
  const options = { useGrouping: false, minimumFractionDigits: decimals, maximumFractionDigits: decimals } as const
  return numberFormat(language, options).format(exact)
}

/** What a person typed, where it can only be one amount: a button says it before it is sent. The peer reads it once more. */
export function readCents(text: string, decimals: number): number | undefined {
  const [, whole = '', separator, fraction = ''] = /^\s*(\d{1,14})(?:([.,])(\d{1,4}))?\s*$/.exec(text) ?? []
  // Three digits after a comma may be thousands.
  if (whole === '' || fraction.length > decimals || (separator === ',' && fraction.length === 3)) return undefined
  return Number(`${whole}${fraction.padEnd(decimals, '0')}`)
}
