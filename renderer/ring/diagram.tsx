import { Button, SegmentedControl, useComputedColorScheme } from '@mantine/core'
import { useReducedMotion } from '@mantine/hooks'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRoom } from '../room/use-room.tsx'
import { axisHeight, type Colours, coloursOf, drawGround, type Tick } from './draw.ts'
import { createFilm, type Film } from './film.ts'
import type { History, Past } from './history.ts'
import { type Kind, shownAtFirst } from './kinds.ts'
import { Legend } from './legend.tsx'
import { useRingNames } from './names.tsx'
import {
  extentOf,
  type Frame,
  findStep,
  type Happening,
  happeningAt,
  happeningsOf,
  liveSpan,
  placesOf,
  rowsMax,
  rowsOf,
  sceneOf,
  sentAt,
  stepFrom,
  stretchOf,
} from './scene.ts'
import type { Seen } from './seen.ts'
import { type Axis, bringIn, clampLength, keepWithin, lengths, pan, type Span, ticksOf, valueAt, xOf, zoom } from './span.ts'
import { timeText, useTeller } from './tell.ts'
import { useGestures } from './use-gestures.ts'
import { useWidth } from './use-width.ts'

/** Zooming by button or key; panning by key. */
const zoomStep = 0.6
const panShare = 0.25
/** Pixels from what one points at. */
const reach = 14
/** Who wants no movement sees the newest so often, in milliseconds. */
const stillMillis = 500

/** `still`: the past as it was when somebody stopped it; it is kept until it goes on. */
type View = { readonly kind: 'live' } | { readonly kind: 'still'; readonly past: Past; readonly span: Span }

export interface DiagramProps {
  readonly history: History
  readonly seen: Pick<Seen, 'self' | 'members' | 'outside'>
  readonly chosen: string | undefined
  onChoose(step: Happening | undefined): void
  onOpen(step: Happening): void
}

/** A row for each peer, time to the right, what peers say to each other as arrows. */
export function Diagram({ history, seen: { self, members, outside }, chosen, onChoose, onOpen }: DiagramProps) {
  const { t, i18n } = useTranslation('ring')
  const { now } = useRoom()
  const nameOf = useRingNames()
  const tell = useTeller()
  const hintId = useId()
  const [axis, setAxis] = useState<Axis>('time')
  const [lengthOn, setLength] = useState<Readonly<Record<Axis, number>>>({
    time: lengths.time.usual,
    lamport: lengths.lamport.usual,
  })
  const [view, setView] = useState<View>({ kind: 'live' })
  /** Several gestures may come before the screen is drawn anew: each goes on from the one before. */
  const newest = useRef(view)
  const put = (next: View): void => {
    newest.current = next
    setView(next)
  }
  const [shown, setShown] = useState<ReadonlySet<Kind>>(shownAtFirst)
  const stage = useRef<HTMLDivElement>(null)
  const width = useWidth(stage)

  const past = view.kind === 'still' ? view.past : history.past()
  const rows = useSame(rowsOf(past, members, outside, self))
  const rowHeight = rows.length <= 8 ? 48 : rows.length <= 16 ? 34 : 24
  const frame = useMemo(() => ({ axis, width, rowHeight, rows, kinds: shown }), [axis, width, rowHeight, rows, shown])
  const length = lengthOn[axis]
  const drawing = useDrawing({
    history,
    view,
    frame,
    length,
    chosen,
    now,
    language: i18n.language,
    theme: useComputedColorScheme('light'),
  })

  /** From now on it stands still, as it is seen now. */
  const hold = (): { past: Past; span: Span } =>
    newest.current.kind === 'still' ? newest.current : { past: history.past(), span: drawing.span() }
  const show = (held: Past, span: Span): void => {
    const extent = extentOf(held, axis)
    put({ kind: 'still', past: held, span: extent === undefined ? span : keepWithin(span, extent.from, extent.to) })
  }
  const goLive = (): void => {
    onChoose(undefined)
    put({ kind: 'live' })
  }
  const stop = (): void => {
    const held = hold()
    show(held.past, held.span)
  }
  const zoomBy = (factor: number, about?: number): void => {
    setLength((before) => ({ ...before, [axis]: clampLength(before[axis] * factor, lengths[axis]) }))
    // While it is live its right edge stays where it is.
    if (newest.current.kind === 'live') return
    const { past: held, span } = newest.current
    show(held, zoom(span, factor, about ?? middleOf(span), lengths[axis]))
  }
  const panBy = (share: number): void => {
    const held = hold()
    show(held.past, pan(held.span, share))
  }
  const choose = (step: Happening): void => {
    const held = hold()
    show(held.past, bringIn(held.span, sentAt(step, axis)))
    onChoose(step)
  }
  const chooseNext = (by: -1 | 1): void => {
    const held = hold()
    const step = stepFrom(happeningsOf(held.past, frame), chosen, by, held.span, axis)
    if (step !== undefined) choose(step)
  }
  /** What is chosen stays where it is; else what is in the middle. */
  const middleOf = ({ from, to }: Span): number => {
    const at = chosenStep === undefined ? undefined : sentAt(chosenStep, axis)
    return at !== undefined && at >= from && at <= to ? at : (from + to) / 2
  }
  const chosenStep = chosen === undefined ? undefined : findStep(past, chosen)
  const changeAxis = (next: Axis): void => {
    // What is chosen is seen on the other axis, too; else the newest.
    setAxis(next)
    if (view.kind === 'live') return
    const extent = extentOf(view.past, next)
    const at = chosenStep === undefined ? undefined : sentAt(chosenStep, next)
    const half = lengthOn[next] / 2
    const span = at === undefined ? liveSpan(extent?.to ?? 0, lengthOn[next]) : { from: at - half, to: at + half }
    put({ ...view, span })
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const act: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => (event.shiftKey ? panBy(-panShare) : chooseNext(-1)),
      ArrowRight: () => (event.shiftKey ? panBy(panShare) : chooseNext(1)),
      '+': () => zoomBy(zoomStep),
      '=': () => zoomBy(zoomStep),
      '-': () => zoomBy(1 / zoomStep),
      ' ': () => (view.kind === 'live' ? stop() : goLive()),
      End: goLive,
      Enter: () => chosenStep !== undefined && onOpen(chosenStep),
      Escape: () => onChoose(undefined),
    }
    const does = Object.hasOwn(act, event.key) ? act[event.key] : undefined
    if (does === undefined) return
    event.preventDefault()
    does()
  }

  useGestures(stage, {
    find: (x, y) => drawing.find(x, y) !== undefined,
    onPress(x, y) {
      const step = drawing.find(x, y)
      if (step === undefined) return onChoose(undefined)
      choose(step)
      onOpen(step)
    },
    onPan: (pixels) => panBy(-pixels / width),
    onZoom: (factor, x) => zoomBy(factor, valueAt(drawing.span(), width, x)),
  })

  const more = members.length + outside.length - rowsMax
  return (
    <section className="ring-diagram" aria-labelledby={`${hintId}-title`}>
      <div className="title-row">
        <h2 id={`${hintId}-title`}>{t('diagram')}</h2>
        <div className="actions">
          <SegmentedControl
            size="sm"
            aria-label={t('axis')}
            value={axis}
            data={(['time', 'lamport'] as const).map((value) => ({ value, label: t(`axis_${value}`) }))}
            onChange={(value) => changeAxis(value as Axis)}
          />
          <Button variant="default" aria-label={t('zoomOut')} title={t('zoomOut')} onClick={() => zoomBy(1 / zoomStep)}>
            −
          </Button>
          <Button variant="default" aria-label={t('zoomIn')} title={t('zoomIn')} onClick={() => zoomBy(zoomStep)}>
            +
          </Button>
          <Button variant="default" aria-label={t('earlier')} title={t('earlier')} onClick={() => panBy(-panShare)}>
            ‹
          </Button>
          <Button variant="default" aria-label={t('later')} title={t('later')} onClick={() => panBy(panShare)}>
            ›
          </Button>
          {view.kind === 'live' ? (
            <Button variant="default" onClick={stop}>
              {t('pause')}
            </Button>
          ) : (
            <Button onClick={goLive}>{t('live')}</Button>
          )}
        </div>
      </div>
      <Legend shown={shown} axis={axis} onChange={setShown} />
      <div className="ring-rows" data-view={view.kind}>
        <ul className="ring-row-names">
          {rows.map((peer) => (
            <li key={peer} style={{ height: rowHeight }} className={members.includes(peer) ? undefined : 'faint'}>
              <bdi title={nameOf(peer)}>{nameOf(peer)}</bdi>
            </li>
          ))}
        </ul>
        {/* Arrow keys and Enter mean something of their own in here; what is chosen is told in words below. */}
        <div
          ref={stage}
          className="ring-stage"
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the application are heard here.
          tabIndex={0}
          aria-label={t('diagram')}
          aria-describedby={hintId}
          onKeyDown={onKeyDown}
        >
          <canvas ref={drawing.canvas} style={{ width, height: rows.length * rowHeight + axisHeight }} />
          <div ref={drawing.marks} aria-hidden="true">
            <span className="ring-mark" />
            <span className="ring-mark" />
          </div>
        </div>
      </div>
      <output className="ring-chosen">{chosenStep === undefined ? '' : tell(chosenStep)}</output>
      <p id={hintId} className="faint">
        {t('keys')}
      </p>
      {more > 0 && <p className="faint">{t('rowsMore', { count: more })}</p>}
      {past.missed > 0 && <p className="faint">{t('missed', { count: past.missed })}</p>}
    </section>
  )
}

interface DrawingOptions {
  readonly history: History
  readonly view: View
  readonly frame: Omit<Frame, 'span'>
  readonly length: number
  readonly chosen: string | undefined
  readonly language: string
  readonly theme: string
  now(): number
}

/** What is on the canvas. */
interface Drawn {
  readonly frame: Frame
  past(): Past
}

/** The canvas, drawn anew with the screen while it is live, and when something has changed while it stands still. */
function useDrawing(options: DrawingOptions) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const marks = useRef<HTMLDivElement>(null)
  const newest = useRef(options)
  newest.current = options
  const drawn = useRef<Drawn | undefined>(undefined)
  const isStill = useReducedMotion()
  const { history } = options

  useEffect(() => {
    const { current: element } = canvas
    const context = element?.getContext('2d')
    if (!element || !context) return
    let request = 0
    let colours: Colours | undefined
    let last: DrawingOptions | undefined
    let film: Film | undefined
    let scale = 0
    let drawnAt = Number.NEGATIVE_INFINITY
    let edge = Number.NaN
    const draw = (time: number): void => {
      request = requestAnimationFrame(draw)
      const { current } = newest
      const isLive = current.view.kind === 'live'
      const isAsBefore = isSame(last, current) && scale === (window.devicePixelRatio || 1)
      if (isAsBefore && (!isLive || (isStill && time - drawnAt < stillMillis))) return
      // Another theme, other colours.
      if (colours === undefined || last?.theme !== current.theme) colours = coloursOf(element)
      scale = window.devicePixelRatio || 1
      if (film === undefined || !isAsBefore) film = filmOf(current, colours, scale, isStill === true)
      last = current
      drawnAt = time
      edge = edgeOf(current, edge)
      drawn.current = paint(element, context, current, { edge, colours, scale, film, time })
      const places = placesOfChosen(drawn.current, current.chosen)
      for (const [at, mark] of [...(marks.current?.children ?? [])].entries()) placeMark(mark as HTMLElement, places[at])
    }
    request = requestAnimationFrame(draw)
    const stop = history.onChange((step) => {
      const stretch = stretchOf(step, newest.current.frame.axis)
      if (stretch !== undefined) film?.touch(stretch)
    })
    return () => {
      cancelAnimationFrame(request)
      stop()
    }
  }, [isStill, history])

  return {
    canvas,
    marks,
    span: (): Span => drawn.current?.frame.span ?? liveSpan(options.now(), options.length),
    find: (x: number, y: number): Happening | undefined => findAt(drawn.current, x, y),
  }
}

const isSame = (a: DrawingOptions | undefined, b: DrawingOptions): boolean =>
  a !== undefined && (['view', 'frame', 'length', 'chosen', 'language', 'theme'] as const).every((name) => a[name] === b[name])

const pastOf = ({ view, history }: DrawingOptions): Past => (view.kind === 'still' ? view.past : history.past())

function filmOf(options: DrawingOptions, colours: Colours, scale: number, isRare: boolean): Film {
  const { frame, length } = options
  return createFilm({
    ...{ frame, colours, scale, perUnit: frame.width / length },
    // A picture that comes twice a second has all that is new.
    redrawnMax: isRare ? Number.POSITIVE_INFINITY : 1,
    past: () => pastOf(options),
  })
}

/** What is within reach of a pointer is all that is looked at. */
function findAt(drawn: Drawn | undefined, x: number, y: number): Happening | undefined {
  if (drawn === undefined) return undefined
  const { span, width } = drawn.frame
  const near = { from: valueAt(span, width, x - reach), to: valueAt(span, width, x + reach) }
  return happeningAt(sceneOf(drawn.past(), { ...drawn.frame, span: near, width: 2 * reach }), reach, y, reach)
}

function placesOfChosen({ past, frame }: Drawn, chosen: string | undefined) {
  const step = chosen === undefined ? undefined : findStep(past(), chosen)
  return step === undefined ? [] : placesOf(step, frame)
}

/** What is newest; Lamport times come in leaps, and are followed smoothly. */
function edgeOf({ history, frame, now }: DrawingOptions, before: number): number {
  if (frame.axis === 'time') return now()
  const target = extentOf(history.past(), 'lamport')?.to ?? 0
  const isFar = Number.isNaN(before) || Math.abs(target - before) > lengths.lamport.most
  return isFar ? target : before + (target - before) * 0.15
}

interface Picture {
  readonly edge: number
  readonly colours: Colours
  readonly scale: number
  readonly film: Film
  readonly time: number
}

function paint(
  element: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  options: DrawingOptions,
  { edge, colours, scale, film, time }: Picture,
): Drawn {
  const { view, frame, length, language } = options
  const { width, rowHeight, rows, axis } = frame
  const height = rows.length * rowHeight + axisHeight
  if (element.width !== Math.round(width * scale) || element.height !== Math.round(height * scale)) {
    element.width = Math.round(width * scale)
    element.height = Math.round(height * scale)
  }
  context.setTransform(scale, 0, 0, scale, 0, 0)
  const { from } = view.kind === 'still' ? view.span : liveSpan(edge, length)
  // On whole pixels of the screen: between them all lines would be blurred.
  const left = Math.round((from * width * scale) / length) / scale
  const span = { from: (left * length) / width, to: ((left + width) * length) / width }
  const { step, at } = ticksOf(span, width, axis)
  const ticks = at.map(
    (value): Tick => ({
      x: xOf(span, width, value),
      text: axis === 'time' ? timeText(value, step, language) : String(value),
    }),
  )
  drawGround(context, frame, ticks, colours)
  film.show(context, left, time)
  return { frame: { ...frame, span }, past: () => pastOf(options) }
}

/** Around an end of what is chosen; out of the way where there is none. */
function placeMark(mark: HTMLElement, place: { readonly x: number; readonly y: number } | undefined): void {
  mark.hidden = place === undefined
  if (place !== undefined) mark.style.transform = `translate(${place.x}px, ${place.y}px)`
}

/** The same list until it is another one. */
function useSame(list: readonly string[]): readonly string[] {
  const kept = useRef(list)
  if (kept.current.length !== list.length || kept.current.some((each, at) => each !== list[at])) kept.current = list
  return kept.current
}
