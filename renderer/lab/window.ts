import { type Axis, extentOf, type Range } from '../../src/mutex/space-time.ts'
import type { LabEvent, PeerEvent } from './types.ts'

/** Which part of a run is drawn. */

/** How much is seen at first in so many pixels: milliseconds, Lamport times, steps. */
export function usualLength(axis: Axis, width: number): number {
  const shares: Readonly<Record<Axis, number>> = { time: 2, lamport: 1 / 26, order: 1 / 24 }
  return Math.max(leastLength[axis], Math.round(width * shares[axis]))
}
const leastLength: Readonly<Record<Axis, number>> = { time: 10, lamport: 4, order: 6 }
/** More marks than this cover each other. */
export const marksMax = 1_500

/** The newest end of a run. */
export function newestRange(extent: Range, length: number): Range {
  const from = Math.max(extent.from, extent.to - length)
  return { from, to: from + Math.min(length, Math.max(extent.to - extent.from, 1)) }
}

/** Moved and shortened so that it lies within the run. */
export function within({ from, to }: Range, extent: Range, axis: Axis): Range {
  const whole = Math.max(1, extent.to - extent.from)
  const length = Math.min(whole, Math.max(leastLength[axis], to - from))
  const start = Math.min(Math.max(from, extent.from), extent.to - length)
  const first = Math.max(extent.from, start)
  return { from: first, to: first + length }
}

/** Below 1: nearer. `about` stays where it is. */
export function zoomed({ from, to }: Range, factor: number, extent: Range, axis: Axis, about = (from + to) / 2): Range {
  return within({ from: about - (about - from) * factor, to: about + (to - about) * factor }, extent, axis)
}

/** So that `at` is seen: moved no further than that needs. */
export function bringIn({ from, to }: Range, at: number, extent: Range, axis: Axis): Range {
  if (at >= from && at <= to) return { from, to }
  const half = (to - from) / 2
  return within({ from: at - half, to: at + half }, extent, axis)
}

export const placeOf = (event: PeerEvent, axis: Axis): number =>
  axis === 'time' ? event.at : axis === 'lamport' ? event.lamport : event.number

/** No message is under way while so many other things happen; or else it is drawn as one whose other end is not known. */
const aroundUsual = 2_000

/** What takes part in the drawing: the range, and as many steps on both sides as its messages and stays may come from. Views always. */
export function stepsAround(
  events: readonly LabEvent[],
  { from, to }: Range,
  axis: Axis,
  around = aroundUsual,
): readonly LabEvent[] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const step of events) {
    const value = step.kind === 'event' ? placeOf(step, axis) : axis === 'time' ? step.at : step.number
    if (value < from || value > to) continue
    first = Math.min(first, step.number)
    last = Math.max(last, step.number)
  }
  return events.filter(({ kind, number }) => kind === 'view' || (number >= first - around && number <= last + around))
}

export const wholeOf = (events: readonly LabEvent[], axis: Axis): Range => extentOf(events, axis)

/** Pixels of one letter of a label, and between two labels. */
const [letterWidth, labelGap] = [6.8, 5]

export interface Label {
  readonly number: number
  readonly x: number
  readonly y: number
  readonly text: string
}

/** Labels that do not lie on each other: of those on one line as many as have room, and what is chosen in any case. */
export function withRoom(labels: readonly Label[], chosen: number | undefined): readonly Label[] {
  const taken = new Map<number, [from: number, to: number][]>()
  const first = labels.filter(({ number }) => number === chosen)
  const rest = labels.filter(({ number }) => number !== chosen)
  return [...first, ...rest].filter(({ x, y, text }) => {
    const half = (text.length * letterWidth) / 2 + labelGap / 2
    const lane = taken.get(y) ?? []
    taken.set(y, lane)
    if (lane.some(([from, to]) => x - half < to && x + half > from)) return false
    lane.push([x - half, x + half])
    return true
  })
}

/** The next event in the order of this peer, from the chosen one; of the same peer where `ofPeer`. */
export function neighbour(
  events: readonly LabEvent[],
  chosen: number | undefined,
  by: -1 | 1,
  { ofPeer, range, axis }: { readonly ofPeer: boolean; readonly range: Range; readonly axis: Axis },
): PeerEvent | undefined {
  const all = events.filter((step): step is PeerEvent => step.kind === 'event')
  const at = all.findIndex(({ number }) => number === chosen)
  const start = all[at]
  if (start === undefined) {
    // Nothing is chosen: from the end of what is seen, where the arrow goes to.
    const seen = all.filter((event) => placeOf(event, axis) >= range.from && placeOf(event, axis) <= range.to)
    return by === 1 ? seen[0] : seen.at(-1)
  }
  const rest = by === 1 ? all.slice(at + 1) : all.slice(0, at).reverse()
  return ofPeer ? rest.find(({ peer }) => peer === start.peer) : rest[0]
}

/** Numbers grow by one with each kept event, from 1 on. */
export function findEvent(events: readonly LabEvent[], number: number | undefined): PeerEvent | undefined {
  if (number === undefined) return undefined
  const near = events[number - 1]
  const found = near?.number === number ? near : events.find((one) => one.number === number)
  return found?.kind === 'event' ? found : undefined
}
