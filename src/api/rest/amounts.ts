import type { MarketEventView } from '../views.ts'
import { type Interceptor, isRecord } from './interceptor.ts'

/** What happened to the market as it is told over HTTP: its amounts are text with the currency, `12.50 EUR`, as they are sent. */
export function withAmountTexts(event: MarketEventView): Readonly<Record<string, unknown>> {
  const told: Record<string, unknown> = { ...event }
  for (const [field, value] of Object.entries(event))
    if (isRecord(value) && typeof value.text === 'string') told[field] = value.text
  return told
}

/** The same for what an operation changed. */
export const tellAmountTexts: Interceptor = async ({ next }) => {
  const output = await next()
  if (!isRecord(output) || !Array.isArray(output.events)) return output
  return { ...output, events: output.events.map((event) => withAmountTexts(event as MarketEventView)) }
}
