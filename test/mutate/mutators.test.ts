import { describe, expect, it } from 'vitest'
import { applyMutant, type Change, mutantsOf } from './mutators.ts'
import { optionalCallsOf } from './optional-calls.ts'

/** What the mutants of this kind of change make of a text. */
function changed(text: string, change: Change, optionalCalls?: ReadonlyMap<string, number>): string[] {
  return mutantsOf(text, optionalCalls)
    .filter((mutant) => mutant.change === change)
    .map((mutant) => applyMutant(text, mutant))
}

/** As a body of a function, so that its lines are statements. */
const within = (...lines: readonly string[]): string => `function f() {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
const linesLeft = (texts: readonly string[]): string[][] =>
  texts.map((text) =>
    text
      .split('\n')
      .slice(1, -2)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  )

describe('mutants', () => {
  const rows: [Change, string, string[]][] = [
    ['comparison', 'x = a < b', ['x = a <= b']],
    ['comparison', 'x = a >= b', ['x = a > b']],
    ['comparison', 'x = a === b', ['x = a !== b']],
    ['comparison', 'const x = (a: Set<string>): Map<string, 1> => a as never', []],
    ['and/or', 'x = a && b || c', ['x = a || b || c', 'x = a && b && c']],
    ['negation', 'x = !a', ['x = a']],
    ['negation', 'x = a !== b', []],
    ['number', 'x = a + 1', ['x = a + 2']],
    ['number', 'x = a === 1', ['x = a === 2', 'x = a === 0']],
    ['number', 'x = 0 < a', ['x = 1 < a']],
    ['number', 'x = 10n', ['x = 20n']],
    ['number', 'x = 250 + 9', ['x = 500 + 9', 'x = 250 + 10']],
    ['number', 'x = a < 250', ['x = a < 251', 'x = a < 249']],
    ['number', 'x = 1.5', []],
    ['number', 'type X = 1 | 2', []],
    ['plus/minus', 'x = a + b - 1', ['x = a - b - 1', 'x = a + b + 1']],
    ['plus/minus', "x = 'a' + b", []],
    ['plus/minus', 'x = -a', []],
    ['plus/minus', 'x -= a', ['x += a']],
    ['max/min', 'x = Math.max(a, other.max)', ['x = Math.min(a, other.max)']],
    ['boolean', 'x = { true: true }', ['x = { true: false }']],
    ['boolean', 'const x: true = a as false', []],
    ['boolean', 'x = a ? true : b', ['x = a ? false : b']],
    ['default', 'x = (a ?? 0) + b', ['x = (a) + b']],
    ['default', 'x = f(a.b ?? c(d, e), g)', ['x = f(a.b, g)']],
    ['default', 'x = a ?? b\ny = c', ['x = a\ny = c']],
    ['filter', 'x = a.filter((b) => b.c)', ['x = a.filter(() => true)']],
    ['some/every', 'x = a.some(b)', ['x = a.every(b)']],
    ['some/every', 'x = some(b)', []],
  ]
  it.each(rows)('%s: %s', (change, text, expected) => {
    expect(changed(text, change)).toEqual(expected)
  })

  it('leave out whole statements: calls and assignments that stand alone', () => {
    const text = within('const a = 1', 'a.b(c)', 'this.d = a', 'if (a) return b', 'return {', 'e: f(),', '}')
    expect(linesLeft(changed(text, 'statement'))).toEqual([
      ['const a = 1', 'this.d = a', 'if (a) return b', 'return {', 'e: f(),', '}'],
      ['const a = 1', 'a.b(c)', 'if (a) return b', 'return {', 'e: f(),', '}'],
    ])
  })

  it('leave out a statement with all its lines', () => {
    const text = within('a.b({', 'c,', '})', 'd', '.e()', '.g(', 'h)', 'i()')
    const left = linesLeft(changed(text, 'statement'))
    expect(left[0]).toEqual(['d', '.e()', '.g(', 'h)', 'i()'])
    expect(left[1]).toEqual(['a.b({', 'c,', '})', 'i()'])
    expect(left[2]).toEqual(['a.b({', 'c,', '})', 'd', '.e()', '.g(', 'h)'])
  })

  it('leave out a statement with the type at its end', () => {
    expect(linesLeft(changed(within('a = b as C', 'd()'), 'statement'))).toEqual([['d()'], ['a = b as C']])
  })

  it('leave out no part of an object, a class or an expression', () => {
    expect(changed('const a = {\n  b: c,\n  d() {\n    return e\n  },\n}\n', 'statement')).toEqual([])
    expect(changed('class A {\n  b = c()\n}\n', 'statement')).toEqual([])
    expect(changed('const a =\n  b(\n    c,\n  )\n', 'statement')).toEqual([])
  })

  it('leave out what follows a case', () => {
    const text = within('switch (a) {', "case 'b':", 'c()', 'break', '}')
    expect(linesLeft(changed(text, 'statement'))).toEqual([['switch (a) {', "case 'b':", 'break', '}']])
  })

  it('leave out guards; and where one does not leave, its condition', () => {
    const text = within('if (a) return', 'b()', 'if (c) d()', 'if (e) {', 'g()', '}')
    expect(linesLeft(changed(text, 'guard'))).toEqual([
      ['b()', 'if (c) d()', 'if (e) {', 'g()', '}'],
      ['if (a) return', 'b()', 'if (e) {', 'g()', '}'],
      ['if (a) return', 'b()', 'if (c) d()'],
    ])
    expect(linesLeft(changed(text, 'condition'))).toEqual([
      ['if (a) return', 'b()', 'if (true) d()', 'if (e) {', 'g()', '}'],
      ['if (a) return', 'b()', 'if (c) d()', 'if (true) {', 'g()', '}'],
    ])
  })

  it('leave an `if` with an `else` whole', () => {
    expect(changed(within('if (a) b()', 'else c()'), 'guard')).toEqual([])
    expect(changed(within('if (a) {', 'b()', '} else {', 'c()', '}'), 'guard')).toEqual([])
  })

  it('leave out an argument that may be left out', () => {
    const calls = optionalCallsOf([
      'function f(a: number, b = 1) {}\nfunction g(a: Map<string, 1>, b?: string) {}\nfunction h(a: 1) {}',
    ])
    expect([...calls]).toEqual([
      ['f', 2],
      ['g', 2],
    ])
    expect(changed('x = f(a, b)', 'argument', calls)).toEqual(['x = f(a)'])
    expect(changed('x = f(a)', 'argument', calls)).toEqual([])
    expect(changed('x = o.g(h(a, b), c)', 'argument', calls)).toEqual(['x = o.g(h(a, b))'])
    expect(changed('function f(a: number, b = 1) {}', 'argument', calls)).toEqual([])
  })

  it('know no function of two lengths', () => {
    expect([...optionalCallsOf(['function f(a = 1) {}', 'function f(a: 1, b = 2) {}'])]).toEqual([])
  })

  it('are nothing in comments, strings and templates', () => {
    expect(mutantsOf(`// a < 1\nconst x = 'a < 1' + \`\${a < 1}\`\n`)).toEqual([])
  })

  it('are always code', () => {
    for (const mutant of mutantsOf(within('if (a) b()', 'c(!d)', 'e ??= f ?? 1')))
      expect(() => mutantsOf(applyMutant(within('if (a) b()', 'c(!d)', 'e ??= f ?? 1'), mutant))).not.toThrow()
  })
})
