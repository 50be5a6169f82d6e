import { expect, test } from 'vitest'
import { en } from '../../renderer/texts/en/index.ts'
import { es } from '../../renderer/texts/es/index.ts'
import { pt } from '../../renderer/texts/pt/index.ts'
import { rejections } from '../../src/api/errors.ts'

const flat = (texts: Readonly<Record<string, Readonly<Record<string, string>>>>): Map<string, string> =>
  new Map(Object.entries(texts).flatMap(([name, all]) => Object.entries(all).map(([key, text]) => [`${name}.${key}`, text])))

const placeholders = (text: string | undefined): string[] =>
  [...(text ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').sort()

const english = flat(en)

test.each([
  ['pt', pt],
  ['es', es],
])('%s says all that English says, with the same numbers in it', (_language, texts) => {
  const others = flat(texts)
  expect([...others.keys()].sort()).toEqual([...english.keys()].sort())
  for (const [key, text] of english) expect([key, ...placeholders(others.get(key))]).toEqual([key, ...placeholders(text)])
})

test('no text is empty, shouts, or has a space at its end', () => {
  const faults = [en, pt, es].flatMap((texts) => [...flat(texts)].filter(([, text]) => text === '' || /[!¡]|^\s|\s$/.test(text)))
  expect(faults).toEqual([])
})

test('every rejection has its words', () => {
  expect(Object.keys(rejections).filter((code) => !(code in en.refusals))).toEqual([])
})
