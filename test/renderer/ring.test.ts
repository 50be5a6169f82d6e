import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockwise, layCircle, namedMax } from '../../renderer/ring/circle-layout.ts'
import { fieldsOf, hexBytesMax, hexLines } from '../../renderer/ring/hex.ts'
import { askingOf, blocksMax, createHistory, framesMax, keptMillis, type Past, tokensMax } from '../../renderer/ring/history.ts'
import { type Kind, kindOf, kinds, looks } from '../../renderer/ring/kinds.ts'
import { departingMillis, type Membership, newsMax, type Sight, seeRing } from '../../renderer/ring/membership.ts'
import { nearestPace, paces, paceText } from '../../renderer/ring/paces.ts'
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
import { seenOf } from '../../renderer/ring/seen.ts'
import { bringIn, keepWithin, lengthOf, lengths, pan, type Span, ticksOf, valueAt, xOf, zoom } from '../../renderer/ring/span.ts'
import { jumpBelowMillis, moveOn, type TokenMove, tokenPoint, travelMillis } from '../../renderer/ring/token-move.ts'
import type { BlockStep, FrameStep, RingStep, TokenStep } from '../../renderer/ring/types.ts'
import type { PeerView } from '../../src/api/views.ts'
import type { Message } from '../../src/ring/message.ts'

const token = (turn: number, to: string, from?: string, epoch = '5.aaaaaa'): TokenStep => ({
  kind: 'token',
  at: turn * 250,
  epoch,
  turn,
  ...(from === undefined ? {} : { from }),
  to,
})

const frame = (id: string, at: number, more: Partial<FrameStep> = {}): FrameStep => ({
  kind: 'frame',
  id,
  at,
  from: 'ana',
  to: 'bob',
  message: 'want',
  lamport: at,
  bytes: 40,
  ...more,
})

const block = (index: number, at: number, author = 'ana'): BlockStep => ({
  kind: 'block',
  at,
  index,
  author,
  turn: index,
  lamport: at,
})

const pastOf = (...steps: readonly RingStep[]): Past => {
  const history = createHistory()
  for (const step of steps) history.add(step, 0)
  return history.past()
}

describe('the steps that are kept', () => {
  test('however many come, no more are kept, and nothing of longer ago', () => {
    const history = createHistory()
    for (let at = 0; at < 3 * framesMax; at++) {
      history.add(frame(`f${at}`, at), at)
      history.add(block(at, at), at)
      history.add(token(at, 'bob', 'ana'), at)
    }
    const { frames, blocks, tokens } = history.past()
    expect([frames.length, blocks.length, tokens.length]).toEqual([framesMax, blocksMax, tokensMax])
    expect([frames.at(-1)?.id, blocks.at(-1)?.index]).toEqual([`f${3 * framesMax - 1}`, 3 * framesMax - 1])
    const later = 3 * framesMax + keptMillis
    history.add(frame('a clock that is ahead', 10 * later), later - 5)
    expect(history.past().frames.length).toBe(6)
    history.add(frame('much later', later), later)
    expect(history.past().frames.map(({ id }) => id)).toEqual(['a clock that is ahead', 'much later'])
  })

  test('a message that is told again with its arrival is one message; what was looked at before stays as it was', () => {
    const history = createHistory()
    history.add(frame('a', 1), 0)
    history.add(frame('b', 2), 0)
    const before = history.past()
    expect(history.past()).toBe(before)
    history.add(frame('a', 1, { arrivedAt: 3, arrivedLamport: 9 }), 0)
    expect(before.frames.map(({ arrivedAt }) => arrivedAt)).toEqual([undefined, undefined])
    expect(history.past().frames.map(({ id, arrivedAt }) => [id, arrivedAt])).toEqual([
      ['a', 3],
      ['b', undefined],
    ])
  })

  test('each step that comes or goes is told, so that nothing is left as it was drawn', () => {
    const history = createHistory()
    const told: string[] = []
    const stop = history.onChange((step) => told.push(step.kind === 'frame' ? step.id : `${step.kind} ${step.at}`))
    history.add(frame('a', 1), 0)
    history.add(frame('a', 1, { arrivedAt: 3 }), 0)
    history.add(block(4, 10), 0)
    history.add(block(4, 12, 'bob'), 0)
    history.add(token(1, 'bob'), 0)
    history.add(token(1, 'ana'), 0)
    history.add(frame('b', 2 * keptMillis), 1.5 * keptMillis)
    stop()
    history.add(frame('c', 5), 0)
    expect(told).toEqual(['a', 'a', 'block 10', 'block 10', 'block 12', 'token 250', 'b', 'a'])
  })

  test('a block that takes the place of another one is kept alone', () => {
    expect(pastOf(block(4, 10), block(5, 11), block(4, 12, 'bob')).blocks.map(({ index, author }) => [index, author])).toEqual([
      [5, 'ana'],
      [4, 'bob'],
    ])
  })

  test('the token never goes back, whatever is told, until the stream is opened anew', () => {
    const steps = fc.array(fc.record({ turn: fc.nat(20), epoch: fc.integer({ min: 1, max: 5 }) }))
    fc.assert(
      fc.property(steps, (told) => {
        const history = createHistory()
        for (const { turn, epoch } of told) history.add(token(turn, 'bob', 'ana', `${epoch}.aaaaaa`), 0)
        const kept = history.past().tokens.map(({ epoch, turn }) => Number.parseInt(epoch, 10) * 100 + turn)
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b))
      }),
    )
    const history = createHistory()
    history.add(token(7, 'bob', 'ana', '9.aaaaaa'), 0)
    history.add({ kind: 'requests', at: 1, peers: ['bob'] }, 0)
    history.add({ kind: 'missed', count: 3 }, 0)
    expect([history.requests(), history.past().missed]).toEqual([['bob'], 3])
    history.reopen()
    expect([history.token(), history.requests(), history.past().missed]).toEqual([undefined, undefined, 0])
    history.add(token(1, 'ana', undefined, '2.aaaaaa'), 0)
    expect(history.token()?.to).toBe('ana')
  })
})

describe('the circle', () => {
  const size = { width: 900, height: 460 }
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `p${at}`)

  test('you are at the bottom, and the others follow clockwise in ring order, all apart', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 128 }),
        fc.nat(127),
        fc.integer({ min: 200, max: 2_000 }),
        fc.integer({ min: 280, max: 800 }),
        (count, at, width, height) => {
          const members = names(count)
          const self = members[at % count] as string
          const { places, centre, radius, dot } = layCircle(members, [], self, { width, height })
          expect(places.map(({ peer }) => peer)).toEqual(members)
          const own = places[at % count]
          expect(own?.x).toBeCloseTo(centre.x)
          expect(own?.y).toBeCloseTo(centre.y + radius)
          for (const [index, place] of places.entries()) {
            const next = places[(index + 1) % count]
            if (next === undefined || next === place) continue
            expect(clockwise(place.angle, next.angle)).toBeCloseTo((2 * Math.PI) / count)
            // Those of a crowd touch rather than vanish.
            if (dot > 3) expect(Math.hypot(place.x - next.x, place.y - next.y)).toBeGreaterThan(2 * dot)
          }
        },
      ),
    )
  })

  test('names stand outside, and within the drawing as far as they are cut', () => {
    for (const [width, height] of [
      [328, 280],
      [700, 320],
      [1_200, 700],
    ] as const) {
      for (const count of [1, 2, 3, 7, namedMax]) {
        const { places, centre, radius, nameCharacters, scale } = layCircle(names(count), [], 'p0', { width, height })
        for (const { name } of places) {
          expect(Math.hypot(name.x - centre.x, name.y - centre.y)).toBeGreaterThan(radius)
          const length = nameCharacters * 8 * scale
          const left = name.anchor === 'start' ? name.x : name.anchor === 'end' ? name.x - length : name.x - length / 2
          expect(left).toBeGreaterThanOrEqual(0)
          expect(left + length).toBeLessThanOrEqual(width)
        }
      }
    }
    expect(layCircle(names(namedMax + 1), [], 'p0', size).nameCharacters).toBe(0)
  })

  test('whoever follows is outside, below the circle; one that is outside itself sees the first member on top', () => {
    const { places, outside, centre, radius, height } = layCircle(['a', 'b'], ['me', 'you'], 'me', size)
    expect(places[0]?.y).toBeCloseTo(centre.y - radius)
    expect(height).toBeGreaterThan(size.height)
    for (const { y, x } of outside) {
      expect(y).toBeGreaterThanOrEqual(size.height)
      expect(y).toBeLessThan(height)
      expect(x).toBeGreaterThan(0)
      expect(x).toBeLessThan(size.width)
    }
  })
})

describe('the token on its way', () => {
  const layout = layCircle(['a', 'b', 'c', 'd'], [], 'a', { width: 600, height: 400 })
  const distance = (move: TokenMove | undefined, now: number): number => {
    const point = tokenPoint(move, layout, now)
    return clockwise(Math.PI / 2 - 0.001, Math.atan2((point?.y ?? 0) - layout.centre.y, (point?.x ?? 0) - layout.centre.x))
  }

  test('it goes along the arc from the one to the other, past those that do not want it', () => {
    const first = moveOn(undefined, token(1, 'a'), 0)
    expect(tokenPoint(first, layout, 0)).toMatchObject({ x: layout.places[0]?.x, isMoving: false })
    const move = moveOn(first, token(2, 'c', 'a'), 1_000)
    const way = [0, 0.2, 0.4, 0.6, 0.8, 0.99].map((share) => distance(move, 1_000 + share * travelMillis))
    expect(way).toEqual([...way].sort((a, b) => a - b))
    expect(way.at(-1)).toBeCloseTo(Math.PI, 1)
    for (const share of [0, 0.5, 0.9]) {
      const point = tokenPoint(move, layout, 1_000 + share * travelMillis)
      expect(Math.hypot((point?.x ?? 0) - layout.centre.x, (point?.y ?? 0) - layout.centre.y)).toBeCloseTo(layout.radius)
    }
    expect(tokenPoint(move, layout, 1_000 + travelMillis)).toMatchObject({ x: layout.places[2]?.x, isMoving: false })
  })

  test('moves that come faster than they can be seen are drawn where they end: no queue, no lag', () => {
    let move: TokenMove | undefined
    const order = ['a', 'b', 'c', 'd']
    for (let turn = 1; turn < 500; turn++) {
      const step = token(turn, order[turn % 4] as string, order[(turn + 3) % 4] as string)
      const now = turn * (jumpBelowMillis - 1)
      move = moveOn(move, step, now)
      expect(move?.isJump).toBe(true)
      const place = layout.places.find(({ peer }) => peer === step.to)
      expect(tokenPoint(move, layout, now)).toEqual({ x: place?.x, y: place?.y, isMoving: false })
    }
  })

  test('a step that is looked at again is the same move; without steps there is none', () => {
    const move = moveOn(undefined, token(1, 'b', 'a'), 0)
    expect(moveOn(move, token(1, 'b', 'a'), 90)).toBe(move)
    expect(moveOn(move, token(1, 'b', 'a', '6.aaaaaa'), 900)).not.toBe(move)
    expect(moveOn(move, undefined, 90)).toBeUndefined()
    expect(tokenPoint(moveOn(undefined, token(1, 'nobody here'), 0), layout, 0)).toBeUndefined()
  })
})

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

describe('who is in the ring', () => {
  const sight = (more: Partial<Sight> = {}): Sight => ({
    at: 0,
    self: 'a',
    epoch: '5.a',
    members: ['a', 'b', 'c'],
    suspected: [],
    reachable: more.members ?? ['a', 'b', 'c'],
    quorum: true,
    asking: [],
    ...more,
  })
  const seenAfter = (...sights: readonly Sight[]): Membership => {
    let membership: Membership | undefined
    for (const each of sights) membership = seeRing(membership, each)
    if (membership === undefined) throw new Error('nothing was seen')
    return membership
  }

  test('one that vanishes is suspected, then voted out, and goes outwards from where it stood', () => {
    const { news, departures } = seenAfter(
      sight(),
      sight({ at: 1, suspected: ['c'], reachable: ['a', 'b'] }),
      sight({ at: 2, suspected: ['c'], reachable: ['a', 'b'] }),
      sight({ at: 3, epoch: '6.b', members: ['a', 'b'] }),
    )
    expect(news).toEqual([
      { kind: 'suspected', peer: 'c', epoch: '5.a', at: 1 },
      { kind: 'voted-out', peer: 'c', epoch: '6.b', at: 3 },
    ])
    expect(departures).toEqual([{ peer: 'c', at: 3, share: 2 / 3, isMissed: true }])
  })

  test('why one is gone: it asked to leave, it was out of reach, or nothing was seen that says', () => {
    const why = (before: Partial<Sight>, now: Partial<Sight>) => {
      const { news, departures } = seenAfter(sight(before), sight({ members: ['a', 'b'], ...now }))
      return [news.map(({ kind }) => kind), departures.map(({ isMissed }) => isMissed)]
    }
    expect(why({}, { asking: ['c'] })).toEqual([['left'], [false]])
    expect(why({ reachable: ['a', 'b'] }, {})).toEqual([['voted-out'], [true]])
    expect(why({}, { asking: ['d'] })).toEqual([['out'], [true]])
    const asked = pastOf(frame('a', 5, { message: 'request', from: 'c', to: '' }), frame('b', 5, { from: 'b' }))
    expect([askingOf(asked, 100), askingOf(asked, 60_000)]).toEqual([['c'], []])
  })

  test('a suspicion that comes to nothing is taken back', () => {
    const { news } = seenAfter(sight(), sight({ at: 1, suspected: ['c'] }), sight({ at: 2 }))
    expect(news.map(({ kind }) => kind)).toEqual(['suspected', 'answers'])
  })

  test('it is gone after a while, and at once if it comes back', () => {
    const gone = [sight(), sight({ at: 1, members: ['a', 'b'] })]
    expect(seenAfter(...gone, sight({ at: 2, members: ['a', 'b'] })).departures.length).toBe(1)
    expect(seenAfter(...gone, sight({ at: 2 + departingMillis, members: ['a', 'b'] })).departures).toEqual([])
    const back = seenAfter(...gone, sight({ at: 2, epoch: '7.a' }))
    expect([back.departures, back.news.at(-1)?.kind]).toEqual([[], 'came'])
  })

  test('a quorum that goes and comes is told; news of long ago are forgotten', () => {
    expect(seenAfter(sight(), sight({ quorum: false }), sight()).news.map(({ kind }) => kind)).toEqual([
      'quorum-lost',
      'quorum-back',
    ])
    const many = Array.from({ length: 40 }, (_, at) => sight({ at, quorum: at % 2 === 0 }))
    expect(seenAfter(...many).news.length).toBe(newsMax)
  })
})

describe('what the circle draws and the list beside it says', () => {
  const membership = seeRing(undefined, {
    ...{ at: 0, self: 'a', epoch: '5.a', quorum: true, asking: [] },
    ...{ members: ['a', 'b', 'c', 'd'], suspected: ['d'], reachable: ['a', 'b', 'c'] },
  })
  const answered = {
    ...{ epoch: '5.a', view: 3, members: ['a', 'b', 'c', 'd'], turn: 7, holder: 'b', requests: ['c'], suspected: [] },
    ...{ quorum: true, paceMillis: 250, turns: [] },
  }
  const other = { name: '', self: false, connected: true, role: 'learner' } as const
  const peers = [
    { ...other, peer: 'e' },
    { ...other, peer: 'f', connected: false },
    { ...other, peer: 'b', role: 'member' },
  ] as unknown as readonly PeerView[]

  test('until steps come it is what the peer itself says, and then what was seen last', () => {
    const history = createHistory()
    expect(seenOf(membership, history, undefined, peers)).toMatchObject({ token: undefined, waiting: new Set(), silent: [] })
    const first = seenOf(membership, history, answered, peers)
    expect(first.token).toEqual({ kind: 'token', at: 0, epoch: '5.a', turn: 7, to: 'b' })
    expect([...first.waiting]).toEqual(['c'])
    const moved = { kind: 'token', at: 10, epoch: '5.a', turn: 8, from: 'b', to: 'c' } as const
    history.add(moved, 10)
    history.add({ kind: 'requests', at: 10, peers: [] }, 10)
    const then = seenOf(membership, history, answered, peers)
    expect([then.token, [...then.waiting]]).toEqual([moved, []])
  })

  test('out of reach, suspected, following and not recording are told apart', () => {
    const history = createHistory()
    history.add({ kind: 'recorders', peers: ['a', 'd'] }, 0)
    const { away, suspected, outside, silent } = seenOf(membership, history, answered, peers)
    expect([[...away], [...suspected], outside, silent]).toEqual([['d'], ['d'], ['e'], ['b', 'c']])
  })
})

test('bytes are shown in lines of sixteen with their letters, and cut where nobody reads on', () => {
  expect(hexLines('476176656c72696e6700ff').lines).toEqual([
    '000000  47 61 76 65 6c 72 69 6e 67 00 ff                 Gavelring··',
  ])
  const long = hexLines('00'.repeat(hexBytesMax + 1))
  expect([long.lines.length, long.isCut, hexLines('').lines]).toEqual([hexBytesMax / 16, true, []])
})

test('fields of another peer’s message are short text, whatever they hold', () => {
  expect(fieldsOf({ turn: 3, epoch: '5.a', nothing: undefined, head: { index: 1 } })).toEqual([
    ['turn', '3'],
    ['epoch', '5.a'],
    ['head', '{"index":1}'],
  ])
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 200 }), (fields) => {
      const shown = fieldsOf({ ...fields, long: 'x'.repeat(10_000) })
      expect(shown.length).toBeLessThanOrEqual(64)
      for (const [name, text] of shown) expect(name.length + text.length).toBeLessThanOrEqual(64 + 401)
    }),
  )
})

test('the pace is one of those on the slider, or the nearest of them', () => {
  for (const [at, pace] of paces.entries()) expect(nearestPace(pace)).toBe(at)
  expect([paces[nearestPace(7)], paces[nearestPace(260)], paces[nearestPace(9_000)]]).toEqual([50, 250, 3_000])
  expect([paceText(250, 'en'), paceText(1_500, 'pt').replaceAll(/\s/g, ' ')]).toEqual(['250 ms', '1,5 s'])
})
