import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { MutexEvent } from '../../src/mutex/participant.ts'
import { rehearse } from '../../src/mutex/rehearsal.ts'
import type { TrialEvent } from '../../src/mutex/trial.ts'
import { lifeEvents, type ToldEvent, Witness, type Witnessed } from '../../src/mutex/witness.ts'
import { settingOf } from './rooms.ts'

const [ana, bob, cleo] = ['ana', 'bob', 'cleo'] as [PeerId, PeerId, PeerId]

function eventOf(
  what: MutexEvent['what'],
  number: number,
  peer: PeerId,
  knows: Record<string, number> = {},
  epoch = 1,
): ToldEvent {
  const vector = { ...knows, [peer]: number }
  return {
    number,
    at: number,
    event: { what, epoch, peer: undefined, message: undefined, purpose: undefined, lamport: number, vector },
  }
}

/** What the witness says once each peer has told all of this, in order. */
function judge(
  told: readonly (readonly [PeerId, ToldEvent])[],
  views: readonly (readonly [number, readonly PeerId[]])[] = [],
  isByToken = false,
) {
  const witness = new Witness(isByToken)
  for (const [epoch, members] of [[1, [ana, bob, cleo]] as const, ...views]) witness.enterView({ epoch, members })
  const taken: Witnessed[] = []
  for (const [peer, event] of told) {
    witness.tell(0, peer, { after: event.number - 1, events: [event], through: event.number })
    taken.push(...witness.take(0))
  }
  return { witness, taken, violations: taken.flatMap((one) => (one.kind === 'violation' ? [one.violation] : [])) }
}

describe('the referee by vector times', () => {
  it('sees nothing wrong where the second one knew that the first had left', () => {
    const { violations } = judge([
      [ana, eventOf('entered', 1, ana)],
      [ana, eventOf('released', 2, ana)],
      [bob, eventOf('entered', 1, bob, { ana: 2 })],
    ])
    expect(violations).toEqual([])
  })

  it('excuses nobody by a view that came after both had entered', () => {
    const both: readonly (readonly [PeerId, ToldEvent])[] = [
      [ana, eventOf('entered', 1, ana)],
      [bob, eventOf('entered', 1, bob)],
    ]
    for (const members of [[bob], [ana], [cleo]]) expect(judge(both, [[2, members]]).violations).toHaveLength(1)
    // One that came between them does: whatever the first still does inside is of an older epoch.
    const later = eventOf('entered', 1, bob, {}, 2)
    expect(
      judge(
        [
          [ana, eventOf('entered', 1, ana)],
          [bob, later],
        ],
        [[2, [bob]]],
      ).violations,
    ).toEqual([])
  })

  it('waits for what an event knew of, in whatever order it is told', () => {
    const { violations, taken } = judge([
      [bob, eventOf('entered', 1, bob, { ana: 2 })],
      [ana, eventOf('entered', 1, ana)],
      [ana, eventOf('released', 2, ana)],
    ])
    expect(violations).toEqual([])
    expect(taken.flatMap((one) => (one.kind === 'event' ? [`${one.peer} ${one.told.event.what}`] : []))).toEqual([
      'ana entered',
      'ana released',
      'bob entered',
    ])
  })

  it('shows both of two that were inside at once, whoever is told of first, and whatever their wall clocks say', () => {
    const first: readonly (readonly [PeerId, ToldEvent])[] = [
      [ana, eventOf('entered', 1, ana)],
      [ana, eventOf('released', 2, ana)],
    ]
    // By his clock Bob came long after, but he knew nothing of it.
    const second: readonly (readonly [PeerId, ToldEvent])[] = [
      [bob, { ...eventOf('entered', 1, bob, { ana: 1 }), at: 1_000_000 }],
    ]
    for (const told of [
      [...first, ...second],
      [...first.slice(0, 1), ...second, ...first.slice(1)],
    ]) {
      const { violations } = judge(told)
      expect(violations.map(({ first: one, second: other }) => [one.peer, other.peer])).toEqual([[ana, bob]])
    }
  })

  describe('where entries go by the token of the room’s ring', () => {
    const entered = (peer: PeerId, number: number, epoch: string, turn: number): readonly [PeerId, ToldEvent] => {
      const told = eventOf('entered', number, peer)
      return [peer, { ...told, event: { ...told.event, message: { kind: 'token', epoch, turn } } }]
    }

    it('goes by its place: whoever has a later one is fenced off from nobody', () => {
      const told = [entered(ana, 1, 'e', 1), entered(bob, 1, 'e', 2), entered(cleo, 1, 'f', 2), entered(ana, 2, 'f', 3)]
      expect(judge(told, [], true).violations).toEqual([])
      expect(judge(told).violations.length, 'no other algorithm is believed that').toBe(5)
    })

    it('sees two with the same place, however long ago the first one was inside', () => {
      const told = [
        entered(ana, 1, 'e', 1),
        [ana, eventOf('released', 2, ana)] as const,
        entered(ana, 3, 'e', 4),
        entered(bob, 1, 'e', 1),
      ]
      const [violation, ...others] = judge(told, [], true).violations
      expect([violation?.first.peer, violation?.second.peer, others.length]).toEqual([ana, bob, 0])
    })

    it('sees whoever enters without one, as it would without a ring', () => {
      expect(judge([entered(ana, 1, 'e', 1), [bob, eventOf('entered', 1, bob)]], [], true).violations.length).toBe(1)
    })
  })

  it('counts whoever is out of the view as out', () => {
    const told: readonly (readonly [PeerId, ToldEvent])[] = [
      [ana, eventOf('entered', 1, ana)],
      [bob, eventOf('entered', 1, bob, {}, 2)],
    ]
    expect(judge(told, [[2, [bob, cleo]]]).violations).toEqual([])
    expect(judge(told, [[2, [ana, bob, cleo]]]).violations.length).toBe(1)
  })

  it('counts nothing that one who is out still does in an earlier epoch', () => {
    const told: readonly (readonly [PeerId, ToldEvent])[] = [
      [bob, eventOf('entered', 1, bob, {}, 2)],
      [ana, eventOf('entered', 1, ana, {}, 1)],
    ]
    expect(judge(told, [[2, [bob, cleo]]]).violations).toEqual([])
  })

  it('ends what a peer did in its last life with the next one', () => {
    const told: readonly (readonly [PeerId, ToldEvent])[] = [
      [ana, eventOf('entered', 1, ana)],
      [ana, eventOf('sent', lifeEvents + 1, ana, {}, 2)],
      [bob, eventOf('entered', 1, bob, { ana: lifeEvents + 1 }, 2)],
    ]
    expect(judge(told, [[2, [ana, bob, cleo]]]).violations).toEqual([])
  })

  it('goes on without what nobody can tell any more, and takes nothing twice', () => {
    const { witness, taken } = judge([[bob, eventOf('entered', 1, bob, { ana: 7 })]])
    expect(taken.filter(({ kind }) => kind === 'event')).toEqual([])
    expect(witness.waiting).toBe(1)
    expect(witness.take(1_999)).toEqual([])
    expect(witness.take(2_000).map(({ kind }) => kind)).toEqual(['event'])
    expect([witness.waiting, witness.inside]).toEqual([0, [bob]])
    expect(witness.tell(2_000, bob, { after: 0, events: [eventOf('released', 1, bob)], through: 1 })).toBe(1)
    expect(witness.tell(2_000, bob, { after: 1, events: [eventOf('released', 3, bob)], through: 2 })).toBe(1)
    expect(witness.take(9_000)).toEqual([])
  })

  it('accuses nobody where it was not told everything', () => {
    const witness = new Witness()
    witness.enterView({ epoch: 1, members: [ana, bob] })
    witness.tell(0, ana, { after: 0, events: [eventOf('entered', 1, ana)], through: 1 })
    witness.tell(0, bob, { after: 0, events: [eventOf('entered', 1, bob, { ana: 3 })], through: 1 })
    // Ana crashed before she could tell that she had left.
    const lost = witness.take(2_000)
    expect(lost.map(({ kind }) => kind)).toEqual(['view', 'event', 'event'])
    witness.tell(2_000, bob, { after: 1, events: [eventOf('released', 2, bob, { ana: 3 })], through: 2 })
    // What she told of that was lost on its way, and she goes on.
    witness.tell(2_000, ana, { after: 4, events: [eventOf('wished', 5, ana, { bob: 2 })], through: 5 })
    witness.tell(2_000, bob, { after: 2, events: [eventOf('entered', 3, bob, { ana: 5 })], through: 3 })
    expect(witness.take(2_000).map(({ kind }) => kind)).toEqual(['event', 'event', 'event'])
  })

  it('waits for the view of an event, which may come by the log later', () => {
    const witness = new Witness()
    witness.enterView({ epoch: 1, members: [ana] })
    witness.tell(0, ana, { after: 0, events: [eventOf('began', 1, ana, {}, 2)], through: 1 })
    expect(witness.take(0).map(({ kind }) => kind)).toEqual(['view'])
    witness.enterView({ epoch: 2, members: [ana] })
    expect(witness.take(0).map(({ kind }) => kind)).toEqual(['view', 'event'])
  })

  /** All that a simulated room did, told by each peer in order, and otherwise as the network likes it. */
  function tellAll(events: readonly TrialEvent[], seed: number): readonly Witnessed[] {
    const random = createRandom(seed)
    const witness = new Witness()
    for (const event of events) if (event.kind === 'view') witness.enterView(event.view)
    const queues = new Map<PeerId, ToldEvent[]>()
    for (const event of events) {
      if (event.kind !== 'mutex') continue
      const queue = queues.get(event.peer) ?? []
      queues.set(event.peer, queue)
      queue.push({ number: event.event.vector[event.peer] ?? 0, at: event.at, event: event.event })
    }
    const taken: Witnessed[] = []
    for (let left = [...queues]; left.length > 0; left = left.filter(([, queue]) => queue.length > 0)) {
      const [peer, queue] = left[random.below(left.length)] as [PeerId, ToldEvent[]]
      const some = queue.splice(0, 1 + random.below(20))
      witness.tell(0, peer, { after: (some[0]?.number ?? 1) - 1, events: some, through: some.at(-1)?.number ?? 0 })
      taken.push(...witness.take(0))
    }
    return taken
  }

  it.each(algorithms.map((kind) => [kind.name, kind] as const))(
    'agrees that %s is safe, in a room that loses and repeats',
    (_name, kind) => {
      for (let seed = 1; seed <= 4; seed++) {
        const { events } = rehearse(settingOf(kind, seed, 2 + seed, { isLossy: true, changesViews: false }))
        const taken = tellAll(events, seed)
        expect(taken.filter((one) => one.kind === 'violation')).toEqual([])
        expect(taken.filter((one) => one.kind === 'event').length).toBe(events.filter((one) => one.kind === 'mutex').length)
        const done = new Map<string, number>()
        for (const one of taken) {
          if (one.kind !== 'event') continue
          for (const [peer, count] of Object.entries(one.told.event.vector))
            if (peer !== one.peer)
              expect(done.get(peer) ?? 0, 'an event comes after all that it knew of').toBeGreaterThanOrEqual(count)
          done.set(one.peer, one.told.number)
        }
      }
    },
  )

  it.each(algorithms.map((kind) => [kind.name, kind] as const))(
    'agrees that %s is safe where peers crash, are dropped and come again',
    (_name, kind) => {
      for (let seed = 1; seed <= 6; seed++) {
        const { events } = rehearse(settingOf(kind, seed, 3 + (seed % 3), { isLossy: true, changesViews: true }))
        const taken = tellAll(events, seed)
        expect(
          taken.filter((one) => one.kind === 'violation'),
          `seed ${seed}`,
        ).toEqual([])
        expect(taken.filter((one) => one.kind === 'event').length).toBe(events.filter((one) => one.kind === 'mutex').length)
      }
    },
  )

  it('finds the overlap in what looks right by the clock', () => {
    const broken = {
      ...{ name: 'broken', needsFifo: false, accepts: (_: unknown): _ is never => true },
      create: (_: unknown, { enter }: { enter: () => void }) => ({ request: () => enter(), release() {}, receive() {} }),
    }
    const { events } = rehearse(settingOf(broken, 1, 3, { isLossy: false, changesViews: false }))
    expect(tellAll(events, 1).some(({ kind }) => kind === 'violation')).toBe(true)
  })
})
