import type { Currency } from '../core/currency.ts'
import { type AccountId, parseAccountId, parseNewName } from '../core/ids.ts'
import { classicAmount, readClassicAmount } from './amounts.ts'

/** An account as the classic bank keeps it: a JSON file `{"rg": "1111111111", "nome": "Ana Lima", "saldo": 110.0}`. */
export interface ClassicAccount {
  readonly account: AccountId
  readonly holder: string
  /** Whole minor units, 0 or more. */
  readonly cents: number
  /** The text that stands in the file, where that was a sum of floats that has gone astray far behind the last decimal: `0.30000000000000004`. */
  readonly rounded?: string
}

export type ReadAccount = ClassicAccount | { readonly fault: string }

/** One file's text to an account, or one sentence that says what is wrong with it. */
export function readClassicAccount(text: string, currency: Currency): ReadAccount {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'It is no JSON object.' }
  const { rg, nome, saldo } = value as Record<string, unknown>
  // As a number it has lost its leading zeros already.
  if (typeof rg !== 'string') return { fault: 'rg is missing, or is no text.' }
  const account = parseAccountId(rg.trim())
  if (!account.ok) return { fault: account.error.message }
  const holder = parseNewName(typeof nome === 'string' && nome.trim() !== '' ? nome.trim() : account.value)
  if (!holder.ok) return { fault: holder.error.message }
  const balance = readBalance(saldo, currency)
  return 'fault' in balance ? balance : { account: account.value, holder: holder.value, ...balance }
}

/** In ASCII and on one line, as Python writes it, and reads it whatever the system's character set is. */
export function printClassicAccount({ account, holder, cents }: ClassicAccount, currency: Currency): string {
  const name = JSON.stringify(holder).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `{"rg": "${account}", "nome": ${name}, "saldo": ${classicAmount(cents, currency)}}\n`
}

/** How far a sum of floats may be from what it means, as a part of it. */
const driftMax = 1e-9

function readBalance(saldo: unknown, currency: Currency): Pick<ClassicAccount, 'cents' | 'rounded'> | { readonly fault: string } {
  if (saldo === undefined || saldo === 0) return { cents: 0 }
  if (typeof saldo !== 'number' && typeof saldo !== 'string') return { fault: 'saldo is no number.' }
  const text = String(saldo).trim()
  if (/^0(?:\.0+)?$/.test(text)) return { cents: 0 }
  const exact = readClassicAmount(text, currency)
  if (exact.ok) return { cents: exact.value }
  if (typeof saldo !== 'number' || !(Math.abs(saldo) < 1e15)) return { fault: `saldo: ${exact.error.message}` }
  const near = saldo.toFixed(currency.decimals)
  const amount = readClassicAmount(near, currency)
  const isNear = Math.abs(saldo - Number(near)) <= driftMax * Math.abs(saldo)
  return amount.ok && isNear ? { cents: amount.value, rounded: text } : { fault: `saldo: ${exact.error.message}` }
}

function parseJson(text: string): unknown {
  try {
    // Some editors put a mark before it.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
