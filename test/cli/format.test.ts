import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { durationText, parseDuration } from '../../src/cli/format.ts'

describe('durations', () => {
  const read: readonly (readonly [text: string, millis: number])[] = [
    ['30', 30_000],
    ['1.5', 1_500],
    ['0.3', 300],
    ['90s', 90_000],
    ['30 s', 30_000],
    ['2m', 120_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1h30m5s', 5_405_000],
    ['2d', 172_800_000],
    ['0', 0],
  ]
  for (const [text, millis] of read) test(`${text} is ${millis} ms`, () => expect(parseDuration(text)).toBe(millis))

  for (const text of [
    '',
    ' ',
    's',
    'h',
    '-1',
    '+1',
    '1e3',
    'soon',
    '1x',
    '30m1h',
    '1.5h30m',
    '1,5',
    '0x10',
    '1h2h',
    '1.2345',
    'Infinity',
  ]) {
    test(`"${text}" is none`, () => expect(parseDuration(text)).toBeUndefined())
  }

  const written: readonly (readonly [millis: number, text: string])[] = [
    [0, '0s'],
    [-5, '0s'],
    [300, '0.3s'],
    [30_000, '30s'],
    [90_000, '1m30s'],
    [120_000, '2m'],
    [5_400_000, '1h30m'],
    [86_400_000, '1d'],
  ]
  for (const [millis, text] of written) test(`${millis} ms are ${text}`, () => expect(durationText(millis)).toBe(text))

  test('what is written is read as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * 86_400_000 }), (millis) => {
        expect(parseDuration(durationText(millis))).toBe(millis)
      }),
    )
  })
})

describe('times are local, with their offset, and with the date where the day is not today', () => {
  const noon = Date.UTC(2026, 10, 26, 12, 0, 0)
  const told: readonly (readonly [zone: string, millis: number, text: string])[] = [
    ['UTC', noon, '12:00:00+00:00'],
    ['Europe/Berlin', noon + 1_999, '13:00:01+01:00'],
    ['America/Sao_Paulo', noon - 10 * 3_600_000, '2026-11-25 23:00:00-03:00'],
    ['Asia/Kathmandu', noon, '17:45:00+05:45'],
    // Of the day that is told, not of today: Berlin had summer time then.
    ['Europe/Berlin', Date.UTC(2026, 6, 1, 12), '2026-07-01 14:00:00+02:00'],
    ['UTC', Number.NaN, 'no time'],
  ]
  for (const [zone, millis, text] of told) {
    test(`${text} in ${zone}`, () => {
      const format = new URL('../../src/cli/format.ts', import.meta.url)
      const script = `import { timeText } from ${JSON.stringify(format)}\nprocess.stdout.write(timeText(${millis}, ${noon}))`
      const args = ['--input-type=module-typescript', '--eval', script]
      expect(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, TZ: zone } })).toBe(text)
    })
  }
})
