import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Difference, differenceOf, isExempt, parseExemptions } from './equivalent.ts'
import { mutantsOf } from './mutators.ts'

const keyOf = ({ before, after }: Difference): string => `${before}\n${after}`
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

describe('the difference that a mutant makes', () => {
  it('is in the lines that it changes', () => {
    const text = 'a()\n  if (b < 1) c()\nd()\n'
    const [mutant] = mutantsOf(text).filter(({ change }) => change === 'comparison')
    expect(differenceOf(text, mutant as NonNullable<typeof mutant>)).toEqual({
      before: 'if (b < 1) c()',
      after: 'if (b <= 1) c()',
    })
  })

  it('over several lines is told in one', () => {
    const text = 'function f() {\n  a({\n    b,\n  })\n}\n'
    const [mutant] = mutantsOf(text)
    expect(differenceOf(text, mutant as NonNullable<typeof mutant>)).toEqual({ before: 'a({ b, })', after: '' })
  })

  it('in the first line and in the last one without an end is told as well', () => {
    const [mutant] = mutantsOf('a < b').filter(({ change }) => change === 'comparison')
    expect(differenceOf('a < b', mutant as NonNullable<typeof mutant>)).toEqual({ before: 'a < b', after: 'a <= b' })
  })
})

describe('equivalent.txt', () => {
  it('is read block by block', () => {
    const [one, two, ...rest] = parseExemptions(
      '# first\n\nx/a.ts\n- b < c\n+ b <= c\nfor\n  a reason\n\n\nx/d.ts\n- e()\n+\nso\n',
    )
    expect(one).toEqual({ file: 'x/a.ts', before: 'b < c', after: 'b <= c', reason: 'for a reason' })
    expect(two).toEqual({ file: 'x/d.ts', before: 'e()', after: '', reason: 'so' })
    expect(rest).toEqual([])
  })

  it('names no mutant without a reason', () => {
    expect(() => parseExemptions('x/a.ts\n- b < c\n+ b <= c\n')).toThrow('a reason')
    expect(() => parseExemptions('x/a.ts\nb < c\n+ b <= c\nso\n')).toThrow('a reason')
  })

  it('exempts this very change in this very file', () => {
    const [one] = parseExemptions('x/a.ts\n- b < c\n+ b <= c\nso\n')
    const exemption = one as NonNullable<typeof one>
    expect(isExempt(exemption, 'x/a.ts', { before: 'b < c', after: 'b <= c' })).toBe(true)
    expect(isExempt(exemption, 'x/b.ts', { before: 'b < c', after: 'b <= c' })).toBe(false)
    expect(isExempt(exemption, 'x/a.ts', { before: 'b < c', after: 'b > c' })).toBe(false)
  })

  it('names only mutants that there are', () => {
    const src = fileURLToPath(new URL('../../src/', import.meta.url))
    const known = new Set(globSync('**/*.ts', { cwd: src }))
    const all = parseExemptions(read('./equivalent.txt'))
    const stale: string[] = []
    for (const file of new Set(all.map((one) => one.file))) {
      expect(known.has(file), file).toBe(true)
      const text = readFileSync(`${src}${file}`, 'utf8')
      const differences = new Set(mutantsOf(text).map((mutant) => keyOf(differenceOf(text, mutant))))
      for (const one of all) if (one.file === file && !differences.has(keyOf(one))) stale.push(`${file}: ${one.before}`)
    }
    expect(stale).toEqual([])
  })
})
