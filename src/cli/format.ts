export { instantText as timeText } from '../api/texts.ts'

/** The one format of times and of durations. Money comes as text from the API, and goes through as it is. */

const dayMillis = 24 * 3_600_000

const units = [
  ['d', dayMillis],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `90s`, `2m`, `1h`, `1h30m`, `1d`; the last part may have three decimals, and a bare number is seconds. In milliseconds. */
export function parseDuration(text: string): number | undefined {
  const [, days, hours, minutes, seconds] =
    /^(?=\S)(?:(\d{1,6})d)?\s?(?:(\d{1,7}(?:\.\d{1,3})?)h)?\s?(?:(\d{1,8}(?:\.\d{1,3})?)m)?\s?(?:(\d{1,10}(?:\.\d{1,3})?)\s?s?)?$/.exec(
      text,
    ) ?? []
  const parts = [days, hours, minutes, seconds]
  if (parts.every((part) => part === undefined)) return undefined
  // A part with decimals says all that is left: `1.5h30m` is nobody's way of saying two hours.
  const last = parts.findLastIndex((part) => part !== undefined)
  if (parts.some((part, at) => at < last && part?.includes('.'))) return undefined
  const millis = units.reduce((sum, [, size], at) => sum + Number(parts[at] ?? 0) * size, 0)
  return Math.round(millis)
}

/** `1h30m`, `45s`, `0.3s`: what {@link parseDuration} reads as the same. Below nothing is nothing. */
export function durationText(millis: number): string {
  let left = Math.max(0, Math.round(millis))
  let text = ''
  for (const [name, size] of units) {
    const count = name === 's' ? left / size : Math.floor(left / size)
    left -= Math.floor(count) * size
    if (count > 0) text += `${count}${name}`
  }
  return text || '0s'
}
