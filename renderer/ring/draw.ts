import { heads } from './heads.ts'
import { type Kind, kinds, type Look, looks } from './kinds.ts'
import type { Arrow, Frame, Label, Scene } from './scene.ts'

/** Below the rows: times. */
export const axisHeight = 28
/** With more lines than this nobody tells heads apart, and they cost more than the lines. */
const headsMax = 800
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

/** Pixels of the drawing, whatever the screen has: the context is scaled. */
export function drawScene(
  context: CanvasRenderingContext2D,
  scene: Scene,
  frame: Pick<Frame, 'width' | 'rowHeight' | 'rows'>,
  ticks: readonly Tick[],
  colours: Colours,
): void {
  const { width, rowHeight, rows } = frame
  const height = rows.length * rowHeight
  context.clearRect(0, 0, width, height + axisHeight)
  context.lineCap = 'butt'
  context.font = '13px "Inter Variable", system-ui, sans-serif'
  drawGrid(context, frame, height, ticks, colours)
  context.fillStyle = colours['--light-fill']
  context.globalAlpha = 0.38
  for (const { x, width: length, y } of scene.held) context.fillRect(x, y - 5, length, 10)
  context.globalAlpha = 1
  for (const kind of kinds) drawKind(context, kind, scene.arrows, colours)
  context.setLineDash([])
  drawSquares(context, scene, colours)
  drawLamports(context, scene, colours)
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

/** All lines of one kind in one stroke, all its dots in one fill. */
function drawKind(context: CanvasRenderingContext2D, kind: Kind, all: readonly Arrow[], colours: Colours): void {
  const arrows = all.filter((arrow) => arrow.kind === kind)
  if (arrows.length === 0) return
  const look = looks[kind]
  context.strokeStyle = colours[look.colour]
  context.fillStyle = colours[look.colour]
  context.lineWidth = look.width
  context.setLineDash([...look.dash])
  context.beginPath()
  for (const { x, y, end } of arrows) {
    if (end === undefined) continue
    context.moveTo(x, y)
    context.lineTo(end.x, end.y)
  }
  context.stroke()
  // Sent, and nobody has said that it arrived: a stub into its direction, or both ways where everyone is meant.
  context.setLineDash([2, 2])
  context.beginPath()
  for (const { x, y, end, towards } of arrows) {
    if (end !== undefined) continue
    context.moveTo(x, towards === 0 ? y - 9 : y)
    context.lineTo(x, y + (towards === 0 ? 9 : 14 * towards))
  }
  context.stroke()
  context.setLineDash([])
  context.beginPath()
  for (const { x, y } of arrows) {
    context.moveTo(x + dotRadius, y)
    context.arc(x, y, dotRadius, 0, 2 * Math.PI)
  }
  context.fill()
  if (all.length <= headsMax) drawHeads(context, look, arrows)
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
  // Numbers where the one before leaves room.
  const last = new Map<number, number>()
  const labels = squares.flatMap(({ x, y, step }) => {
    if (x - (last.get(y) ?? Number.NEGATIVE_INFINITY) < 44) return []
    last.set(y, x)
    return [{ x: x + 6, y: y - 11, text: `#${step.index}` }]
  })
  drawLabels(context, labels, colours, '--ink')
}

function drawLamports(context: CanvasRenderingContext2D, { lamports }: Scene, colours: Colours): void {
  const labels = lamports.map(({ x, y, text, side }) => ({ x: x + 5, y: y + 11 * side, text }))
  drawLabels(context, labels, colours, '--faint')
}

/** To the right of what they belong to, on ground of their own: lines go through the same place. */
function drawLabels(
  context: CanvasRenderingContext2D,
  labels: readonly Omit<Label, 'side'>[],
  colours: Colours,
  ink: '--ink' | '--faint',
): void {
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  context.lineWidth = 4
  context.strokeStyle = colours['--raised']
  for (const { x, y, text } of labels) context.strokeText(text, x, y)
  context.fillStyle = colours[ink]
  for (const { x, y, text } of labels) context.fillText(text, x, y)
}
