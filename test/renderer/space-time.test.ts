import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Past } from '../../renderer/ring/history.ts'
import { type Kind, kindOf, kinds, looks } from '../../renderer/ring/kinds.ts'
import {
  extentOf,
  type Frame,
  happeningAt,
  happeningsOf,
  keyOf,
  labelWidth,
  placesOf,
  rowsMax,
  rowsOf,
  sceneOf,
  stepFrom,
  stretchOf,
  thin,
} from '../../renderer/ring/scene.ts'
import { bringIn, keepWithin, lengthOf, lengths, pan, type Span, ticksOf, valueAt, xOf, zoom } from '../../renderer/ring/span.ts'
import type { Message } from '../../src/ring/message.ts'
import { block, frame, pastOf, token } from './ring-rig.ts'

describe('the stretch of time that is shown', () => {
  const spans = fc
    .record({ from: fc.integer({ min: 1, max: 2 ** 41 }), length: fc.integer({ min: 4, max: 120_000 }) })
    .map(({ from, length }): Span => ({ from, to: from + length }))

  test('zooming leaves what is pointed at where it is, and stays within the limits', () => {
    fc.assert(
      fc.property(
        spans,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (span, factor, share) => {
          const about = span.from + share * lengthOf(span)
          const next = zoom(span, factor, about, lengths.time)
          expect(lengthOf(next)).toBeGreaterThanOrEqual(lengths.time.least - 0.01)
          expect(lengthOf(next)).toBeLessThanOrEqual(lengths.time.most + 0.01)
          expect((about - next.from) / lengthOf(next)).toBeCloseTo(share, 2)
        },
      ),
    )
  })

  test('panning there and back is where one was; it never leaves what there is', () => {
    fc.assert(
      fc.property(spans, fc.double({ min: -3, max: 3, noNaN: true }), (span, share) => {
        const back = pan(pan(span, share), -share)
        expect(back.from).toBeCloseTo(span.from, 2)
        const kept = keepWithin(pan(span, share), span.from, span.to)
        const middle = (kept.from + kept.to) / 2
        expect(middle).toBeGreaterThanOrEqual(span.from - 0.01)
        expect(middle).toBeLessThanOrEqual(span.to + 0.01)
        expect(lengthOf(kept)).toBeCloseTo(lengthOf(span), 2)
      }),
    )
    expect(bringIn({ from: 0, to: 10 }, 5)).toEqual({ from: 0, to: 10 })
    expect(bringIn({ from: 0, to: 10 }, 50)).toEqual({ from: 45, to: 55 })
  })

  test('a place is a time and a time is a place', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 0, max: 4_000 }), (span, width, x) => {
        expect(xOf(span, width, valueAt(span, width, x))).toBeCloseTo(x, 0)
      }),
    )
  })

  test('its marks are round, inside, and never crowded', () => {
    fc.assert(
      fc.property(
        spans,
        fc.integer({ min: 100, max: 4_000 }),
        fc.constantFrom('time' as const, 'lamport' as const),
        (span, width, axis) => {
          const { step, at } = ticksOf(span, width, axis)
          for (const value of at) expect(value >= span.from - step / 1_000 && value <= span.to + step / 1_000).toBe(true)
          if (axis === 'lamport') expect(Number.isInteger(step)).toBe(true)
          if (at.length > 1) expect((step / lengthOf(span)) * width).toBeGreaterThanOrEqual(109.9)
        },
      ),
    )
    expect(ticksOf({ from: 0, to: 5_000 }, 1_000, 'time')).toEqual({ step: 1_000, at: [0, 1_000, 2_000, 3_000, 4_000, 5_000] })
    expect(ticksOf({ from: 0, to: 120_000 }, 1_000, 'time').step).toBe(15_000)
  })
})

describe('the space-time diagram', () => {
  const all = new Set<Kind>(kinds)
  const drawn: Frame = {
    axis: 'time',
    span: { from: 0, to: 1_000 },
    width: 1_000,
    rowHeight: 50,
    rows: ['ana', 'bob'],
    kinds: all,
  }

  test('a message goes from its sender’s row to its receiver’s; one that is not known to have arrived has no end', () => {
    const past = pastOf(
      frame('a', 100, { arrivedAt: 140 }),
      frame('b', 200, { from: 'bob', to: 'ana' }),
      frame('c', 300, { to: '', arrivedAt: 310 }),
      frame('d', 400, { from: 'nobody' }),
      frame('e', 2_000),
    )
    const { arrows } = sceneOf(past, drawn)
    expect(arrows.map(({ step, x, y, end, towards }) => [step.id, x, y, end, towards])).toEqual([
      ['a', 100, 25, { x: 140, y: 75 }, 1],
      ['b', 200, 75, undefined, -1],
      ['c', 300, 25, undefined, 0],
    ])
  })

  test('what is under way at either edge is drawn; kinds that are not asked for are not', () => {
    const past = pastOf(
      frame('in', -10, { arrivedAt: 5 }),
      frame('out', 990, { arrivedAt: 1_500 }),
      frame('ping', 500, { message: 'ping' }),
    )
    expect(sceneOf(past, { ...drawn, kinds: new Set(['request']) }).arrows.map(({ step }) => step.id)).toEqual(['in', 'out'])
  })

  test('in Lamport time every message leans to the right', () => {
    const past = pastOf(frame('a', 100, { lamport: 10, arrivedAt: 100, arrivedLamport: 15 }))
    const { arrows } = sceneOf(past, { ...drawn, axis: 'lamport', span: { from: 0, to: 20 } })
    expect(arrows.map(({ x, end }) => [x, end?.x])).toEqual([[500, 750]])
    expect(extentOf(past, 'lamport')).toEqual({ from: 10, to: 15 })
    expect(extentOf(pastOf(), 'time')).toBeUndefined()
  })

  test('of more than can be told apart a part is drawn, and the same ones when more come', () => {
    const arrowsOf = (count: number) =>
      sceneOf(pastOf(...Array.from({ length: count }, (_, at) => frame(`f${at}`, at / 10, { lamport: 7 * at }))), drawn).arrows
    for (const count of [0, 100, 101, 500, 5_000]) {
      const all = arrowsOf(count)
      const some = thin(all, 100)
      if (count <= 100) expect(some).toBe(all)
      else expect([some.length > 30, some.length <= 130]).toEqual([true, true])
    }
    const before = thin(arrowsOf(1_000), 100).map(({ step }) => step.id)
    expect(thin(arrowsOf(1_400), 100).map(({ step }) => step.id)).toEqual(expect.arrayContaining(before))
  })

  const times = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 60 })
  const busyPast = (at: readonly number[]): Past =>
    pastOf(
      ...at.map((time, index) => frame(`f${index}`, time, { arrivedAt: time + 20, arrivedLamport: time + 1 })),
      ...at.filter((_, index) => index % 3 === 0).map((time, index) => block(index, time + 7)),
    )

  test('Lamport times stand at both ends, numbers of blocks beside them, and none on another', () => {
    fc.assert(
      fc.property(times, (at) => {
        const { labels } = sceneOf(busyPast(at), drawn)
        for (const [index, label] of labels.entries()) {
          for (const other of labels.slice(index + 1)) {
            if (other.y === label.y && other.side === label.side)
              expect(Math.abs(other.x - label.x)).toBeGreaterThanOrEqual(labelWidth)
          }
        }
      }),
    )
    const past = pastOf(frame('a', 100, { arrivedAt: 140, arrivedLamport: 108 }), block(7, 300))
    expect(sceneOf(past, drawn).labels).toEqual([
      { kind: 'block', x: 300, y: 25, text: '#7', side: -1 },
      { kind: 'lamport', x: 100, y: 25, text: '100', side: -1 },
      { kind: 'lamport', x: 140, y: 75, text: '108', side: 1 },
    ])
  })

  test('a label that is in sight stays while the view moves on', () => {
    const inside = ({ labels }: ReturnType<typeof sceneOf>, from: number): string[] =>
      labels
        .filter(({ x }) => x + from >= 400 && x + from <= 600)
        .map(({ x, y, text }) => `${Math.round(x + from)} ${y} ${text}`)
        .sort()
    fc.assert(
      fc.property(times, fc.integer({ min: -200, max: 200 }), (at, by) => {
        const past = busyPast(at)
        expect(inside(sceneOf(past, { ...drawn, span: { from: by, to: by + 1_000 } }), by)).toEqual(
          inside(sceneOf(past, drawn), 0),
        )
      }),
    )
  })

  test('a step is drawn nowhere but on its stretch, and the token from its move on', () => {
    expect(stretchOf(frame('a', 100, { lamport: 5, arrivedAt: 140, arrivedLamport: 9 }), 'time')).toEqual({ from: 100, to: 140 })
    expect(stretchOf(frame('a', 100, { lamport: 5, arrivedAt: 140, arrivedLamport: 9 }), 'lamport')).toEqual({ from: 5, to: 9 })
    expect(stretchOf(block(7, 100), 'time')).toEqual({ from: 100, to: 100 })
    expect(stretchOf(token(2, 'ana'), 'time')).toEqual({ from: 500, to: Number.POSITIVE_INFINITY })
    expect(stretchOf(token(2, 'ana'), 'lamport')).toBeUndefined()
  })

  test('what is chosen is marked at its ends, where it is in sight and its kind is shown', () => {
    const step = frame('a', 100, { arrivedAt: 140 })
    expect(placesOf(step, drawn)).toMatchObject([
      { x: 100, y: 25 },
      { x: 140, y: 75 },
    ])
    expect(placesOf(frame('b', 100, { to: '' }), drawn)).toMatchObject([{ x: 100, y: 25 }])
    expect(placesOf(block(7, 500, 'bob'), drawn)).toMatchObject([{ x: 500, y: 75 }])
    expect(placesOf(step, { ...drawn, kinds: new Set(['token']) })).toEqual([])
    expect(placesOf(step, { ...drawn, span: { from: 200, to: 900 } })).toEqual([])
    expect(placesOf(frame('c', 100, { from: 'nobody' }), drawn)).toEqual([])
  })

  test('the token is held from the move that brought it to the next, and the last one until now', () => {
    const past = pastOf(token(1, 'ana'), token(2, 'bob', 'ana'), token(3, 'ana', 'bob'))
    expect(sceneOf(past, { ...drawn, span: { from: 300, to: 1_300 } }).held).toEqual([
      { x: 0, width: 200, y: 25 },
      { x: 200, width: 250, y: 75 },
      { x: 450, width: 550, y: 25 },
    ])
  })

  test('what one points at is found: its ends, its line, a block before a line', () => {
    const past = pastOf(frame('a', 100, { arrivedAt: 300 }), block(7, 500, 'bob'))
    const scene = sceneOf(past, drawn)
    const found = (x: number, y: number): string | undefined => {
      const step = happeningAt(scene, x, y, 10)
      return step === undefined ? undefined : keyOf(step)
    }
    expect([found(103, 27), found(298, 70), found(200, 52), found(505, 77), found(700, 50)]).toEqual([
      'frame a',
      'frame a',
      'frame a',
      'block 7',
      undefined,
    ])
  })

  test('keys lead from one happening to the next, from the newest that is seen on', () => {
    const past = pastOf(frame('a', 100), block(7, 150), frame('b', 200), frame('late', 5_000))
    const inOrder = happeningsOf(past, drawn)
    const go = (chosen: string | undefined, by: -1 | 1): string | undefined => {
      const step = stepFrom(inOrder, chosen, by, drawn.span, 'time')
      return step === undefined ? undefined : keyOf(step)
    }
    expect([go(undefined, -1), go(undefined, 1), go('frame b', -1), go('frame b', 1), go('frame a', -1)]).toEqual([
      'frame b',
      'frame a',
      'block 7',
      'frame late',
      'frame a',
    ])
    expect(stepFrom([], undefined, -1, drawn.span, 'time')).toBeUndefined()
  })

  test('rows are the ring from you on, then who follows, then who is gone; and not without end', () => {
    const past = pastOf(frame('a', 1, { from: 'gone' }))
    expect(rowsOf(past, ['a', 'b', 'c'], ['x'], 'b')).toEqual(['b', 'c', 'a', 'x', 'gone'])
    expect(
      rowsOf(
        past,
        Array.from({ length: 128 }, (_, at) => `p${at}`),
        [],
        'p3',
      ).length,
    ).toBe(rowsMax)
  })
})

test('each message of the ring has its kind, and each kind a look of its own that is not colour alone', () => {
  const expected: Readonly<Record<Message['kind'], Kind>> = {
    token: 'token',
    'token-ack': 'token',
    want: 'request',
    announce: 'request',
    blocks: 'block',
    durable: 'report',
    committed: 'report',
    status: 'heartbeat',
    ping: 'heartbeat',
    pong: 'heartbeat',
    request: 'epoch',
    'pre-vote': 'epoch',
    agree: 'epoch',
    prepare: 'epoch',
    promise: 'epoch',
    refuse: 'epoch',
    install: 'epoch',
    installed: 'epoch',
    activated: 'epoch',
    evidence: 'epoch',
    fetch: 'fetch',
    fetched: 'fetch',
  }
  for (const [message, kind] of Object.entries(expected)) expect([message, kindOf(message)]).toEqual([message, kind])
  expect(['hello', 'toString', '__proto__'].map(kindOf)).toEqual(['other', 'other', 'other'])
  const shapes = kinds.map((kind) => `${looks[kind].head} ${looks[kind].dash}`)
  expect(new Set(shapes).size).toBe(kinds.length)
  // Amber is the token's alone.
  expect(kinds.filter((kind) => looks[kind].colour === '--light')).toEqual(['token'])
})
