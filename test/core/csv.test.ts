import { describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/core/csv.ts'

const cells = (text: string): unknown => parseCsv(text)?.map((row) => [row.line, ...row.cells])

describe('comma-separated values', () => {
  it.each([
    [
      'a,b\nc,d',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d\r\n',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    ],
    [
      'a,b\rc,d',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    ],
    ['\uFEFFa;b', [[1, 'a', 'b']]],
    ['a\tb, c', [[1, 'a\tb', 'c']]],
    ['a\tb', [[1, 'a', 'b']]],
    [' a , b ', [[1, 'a', 'b']]],
    ['"a,b"," c "', [[1, 'a,b', ' c ']]],
    ['"a;b",c;d', [[1, 'a;b', 'c;d']]],
    ['"say ""hi""",b', [[1, 'say "hi"', 'b']]],
    [
      '"two\nlines",b\nc,d',
      [
        [1, 'two\nlines', 'b'],
        [3, 'c', 'd'],
      ],
    ],
    ['a"b,c', [[1, 'a"b', 'c']]],
    ['a,,b', [[1, 'a', '', 'b']]],
    [
      '\n\na\n \n,\nb',
      [
        [3, 'a'],
        [6, 'b'],
      ],
    ],
    ['""', []],
    ['', []],
  ])('%j', (text, rows) => {
    expect(cells(text)).toEqual(rows)
  })

  it('with a quote that is never closed are none', () => {
    expect(parseCsv('a,"b\nc,d\n')).toBeUndefined()
  })
})
