import { numberFormat } from '../room/formatters.ts'

/** What the slider offers, in milliseconds for each hop: from a blur to one that a class can count along with. */
export const paces = [50, 100, 150, 250, 400, 600, 800, 1_000, 1_500, 2_000, 2_500, 3_000] as const

/** The place on the slider of a pace, which may be another one where the command line set it. */
export function nearestPace(millis: number): number {
  let nearest = 0
  for (const [at, pace] of paces.entries()) if (Math.abs(pace - millis) < Math.abs((paces[nearest] ?? 0) - millis)) nearest = at
  return nearest
}

/** `250 ms`, `1.5 s`. */
export function paceText(millis: number, language: string): string {
  const isLong = millis >= 1_000
  const unit = isLong ? 'second' : 'millisecond'
  return numberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(isLong ? millis / 1_000 : millis)
}
