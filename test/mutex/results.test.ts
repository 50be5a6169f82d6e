import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { toFigures } from '../../src/mutex/figures.ts'
import { expectedMessages } from '../../src/mutex/formula.ts'
import type { MutexEvent } from '../../src/mutex/participant.ts'
import { jain, Measures, resultsOf } from '../../src/mutex/results.ts'
import type { TrialEvent } from '../../src/mutex/trial.ts'

const [ana, bob, cleo] = ['ana', 'bob', 'cleo'] as [PeerId, PeerId, PeerId]
const three = [ana, bob, cleo]
type Told = readonly [at: number, peer: PeerId, what: MutexEvent['what'], purpose?: MutexEvent['purpose']]

function measured(told: readonly Told[], quota = 2) {
  const measures = new Measures(three, quota)
  for (const [at, peer, what, purpose] of told) measures.add(at, peer, { what, purpose })
  return measures.figures('token-ring')
}

describe('what an experiment comes to', () => {
  const story: readonly Told[] = [
    [100, ana, 'wished'],
    [105, bob, 'wished'],
    [106, bob, 'sent', 'entry'],
    [107, bob, 'sent', 'entry'],
    [108, cleo, 'sent', 'overhead'],
    [109, cleo, 'received', 'entry'],
    [110, ana, 'entered'],
    [120, ana, 'released'],
    [123, bob, 'entered'],
    [140, bob, 'released'],
    [150, cleo, 'wished'],
    [160, cleo, 'entered'],
    [170, cleo, 'released'],
    [175, cleo, 'wished'],
    [200, cleo, 'entered'],
  ]

  it('is told from the wishes, entries and releases of all', () => {
    expect(measured(story)).toMatchObject({
      members: 3,
      entries: 4,
      entriesByPeer: new Map([
        [ana, 1],
        [bob, 1],
        [cleo, 2],
      ]),
      messages: { entry: 2, overhead: 1 },
      messagesPerEntry: 0.5,
      // 10, 18, 10 and 25.
      waiting: { mean: 15.75, p95: 25 },
      // From Ana’s release to Bob’s entry: the others came when nobody had waited.
      synchronisationDelay: 3,
      // 100 ms from the first wish to the last entry.
      entriesPerSecond: 40,
      fairness: jain([1, 1, 2]),
      recovery: undefined,
    })
  })

  it('has nothing to say where nobody entered', () => {
    expect(toFigures(measured([[1, ana, 'wished']]), 0)).toEqual({
      ...{ algorithm: 'token-ring', members: 3, entries: 0, messages: { entry: 0, overhead: 0 }, violations: 0 },
      entriesByPeer: three.map((peer) => ({ peer, entries: 0 })),
      expected: { least: 0, formula: '1 to n' },
    })
  })

  it('of twenty waits 95 of 100 are the nineteenth', () => {
    const told = Array.from({ length: 20 }, (_, at): readonly Told[] => [
      [1_000 * at, ana, 'wished'],
      [1_000 * at + 20 - at, ana, 'entered'],
    ])
    expect(measured(told.flat()).waiting).toEqual({ mean: 10.5, p95: 19 })
  })

  it('counts fairness until the first is done with all of its own, and no further', () => {
    const entries = (peers: readonly PeerId[]): readonly Told[] => peers.map((peer, at) => [at, peer, 'entered'])
    expect(measured(entries([ana, bob, ana]), 2).fairness).toBe(jain([2, 1, 0]))
    expect(measured(entries([ana, bob, ana, bob, cleo, cleo]), 2).fairness).toBe(jain([2, 1, 0]))
    expect(measured(entries([ana, bob]), 2).fairness).toBeUndefined()
    expect([jain([3, 3, 3]), jain([1, 0, 0, 0]), jain([0, 0])]).toEqual([1, 0.25, 1])
  })

  it('a wish that ended with its peer, or with a view, waits for nothing', () => {
    const measures = new Measures(three, 2)
    const add = (...[at, peer, what, purpose]: Told): void => measures.add(at, peer, { what, purpose })
    for (const [peer, end] of [
      [bob, () => measures.crashed(30, bob)],
      [cleo, () => add(30, cleo, 'left')],
    ] as const) {
      add(10, ana, 'entered')
      add(20, peer, 'wished')
      end()
      add(40, ana, 'released')
      add(50, ana, 'entered')
    }
    expect(measures.figures('lamport').synchronisationDelay).toBeUndefined()
    expect(measures.figures('lamport', { entry: 8, overhead: 0 }).messagesPerEntry).toBe(2)
  })

  it('recovery is from a crash to the next entry after it: the longest', () => {
    const measures = new Measures(three, 9)
    const enter = (at: number): void => measures.add(at, ana, { what: 'entered', purpose: undefined })
    const recovery = (): number | undefined => measures.figures('lamport').recovery
    enter(5)
    measures.crashed(10, bob)
    enter(10)
    expect(recovery()).toBeUndefined()
    measures.crashed(12, cleo)
    enter(40)
    expect(recovery()).toBe(30)
    measures.crashed(50, bob)
    enter(60)
    enter(500)
    expect(recovery()).toBe(30)
  })

  it('names two that were inside at once, and none whom a view had left out, or who had died', () => {
    const at = (time: number, peer: PeerId, what: MutexEvent['what'], epoch = 1): TrialEvent => ({
      ...{ kind: 'mutex', at: time, peer },
      event: { what, epoch, peer: undefined, message: undefined, purpose: undefined, lamport: time, vector: {} },
    })
    const view = (time: number, epoch: number, ...members: PeerId[]): TrialEvent => ({
      kind: 'view',
      at: time,
      view: { epoch, members },
    })
    const violationsOf = (...events: TrialEvent[]) =>
      resultsOf('lamport', three, 1, [view(0, 1, ...three), ...events]).violations.map(
        ({ first, second }) => `${first.peer} ${second.peer}`,
      )
    expect(violationsOf(at(1, ana, 'entered'), at(2, bob, 'entered'))).toEqual(['ana bob'])
    expect(violationsOf(at(1, ana, 'entered'), at(2, ana, 'released'), at(3, bob, 'entered'))).toEqual([])
    expect(violationsOf(at(1, ana, 'entered'), at(2, ana, 'left'), at(3, bob, 'entered'))).toEqual([])
    expect(violationsOf(at(1, ana, 'entered'), { kind: 'crashed', at: 2, peer: ana }, at(3, bob, 'entered'))).toEqual([])
    expect(violationsOf(at(1, ana, 'entered'), view(2, 2, bob, cleo), at(3, bob, 'entered', 2))).toEqual([])
    // It enters in a view that has passed: that counts nowhere. In one that it is in again it does.
    expect(violationsOf(view(1, 2, bob, cleo), at(2, bob, 'entered', 2), at(3, ana, 'entered', 1))).toEqual([])
    expect(violationsOf(view(1, 2, bob, cleo), view(2, 3, ...three), at(3, bob, 'entered', 3), at(4, ana, 'entered', 3))).toEqual(
      ['bob ana'],
    )
  })
})

describe('the theory', () => {
  const entries = new Map([
    [ana, 5],
    [bob, 3],
    [cleo, 2],
  ])
  it.each([
    // What the coordinator, the greatest, says to itself is no message.
    ['centralized', 24, 24, '3(n-1)/n'],
    ['centralized-chang-roberts', 24, 24, '3(n-1)/n'],
    ['ricart-agrawala', 40, 40, '2(n-1)'],
    ['lamport', 60, 60, '3(n-1)'],
    ['token-ring', 9, Number.POSITIVE_INFINITY, '1 to n'],
    ['room', 9, Number.POSITIVE_INFINITY, '1 to n'],
    ['suzuki-kasami', 0, 30, '0 or n'],
    // Two of three are asked, itself among them.
    ['maekawa', 30, 60, '3√n to 6√n'],
  ])('of %s: from %d to %d messages for ten entries, %s for one', (algorithm, least, most, formula) => {
    expect(expectedMessages(algorithm, { members: [bob, cleo, ana], entries })).toEqual({ least, most, formula })
  })

  it('alone nobody says anything, and of what it does not know it says nothing', () => {
    const alone = { members: [ana], entries: new Map([[ana, 7]]) }
    for (const name of ['centralized', 'ricart-agrawala', 'lamport', 'token-ring', 'maekawa'])
      expect([name, expectedMessages(name, alone)?.least]).toEqual([name, 0])
    expect(expectedMessages('mine', alone)).toBeUndefined()
    expect(expectedMessages('token-ring', { members: three, entries: new Map() })?.least).toBe(0)
  })
})
