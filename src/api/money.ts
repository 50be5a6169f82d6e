import { z } from 'zod'
import type { Currency } from '../core/currency.ts'
import { formatMoney } from '../core/money.ts'

/** An amount as it leaves: whole minor units, text for people with the currency (`12.50 EUR`), and that alone. */
export const money = z.object({ cents: z.int(), text: z.string(), currency: z.string() })
export type Money = z.infer<typeof money>

export const toMoney = (cents: number, currency: Currency): Money => ({
  cents,
  text: formatMoney(cents, currency),
  currency: currency.code,
})

/** {@link toMoney} for each of these fields that is there; the others as they are. */
export function withMoney<Value extends object, Field extends string>(
  value: Value,
  fields: readonly Field[],
  currency: Currency,
): WithMoney<Value, Field> {
  const changed: Record<string, unknown> = { ...(value as object) }
  for (const field of fields) {
    const cents = changed[field]
    if (typeof cents === 'number') changed[field] = toMoney(cents, currency)
  }
  return changed as WithMoney<Value, Field>
}

type WithMoney<Value, Field extends string> = Value extends unknown
  ? { [Name in keyof Value]: Name extends Field ? Money | Extract<Value[Name], undefined> : Value[Name] }
  : never
