import { type Parsed, parsed, refused } from './result.ts'

/** What a room counts in. */
export interface Currency {
  /** Three capitals of ISO 4217, as `EUR`; of a room that was founded before this was looked at, whatever it was told. */
  readonly code: string
  /** Of the minor unit: 2 where a hundred cents are one euro. */
  readonly decimals: number
}

/**
 * ISO 4217, list one (currencies in use, by SIX, as of January 2026), by the decimals of the minor unit. Left out is what
 * nobody pays with: funds and units of account (BOV, CHE, CHW, CLF, COU, MXV, USN, UYI, UYW, XAD, XDR, XSU, XUA), metals
 * (XAG, XAU, XPD, XPT), and the codes for tests and for no currency (XTS, XXX).
 */
const codesByDecimals: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
    DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
    KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
    PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
}

const decimalsByCode: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByDecimals).flatMap(([decimals, codes]) =>
    codes.split(/\s+/).map((code) => [code, Number(decimals)] as const),
  ),
)

/** The code of a currency in use, in either case: `eur` is `EUR`. For a room that is to be founded. */
export function parseCurrency(text: string): Parsed<string> {
  const code = text.trim().toUpperCase()
  return decimalsByCode.has(code)
    ? parsed(code)
    : refused('currency-unknown', 'A currency is a code of ISO 4217 that people pay with, as EUR, BRL, JPY or KWD.')
}

/** Whether people pay with something of this code. */
export const isCurrency = (code: string): boolean => decimalsByCode.has(code)

/** Of the room's rules. Older programs founded rooms with any word, and counted in hundredths. */
export function currencyOf(code: string): Currency {
  return { code, decimals: decimalsByCode.get(code) ?? 2 }
}
