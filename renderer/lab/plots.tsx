import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { shortName } from '../parts/name.tsx'
import { useWidth } from '../ring/use-width.ts'
import { type Compared, expectedPerEntry } from './compare.ts'
import { useMeasure } from './tell.ts'

/** A bar for each algorithm, and where something stands beside it a range: what the theory says, or 95 of 100. */
interface Bar {
  readonly name: string
  readonly value: number | undefined
  readonly least?: number
  /** Absent where there is no most. */
  readonly most?: number
}

interface Plot {
  readonly key: 'messages' | 'waiting' | 'delay' | 'rate'
  readonly bars: readonly Bar[]
}

/** The same figures as in the table above, to see at a glance. */
export function Plots({ compared }: { readonly compared: readonly Compared[] }) {
  const { t } = useTranslation('lab')
  return (
    <div className="lab-plots">
      {plotsOf(compared).map(({ key, bars }) => (
        <figure key={key}>
          <figcaption>
            {t(`plot_${key}`)} <span className="faint">{t(`plotNote_${key}`)}</span>
          </figcaption>
          <BarPlot bars={bars} label={t(`plot_${key}`)} />
        </figure>
      ))}
    </div>
  )
}

function plotsOf(compared: readonly Compared[]): readonly Plot[] {
  const plot = (key: Plot['key'], bar: (figures: Compared['figures']) => Omit<Bar, 'name'>): Plot => ({
    key,
    bars: compared.map(({ figures }) => ({ name: shortName(figures.algorithm), ...bar(figures) })),
  })
  return [
    plot('messages', (figures) => ({ value: figures.messagesPerEntry, ...expectedPerEntry(figures) })),
    plot('waiting', ({ waiting }) => ({ value: waiting?.mean, ...(waiting && { least: waiting.p95, most: waiting.p95 }) })),
    plot('delay', ({ synchronisationDelay }) => ({ value: synchronisationDelay })),
    plot('rate', ({ entriesPerSecond }) => ({ value: entriesPerSecond })),
  ].filter(({ bars }) => bars.some(({ value }) => value !== undefined))
}

const height = 220

function BarPlot({ bars, label }: { readonly bars: readonly Bar[]; readonly label: string }) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const theme = useComputedColorScheme('light')
  const { two } = useMeasure()
  const drawn = JSON.stringify(bars)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is drawn anew when what it shows, its place or the colours are others
  useEffect(() => {
    if (box.current === null) return
    const plot = new UPlot(optionsOf(bars, width, coloursOf(box.current)), dataOf(bars), box.current)
    return () => plot.destroy()
  }, [drawn, width, theme])
  const told = bars.map(({ name, value }) => `${name} ${value === undefined ? '–' : two(value)}`).join(', ')
  return <div ref={box} className="lab-plot" role="img" aria-label={`${label}: ${told}`} />
}

const dataOf = (bars: readonly Bar[]): UPlot.AlignedData => [
  bars.map((_, index) => index),
  bars.map(({ value }) => value ?? null),
]

interface Colours {
  readonly ink: string
  readonly line: string
  readonly bar: string
  readonly font: string
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element)
  const role = (name: string): string => style.getPropertyValue(name).trim()
  return { ink: role('--ink'), line: role('--line'), bar: role('--link'), font: `13px ${style.fontFamily}` }
}

function optionsOf(bars: readonly Bar[], width: number, { ink, line, bar, font }: Colours): UPlot.Options {
  const greatest = Math.max(...bars.map(({ value, least, most }) => Math.max(value ?? 0, least ?? 0, most ?? 0)), 1e-9)
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } }
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-0.6, bars.length - 0.4] }, y: { range: [0, greatest * 1.12] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        splits: bars.map((_, index) => index),
        values: () => bars.map(({ name }) => name.replaceAll('-', '-\n')),
        size: 58,
      },
      { ...axis, size: 56 },
    ],
    series: [
      {},
      {
        fill: bar,
        stroke: bar,
        ...(UPlot.paths.bars && { paths: UPlot.paths.bars({ size: [0.55, 72] }) }),
        points: { show: false },
      },
    ],
    hooks: { draw: [(plot) => drawRanges(plot, bars, ink)] },
  }
}

/** From the least to the most, a little wider than the bar. */
function drawRanges(plot: UPlot, bars: readonly Bar[], ink: string): void {
  const { ctx: context } = plot
  context.save()
  context.strokeStyle = ink
  context.lineWidth = 2 * devicePixelRatio
  for (const [index, { least, most }] of bars.entries()) {
    if (least === undefined) continue
    const [left, right] = [plot.valToPos(index - 0.36, 'x', true), plot.valToPos(index + 0.36, 'x', true)]
    const ends = most === undefined || most === least ? [least] : [least, most]
    const heights = ends.map((value) => plot.valToPos(value, 'y', true))
    context.beginPath()
    for (const y of heights) {
      context.moveTo(left, y)
      context.lineTo(right, y)
    }
    const [first, last] = heights
    if (first !== undefined && last !== undefined) {
      context.moveTo((left + right) / 2, first)
      context.lineTo((left + right) / 2, last)
    }
    context.stroke()
  }
  context.restore()
}
