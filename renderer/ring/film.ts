import { type Colours, drawScene } from './draw.ts'
import type { Past } from './history.ts'
import { type Frame, labelWidth, sceneOf, thin } from './scene.ts'
import type { Span } from './span.ts'

/** Pixels of the drawing. Wider ones are fewer, and more of each is drawn again for nothing when something comes. */
const stripWidth = 128
/** What is drawn reaches so far beyond where it happened: labels, heads. */
const reach = 3 * labelWidth
/** A strip that has changed is drawn anew so long after the last time, in milliseconds: several steps at once. */
const restMillis = 60
/** Arrows of one strip: more than one for each pixel and row. */
const arrowsMax = 600

export interface FilmOptions {
  readonly frame: Omit<Frame, 'span'>
  /** Pixels of the drawing for each unit of the axis. */
  readonly perUnit: number
  /** Pixels of the screen for each of the drawing. */
  readonly scale: number
  readonly colours: Colours
  /** Strips that are drawn anew for one picture, at most. */
  readonly redrawnMax: number
  past(): Past
}

interface Strip {
  readonly canvas: HTMLCanvasElement
  readonly context: CanvasRenderingContext2D
  isStale: boolean
  drawnAt: number
}

/**
 * What happened, drawn on strips that lie one after the other along the axis. A view that moves only moves them, and what comes is
 * drawn on the strip where it belongs: drawing all of a busy room anew for each picture takes longer than a picture may.
 */
export interface Film {
  /** Something of this stretch is not as it was drawn. */
  touch(stretch: Span): void
  /** Puts what is seen onto the context. `left`: pixels from the axis's 0 to the left edge; `now`: as of `performance.now`. */
  show(context: CanvasRenderingContext2D, left: number, now: number): void
}

export function createFilm({ frame, perUnit, scale, colours, redrawnMax, past }: FilmOptions): Film {
  const height = frame.rows.length * frame.rowHeight
  const strips = new Map<number, Strip>()

  const draw = (index: number, { canvas, context }: Strip): void => {
    const from = index * stripWidth - reach
    const span = { from: from / perUnit, to: (from + stripWidth + 2 * reach) / perUnit }
    const scene = sceneOf(past(), { ...frame, span, width: stripWidth + 2 * reach })
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, canvas.width, canvas.height)
    context.translate(-reach, 0)
    drawScene(context, { ...scene, arrows: thin(scene.arrows, arrowsMax) }, colours)
  }

  return {
    touch({ from, to }) {
      for (const [index, strip] of strips) {
        const left = index * stripWidth
        if (to * perUnit >= left - reach && from * perUnit <= left + stripWidth + reach) strip.isStale = true
      }
    },
    show(context, left, now) {
      const first = Math.floor(left / stripWidth)
      const last = Math.floor((left + frame.width) / stripWidth)
      for (const index of strips.keys()) if (index < first || index > last) strips.delete(index)
      let redrawn = 0
      // The newest first.
      for (let index = last; index >= first; index--) {
        const known = strips.get(index)
        const strip = known ?? makeStrip(stripWidth * scale, height * scale)
        if (strip === undefined) return
        strips.set(index, strip)
        const isDue = strip.isStale && redrawn < redrawnMax && now - strip.drawnAt >= restMillis
        if (known === undefined || isDue) {
          draw(index, strip)
          strip.isStale = false
          strip.drawnAt = now
          redrawn++
        }
        context.drawImage(strip.canvas, index * stripWidth - left, 0, stripWidth, height)
      }
    },
  }
}

/** `undefined`: the browser gives no more drawings away. */
function makeStrip(width: number, height: number): Strip | undefined {
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width)
  canvas.height = Math.max(1, Math.round(height))
  const context = canvas.getContext('2d')
  return context === null ? undefined : { canvas, context, isStale: false, drawnAt: 0 }
}
