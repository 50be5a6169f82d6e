import { type Flight, flightsIn } from './messages-in.ts'
import { eventsIn, peersIn, type RunEvent, type RunStep } from './run-steps.ts'

/** What goes to the right: milliseconds, Lamport time, or one place for each step of the run. */
export type Axis = 'time' | 'lamport' | 'order'

/** On the axis, both ends included. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Pixels. */
export interface Frame {
  readonly width: number
  readonly rowHeight: number
  readonly axis: Axis
  /** Absent: all of it. */
  readonly shown?: Range
  /** Left of the lines and right of them; usual: 24. */
  readonly margin?: number
}

/** A space-time diagram as places in pixels: a line for each peer, time to the right. Only what is shown, or crosses it. */
export interface SpaceTime {
  readonly width: number
  readonly height: number
  /** Of the whole run: where a slider ends. */
  readonly extent: Range
  readonly shown: Range
  readonly lines: readonly { readonly peer: string; readonly y: number }[]
  /** Who was inside, from where to where. `number`: that of the entry. */
  readonly stays: readonly Stay[]
  readonly marks: readonly Mark[]
  readonly arrows: readonly Arrow[]
  readonly views: readonly {
    readonly number: number
    readonly x: number
    readonly epoch: number
    readonly members: readonly string[]
  }[]
  readonly crashes: readonly { readonly number: number; readonly peer: string; readonly x: number; readonly y: number }[]
  readonly ticks: readonly { readonly x: number; readonly value: number }[]
}

export interface Stay {
  readonly number: number
  readonly peer: string
  readonly x1: number
  readonly x2: number
  readonly y: number
  /** Somebody else was inside, too. */
  readonly isViolated: boolean
}

export interface Mark {
  readonly number: number
  readonly peer: string
  readonly what: RunEvent['what']
  readonly x: number
  readonly y: number
  readonly lamport: number
}

export interface Arrow {
  /** Numbers of its two ends. */
  readonly sent?: number
  readonly received?: number
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly kind: string
  readonly purpose: RunEvent['purpose']
  /** Its other end is not there: it has not come, or was not told. The arrow is a stub. */
  readonly isLost: boolean
}

const marginUsual = 24
const ticksAbout = 8
/** Pixels of an arrow without its other end. */
const stub = 18

/** `flights`: those of the run, where one has them already: they are what takes longest, and the same for every frame. */
export function spaceTime(steps: readonly RunStep[], frame: Frame, flights: readonly Flight[] = flightsIn(steps)): SpaceTime {
  const { width, rowHeight, axis, margin = marginUsual } = frame
  const extent = extentOf(steps, axis)
  const shown = frame.shown ?? extent
  const length = Math.max(shown.to - shown.from, Number.MIN_VALUE)
  const xOf = (value: number): number => margin + ((value - shown.from) / length) * Math.max(0, width - 2 * margin)
  const lines = peersIn(steps).map((peer, row) => ({ peer, y: (row + 0.5) * rowHeight }))
  const rows = new Map(lines.map(({ peer, y }) => [peer, y]))
  const place = createScale(steps, axis)
  const isShown = (value: number): boolean => value >= shown.from && value <= shown.to
  const placed = <T extends RunStep>(step: T): readonly [T, number][] => {
    const value = place(step)
    return isShown(value) ? [[step, xOf(value)]] : []
  }
  return {
    width,
    height: lines.length * rowHeight,
    extent,
    shown,
    lines,
    stays: staysIn(steps, extent.to, place).flatMap(({ from, to, ...stay }) => {
      const y = rows.get(stay.peer)
      if (y === undefined || to < shown.from || from > shown.to) return []
      return [{ ...stay, y, x1: xOf(Math.max(from, shown.from)), x2: xOf(Math.min(to, shown.to)) }]
    }),
    marks: eventsIn(steps)
      .flatMap(placed)
      .map(([{ number, peer, what, lamport }, x]) => ({ number, peer, what, lamport, x, y: rows.get(peer) ?? 0 })),
    arrows: flights.flatMap(({ sent, received }): Arrow[] => {
      const end = sent ?? received
      if (end === undefined) return []
      const [x1, x2] = [sent && xOf(place(sent)), received && xOf(place(received))]
      const [first, last] = [place(sent ?? end), place(received ?? end)]
      if (Math.max(first, last) < shown.from || Math.min(first, last) > shown.to) return []
      const y1 = rows.get((sent ? sent.peer : end.other) ?? '')
      const y2 = rows.get((received ? received.peer : end.other) ?? '')
      const y = rows.get(end.peer) ?? 0
      return [
        {
          ...(sent && { sent: sent.number }),
          ...(received && { received: received.number }),
          ...shortened({ x1, y1: y1 ?? y, x2, y2: y2 ?? y }),
          kind: end.message?.kind ?? '',
          purpose: end.purpose,
          isLost: sent === undefined || received === undefined,
        },
      ]
    }),
    views: steps
      .flatMap((step) => (step.kind === 'view' ? placed(step) : []))
      .map(([{ number, epoch, members }, x]) => ({ number, x, epoch, members })),
    crashes: steps
      .flatMap((step) => (step.kind === 'crashed' ? placed(step) : []))
      .map(([{ number, peer }, x]) => ({ number, peer, x, y: rows.get(peer) ?? 0 })),
    ticks: ticksIn(shown).map((value) => ({ value, x: xOf(value) })),
  }
}

/** From the first step to the last; of a run without any: from 0 to 1. */
export function extentOf(steps: readonly RunStep[], axis: Axis): Range {
  const place = createScale(steps, axis)
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const step of steps) {
    const value = place(step)
    from = Math.min(from, value)
    to = Math.max(to, value)
  }
  if (from > to) return { from: 0, to: 1 }
  return from === to ? { from, to: from + 1 } : { from, to }
}

/** Where a step is on the axis. What has no Lamport time of its own stands where the newest event before it does. */
function createScale(steps: readonly RunStep[], axis: Axis): (step: RunStep) => number {
  if (axis === 'time') return ({ at }) => at
  if (axis === 'order') return ({ number }) => number
  const times = new Map<number, number>()
  let newest = 0
  for (const step of steps) {
    if (step.kind === 'event') newest = Math.max(newest, step.lamport)
    times.set(step.number, step.kind === 'event' ? step.lamport : newest)
  }
  return ({ number }) => times.get(number) ?? 0
}

interface StayOnAxis {
  readonly number: number
  readonly peer: string
  readonly from: number
  readonly to: number
  readonly isViolated: boolean
}

/** A stay ends where its peer leaves, crashes, or is out of a view; one that does not goes on to the end. */
function staysIn(steps: readonly RunStep[], end: number, place: (step: RunStep) => number): readonly StayOnAxis[] {
  const stays: StayOnAxis[] = []
  const open = new Map<string, { readonly entry: RunEvent; isViolated: boolean }>()
  const close = (peer: string, to: number): void => {
    const stay = open.get(peer)
    if (stay === undefined) return
    open.delete(peer)
    const { entry, isViolated } = stay
    const from = place(entry)
    stays.push({ number: entry.number, peer, from, to: Math.max(from, to), isViolated })
  }
  for (const step of steps) {
    switch (step.kind) {
      case 'event':
        if (step.what === 'entered') {
          close(step.peer, place(step))
          open.set(step.peer, { entry: step, isViolated: false })
        } else if (step.what === 'released' || step.what === 'left') close(step.peer, place(step))
        break
      case 'crashed':
        close(step.peer, place(step))
        break
      case 'view':
        for (const [peer, { entry }] of open)
          if (!step.members.includes(peer) && entry.epoch < step.epoch) close(peer, place(step))
        break
      case 'violation':
        for (const { peer } of [step.first, step.second]) {
          const stay = open.get(peer)
          if (stay !== undefined) stay.isViolated = true
        }
        break
      case 'missed':
        break
    }
  }
  for (const peer of [...open.keys()]) close(peer, end)
  return stays.sort((a, b) => a.number - b.number)
}

function shortened({ x1, y1, x2, y2 }: { x1: number | undefined; y1: number; x2: number | undefined; y2: number }) {
  const down = Math.sign(y2 - y1) * stub
  if (x1 !== undefined && x2 !== undefined) return { x1, y1, x2, y2 }
  if (x1 !== undefined) return { x1, y1, x2: x1 + stub, y2: y1 + down }
  return { x1: (x2 ?? 0) - stub, y1: y2 - down, x2: x2 ?? 0, y2 }
}

/** Round numbers, about eight of them. */
function ticksIn({ from, to }: Range): readonly number[] {
  const rough = (to - from) / ticksAbout
  if (!(rough > 0)) return [from]
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power
  const ticks: number[] = []
  for (let count = Math.ceil(from / step); count * step <= to; count++) ticks.push(Number((count * step).toPrecision(12)))
  return ticks
}
