import { heads } from './heads.ts'
import { type Kind, kinds, type Look, looks } from './kinds.ts'
import type { Arrow, Frame, Scene } from './scene.ts'

/** Below the rows: times. */
export const axisHeight = 28
/** With more lines than this in one drawing nobody tells heads apart, and they cost more than the lines. */
const headsMax = 160
const dotRadius = 2.6
const squareSize = 9

export type Colours = Readonly<Record<Look['colour'] | '--line' | '--paper' | '--raised' | '--light-fill', string>>

const colourNames = [
  '--light',
  '--link',
  '--good',
  '--faint',
  '--bad',
  '--ink',
  '--line',
  '--paper',
  '--raised',
  '--light-fill',
] as const

/** The theme's, as they are now. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element)
  return Object.fromEntries(colourNames.map((name) => [name, style.getPropertyValue(name).trim()])) as Colours
}

export interface Tick {
  readonly x: number
  readonly text: string
}

/** What stands under all that happens. Pixels of the drawing, whatever the screen has: the context is scaled. */
export function drawGround(
  context: CanvasRenderingContext2D,
  frame: Pick<Frame, 'width' | 'rowHeight' | 'rows'>,
  ticks: readonly Tick[],
  colours: Colours,
): void {
  const height = frame.rows.length * frame.rowHeight
  context.clearRect(0, 0, frame.width, height + axisHeight)
  context.lineCap = 'butt'
  context.font = font
  drawGrid(context, frame, height, ticks, colours)
}

const font = '13px "Inter Variable", system-ui, sans-serif'

/** What happened, on a context where nothing is drawn yet. */
export function drawScene(context: CanvasRenderingContext2D, scene: Scene, colours: Colours): void {
  context.lineCap = 'butt'
  context.font = font
  context.fillStyle = colours['--light-fill']
  context.globalAlpha = 0.38
  for (const { x, width: length, y } of scene.held) context.fillRect(x, y - 5, length, 10)
  context.globalAlpha = 1
  for (const kind of kinds) drawKind(context, kind, scene.arrows, colours)
  context.setLineDash([])
  drawSquares(context, scene, colours)
  drawLabels(context, scene, colours)
}

function drawGrid(
  context: CanvasRenderingContext2D,
  { width, rowHeight, rows }: Pick<Frame, 'width' | 'rowHeight' | 'rows'>,
  height: number,
  ticks: readonly Tick[],
  colours: Colours,
): void {
  context.strokeStyle = colours['--line']
  context.lineWidth = 1
  context.setLineDash([])
  context.beginPath()
  for (let row = 0; row < rows.length; row++) {
    const y = Math.round((row + 0.5) * rowHeight) + 0.5
    context.moveTo(0, y)
    context.lineTo(width, y)
  }
  context.stroke()
  context.setLineDash([2, 4])
  context.beginPath()
  for (const { x } of ticks) {
    context.moveTo(Math.round(x) + 0.5, 0)
    context.lineTo(Math.round(x) + 0.5, height)
  }
  context.stroke()
  context.fillStyle = colours['--faint']
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const { x, text } of ticks) context.fillText(text, x, height + axisHeight / 2)
}

function drawKind(context: CanvasRenderingContext2D, kind: Kind, all: readonly Arrow[], colours: Colours): void {
  const arrows = all.filter((arrow) => arrow.kind === kind)
  if (arrows.length === 0) return
  const look = looks[kind]
  context.strokeStyle = colours[look.colour]
  context.fillStyle = colours[look.colour]
  context.lineWidth = look.width
  context.setLineDash([...look.dash])
  inPaths(
    context,
    arrows,
    ({ x, y, end }) => {
      if (end === undefined) return
      context.moveTo(x, y)
      context.lineTo(end.x, end.y)
    },
    'stroke',
  )
  // Sent, and nobody has said that it arrived: a stub into its direction, or both ways where everyone is meant.
  context.setLineDash([2, 2])
  inPaths(
    context,
    arrows,
    ({ x, y, end, towards }) => {
      if (end !== undefined) return
      context.moveTo(x, towards === 0 ? y - 9 : y)
      context.lineTo(x, y + (towards === 0 ? 9 : 14 * towards))
    },
    'stroke',
  )
  context.setLineDash([])
  inPaths(
    context,
    arrows,
    ({ x, y }) => {
      context.moveTo(x + dotRadius, y)
      context.arc(x, y, dotRadius, 0, 2 * Math.PI)
    },
    'fill',
  )
  if (all.length <= headsMax) drawHeads(context, look, arrows)
}

/** Each path costs something, and a path of very many lines far more than its lines by themselves. */
const pathArrows = 32

function inPaths(
  context: CanvasRenderingContext2D,
  arrows: readonly Arrow[],
  add: (arrow: Arrow) => void,
  finish: 'stroke' | 'fill',
): void {
  for (let first = 0; first < arrows.length; first += pathArrows) {
    context.beginPath()
    for (const arrow of arrows.slice(first, first + pathArrows)) add(arrow)
    context[finish]()
  }
}

const headPaths = new Map<Look['head'], Path2D>()

function drawHeads(context: CanvasRenderingContext2D, { head, width }: Look, arrows: readonly Arrow[]): void {
  const { path, isFilled } = heads[head]
  const drawn = headPaths.get(head) ?? new Path2D(path)
  headPaths.set(head, drawn)
  context.lineWidth = Math.max(1.4, width)
  const before = context.getTransform()
  const { a: scale } = before
  for (const { x, y, end } of arrows) {
    if (end === undefined) continue
    const angle = Math.atan2(end.y - y, end.x - x)
    const [cosine, sine] = [scale * Math.cos(angle), scale * Math.sin(angle)]
    // Moved and turned at once: a step of its own for each costs more than the drawing.
    context.setTransform(cosine, sine, -sine, cosine, scale * end.x, scale * end.y)
    if (isFilled) context.fill(drawn)
    else context.stroke(drawn)
  }
  context.setTransform(before)
}

function drawSquares(context: CanvasRenderingContext2D, { squares }: Scene, colours: Colours): void {
  context.lineWidth = 1.5
  context.strokeStyle = colours['--ink']
  context.fillStyle = colours['--raised']
  for (const { x, y } of squares) {
    context.fillRect(x - squareSize / 2, y - squareSize / 2, squareSize, squareSize)
    context.strokeRect(x - squareSize / 2, y - squareSize / 2, squareSize, squareSize)
  }
}

/** To the right of what they belong to, on ground of their own: lines go through the same place. */
function drawLabels(context: CanvasRenderingContext2D, { labels }: Scene, colours: Colours): void {
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  context.lineWidth = 4
  context.strokeStyle = colours['--raised']
  for (const { x, y, text, side } of labels) context.strokeText(text, x + 6, y + 11 * side)
  for (const { kind, x, y, text, side } of labels) {
    context.fillStyle = colours[kind === 'block' ? '--ink' : '--faint']
    context.fillText(text, x + 6, y + 11 * side)
  }
}
