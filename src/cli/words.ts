import { parseAuctionRef } from '../api/auction-ref.ts'
import { profileFolder } from '../app/flags.ts'
import { currencyOf } from '../core/currency.ts'
import { type AccountId, parseAccountId } from '../core/ids.ts'
import { parseAmount } from '../core/money.ts'
import { valid } from './client.ts'
import { type Call, operand, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { defaultAccount } from './settings.ts'

/** Words that many commands take: accounts, lots and amounts. They go to the peer as they were typed, once they can be such. */

/** Only the peer knows the room's currency: it reads the amount. What is an amount in no currency is refused without asking. */
export function amountWord(text: string, name: string): string {
  const amount = parseAmount(text, currencyOf('EUR'))
  if (amount.ok || amount.error.code !== 'amount-not-a-number') return text
  throw usageError(`${name}: ${amount.error.message}`)
}

export const isAmount = (text: string): boolean => {
  const amount = parseAmount(text, currencyOf('EUR'))
  return amount.ok || amount.error.code !== 'amount-not-a-number'
}

export const amountFlag = (call: Call, name: string): string | undefined => {
  const text = textFlag(call, name)
  return text === undefined ? undefined : amountWord(text, `--${name}`)
}

export const accountWord = (text: string, name: string): string => valid(parseAccountId, text, name)

/** `--account`, or the account that was chosen for this profile. */
export function accountFlag(call: Call, name: string): string {
  const text = textFlag(call, name)
  if (text !== undefined) return accountWord(text, `--${name}`)
  const chosen = chosenAccount(call)
  if (chosen !== undefined) return chosen
  throw usageError(`--${name} is needed.`, 'Or choose an account once: `gavelring account use ACCOUNT`.')
}

export const chosenAccount = (call: Call): AccountId | undefined => defaultAccount(profileFolder(call.flags, call.env))

/** A lot's number, `last`, or an auction's id. */
export const lotWord = (call: Call): string => valid(parseAuctionRef, operand(call, 0), 'LOT')

/** How the contract calls what a person called otherwise: `raise.least` is `--raise`. */
export type FieldNames = Readonly<Record<string, string>>

/** The answer of the peer; where it could not read a word, the word is named as it was typed. */
export async function naming<T>(names: FieldNames, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const field = unreadableField(error)
    const name = field === undefined ? undefined : names[field]
    throw name === undefined || !(error instanceof Error) ? error : usageError(`${name}: ${error.message}`)
  }
}

function unreadableField(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'input-invalid' || !('data' in error)) return undefined
  const { data } = error
  const isNamed = typeof data === 'object' && data !== null && 'field' in data && typeof data.field === 'string'
  return isNamed ? String(data.field) : undefined
}
