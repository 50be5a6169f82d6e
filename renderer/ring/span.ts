/**
 * What the space-time diagram shows: a stretch of the room's time, in milliseconds since 1970, or of Lamport time. In real time
 * one sees when, and messages of a quick network stand upright; in Lamport time one sees the order, and each leans to the right.
 */
export interface Span {
  readonly from: number
  readonly to: number
}

export type Axis = 'time' | 'lamport'

interface Lengths {
  readonly least: number
  readonly most: number
  /** What is shown at first. */
  readonly usual: number
}

/** In milliseconds; in Lamport times. */
export const lengths: Readonly<Record<Axis, Lengths>> = {
  time: { least: 4, most: 120_000, usual: 5_000 },
  lamport: { least: 8, most: 4_000, usual: 60 },
}

export const lengthOf = ({ from, to }: Span): number => to - from

export const clampLength = (length: number, { least, most }: Lengths): number => Math.min(most, Math.max(least, length))

/** So much shorter (`factor` below 1) or longer, with `about` where it was. */
export function zoom(span: Span, factor: number, about: number, limits: Lengths): Span {
  const length = lengthOf(span)
  const wanted = clampLength(length * factor, limits)
  const from = about - ((about - span.from) / length) * wanted
  return { from, to: from + wanted }
}

/** By a share of what is shown; to the right is later. */
export function pan(span: Span, share: number): Span {
  const by = lengthOf(span) * share
  return { from: span.from + by, to: span.to + by }
}

/** Its middle is not before `earliest`, and not after `latest`. */
export function keepWithin(span: Span, earliest: number, latest: number): Span {
  const middle = (span.from + span.to) / 2
  const by = Math.min(Math.max(middle, earliest), Math.max(earliest, latest)) - middle
  return { from: span.from + by, to: span.to + by }
}

/** The same length, with `at` in it; the same span where it is already. */
export function bringIn(span: Span, at: number): Span {
  if (at >= span.from && at <= span.to) return span
  const half = lengthOf(span) / 2
  return { from: at - half, to: at + half }
}

export const xOf = ({ from, to }: Span, width: number, at: number): number => ((at - from) / (to - from)) * width

export const valueAt = ({ from, to }: Span, width: number, x: number): number => from + (x / width) * (to - from)

/** Round values of the span, at least `pixels` from each other; in Lamport time whole ones. */
export function ticksOf(
  span: Span,
  width: number,
  axis: Axis,
  pixels = 110,
): { readonly step: number; readonly at: readonly number[] } {
  const least = (lengthOf(span) * pixels) / Math.max(1, width)
  const step = axis === 'time' && least > 10_000 ? (clockSteps.find((each) => each >= least) ?? 300_000) : roundUp(least, axis)
  const at: number[] = []
  for (let count = Math.ceil(span.from / step); count * step <= span.to; count++) at.push(count * step)
  return { step, at }
}

/** Above ten seconds: what a clock is divided into. */
const clockSteps = [15_000, 30_000, 60_000, 120_000]

/** 1, 2 or 5 times a power of ten. */
function roundUp(least: number, axis: Axis): number {
  const power = 10 ** Math.floor(Math.log10(least))
  const step = power * ([1, 2, 5].find((each) => each * power >= least) ?? 10)
  return axis === 'lamport' ? Math.max(1, Math.ceil(step)) : step
}
