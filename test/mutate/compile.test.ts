import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { compiling } from './compile.ts'

it('the compiler says which changed files compile, without what becomes unused in them', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const file = 'market/operation.ts'
  const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
  const unused = `${text}\nimport { concat } from '../core/codec.ts'\n`
  const wrong = `${text}\nexport const wrong: string = 1\n`
  expect(
    compiling(
      root,
      [text, wrong, unused, text].map((each) => ({ file, text: each })),
    ),
  ).toEqual([true, false, true, true])
})
