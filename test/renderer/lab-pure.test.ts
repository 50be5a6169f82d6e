import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agrees, expectedPerEntry, workloadsOf } from '../../renderer/lab/compare.ts'
import { type Draft, firstDraft, readDraft, toDraft } from '../../renderer/lab/draft.ts'
import {
  along,
  type Flight,
  flightMillis,
  flightsMax,
  launch,
  pointOf,
  queueShares,
  stillFlying,
} from '../../renderer/lab/flights.ts'
import { createHistory } from '../../renderer/lab/history.ts'
import { rememberRounds } from '../../renderer/lab/rounds.ts'
import type { Figures, LabEvent, PeerEvent, Recorded, Run, Setting } from '../../renderer/lab/types.ts'
import { bringIn, neighbour, newestRange, stepsAround, within, withRoom, zoomed } from '../../renderer/lab/window.ts'
import { labLimits } from '../../src/core/limits.ts'
import { spaceTime } from '../../src/mutex/space-time.ts'

describe('the form of a new experiment', () => {
  const complaintsOf = (part: Partial<Draft>) => {
    const read = readDraft({ ...firstDraft, ...part })
    return 'complaints' in read ? [...read.complaints].map(([field, { code }]) => `${field}: ${code}`) : []
  }
  const fault = { id: 7, kind: 'cut', peer: 'a', to: 'b', at: '10', millis: '20' } as const

  test.each<[Partial<Draft>, string[]]>([
    [{}, []],
    [{ entries: '0' }, ['entries: number']],
    [{ entries: '10001' }, ['entries: number']],
    [{ entries: '2.5' }, ['entries: number']],
    [{ entries: '' }, ['entries: number']],
    [{ entries: ' 12 ' }, []],
    [{ seed: '-1' }, ['seed: number']],
    [{ seed: '2147483648' }, []],
    [{ seed: '2147483649' }, ['seed: number']],
    [{ seed: '9'.repeat(40) }, ['seed: number']],
    [{ lost: '91' }, ['lost: number']],
    [{ thinkLeast: '300', thinkMost: '200' }, ['think: range-reversed']],
    [{ stayLeast: 'x' }, ['stay: number']],
    [{ stayMost: '60001' }, ['stay: number']],
    [{ section: 'a b' }, ['section: section']],
    [{ section: '' }, ['section: section']],
    [{ faults: [fault] }, []],
    [{ faults: [{ ...fault, to: '' }] }, ['fault-7: peer-needed']],
    [{ faults: [{ ...fault, to: 'a' }] }, ['fault-7: same-peer']],
    [{ faults: [{ ...fault, at: '600001' }] }, ['fault-7: number']],
    [{ faults: [{ ...fault, kind: 'kill', millis: 'not asked for', to: '' }] }, []],
  ])('%j: %j', (part, complaints) => {
    expect(complaintsOf(part)).toEqual(complaints)
  })

  test('its limits are those of the peer', () => {
    const { entries, millis, faultMillis, lostShare, seed } = labLimits
    const at = (value: number): Partial<Draft> => ({ faults: [{ ...fault, at: String(value) }] })
    const limits: readonly (readonly [number, (value: number) => Partial<Draft>])[] = [
      [entries, (value) => ({ entries: String(value) })],
      [millis, (value) => ({ thinkMost: String(value), stayMost: String(value) })],
      [faultMillis, at],
      [lostShare * 100, (value) => ({ lost: String(value) })],
      [seed, (value) => ({ seed: String(value) })],
    ]
    for (const [most, part] of limits) {
      expect(complaintsOf(part(most))).toEqual([])
      expect(complaintsOf(part(most + 1)).length).toBeGreaterThan(0)
    }
  })

  test('percent become a share, and a fault has what its kind has and no more', () => {
    const faults = [fault, { ...fault, id: 8, kind: 'pause' } as const, { ...fault, id: 9, kind: 'kill' } as const]
    expect(readDraft({ ...firstDraft, lost: '15', faults })).toMatchObject({
      wanted: {
        lostShare: 0.15,
        faults: [
          { kind: 'cut', peer: 'a', to: 'b', at: 10, millis: 20 },
          { kind: 'pause', peer: 'a', at: 10, millis: 20 },
          { kind: 'kill', peer: 'a', at: 10 },
        ],
      },
    })
  })

  test('a setting that is taken into the form comes out of it as it was', () => {
    const read = readDraft({ ...firstDraft, lost: '15', step: true, faults: [fault] })
    if (!('wanted' in read)) throw new Error('it is not right')
    expect(readDraft(toDraft(read.wanted))).toEqual(read)
  })
})

const setting: Setting = {
  ...{ algorithm: 'a', section: 'main', entries: 4, think: { least: 0, most: 0 }, stay: { least: 0, most: 0 } },
  ...{ seed: 1, lostShare: 0, faults: [], step: false, record: true },
}
const figures = (algorithm: string, more: Partial<Figures> = {}): Figures => ({
  ...{ algorithm, members: 5, entries: 20, entriesByPeer: [], messages: { entry: 160, overhead: 0 }, violations: 0 },
  ...more,
})
const result = (experiment: number, algorithm: string, more: Partial<Recorded> = {}): Recorded => ({
  ...{ experiment, section: 'main', block: experiment, time: 0, what: 'result', setting: { ...setting, algorithm } },
  ...{ settingHash: '', figures: figures(algorithm) },
  ...more,
})

describe('what stands side by side', () => {
  test('the newest run of each algorithm with one setting, among as many peers', () => {
    const workloads = workloadsOf([
      result(6, 'b'),
      result(5, 'a', { figures: figures('a', { members: 4 }) }),
      result(4, 'a', { what: 'stop' }),
      result(3, 'c', { setting: { ...setting, algorithm: 'c', section: 'other' } }),
      result(2, 'a', { setting: { ...setting, algorithm: 'a', seed: 2 } }),
      result(1, 'a'),
      result(0, 'b'),
    ])
    expect(workloads.map(({ members, compared }) => [members, compared.map(({ experiment }) => experiment)])).toEqual([
      [5, [1, 3, 6]],
      [4, [5]],
      [5, [2]],
    ])
  })

  test('what cannot be read, and what runs, is compared with nothing', () => {
    const { setting: _, ...unread } = result(1, 'a')
    const { figures: __, ...running } = result(2, 'a', { what: 'setup' })
    expect(workloadsOf([unread, running])).toEqual([])
  })

  test('the theory is told for one entry, and held against the run where no fault took part', () => {
    const exact = figures('a', { expected: { least: 160, most: 160, formula: '2(n-1)' } })
    expect(expectedPerEntry(exact)).toEqual({ least: 8, most: 8 })
    expect(expectedPerEntry(figures('a', { expected: { least: 19, formula: '1 to n' } }))).toEqual({ least: 0.95 })
    expect(expectedPerEntry(figures('a', { entries: 0, expected: { least: 0, most: 0, formula: '3' } }))).toBeUndefined()
    expect(agrees(exact, setting)).toBe(true)
    expect(agrees({ ...exact, messages: { entry: 161, overhead: 0 } }, setting)).toBe(false)
    expect(agrees({ ...exact, messages: { entry: 159, overhead: 0 } }, setting)).toBe(false)
    expect(agrees(exact, { faults: [{ kind: 'kill', peer: 'p', at: 0 }] })).toBeUndefined()
    expect(agrees(figures('own'), setting)).toBeUndefined()
  })
})

describe('messages on their way', () => {
  const from = { x: 0, y: 0 }
  const to = { x: 100, y: 0 }

  test('one goes from edge to edge, and is gone after its time', () => {
    const flight = { from: 'a', to: 'b', kind: 'request', isOverhead: false, startedAt: 1_000 }
    expect(pointOf(flight, from, to, 10, 1_000)).toEqual({ x: 10, y: 0 })
    expect(pointOf(flight, from, to, 10, 1_000 + flightMillis / 2)).toEqual({ x: 50, y: 0 })
    expect(pointOf(flight, from, to, 10, 1_000 + flightMillis)).toEqual({ x: 90, y: 0 })
    expect(stillFlying([flight], 1_000 + flightMillis)).toEqual([])
    expect(along(from, from, 10, 0.5)).toEqual(from)
  })

  test('however many leave, so many are seen, and they are the newest', () => {
    let flights: readonly Flight[] = []
    for (let i = 0; i < flightsMax + 5; i++)
      flights = launch(flights, { from: 'a', to: 'b', kind: '', isOverhead: false, startedAt: i })
    expect([flights.length, flights[0]?.startedAt, flights.at(-1)?.startedAt]).toEqual([flightsMax, 5, flightsMax + 4])
  })

  test('those that wait between two peers stand in a row, the first one in front', () => {
    const held = ['1', '2', '3', '4', '5'].map((id) => ({ id, from: 'a', to: 'b' }))
    const shares = [...queueShares([...held, { id: 'x', from: 'b', to: 'a' }]).values()]
    expect(shares.slice(0, 5)).toEqual([...shares.slice(0, 5)].sort((a, b) => b - a))
    expect(new Set(shares.slice(0, 5)).size).toBe(5)
    expect(Math.min(...shares)).toBeGreaterThan(0)
    expect(Math.max(...shares)).toBeLessThan(0.5)
    expect(shares.at(-1)).toBe(shares[0])
  })
})

const event = (number: number, peer: string, what: PeerEvent['what'] = 'sent'): PeerEvent => ({
  ...{ number, at: number * 10, kind: 'event', peer, own: number, what, epoch: 1, lamport: number, vector: [] },
  ...(what === 'sent' && { other: 'b', message: { kind: 'request' }, purpose: 'entry' }),
})

describe('rounds of votes', () => {
  const round = (number: number, voters = 1, entered?: string) => ({
    ...{ round: number, tally: [], voters },
    ...(entered !== undefined && { entered }),
  })

  test('one in which nobody voted is none', () => {
    expect(rememberRounds([], [round(1, 0), round(2)])).toEqual([round(2)])
  })

  test('one that the peer no longer lists is kept, and learns the truth with those that are listed', () => {
    const first = rememberRounds([], [round(1), round(2, 0)])
    const later = rememberRounds(first, [round(20, 0), round(21, 0)])
    expect(later).toEqual([round(1)])
    expect(rememberRounds(later, [round(21, 0, 'b'), round(22, 0)])).toEqual([round(1, 1, 'b')])
    // What is known of it stays.
    expect(rememberRounds([round(1, 1, 'a')], [round(21, 0, 'b')])).toEqual([round(1, 1, 'a')])
    expect(rememberRounds([round(1)], [])).toEqual([round(1)])
  })

  test('what is listed is told as it is listed now', () => {
    expect(rememberRounds([round(1)], [round(1, 1, 'a'), round(2)])).toEqual([round(1, 1, 'a'), round(2)])
  })
})

describe('the history of a run', () => {
  test('a stream that is opened again tells nothing twice, and who watches messages hears each once', () => {
    const history = createHistory()
    const heard: number[] = []
    history.onSent(({ number }) => heard.push(number))
    for (const number of [1, 2, 2, 1, 3]) history.add(event(number, 'a'))
    expect([history.events.map(({ number }) => number), heard, history.last]).toEqual([[1, 2, 3], [1, 2, 3], 3])
  })

  test('times are told as the peer has them, and from the start of the run on', () => {
    const history = createHistory()
    history.add({ kind: 'state', run: { startedAt: 15 } as unknown as Run })
    history.add(event(2, 'a'))
    expect([history.events[0]?.at, history.sinceStart[0]?.at]).toEqual([20, 5])
  })

  test('it is whole once the stream ended by itself after the run had', () => {
    const history = createHistory()
    const run = { ended: undefined } as unknown as Run
    history.add({ kind: 'state', run })
    history.close()
    expect(history.isWhole).toBe(false)
    history.add({ kind: 'state', run: { ...run, ended: 'result' } })
    history.close()
    expect(history.isWhole).toBe(true)
  })
})

describe('the part of a run that is drawn', () => {
  const extent = { from: 1, to: 1_000 }
  const ranges = fc.record({ from: fc.integer({ min: -500, max: 1_500 }), length: fc.integer({ min: 0, max: 3_000 }) })

  test('however it is moved and zoomed, it lies in the run, and is not empty', () => {
    fc.assert(
      fc.property(ranges, fc.double({ min: 0.01, max: 100, noNaN: true }), ({ from, length }, factor) => {
        for (const range of [
          within({ from, to: from + length }, extent, 'order'),
          zoomed(within({ from, to: from + length }, extent, 'order'), factor, extent, 'order'),
          bringIn(within({ from, to: from + length }, extent, 'order'), 700, extent, 'order'),
        ]) {
          expect(range.from).toBeGreaterThanOrEqual(extent.from)
          expect(range.to).toBeLessThanOrEqual(extent.to + 1e-6)
          expect(range.to - range.from).toBeGreaterThanOrEqual(5)
        }
      }),
    )
    expect(bringIn({ from: 1, to: 11 }, 700, extent, 'order')).toEqual({ from: 695, to: 705 })
    expect(bringIn({ from: 1, to: 11 }, 11, extent, 'order')).toEqual({ from: 1, to: 11 })
    expect(newestRange(extent, 60)).toEqual({ from: 940, to: 1_000 })
    expect(newestRange({ from: 1, to: 2 }, 60)).toEqual({ from: 1, to: 2 })
  })

  test('what is drawn of a part is what is drawn of all', () => {
    const steps: LabEvent[] = [{ number: 1, at: 0, kind: 'view', epoch: 1, members: ['a', 'b'] }]
    for (let number = 2; number < 200; number++)
      steps.push(
        event(number, number % 2 === 0 ? 'a' : 'b', number % 6 === 0 ? 'entered' : number % 6 === 2 ? 'released' : 'wished'),
      )
    const shown = { from: 90, to: 110 }
    const frame = { width: 500, rowHeight: 40, axis: 'order', shown } as const
    const some = stepsAround(steps, shown, 'order', 30)
    expect(some.length).toBeLessThan(90)
    const { extent: _, ...drawn } = spaceTime(some, frame)
    const { extent: __, ...all } = spaceTime(steps, frame)
    expect(drawn).toEqual(all)
    expect(drawn.stays.length).toBeGreaterThan(0)
  })

  test('a message that was sent long before is whole, and not one whose sender is not known', () => {
    const sent: PeerEvent = { ...event(2, 'a'), own: 1, vector: [{ peer: 'a', count: 1 }] }
    const between = Array.from({ length: 600 }, (_, index) => ({ ...event(index + 3, 'b', 'wished'), own: index + 1 }))
    const vector = [
      { peer: 'a', count: 1 },
      { peer: 'b', count: 601 },
    ]
    const received: PeerEvent = {
      ...event(603, 'b', 'received'),
      ...{ other: 'a', own: 601, vector, message: { kind: 'request' } },
    }
    const steps: LabEvent[] = [{ number: 1, at: 0, kind: 'view', epoch: 1, members: ['a', 'b'] }, sent, ...between, received]
    const shown = { from: 593, to: 603 }
    const { arrows } = spaceTime(stepsAround(steps, shown, 'order'), { width: 500, rowHeight: 40, axis: 'order', shown })
    expect(arrows.map(({ sent: from, received: to, isLost }) => [from, to, isLost])).toEqual([[2, 603, false]])
  })

  test('labels on one line do not lie on each other, and the chosen one is there', () => {
    const labels = Array.from({ length: 60 }, (_, number) => ({ number, x: number * 5, y: 10, text: String(100 + number) }))
    const shown = withRoom(labels, 31)
    const xs = shown.map(({ x }) => x).sort((a, b) => a - b)
    expect(shown.map(({ number }) => number)).toContain(31)
    expect(xs.every((x, at) => at === 0 || x - (xs[at - 1] ?? 0) >= 20)).toBe(true)
    expect(shown.length).toBeGreaterThan(8)
  })

  test('arrow keys go from event to event, and along one peer', () => {
    const steps: LabEvent[] = [1, 2, 3, 4, 5].map((number) => event(number, number % 2 === 0 ? 'b' : 'a'))
    steps.splice(2, 0, { number: 2.5, at: 25, kind: 'missed', peer: 'a', count: 1 })
    const go = (chosen: number | undefined, by: -1 | 1, ofPeer = false) =>
      neighbour(steps, chosen, by, { ofPeer, range: { from: 2, to: 4 }, axis: 'order' })?.number
    expect([go(2, 1), go(2, -1), go(2, 1, true), go(5, -1, true)]).toEqual([3, 1, 4, 3])
    expect([go(undefined, 1), go(undefined, -1)]).toEqual([2, 4])
    expect([go(5, 1), go(1, -1)]).toEqual([undefined, undefined])
  })
})
