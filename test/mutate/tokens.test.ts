import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { blankTypes, tokensOf } from './tokens.ts'

const textsOf = (code: string): string[] => tokensOf(code).map(({ text }) => text)
const kindsOf = (code: string): string[] => tokensOf(code).map(({ kind }) => kind)

describe('the pieces of code', () => {
  const rows: [string, string[]][] = [
    ['a <= b', ['a', '<=', 'b']],
    ['a===b!==c', ['a', '===', 'b', '!==', 'c']],
    ['x ??= y ?? z', ['x', '??=', 'y', '??', 'z']],
    ['f(...all)', ['f', '(', '...', 'all', ')']],
    ['this.#room(8)', ['this', '.', '#room', '(', '8', ')']],
    ['0x7f + 1_000n - 1.5e3', ['0x7f', '+', '1_000n', '-', '1.5e3']],
    ["'it\\'s' + \"so\"", ["'it\\'s'", '+', '"so"']],
    ['a // b < c\nd', ['a', 'd']],
    ['a /* b < c\n */ d', ['a', 'd']],
  ]
  it.each(rows)('of %j', (code, texts) => {
    expect(textsOf(code)).toEqual(texts)
  })

  it('are whole templates, with all that stands in their holes', () => {
    const template = '`a $' + '{b ? `c $' + "{'}'} $" + '{{ d: 1 }.d}` : /[`}]/.test(e)} f`'
    expect(textsOf(`x = ${template} + 1`)).toEqual(['x', '=', template, '+', '1'])
  })

  it('are regular expressions where an operand can begin, and divisions behind one', () => {
    expect(kindsOf('return /a[/]b/u.test(c)')).toContain('regex')
    expect(kindsOf('x = /<=/')).toContain('regex')
    expect(kindsOf('a / b / c')).not.toContain('regex')
    expect(kindsOf('(a) / b / c')).not.toContain('regex')
    expect(kindsOf('list[0] / 2 / c')).not.toContain('regex')
  })

  it('know their lines', () => {
    expect(tokensOf('a\n  b /*\n*/ c\n`\n` d').map(({ line }) => line)).toEqual([0, 1, 2, 3, 4])
  })
})

describe('code without its types', () => {
  it('stands where it stood', () => {
    const text = 'const list: Map<string, true | 1> = new Map<string, 1>() as never\n'
    const blanked = blankTypes(text)
    expect(blanked.length).toBe(text.length)
    expect(textsOf(blanked)).toEqual(['const', 'list', '=', 'new', 'Map', '(', ')'])
  })

  it('is what tokens are found in, in each file of this project', () => {
    const src = fileURLToPath(new URL('../../src/', import.meta.url))
    const files = globSync('**/*.ts', { cwd: src })
    expect(files.length).toBeGreaterThan(50)
    for (const file of files) {
      const code = blankTypes(readFileSync(`${src}${file}`, 'utf8'))
      const tokens = tokensOf(code)
      // Between two tokens stand only blanks and comments, and brackets close: nothing was taken for something else.
      let at = 0
      let depth = 0
      for (const { kind, text, start, end } of tokens) {
        expect(
          code
            .slice(at, start)
            .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
            .trim(),
          file,
        ).toBe('')
        at = end
        if (kind === 'mark' && '([{'.includes(text)) depth++
        if (kind === 'mark' && ')]}'.includes(text)) depth--
        expect(depth, file).toBeGreaterThanOrEqual(0)
      }
      expect(depth, file).toBe(0)
    }
  })
})
