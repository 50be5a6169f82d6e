/** A moment, and how far local time was ahead of UTC then. */
export interface LocalTime {
  /** Since 1970, UTC. */
  readonly millis: number
  readonly offsetMinutes: number
}

const dayMillis = 24 * 3_600_000
/** As far as dates of ECMAScript go, either way. */
const millisMax = 100_000_000 * dayMillis

/**
 * The one form of times for people, wherever they stand: local time with its offset, `05:49:13+01:00`; where the day is not
 * today, with its date: `2026-11-25 05:49:13+01:00`. `now`: what today is.
 */
export function timeText(at: LocalTime, now: LocalTime): string {
  if (!(Math.abs(at.millis) <= millisMax)) return 'no time'
  const day = dayOf(at)
  const seconds = Math.floor((localMillis(at) - day * dayMillis) / 1_000)
  const time = `${clock(seconds)}:${two(seconds % 60)}${offsetText(at.offsetMinutes)}`
  return day === dayOf(now) ? time : `${dateText(day)} ${time}`
}

const localMillis = ({ millis, offsetMinutes }: LocalTime): number => millis + offsetMinutes * 60_000
const dayOf = (at: LocalTime): number => Math.floor(localMillis(at) / dayMillis)

/**
 * Of a day since 1970 in the Gregorian calendar: eras of 400 years have the same days, and a year that begins in March has its
 * leap day at its end (H. Hinnant, “chrono-compatible low-level date algorithms”, civil_from_days).
 */
function dateText(day: number): string {
  const days = day + 719_468
  const era = Math.floor(days / 146_097)
  const ofEra = days - era * 146_097
  const year = Math.floor((ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const sinceMarch = Math.floor((5 * ofYear + 2) / 153)
  const month = sinceMarch < 10 ? sinceMarch + 3 : sinceMarch - 9
  const dayOfMonth = ofYear - Math.floor((153 * sinceMarch + 2) / 5) + 1
  return `${String(year + era * 400 + Number(month <= 2)).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`
}

function offsetText(minutes: number): string {
  return `${minutes < 0 ? '-' : '+'}${clock(Math.round(Math.abs(minutes)) * 60)}`
}

/** Hours and minutes. */
const clock = (seconds: number): string => `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}`

const two = (count: number): string => String(count).padStart(2, '0')
