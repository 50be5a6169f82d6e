import { z } from 'zod'

/**
 * What a sentence for people is about, beside its code: with both somebody else can say it in another language. Names in it are what
 * others call themselves. It stays short, whoever made it up.
 */

const charsMax = 200
const itemsMax = 8

const factText = z.string().max(charsMax)
export const facts = z.record(z.string(), z.union([factText, z.number(), z.boolean(), z.array(factText).max(itemsMax)]))
export type Facts = z.infer<typeof facts>

/** Of what a program knows, what fits: text is cut, lists are shortened, and what is neither text, number, yes or no is left out. */
export function toFacts(known: object): Facts {
  const told: Facts = {}
  for (const [name, value] of Object.entries(known)) {
    if (typeof value === 'string') told[name] = cut(value)
    else if (typeof value === 'boolean' || Number.isFinite(value)) told[name] = value
    else if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
      told[name] = value.slice(0, itemsMax).map(cut)
  }
  return told
}

/** Between characters: half of one is no text. */
function cut(text: string): string {
  if (text.length <= charsMax) return text
  const end = /[\ud800-\udbff]/.test(text.charAt(charsMax - 1)) ? charsMax - 1 : charsMax
  return text.slice(0, end)
}
