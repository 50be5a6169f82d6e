import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timeText } from '../../src/core/time-text.ts'

const utc = (text: string, offsetMinutes = 0) => ({ millis: Date.parse(text), offsetMinutes })

describe('a time for people', () => {
  test.each([
    ['of today', utc('2026-11-25T04:49:13.999Z', 60), utc('2026-11-25T22:59:59Z', 60), '05:49:13+01:00'],
    [
      'of another day, as it is here',
      utc('2026-11-25T23:49:13Z', 60),
      utc('2026-11-25T12:00:00Z', 60),
      '2026-11-26 00:49:13+01:00',
    ],
    ['of another day in UTC only', utc('2026-11-25T23:49:13Z', 60), utc('2026-11-26T12:00:00Z', 60), '00:49:13+01:00'],
    ['west of Greenwich', utc('2026-03-01T01:00:00Z', -210), utc('2026-02-28T22:00:00Z', -180), '21:30:00-03:30'],
    ['of a leap day', utc('2028-02-29T10:00:00Z'), utc('2028-03-01T10:00:00Z'), '2028-02-29 10:00:00+00:00'],
    ['before 1970', utc('1899-12-31T23:59:59Z'), utc('2026-01-01T00:00:00Z'), '1899-12-31 23:59:59+00:00'],
  ])('%s', (_what, at, now, text) => expect(timeText(at, now)).toBe(text))

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('is none for %s', (millis) => {
    expect(timeText({ millis, offsetMinutes: 0 }, utc('2026-01-01'))).toBe('no time')
  })

  test('is the date of the calendar, on every day and in every zone', () => {
    const millis = fc.integer({ min: Date.parse('0001-01-02'), max: Date.parse('9999-12-30') })
    fc.assert(
      fc.property(millis, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, offsetMinutes) => {
        const text = timeText({ millis: at, offsetMinutes }, { millis: at + 3 * 24 * 3_600_000, offsetMinutes })
        expect(text.slice(0, 19)).toBe(new Date(at + offsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' '))
      }),
      { numRuns: 2_000 },
    )
  })
})
