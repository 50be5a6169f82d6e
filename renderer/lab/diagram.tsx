import { Button, SegmentedControl } from '@mantine/core'
import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { conesOf } from '../../src/mutex/happened-before.ts'
import { type Axis, type Range, spaceTime } from '../../src/mutex/space-time.ts'
import { useWidth } from '../ring/use-width.ts'
import { Chosen } from './chosen.tsx'
import { type Clock, Drawing, foot, head } from './drawing.tsx'
import { Exports } from './exports.tsx'
import type { History } from './history.ts'
import { Legend } from './legend.tsx'
import { useTell } from './tell.ts'
import type { PeerEvent, Run } from './types.ts'
import {
  bringIn,
  findEvent,
  marksMax,
  neighbour,
  newestRange,
  placeOf,
  stepsAround,
  usualLength,
  wholeOf,
  within,
  zoomed,
} from './window.ts'

/** Zooming by button or key; panning by key. */
const zoomStep = 0.6
const panShare = 0.25
/** A line for each peer, time to the right: an event, what it can know of, and what can know of it. */
export function Diagram({ history, run }: { readonly history: History; readonly run: Run }) {
  const { t } = useTranslation('lab')
  const tell = useTell()
  const stage = useRef<HTMLDivElement>(null)
  const width = useWidth(stage)
  const [axis, setAxis] = useState<Axis>('order')
  const [clock, setClock] = useState<Clock>('lamport')
  const [chosen, setChosen] = useState<number>()
  /** `undefined`: the newest, as it comes. */
  const [still, setStill] = useState<Range>()
  const [lengths, setLengths] = useState<Partial<Record<Axis, number>>>({})
  const { sinceStart: events, version } = history
  const usual = lengths[axis] ?? usualLength(axis, width)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same list grows; its version says when
  const extent = useMemo(() => wholeOf(events, axis), [events, version, axis])
  const range = useMemo(() => still ?? newestRange(extent, usual), [still, extent, usual])
  const rowHeight = run.members.length <= 8 ? 52 : 36
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same list grows; its version says when
  const drawing = useMemo(
    () => spaceTime(stepsAround(events, range, axis), { width, rowHeight, axis, shown: range }),
    [events, version, range, axis, width, rowHeight],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same list grows; its version says when
  const cones = useMemo(() => (chosen === undefined ? undefined : conesOf(events, chosen)), [events, version, chosen])
  const event = findEvent(events, chosen)

  const hold = (next: Range): void => {
    setStill(within(next, extent, axis))
    setLengths((before) => ({ ...before, [axis]: next.to - next.from }))
  }
  const choose = (next: PeerEvent | undefined): void => {
    setChosen(next?.number)
    if (next !== undefined) setStill(bringIn(range, placeOf(next, axis), extent, axis))
  }
  const goLive = (): void => {
    setStill(undefined)
    setChosen(undefined)
  }
  const zoomBy = (factor: number): void => {
    const at = event === undefined ? undefined : placeOf(event, axis)
    const about = at !== undefined && at >= range.from && at <= range.to ? at : undefined
    hold(zoomed(range, factor, extent, axis, about))
  }
  const panBy = (share: number): void => {
    const by = (range.to - range.from) * share
    hold({ from: range.from + by, to: range.to + by })
  }
  const changeAxis = (next: Axis): void => {
    setAxis(next)
    if (still === undefined) return
    const whole = wholeOf(events, next)
    const start = newestRange(whole, lengths[next] ?? usualLength(next, width))
    setStill(event === undefined ? start : bringIn(start, placeOf(event, next), whole, next))
  }
  const step = (by: -1 | 1, ofPeer: boolean): void => {
    const next = neighbour(events, chosen, by, { ofPeer, range, axis })
    if (next !== undefined) choose(next)
  }
  const onKeyDown = (pressed: KeyboardEvent): void => {
    if (pressed.altKey || pressed.ctrlKey || pressed.metaKey) return
    const act: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => (pressed.shiftKey ? panBy(-panShare) : step(-1, false)),
      ArrowRight: () => (pressed.shiftKey ? panBy(panShare) : step(1, false)),
      ArrowUp: () => step(-1, true),
      ArrowDown: () => step(1, true),
      '+': () => zoomBy(zoomStep),
      '=': () => zoomBy(zoomStep),
      '-': () => zoomBy(1 / zoomStep),
      End: goLive,
      Escape: () => choose(undefined),
    }
    const does = Object.hasOwn(act, pressed.key) ? act[pressed.key] : undefined
    if (does === undefined) return
    pressed.preventDefault()
    does()
  }
  const isFull = drawing.marks.length > marksMax
  return (
    <section className="lab-diagram" aria-labelledby="lab-diagram-title">
      <div className="title-row">
        <h2 id="lab-diagram-title">{t('diagram')}</h2>
        <div className="actions">
          <SegmentedControl
            size="sm"
            aria-label={t('axis')}
            value={axis}
            data={(['order', 'time', 'lamport'] as const).map((value) => ({ value, label: t(`axis_${value}`) }))}
            onChange={(value) => changeAxis(value as Axis)}
          />
          <SegmentedControl
            size="sm"
            aria-label={t('clock')}
            value={clock}
            data={(['lamport', 'vector'] as const).map((value) => ({ value, label: t(`clock_${value}`) }))}
            onChange={(value) => setClock(value as Clock)}
          />
          <Button variant="default" aria-label={t('zoomOut')} title={t('zoomOut')} onClick={() => zoomBy(1 / zoomStep)}>
            −
          </Button>
          <Button variant="default" aria-label={t('zoomIn')} title={t('zoomIn')} onClick={() => zoomBy(zoomStep)}>
            +
          </Button>
          {still === undefined ? (
            <Button variant="default" onClick={() => hold(range)}>
              {t('hold')}
            </Button>
          ) : (
            <Button variant="default" onClick={goLive}>
              {t('toNewest')}
            </Button>
          )}
        </div>
      </div>
      <Legend />
      <div className="lab-rows" data-view={still === undefined ? 'live' : 'still'} data-whole={history.isWhole}>
        <ul className="lab-row-names" style={{ height: drawing.height + head + foot }}>
          {drawing.lines.map(({ peer, y }) => (
            <li key={peer} style={{ top: y + head }}>
              <bdi>{tell.name(peer)}</bdi>
            </li>
          ))}
        </ul>
        {/* Arrow keys mean something of their own in here; what is chosen is told in words below. */}
        <div
          ref={stage}
          className="lab-stage"
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the application are heard here.
          tabIndex={0}
          aria-label={t('diagram')}
          aria-describedby="lab-diagram-hint"
          onKeyDown={onKeyDown}
        >
          <Drawing
            drawing={drawing}
            events={events}
            clock={clock}
            chosen={chosen}
            cones={cones}
            isFull={isFull}
            onChoose={(number) => choose(findEvent(events, number))}
          />
        </div>
      </div>
      <label className="lab-slider">
        <span>{t('slider')}</span>
        <input
          type="range"
          min={extent.from}
          max={Math.max(extent.from, extent.to - (range.to - range.from))}
          step="any"
          value={range.from}
          onChange={({ currentTarget: { value } }) => hold({ from: Number(value), to: Number(value) + range.to - range.from })}
        />
      </label>
      <output className="lab-chosen">
        {event !== undefined && cones !== undefined && <Chosen event={event} cones={cones} events={events} />}
      </output>
      {isFull && <p className="faint">{t('tooMany', { count: drawing.marks.length })}</p>}
      <p id="lab-diagram-hint" className="faint">
        {t('diagramKeys')}
      </p>
      <Exports history={history} run={run} drawing={drawing} chosen={chosen} cones={cones} />
    </section>
  )
}
