import type { Past } from './history.ts'
import { type Kind, kindOf } from './kinds.ts'
import { type Axis, lengthOf, type Span, xOf } from './span.ts'
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
  /** A Lamport time, or the number of a block. */
  readonly kind: 'lamport' | 'block'
  readonly text: string
  /** Above its row (-1) or below it (1): where its line is not. */
  readonly side: -1 | 1
}

export interface Scene {
  readonly arrows: readonly Arrow[]
  readonly squares: readonly Square[]
  readonly held: readonly Held[]
  /** Beside their dots and squares, as far as there is room. */
  readonly labels: readonly Label[]
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

/** Pixels for a Lamport time or the number of a block. */
export const labelWidth = 44

export const sentAt = (step: Happening, axis: Axis): number => (axis === 'time' ? step.at : step.lamport)

const arrivedAt = (step: FrameStep, axis: Axis): number | undefined => (axis === 'time' ? step.arrivedAt : step.arrivedLamport)

/** The stretch of the axis on which a step is seen; the token is held from its move on. */
export function stretchOf(step: Happening | TokenStep, axis: Axis): Span | undefined {
  // Where the token is has no Lamport time.
  if (step.kind === 'token') return axis === 'time' ? { from: step.at, to: Number.POSITIVE_INFINITY } : undefined
  const from = sentAt(step, axis)
  return { from, to: step.kind === 'frame' ? (arrivedAt(step, axis) ?? from) : from }
}

export function sceneOf(past: Past, frame: Frame): Scene {
  const { axis, span, width, kinds } = frame
  const yOf = rowsAt(frame)
  const arrows = past.frames.flatMap((step): Arrow[] => {
    const kind = kindOf(step.message)
    if (!kinds.has(kind) || !isShown(step, frame)) return []
    const arrow = arrowOf(step, kind, frame, yOf)
    return arrow === undefined ? [] : [arrow]
  })
  const squares = past.blocks.flatMap((step): Square[] => {
    const square = isShown(step, frame) ? squareOf(step, frame, yOf) : undefined
    return square === undefined ? [] : [square]
  })
  const held = axis === 'time' ? heldOf(past.tokens, frame, yOf) : []
  const origin = (span.from * width) / lengthOf(span)
  return { arrows, squares, held, labels: withRoom([...squares.map(numberOf), ...arrows.flatMap(lamportsOf)], origin) }
}

const rowsAt = ({ rows, rowHeight }: Frame): ReadonlyMap<string, number> =>
  new Map(rows.map((peer, row) => [peer, (row + 0.5) * rowHeight]))

function isShown(step: Happening, { axis, span }: Frame): boolean {
  const sent = sentAt(step, axis)
  if (sent > span.to) return false
  return (step.kind === 'frame' ? (arrivedAt(step, axis) ?? sent) : sent) >= span.from
}

function arrowOf(step: FrameStep, kind: Kind, frame: Frame, yOf: ReadonlyMap<string, number>): Arrow | undefined {
  const { axis, span, width } = frame
  const y = yOf.get(step.from)
  if (y === undefined) return undefined
  const toY = yOf.get(step.to)
  const arrived = arrivedAt(step, axis)
  const end = toY === undefined || arrived === undefined ? undefined : { x: xOf(span, width, arrived), y: toY }
  const towards = toY === undefined || toY === y ? 0 : toY > y ? 1 : -1
  return { step, kind, x: xOf(span, width, sentAt(step, axis)), y, end, towards }
}

function squareOf(step: BlockStep, { axis, span, width }: Frame, yOf: ReadonlyMap<string, number>): Square | undefined {
  const y = yOf.get(step.author)
  return y === undefined ? undefined : { step, x: xOf(span, width, sentAt(step, axis)), y }
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

const numberOf = ({ x, y, step }: Square): Label => ({ kind: 'block', x, y, text: `#${step.index}`, side: -1 })

/** On the side where its line is not. */
function lamportsOf({ x, y, end, towards, step }: Arrow): Label[] {
  const side = towards === 1 ? -1 : 1
  const sent: Label = { kind: 'lamport', x, y, text: String(step.lamport), side }
  if (end === undefined || step.arrivedLamport === undefined) return [sent]
  return [sent, { kind: 'lamport', x: end.x, y: end.y, text: String(step.arrivedLamport), side: side === 1 ? -1 : 1 }]
}

/** With more of them where one has room nobody tells which is whose. */
const crowd = 3

/**
 * Those that lie on no other one. Which they are is up to what lies beside them, and not to where the view begins (`origin`: so
 * many pixels after 0): none comes or goes while the view moves. Each side of each row is cut into cells of a label's width; the
 * first of every second cell has its place, the first of another one where it does not touch these. Blocks come before messages.
 */
function withRoom(labels: readonly Label[], origin: number): Label[] {
  const lanes = new Map<string, Map<number, { first: Label; count: number }>>()
  for (const label of labels) {
    const lane = `${label.y} ${label.side}`
    const cells = lanes.get(lane) ?? new Map<number, { first: Label; count: number }>()
    lanes.set(lane, cells)
    const at = Math.floor((origin + label.x) / labelWidth)
    const cell = cells.get(at)
    if (cell === undefined) cells.set(at, { first: label, count: 1 })
    else {
      cell.count++
      if (label.kind === cell.first.kind && label.x < cell.first.x) cell.first = label
    }
  }
  return [...lanes.values()].flatMap((cells) => {
    const firstOf = (at: number): Label | undefined => {
      const cell = cells.get(at)
      return cell === undefined || cell.count > crowd ? undefined : cell.first
    }
    return [...cells.keys()].flatMap((at): Label[] => {
      const label = firstOf(at)
      if (label === undefined) return []
      if (at % 2 === 0) return [label]
      const isFree = [at - 1, at + 1].every(
        (next) => Math.abs((firstOf(next)?.x ?? Number.POSITIVE_INFINITY) - label.x) >= labelWidth,
      )
      return isFree ? [label] : []
    })
  })
}

/**
 * At most about so many of them, and the same ones when more come: more than anyone tells apart cost time and show nothing. A half
 * of them, a quarter and so on, by a hash of their Lamport times.
 */
export function thin(arrows: readonly Arrow[], most: number): readonly Arrow[] {
  let share = 1
  while (arrows.length > most * share) share *= 2
  return share === 1 ? arrows : arrows.filter(({ step }) => (Math.imul(step.lamport, 0x9e3779b1) >>> 8) % share === 0)
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
export function placesOf(step: Happening, frame: Frame): readonly Point[] {
  if (!isShown(step, frame)) return []
  const yOf = rowsAt(frame)
  if (step.kind === 'block') return [squareOf(step, frame, yOf)].filter((point) => point !== undefined)
  const kind = kindOf(step.message)
  const arrow = frame.kinds.has(kind) ? arrowOf(step, kind, frame, yOf) : undefined
  if (arrow === undefined) return []
  return arrow.end === undefined ? [arrow] : [arrow, arrow.end]
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
