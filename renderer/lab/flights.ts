import type { Point } from '../ring/circle-layout.ts'

/** Messages that are seen to move: each for a moment, on the straight line between two peers. */

export interface Flight {
  readonly from: string
  readonly to: string
  readonly kind: string
  readonly isOverhead: boolean
  /** Milliseconds, of whatever clock. */
  readonly startedAt: number
}

export const flightMillis = 450
/** More at once are a blur: the oldest go first. */
export const flightsMax = 40

export function launch(flights: readonly Flight[], flight: Flight): readonly Flight[] {
  return [...flights.slice(Math.max(0, flights.length - flightsMax + 1)), flight]
}

/** Those that are still on their way. */
export const stillFlying = (flights: readonly Flight[], now: number): readonly Flight[] =>
  flights.filter(({ startedAt }) => now - startedAt < flightMillis)

/** Where it is; it begins and ends at the edge of the peers' circles, of radius `dot`. */
export function pointOf(flight: Pick<Flight, 'startedAt'>, from: Point, to: Point, dot: number, now: number): Point {
  return along(from, to, dot, Math.min(1, Math.max(0, (now - flight.startedAt) / flightMillis)))
}

/** From the edge of one circle (0) to that of the other (1). */
export function along(from: Point, to: Point, dot: number, share: number): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy)
  if (length === 0) return from
  const at = Math.min(length / 2, dot) + share * Math.max(0, length - 2 * dot)
  return { x: from.x + (dx / length) * at, y: from.y + (dy / length) * at }
}

export interface Waiting {
  readonly id: string
  readonly from: string
  readonly to: string
}

/** Messages that wait beside their senders: those of one pair in a row, the first one farthest out. Shares of the way. */
export function queueShares(held: readonly Waiting[]): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>()
  for (const { from, to } of held) lengths.set(`${from} ${to}`, (lengths.get(`${from} ${to}`) ?? 0) + 1)
  const seen = new Map<string, number>()
  return new Map(
    held.map(({ id, from, to }) => {
      const pair = `${from} ${to}`
      const [at, length] = [seen.get(pair) ?? 0, lengths.get(pair) ?? 1]
      seen.set(pair, at + 1)
      return [id, 0.34 - (0.3 * at) / Math.max(3, length)]
    }),
  )
}
