import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../build/processes.ts'
import { en } from '../../renderer/texts/en/index.ts'
import { es } from '../../renderer/texts/es/index.ts'
import { pt } from '../../renderer/texts/pt/index.ts'
import { rejections } from '../../src/api/errors.ts'
import { en as wordsEn } from '../../src/core/refusal-words/en.ts'
import { es as wordsEs } from '../../src/core/refusal-words/es.ts'
import { pt as wordsPt } from '../../src/core/refusal-words/pt.ts'

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

test('a refusal that the app and its pages both tell has its words in one place', () => {
  const files = globSync(['renderer/**/*.{ts,tsx}', 'src/desktop/*.ts'], { cwd: root })
  expect(files.length).toBeGreaterThan(100)
  const sources = files.map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
  const again = [wordsEn, wordsPt, wordsEs]
    .flatMap((words) => Object.entries(words))
    .flatMap(([code, sentence]) =>
      sources.filter(([, text]) => text.includes(`'${sentence}'`)).map(([file]) => `${file}: ${code}`),
    )
  expect(again).toEqual([])
  expect(en.refusals).toMatchObject(wordsEn)
  expect(pt.refusals).toMatchObject(wordsPt)
  expect(es.refusals).toMatchObject(wordsEs)
})
