import { describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/core/csv.ts'
import { diagramSvg } from '../../src/mutex/diagram.ts'
import { eventsCsv, eventsJson, figuresCsv } from '../../src/mutex/exports.ts'
import type { Figures } from '../../src/mutex/figures.ts'
import { conesOf, happenedBefore } from '../../src/mutex/happened-before.ts'
import { flightsIn } from '../../src/mutex/messages-in.ts'
import { eventsIn, peersIn, type RunEvent, type RunStep } from '../../src/mutex/run-steps.ts'
import { shivizLog } from '../../src/mutex/shiviz.ts'
import { type Axis, extentOf, type Stay, spaceTime } from '../../src/mutex/space-time.ts'
import { quiet, rough, stepsOf } from './runs.ts'

const names = ['centralized', 'ricart-agrawala', 'token-ring', 'lamport', 'suzuki-kasami', 'maekawa']
const seeds = [1, 2, 3]

/** Happened-before anew, from the two things that it is made of: the order on each line, and sendings before their receipts. */
function causesOf(steps: readonly RunStep[]): ReadonlyMap<number, ReadonlySet<number>> {
  const causes = new Map<number, ReadonlySet<number>>()
  const last = new Map<string, number>()
  const origins = new Map(
    flightsIn(steps).flatMap(({ sent, received }) => (sent && received ? [[received.number, sent.number] as const] : [])),
  )
  for (const { number, peer } of eventsIn(steps)) {
    const direct = [last.get(peer), origins.get(number)].filter((one) => one !== undefined)
    causes.set(number, new Set([...direct, ...direct.flatMap((one) => [...(causes.get(one) ?? [])])]))
    last.set(peer, number)
  }
  return causes
}

describe('happened-before by vector times', () => {
  it.each(names)('%s: is what the lines and the arrows of the diagram make of it', (name) => {
    for (const seed of seeds) {
      const steps = stepsOf(name, seed, 4).slice(0, 300)
      const causes = causesOf(steps)
      const events = eventsIn(steps)
      const isWrong = (a: RunEvent, b: RunEvent) => happenedBefore(a, b) !== causes.get(b.number)?.has(a.number)
      expect(events.flatMap((a) => events.filter((b) => isWrong(a, b)).map((b) => [a.number, b.number]))).toEqual([])
    }
  })

  it('an event’s past and future are apart, closed, and without what is concurrent', () => {
    const steps = stepsOf('ricart-agrawala', 1, 3)
    const events = eventsIn(steps)
    for (const event of events.filter(({ number }) => number % 7 === 0)) {
      const cones = conesOf(steps, event.number)
      if (cones === undefined) throw new Error('the event is there')
      for (const other of events) {
        expect(cones.past.has(other.number)).toBe(happenedBefore(other, event))
        expect(cones.future.has(other.number)).toBe(happenedBefore(event, other))
        if (cones.past.has(other.number)) expect(other.lamport).toBeLessThan(event.lamport)
      }
    }
    expect(conesOf(steps, 1_000_000)).toBeUndefined()
  })
})

describe('messages', () => {
  it.each(names)(
    '%s: each sending is joined to one receipt of the same message on the other line, and in the quiet none is left',
    (name) => {
      for (const trouble of [quiet, rough]) {
        const steps = stepsOf(name, 5, 5, trouble)
        const flights = flightsIn(steps)
        const [sendings, receipts] = (['sent', 'received'] as const).map((what) =>
          eventsIn(steps).filter((event) => event.what === what),
        )
        const ends = flights.flatMap(({ sent, received }) => [sent, received].filter((one) => one !== undefined))
        expect(new Set(ends).size).toBe(ends.length)
        expect(ends.length).toBe((sendings?.length ?? 0) + (receipts?.length ?? 0))
        for (const { sent, received } of flights) {
          if (sent === undefined || received === undefined) continue
          expect([sent.other, received.other]).toEqual([received.peer, sent.peer])
          expect(received.message).toEqual(sent.message)
          expect(happenedBefore(sent, received)).toBe(true)
        }
        expect(flights.filter(({ sent }) => sent === undefined)).toEqual([])
        if (trouble !== quiet) continue
        // The run is over once nobody wants in any more: what was sent in its last millisecond is still on its way.
        const end = steps.at(-1)?.at ?? 0
        for (const { sent, received } of flights) if (received === undefined) expect(sent?.at).toBeGreaterThan(end - 1.01)
      }
    },
  )
})

describe('messages that say the same', () => {
  const eventOf = (number: number, peer: string, own: number, what: 'sent' | 'received', knows: number): RunEvent => ({
    ...{ number, at: number, kind: 'event', peer, own, what, epoch: 1, other: peer === 'A' ? 'B' : 'A', lamport: number },
    message: { kind: 'x' },
    vector: [
      { peer, count: own },
      { peer: peer === 'A' ? 'B' : 'A', count: knows },
    ],
  })
  const numbersIn = (steps: readonly RunStep[]) => flightsIn(steps).map(({ sent, received }) => [sent?.number, received?.number])

  it('are told apart where the later one was faster: its receipt brings news of it', () => {
    const steps = [
      eventOf(1, 'A', 1, 'sent', 0),
      eventOf(2, 'A', 2, 'sent', 0),
      eventOf(3, 'B', 1, 'received', 2),
      eventOf(4, 'B', 2, 'received', 2),
    ]
    expect(numbersIn(steps)).toEqual([
      [2, 3],
      [1, 4],
    ])
  })

  it('are not joined where the receipt cannot know of the sending: its own one was not told', () => {
    const steps = [eventOf(1, 'B', 1, 'received', 1), eventOf(2, 'A', 3, 'sent', 0)]
    expect(numbersIn(steps)).toEqual([
      [undefined, 1],
      [2, undefined],
    ])
  })
})

describe('the space-time diagram', () => {
  const axes: readonly Axis[] = ['time', 'lamport', 'order']

  it.each(axes)('by %s: causes stand left of what they cause, each peer on a line of its own', (axis) => {
    const steps = stepsOf('maekawa', 3, 5, rough).slice(0, 600)
    const drawing = spaceTime(steps, { width: 800, rowHeight: 30, axis })
    expect(drawing.lines.map(({ peer }) => peer)).toEqual(peersIn(steps))
    expect(new Set(drawing.lines.map(({ y }) => y)).size).toBe(drawing.lines.length)
    expect(drawing.marks.length).toBe(eventsIn(steps).length)
    for (const { x } of drawing.marks) expect(x >= 0 && x <= 800).toBe(true)
    for (const { isLost, x1, x2 } of drawing.arrows) if (!isLost) expect(x2).toBeGreaterThanOrEqual(x1)
    expect(extentOf(steps, axis)).toEqual(drawing.extent)
    expect(drawing.views.length).toBe(steps.filter(({ kind }) => kind === 'view').length)
    expect(drawing.crashes.length).toBe(steps.filter(({ kind }) => kind === 'crashed').length)
  })

  it('shows of a slider’s range what is in it, and what crosses it', () => {
    const steps = stepsOf('ricart-agrawala', 1, 3)
    const { extent } = spaceTime(steps, { width: 500, rowHeight: 30, axis: 'order' })
    const shown = { from: Math.round(extent.to * 0.4), to: Math.round(extent.to * 0.6) }
    const part = spaceTime(steps, { width: 500, rowHeight: 30, axis: 'order', shown })
    expect(part.extent).toEqual(extent)
    expect(part.marks.map(({ number }) => number)).toEqual(
      eventsIn(steps)
        .map(({ number }) => number)
        .filter((number) => number >= shown.from && number <= shown.to),
    )
    const crossing = flightsIn(steps).filter(
      ({ sent, received }) => sent && received && sent.number < shown.from && received.number >= shown.from,
    )
    for (const { sent } of crossing) expect(part.arrows.some((arrow) => arrow.sent === sent?.number)).toBe(true)
  })

  it('a stay goes from the entry to its end: no two at once on different lines where there was no violation', () => {
    for (const seed of seeds) {
      const { stays } = spaceTime(stepsOf('lamport', seed, 5), { width: 100_000, rowHeight: 30, axis: 'time' })
      expect(stays.length).toBe(5 * 12)
      expect(stays.filter(({ isViolated }) => isViolated)).toEqual([])
      const isBeside = (a: Stay, b: Stay) => a.number !== b.number && a.x1 < b.x2 && b.x1 < a.x2
      expect(stays.filter((stay) => stays.some((one) => isBeside(one, stay)))).toEqual([])
    }
  })

  it('of nothing is an empty picture, and one event is one', () => {
    expect(spaceTime([], { width: 100, rowHeight: 30, axis: 'time' })).toMatchObject({
      lines: [],
      marks: [],
      extent: { from: 0, to: 1 },
    })
    const [event] = eventsIn(stepsOf('lamport', 1, 2)) as [RunEvent]
    const { marks } = spaceTime([event], { width: 100, rowHeight: 30, axis: 'time' })
    expect(marks.map(({ x }) => Number.isFinite(x))).toEqual([true])
  })

  it('as SVG it is one well-formed picture that says what it is, whatever people call themselves', () => {
    const steps = stepsOf('ricart-agrawala', 1, 3).slice(0, 60)
    const chosen = { number: 20, ...(conesOf(steps, 20) ?? { past: new Set<number>(), future: new Set<number>() }) }
    const nameOf = () => '"><script>alert(1)</script>\u202E&'
    const svg = diagramSvg(spaceTime(steps, { width: 500, rowHeight: 30, axis: 'lamport' }), {
      nameOf,
      title: '<b>',
      description: "'",
      chosen,
    })
    expect(svg).not.toMatch(/<script|<b>|\u202E|&(?!(amp|lt|gt|quot|#39);)/)
    expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*>\n<title>&lt;b&gt;<\/title><desc>&#39;<\/desc>/)
    // Every element that is opened is closed, in order.
    const open: string[] = []
    for (const [, close, tag = '', inside = ''] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^<>]*)>/g)) {
      if (close === '/') expect(open.pop()).toBe(tag)
      else if (!inside.endsWith('/')) open.push(tag)
    }
    expect(open).toEqual([])
    expect(svg).toContain('class="faint"')
    const count = (what: string) => eventsIn(steps).filter((event) => event.what === what).length
    expect(svg.match(/<circle class="entered" [^>]*r="3.5"/g)).toHaveLength(count('entered'))
    expect(svg.match(/<rect class="began" [^>]*width="4"/g)).toHaveLength(count('began'))
    expect(svg.match(/<circle class="left" [^>]*r="3"/g)).toHaveLength(count('released') + count('left'))
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })
})

/** As ShiViz reads it. */
function readShiviz(log: string) {
  const [head = '', blank, ...lines] = log.trimEnd().split('\n')
  expect(blank).toBe('')
  const parser = new RegExp(head)
  return Array.from({ length: lines.length / 2 }, (_, at) => {
    const groups = parser.exec(`${lines[2 * at]}\n${lines[2 * at + 1]}`)?.groups
    if (groups === undefined) throw new Error(`not read: ${lines[2 * at]}`)
    const clock: Readonly<Record<string, number>> = JSON.parse(groups.clock ?? '{}')
    return { event: groups.event ?? '', host: groups.host ?? '', clock }
  })
}

describe('the log for ShiViz', () => {
  it.each(names)(
    '%s: each host’s own clock rises by one, and happened-before is the same, also where events are missing',
    (name) => {
      const all = stepsOf(name, 4, 4, rough)
      for (const steps of [all.slice(0, 500), all.slice(0, 500).filter(({ number }) => number % 5 !== 0)]) {
        const events = eventsIn(steps)
        const read = readShiviz(shivizLog(steps, (peer) => peer))
        expect(read.length).toBe(events.length)
        const clocks = new Map<string, number>()
        for (const { host, clock } of read) {
          expect(clock[host]).toBe((clocks.get(host) ?? 0) + 1)
          for (const count of Object.values(clock)) expect(count).toBeGreaterThan(0)
          clocks.set(host, clock[host] ?? 0)
        }
        for (let at = 0; at < events.length; at += 13) {
          for (let other = 0; other < events.length; other += 7) {
            const [a, b] = [events[at], events[other]] as [RunEvent, RunEvent]
            const [one, two] = [read[at], read[other]]
            const knows = (two?.clock[one?.host ?? ''] ?? 0) >= (one?.clock[one.host] ?? 0)
            if (at !== other) expect(knows).toBe(happenedBefore(a, b))
          }
        }
      }
    },
  )

  it('hosts are told apart whatever they are called, and no message breaks its line', () => {
    const [event] = eventsIn(stepsOf('lamport', 1, 3)).filter(({ what }) => what === 'sent') as [RunEvent]
    const hostile = { ...event, message: { kind: 'x\ny {"A":1}' } }
    for (const name of ['__proto__', 'Ana Maria', '', '{}', 'a\nb']) {
      const steps: RunStep[] = [hostile, { ...hostile, number: 2, peer: 'other', own: 1, vector: [{ peer: 'other', count: 1 }] }]
      const read = readShiviz(shivizLog(steps, () => name))
      expect(new Set(read.map(({ host }) => host)).size).toBe(2)
      for (const { host, clock } of read) expect(Object.entries(clock).find(([one]) => one === host)?.[1]).toBe(1)
    }
  })
})

describe('tables', () => {
  it('the events as CSV are as many rows, and no cell is a formula', () => {
    const steps = stepsOf('maekawa', 2, 5, rough).slice(0, 300)
    const rows = parseCsv(eventsCsv(steps, () => '=HYPERLINK("x"),\n"y"'))
    expect(rows?.length).toBe(steps.length + 1)
    expect(new Set(rows?.map(({ cells }) => cells.length))).toEqual(new Set([13]))
    for (const { cells } of rows ?? []) for (const cell of cells) expect(cell).not.toMatch(/^[=+@]/)
    expect(JSON.parse(eventsJson(steps))).toEqual(JSON.parse(JSON.stringify(steps)))
    expect(JSON.parse(eventsJson([]))).toEqual([])
  })

  it('the figures as CSV stand beside the theory', () => {
    const figures: Figures = {
      algorithm: 'x, "y"',
      members: 5,
      entries: 10,
      entriesByPeer: [],
      messages: { entry: 30, overhead: 2 },
      messagesPerEntry: 3,
      expected: { least: 30, formula: '3' },
      violations: 0,
    }
    const [head, row] = parseCsv(figuresCsv([figures])) ?? []
    const named = Object.fromEntries((head?.cells ?? []).map((name, at) => [name, row?.cells[at]]))
    expect(named).toMatchObject({
      algorithm: 'x, "y"',
      messagesPerEntry: '3',
      expectedLeast: '30',
      expectedMost: '',
      fairness: '',
    })
  })
})
