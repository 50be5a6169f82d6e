import type { Past } from './history.ts'
import { type Kind, kindOf } from './kinds.ts'
import { type Axis, type Span, xOf } from './span.ts'
import type { BlockStep, FrameStep, TokenStep } from './types.ts'

/** What of the past is drawn, and where: pixels, the first row on top. */

interface Point {
  readonly x: number
  readonly y: number
}

/** Something that can be chosen. */
export type Happening = FrameStep | BlockStep

export const keyOf = (step: Happening): string => (step.kind === 'frame' ? `frame ${step.id}` : `block ${step.index}`)

export interface Arrow extends Point {
  readonly step: FrameStep
  readonly kind: Kind
  /** Where it arrived; `undefined`: to everyone, or nobody has said that it did. */
  readonly end: Point | undefined
  /** To the row that it is on its way to: 1 downwards, -1 upwards, 0 to everyone. */
  readonly towards: -1 | 0 | 1
}

export interface Square extends Point {
  readonly step: BlockStep
}

/** Somebody has the token. */
export interface Held {
  readonly x: number
  readonly width: number
  readonly y: number
}

export interface Label extends Point {
  readonly text: string
  /** Above its row (-1) or below it (1): where its line is not. */
  readonly side: -1 | 1
}

export interface Scene {
  readonly arrows: readonly Arrow[]
  readonly squares: readonly Square[]
  readonly held: readonly Held[]
  /** Lamport times beside their dots, as far as there is room for all of a row. */
  readonly lamports: readonly Label[]
  /** Arrows that are in the span and not drawn: the oldest ones of too many. */
  readonly hidden: number
}

export interface Frame {
  readonly axis: Axis
  readonly span: Span
  readonly width: number
  readonly rowHeight: number
  /** Peers, from above. */
  readonly rows: readonly string[]
  readonly kinds: ReadonlySet<Kind>
}

/** As many lines as are drawn sixty times a second without a dropped frame, and more than anyone tells apart. */
export const arrowsMax = 2_500
/** Pixels for a Lamport time. */
export const labelWidth = 38

export const sentAt = (step: Happening, axis: Axis): number => (axis === 'time' ? step.at : step.lamport)

const arrivedAt = (step: FrameStep, axis: Axis): number | undefined => (axis === 'time' ? step.arrivedAt : step.arrivedLamport)

export function sceneOf(past: Past, frame: Frame): Scene {
  const { axis, span, width, rowHeight, rows, kinds } = frame
  const yOf = new Map(rows.map((peer, row) => [peer, (row + 0.5) * rowHeight]))
  const isShown = (from: number, to: number): boolean => to >= span.from && from <= span.to

  const arrows: Arrow[] = []
  let hidden = 0
  // The newest first: of too many the oldest are left out.
  for (let at = past.frames.length - 1; at >= 0; at--) {
    const step = past.frames[at] as FrameStep
    const kind = kindOf(step.message)
    const y = yOf.get(step.from)
    const sent = sentAt(step, axis)
    const arrived = arrivedAt(step, axis)
    if (!kinds.has(kind) || y === undefined || !isShown(sent, arrived ?? sent)) continue
    const toY = yOf.get(step.to)
    if (arrows.length >= arrowsMax) {
      hidden++
      continue
    }
    const end = toY === undefined || arrived === undefined ? undefined : { x: xOf(span, width, arrived), y: toY }
    const towards = toY === undefined || toY === y ? 0 : toY > y ? 1 : -1
    arrows.push({ step, kind, x: xOf(span, width, sent), y, end, towards })
  }

  const squares = past.blocks.flatMap((step): Square[] => {
    const y = yOf.get(step.author)
    const at = sentAt(step, axis)
    return y === undefined || !isShown(at, at) ? [] : [{ step, x: xOf(span, width, at), y }]
  })
  // Where the token is has no Lamport time.
  const held = axis === 'time' ? heldOf(past.tokens, frame, yOf) : []
  return { arrows, squares, held, lamports: lamportLabels(arrows, frame), hidden }
}

/** From the move that brought the token to the next one; the last one goes on. */
function heldOf(tokens: readonly TokenStep[], { span, width }: Frame, yOf: ReadonlyMap<string, number>): Held[] {
  const held: Held[] = []
  for (const [at, step] of tokens.entries()) {
    const y = yOf.get(step.to)
    const until = tokens[at + 1]?.at ?? span.to
    if (y === undefined || until < span.from || step.at > span.to) continue
    const from = Math.max(0, xOf(span, width, step.at))
    held.push({ x: from, width: Math.max(1, Math.min(width, xOf(span, width, until)) - from), y })
  }
  return held
}

function lamportLabels(arrows: readonly Arrow[], { width, rows }: Frame): Label[] {
  // A dot for each end: with more than fit side by side no row has room for its numbers.
  if (arrows.length * 2 > (rows.length * width) / labelWidth) return []
  const points = arrows
    .flatMap(({ x, y, end, towards, step }): Label[] => {
      const side = towards === 1 ? -1 : 1
      const sent: Label = { x, y, text: String(step.lamport), side }
      if (end === undefined || step.arrivedLamport === undefined) return [sent]
      return [sent, { x: end.x, y: end.y, text: String(step.arrivedLamport), side: side === 1 ? -1 : 1 }]
    })
    .filter(({ x }) => x >= 0 && x <= width)
    .sort((a, b) => a.x - b.x)
  const last = new Map<number, number>()
  return points.filter(({ x, y, side }) => {
    // A place of its own for either side of each row.
    const lane = y + side / 4
    if (x - (last.get(lane) ?? Number.NEGATIVE_INFINITY) < labelWidth) return false
    last.set(lane, x)
    return true
  })
}

/** What is under a pointer, at most so many pixels away; dots and squares before the lines between them. */
export function happeningAt({ arrows, squares }: Scene, x: number, y: number, within: number): Happening | undefined {
  let nearest: Happening | undefined
  let least = within
  const look = (step: Happening, distance: number): void => {
    if (distance > least) return
    nearest = step
    least = distance
  }
  for (const { step, x: left, y: top } of squares) look(step, Math.hypot(left - x, top - y))
  for (const arrow of arrows) {
    look(arrow.step, Math.hypot(arrow.x - x, arrow.y - y))
    if (arrow.end !== undefined) look(arrow.step, Math.hypot(arrow.end.x - x, arrow.end.y - y))
  }
  if (nearest !== undefined) return nearest
  for (const { step, end, ...start } of arrows) if (end !== undefined) look(step, distanceToLine(start, end, x, y))
  return nearest
}

function distanceToLine(a: Point, b: Point, x: number, y: number): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length))
  return Math.hypot(a.x + share * dx - x, a.y + share * dy - y)
}

/** Where something is drawn: where it was sent, then where it arrived. Nowhere if it is out of sight. */
export function placesOf({ arrows, squares }: Scene, key: string): readonly Point[] {
  const arrow = arrows.find(({ step }) => keyOf(step) === key)
  if (arrow !== undefined) return arrow.end === undefined ? [arrow] : [arrow, arrow.end]
  return squares.filter(({ step }) => keyOf(step) === key)
}

/** All that can be chosen, in the order of the axis. */
export function happeningsOf(past: Past, { axis, kinds, rows }: Pick<Frame, 'axis' | 'kinds' | 'rows'>): Happening[] {
  const frames = past.frames.filter(({ message, from }) => kinds.has(kindOf(message)) && rows.includes(from))
  const blocks = past.blocks.filter(({ author }) => rows.includes(author))
  return [...frames, ...blocks].sort((a, b) => sentAt(a, axis) - sentAt(b, axis))
}

export const findStep = ({ frames, blocks }: Past, key: string): Happening | undefined =>
  frames.find((step) => keyOf(step) === key) ?? blocks.find((step) => keyOf(step) === key)

/** The one before (-1) or after (1) what is chosen; where nothing is: the last one, or the first, in the span. */
export function stepFrom(
  all: readonly Happening[],
  chosen: string | undefined,
  by: -1 | 1,
  span: Span,
  axis: Axis,
): Happening | undefined {
  const at = chosen === undefined ? -1 : all.findIndex((step) => keyOf(step) === chosen)
  if (at !== -1) return all[at + by] ?? all[at]
  const inside = all.filter((step) => sentAt(step, axis) >= span.from && sentAt(step, axis) <= span.to)
  return by === -1 ? inside.at(-1) : inside[0]
}

/** Rows that are shown; a room of more has the others on its circle only. */
export const rowsMax = 40

/** The ring from this peer on, then who follows, then whoever else is in what is shown. */
export function rowsOf(past: Past, members: readonly string[], outside: readonly string[], self: string): readonly string[] {
  const own = Math.max(0, members.indexOf(self))
  const rows = new Set([...members.slice(own), ...members.slice(0, own), ...outside])
  for (const { from } of past.frames) rows.add(from)
  return [...rows].slice(0, rowsMax)
}

/** Newest Lamport time, and the times between which something happened. */
export function extentOf(past: Past, axis: Axis): Span | undefined {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const steps of [past.frames, past.blocks]) {
    for (const step of steps) {
      const at = sentAt(step, axis)
      const end = step.kind === 'frame' ? (arrivedAt(step, axis) ?? at) : at
      if (at < from) from = at
      if (end > to) to = end
    }
  }
  return from <= to ? { from, to } : undefined
}

/** What is shown while it is live: up to now, or up to the newest Lamport time with a little room after it. */
export const liveSpan = (edge: number, length: number): Span => ({ from: edge - length * 0.97, to: edge + length * 0.03 })
