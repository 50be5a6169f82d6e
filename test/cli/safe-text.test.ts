import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTerminal, type Text } from '../../src/cli/terminal.ts'
import { printable, printableJson } from '../../src/core/safe-text.ts'
import { forbiddenIn, forbiddenRanges } from './forbidden.ts'
import { createSink } from './run.ts'

const forbidden = fc
  .constantFrom(...forbiddenRanges)
  .chain(([first, last]) => fc.integer({ min: first, max: last }))
  .map((point) => String.fromCodePoint(point))
const anything = fc.string({ unit: fc.oneof(forbidden, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })) })

describe('nothing of anybody’s text can move, turn, hide or join what a terminal shows', () => {
  test('whatever is printed as text', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(forbiddenIn(printable(text))).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  test('whatever is printed as JSON, which still means the same', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(anything, anything)), (value) => {
        const line = printableJson(value)
        expect(forbiddenIn(line)).toEqual([])
        expect(JSON.parse(line)).toEqual(value)
      }),
      { numRuns: 1_000 },
    )
  })

  test('each way out of the terminal', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const [out, errors] = [createSink(), createSink()]
        const terminal = createTerminal({}, out, errors)
        const pieces: Text = [text, { text, look: 'bold' }]
        terminal.line(text)
        terminal.line(pieces)
        terminal.json({ [text]: text })
        terminal.note(text)
        terminal.note(pieces)
        const [lines, notes] = [out.text.split('\n'), errors.text.split('\n')]
        expect([lines.length, notes.length]).toEqual([4, 3])
        expect([...lines, ...notes].flatMap(forbiddenIn)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('on a screen the only escapes are the program’s own', () => {
    const [out, errors] = [createSink(80), createSink(80)]
    const terminal = createTerminal({}, out, errors)
    const name = '\x1b[2J\x9b31mBob\u202E'
    terminal.line([{ text: name, look: 'light' }, ' bids'])
    terminal.picture([name, 'second'])
    terminal.picture([name])
    terminal.progress(name)
    const safe = '\uFFFD[2J\uFFFD31mBob\uFFFD'
    expect(out.text).toBe(`\x1b[1;33m${safe}\x1b[0m bids\n\x1b[2K${safe}\n\x1b[2Ksecond\n\x1b[J\x1b[2A\r\x1b[2K${safe}\n\x1b[J`)
    expect(errors.text).toBe(safe)
  })
})

describe('what people write stays as it is', () => {
  for (const text of ['Ana Lima', 'José', 'Zoë e\u0308', '山田太郎', 'سارة', '❤️', '1️⃣', '👍🏽', '100 % of 5 €']) {
    test(text, () => expect(printable(text)).toBe(text))
  }
  test('emoji that are joined stand side by side', () => expect(printable('👩‍🚀')).toBe('👩🚀'))
  test('a form that chooses nothing is none', () => expect(printable('ana\uFE0F')).toBe('ana\uFFFD'))
})
