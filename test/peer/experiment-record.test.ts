import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import { lifeEvents } from '../../src/mutex/witness.ts'
import type { TellFrame } from '../../src/peer/experiment-frame.ts'
import { createExperimentRecord } from '../../src/peer/experiment-record.ts'
import { plainSetting } from '../support/lab-setting.ts'
import { batchOf, heldOf, tellOf, toldOf } from './told.ts'

const [ana, bob] = ['ana', 'bob'] as [PeerId, PeerId]

function recordOf(changes: Partial<ExperimentSetting> = {}) {
  const record = createExperimentRecord({ ...plainSetting, ...changes })
  record.enterView(0, 0, { epoch: 1, members: [ana, bob] }, [ana, bob])
  return record
}

describe('what one peer knows of an experiment', () => {
  const deedsOfAna = [toldOf(ana, 1, 'wished'), toldOf(ana, 3, 'entered'), toldOf(ana, 4, 'released')]

  it('has figures and violations, and its end, before it has messages; and waits for those with the order of events', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ events: deedsOfAna, through: 5, aside: 2 }))
    const deedsOfBob = [
      toldOf(bob, 1, 'wished', { ana: 3 }),
      toldOf(bob, 2, 'entered', { ana: 3 }),
      toldOf(bob, 3, 'released', { ana: 3 }),
    ]
    record.tell(0, bob, tellOf({ events: deedsOfBob, through: 3, messages: batchOf(0, [], 3), sent: { entry: 0, overhead: 0 } }))
    expect([record.figures.entries, record.figures.messages.entry, record.figures.violations]).toEqual([2, 1, 1])
    expect([record.violations.length, record.isFinished, record.awaited]).toEqual([1, true, 2])
    record.look(60_000)
    expect(record.kept.filter(({ kind }) => kind === 'event')).toEqual([])
    const messages = batchOf(0, [toldOf(ana, 2, 'sent'), toldOf(ana, 5, 'received')], 5)
    record.tell(60_000, ana, tellOf({ number: 2, after: 5, through: 5, messages }))
    expect(record.kept.map((one) => (one.kind === 'event' ? `${one.peer} ${one.event.what}` : one.kind))).toEqual([
      ...['view', 'ana wished', 'ana sent', 'ana entered', 'ana released', 'ana received'],
      ...['bob wished', 'bob entered', 'violation', 'bob released'],
    ])
    expect([record.awaited, record.missed, record.members.map(({ told }) => told)]).toEqual([0, 0, [5, 3]])
  })

  it('goes on without what an event knew of after two seconds, unless messages are still to come that have not had their time', () => {
    const record = recordOf()
    const kept = () => record.kept.filter(({ kind }) => kind === 'event').length
    const knowing = (peer: PeerId, number: number, other: PeerId) => toldOf(peer, number, 'entered', { [other]: 9 })
    const noMessages = (through: number) => batchOf(0, [], through)
    record.tell(0, ana, tellOf({ events: [knowing(ana, 1, bob)], through: 1, messages: noMessages(1) }))
    record.look(1_999)
    expect([record.figures.entries, kept()]).toEqual([0, 0])
    record.look(2_000)
    expect([record.figures.entries, kept()]).toEqual([1, 1])
    record.tell(2_000, bob, tellOf({ events: [knowing(bob, 1, ana)], through: 1, messages: noMessages(1) }))
    record.tell(4_000, ana, tellOf({ number: 2, after: 1, through: 1 }))
    expect([record.figures.entries, kept()], 'also with what is told').toEqual([2, 2])
    const more = knowing(ana, 2, 'cleo' as PeerId)
    const messages = batchOf(1, [], 2)
    record.tell(4_000, ana, tellOf({ number: 3, after: 1, events: [more], through: 2, messages, aside: 1 }))
    record.look(6_000)
    record.tell(6_000, bob, tellOf({ number: 2, after: 1, through: 1 }))
    expect([record.figures.entries, kept()], 'judged, and not yet put in order').toEqual([3, 2])
    record.look(6_000, true)
    expect(kept()).toBe(3)
  })

  it('judges at its end what still waited', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ events: [toldOf(ana, 1, 'entered', { bob: 9 })], through: 1 }))
    record.end()
    expect(record.figures.entries).toBe(1)
  })

  it('takes it for no lie that there was no message', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ events: [toldOf(ana, 1, 'wished')], through: 1, messages: batchOf(0, [], 1) }))
    expect(record.tell(0, ana, tellOf({ number: 2, after: 1, through: 1, messages: batchOf(1, [], 1) }))).toBe(0)
  })

  it('goes on without messages that have had their time, and says how many are missing', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ events: deedsOfAna, through: 5, aside: 2 }))
    record.look(60_000)
    record.end()
    expect(record.kept.filter(({ kind }) => kind === 'event')).toHaveLength(3)
    expect(record.missed).toBe(2)
  })

  it('waits for nobody who is in the view no more', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ events: deedsOfAna, through: 5, aside: 2 }))
    record.enterView(1, 1, { epoch: 2, members: [bob] }, [bob])
    expect([record.awaited, record.kept.filter(({ kind }) => kind === 'event').length]).toEqual([0, 3])
  })

  it('knows of whoever has told nothing that it takes no part', () => {
    const none = { why: '', entries: 0, sent: { entry: 0, overhead: 0 }, told: 0, missed: 0 }
    expect(recordOf().members).toEqual([ana, bob].map((peer) => ({ peer, part: 'absent', ...none })))
  })

  it('adds up what a peer did in all its lives, and takes nothing of one that is over, nor of more than a room ever sees', () => {
    const record = recordOf()
    const lifeAt = (life: number, changes: Partial<TellFrame> = {}) =>
      tellOf({ number: life, after: life * lifeEvents, through: life * lifeEvents, ...changes })
    record.tell(0, ana, lifeAt(1, { entries: 2, sent: { entry: 3, overhead: 1 } }))
    record.tell(0, ana, lifeAt(2, { entries: 4, sent: { entry: 5, overhead: 7 } }))
    record.tell(0, ana, lifeAt(3, { entries: 1, sent: { entry: 1, overhead: 2 }, part: 'waiting' }))
    expect(record.members[0]).toMatchObject({ part: 'waiting', entries: 7, sent: { entry: 9, overhead: 10 } })
    expect(record.figures.messages).toEqual({ entry: 9, overhead: 10 })
    expect(record.tell(0, ana, lifeAt(2, { number: 9, entries: 50 }))).toBe(0)
    expect(record.members[0]?.entries).toBe(7)
    for (let life = 4; life <= 64; life++) expect(record.tell(0, ana, lifeAt(life))).toBe(0)
    expect(record.tell(0, ana, lifeAt(65))).toBe(1)
  })

  it('hears a peer that was started again from its first tell on: it numbers them anew', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ number: 500, after: lifeEvents, through: lifeEvents, entries: 7 }))
    record.tell(0, ana, tellOf({ number: 1, after: 17 * lifeEvents, through: 17 * lifeEvents, entries: 1, part: 'waiting' }))
    expect(record.members[0]).toMatchObject({ part: 'waiting', entries: 8 })
  })

  it('learns nothing from what comes twice, or late', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ number: 2, part: 'waiting', entries: 3 }))
    for (const number of [2, 1]) expect(record.tell(0, ana, tellOf({ number, entries: 9, events: deedsOfAna }))).toBe(0)
    expect(record.members[0]).toMatchObject({ part: 'waiting', entries: 3, told: 0 })
  })

  it.each([
    [false, 3, 0],
    [false, 4, 1],
    [true, 4, 0],
  ])('says once that something was lost where only deeds are told (record: %s; from %i on: %i)', (recorded, after, lost) => {
    const record = recordOf({ record: recorded })
    record.tell(0, ana, tellOf({ events: [toldOf(ana, 1, 'wished')], through: 3 }))
    record.tell(0, ana, tellOf({ number: 2, after, through: 7 }))
    record.tell(0, ana, tellOf({ number: 3, after: 7, through: 8 }))
    expect([record.missed, record.members[0]?.missed]).toEqual([lost, lost])
  })

  it('has the waiting messages of all, the oldest first, as they were told last, until the next view', () => {
    const record = recordOf()
    const orderOf = () => record.held.map(({ from, event }) => `${from} ${event}`)
    record.tell(0, ana, tellOf({ part: 'waiting', held: [heldOf(bob, 2, { lamport: 9 }), heldOf(bob, 1, { lamport: 3 })] }))
    record.tell(0, bob, tellOf({ part: 'waiting', held: [heldOf(ana, 1, { lamport: 5 })] }))
    record.tell(0, ana, tellOf({ number: 2, part: 'waiting' }))
    expect(orderOf()).toEqual(['ana 1', 'bob 1', 'ana 2'])
    record.tell(0, ana, tellOf({ number: 3, part: 'waiting', held: [] }))
    // Whoever takes no part has nothing that could be let go.
    record.tell(0, 'cleo' as PeerId, tellOf({ held: [heldOf(ana, 1)] }))
    expect(orderOf()).toEqual(['bob 1'])
    record.enterView(1, 1, { epoch: 2, members: [ana, bob] }, [ana, bob])
    expect(orderOf()).toEqual([])
  })

  it('has those that are gone behind the members, with what they did', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ entries: 3 }))
    record.enterView(1, 1, { epoch: 2, members: [bob] }, [bob])
    expect(record.members.map(({ peer, part, entries }) => [peer, part, entries])).toEqual([
      [bob, 'absent', 0],
      [ana, 'absent', 3],
    ])
  })

  it('measures from the last deed of a member that is gone to the next entry, for those that took part at first', () => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ events: deedsOfAna, through: 4, messages: batchOf(0, [toldOf(ana, 2, 'sent')], 4) }))
    record.tell(1, ana, tellOf({ number: 2, after: 4, through: 4, messages: batchOf(4, [], 4) }))
    record.enterView(50, 50, { epoch: 2, members: [bob] }, [bob])
    const entered = toldOf(bob, 100, 'entered', { ana: 4 })
    record.tell(60, bob, tellOf({ after: 99, events: [{ ...entered, event: { ...entered.event, epoch: 2 } }], through: 100 }))
    expect(record.figures).toMatchObject({ members: 2, entries: 2, recovery: 96 })
  })

  it('shows the first twenty violations, counts all, and tells who entered', () => {
    const record = recordOf()
    const entered: PeerId[] = []
    record.onEntered = (peer) => entered.push(peer)
    record.tell(0, ana, tellOf({ events: [toldOf(ana, 1, 'entered')], through: 1 }))
    const deeds = Array.from({ length: 25 }, (_, at) => [
      toldOf(bob, 2 * at + 1, 'entered'),
      toldOf(bob, 2 * at + 2, 'released'),
    ]).flat()
    record.tell(0, bob, tellOf({ events: deeds, through: 50 }))
    expect([record.violations.length, record.figures.violations, record.inside]).toEqual([20, 25, [ana]])
    expect([entered[0], entered.length]).toEqual([ana, 26])
  })

  const ends: readonly (readonly [TellFrame['part'], TellFrame['part'] | undefined, boolean])[] = [
    ['done', 'done', true],
    ['done', 'failed', true],
    ['dead', 'done', true],
    ['failed', 'failed', false],
    ['done', 'waiting', false],
    ['done', undefined, false],
  ]
  it.each(ends)('is finished where one part is %s and the other %s: %s', (first, second, isFinished) => {
    const record = recordOf()
    record.tell(0, ana, tellOf({ part: first }))
    if (second !== undefined) record.tell(0, bob, tellOf({ part: second }))
    expect(record.isFinished).toBe(isFinished)
  })

  it('is not finished before the first view, nor while a deed waits for what it knew of', () => {
    expect(createExperimentRecord(plainSetting).isFinished).toBe(false)
    const record = recordOf()
    record.tell(0, bob, tellOf({}))
    record.tell(0, ana, tellOf({ events: [toldOf(ana, 1, 'entered', { bob: 2 })], through: 1 }))
    expect(record.isFinished).toBe(false)
    record.tell(0, bob, tellOf({ number: 2, events: [toldOf(bob, 2, 'released')], through: 2 }))
    expect(record.isFinished).toBe(true)
  })

  it.each<readonly [string, Partial<TellFrame>]>([
    ['a deed that is a message', { events: [toldOf(ana, 1, 'sent')], through: 1 }],
    ['a message that is a deed', { through: 1, messages: batchOf(0, [toldOf(ana, 1, 'entered')], 1) }],
    ['a message twice', { through: 3, messages: batchOf(0, [toldOf(ana, 2, 'sent'), toldOf(ana, 2, 'sent')], 3) }],
    ['messages out of order', { through: 3, messages: batchOf(0, [toldOf(ana, 2, 'sent'), toldOf(ana, 1, 'sent')], 3) }],
    ['a message that was told before', { through: 3, messages: batchOf(2, [toldOf(ana, 1, 'sent')], 3) }],
    ['a message beyond the last', { through: 3, messages: batchOf(0, [toldOf(ana, 9, 'sent')], 3) }],
    ['messages that end before they begin', { through: 3, messages: batchOf(3, [], 2) }],
    ['messages of another life', { through: 3, messages: batchOf(0, [], lifeEvents + 1) }],
    ['a deed beyond the last', { events: [toldOf(ana, 9, 'wished')], through: 3 }],
  ])('is told by no honest peer: %s', (_what, changes) => {
    const record = recordOf()
    expect(record.tell(0, ana, tellOf(changes))).toBe(1)
    record.end()
    expect(record.kept.filter(({ kind }) => kind === 'event')).toEqual([])
  })
})
