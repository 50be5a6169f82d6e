import type { i18n } from 'i18next'
import { inText } from '../parts/names.ts'
import { listFormat, numberFormat } from './formatters.ts'

/** A sentence that the peer says ready-made in English, with its code and what it is about. Facts may be anybody's words. */
export interface Said {
  readonly code: string
  readonly variant?: string | undefined
  readonly facts?: Readonly<Record<string, Fact>> | undefined
}
type Fact = string | number | boolean | readonly string[]

/**
 * The sentence in the language that is shown, from the texts in `namespace`; `undefined`: they have none of this code, as where the
 * peer is of another version than this page. `part`: of a sentence that has more than one.
 */
export function say(
  { language, exists, t }: Pick<i18n, 'language' | 'exists' | 't'>,
  namespace: 'findings' | 'waiting' | 'trouble' | 'damage',
  { code, variant, facts = {} }: Said,
  part: '' | '_remedy' = '',
): string | undefined {
  const key = `${code}${part}`
  const count = typeof facts.count === 'number' ? { count: facts.count } : {}
  const options = { ns: namespace, ...count, context: variant, replace: shownFacts(facts, language) }
  // In English only because these texts lack the code is no translation.
  if (!exists(key, { ...options, fallbackLng: [] })) return undefined
  return (t as (key: string, options: object) => string)(key, options)
}

/** Names and lists as they stand in a sentence; numbers are formatted where they stand. */
function shownFacts(facts: Readonly<Record<string, Fact>>, language: string): Record<string, string | number> {
  const shown: Record<string, string | number> = {}
  for (const [name, fact] of Object.entries(facts)) {
    if (typeof fact === 'string') shown[name] = inText(fact)
    else if (typeof fact === 'number') shown[name] = fact
    else if (typeof fact === 'object') shown[name] = listFormat(language, { type: 'conjunction' }).format(fact.map(inText))
  }
  return typeof facts.millis === 'number' ? { ...shown, span: spanText(facts.millis, language) } : shown
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** `5 seconds`, `2 hours`: in the largest unit of which there are two. */
export function spanText(millis: number, language: string): string {
  const [unit, size] = units.find(([, each]) => millis >= 2 * each) ?? (['second', 1_000] as const)
  return numberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.round(millis / size))
}
