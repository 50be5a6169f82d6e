import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockwise, layCircle, namedMax } from '../../renderer/ring/circle-layout.ts'
import { fieldsOf, hexBytesMax, hexLines } from '../../renderer/ring/hex.ts'
import { askingOf, blocksMax, createHistory, framesMax, keptMillis, tokensMax } from '../../renderer/ring/history.ts'
import { departingMillis, type Membership, newsMax, type Sight, seeRing } from '../../renderer/ring/membership.ts'
import { nearestPace, paces, paceText } from '../../renderer/ring/paces.ts'
import { seenOf } from '../../renderer/ring/seen.ts'
import { jumpBelowMillis, moveOn, type TokenMove, tokenPoint, travelMillis } from '../../renderer/ring/token-move.ts'
import type { PeerView } from '../../src/api/views.ts'
import { block, frame, pastOf, token } from './ring-rig.ts'

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
