import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { MutexEvent } from '../../src/mutex/participant.ts'
import { lifeEvents, type ToldEvent } from '../../src/mutex/witness.ts'
import type { TellFrame } from '../../src/peer/experiment-frame.ts'
import { createExperimentRecord } from '../../src/peer/experiment-record.ts'
import { plainSetting } from '../support/lab-setting.ts'

const [ana, bob] = ['ana', 'bob'] as [PeerId, PeerId]

const toldOf = (peer: PeerId, number: number, what: MutexEvent['what'], knows: Record<string, number> = {}): ToldEvent => ({
  ...{ number, at: number },
  event: {
    ...{ what, epoch: 1, peer: undefined, message: undefined, purpose: what === 'sent' ? 'entry' : undefined },
    ...{ lamport: number, vector: { ...knows, [peer]: number } },
  },
})
const frameOf = (changes: Partial<TellFrame>): TellFrame => ({
  ...{ kind: 'tell', experiment: 1, part: 'done', why: '', entries: 1, sent: { entry: 1, overhead: 0 }, number: 1 },
  ...{ after: 0, through: 0, events: [], messages: undefined, aside: 0, held: undefined },
  ...changes,
})
const batchOf = (after: number, events: readonly ToldEvent[], through: number) => ({ after, events, through })

function recordOf() {
  const record = createExperimentRecord(plainSetting)
  record.enterView(0, 0, { epoch: 1, members: [ana, bob] }, [ana, bob])
  return record
}

describe('what one peer knows of an experiment', () => {
  const deedsOfAna = [toldOf(ana, 1, 'wished'), toldOf(ana, 3, 'entered'), toldOf(ana, 4, 'released')]

  it('has figures and violations, and its end, before it has messages; and waits for those with the order of events', () => {
    const record = recordOf()
    record.tell(0, ana, frameOf({ events: deedsOfAna, through: 5, aside: 2 }))
    const deedsOfBob = [
      toldOf(bob, 1, 'wished', { ana: 3 }),
      toldOf(bob, 2, 'entered', { ana: 3 }),
      toldOf(bob, 3, 'released', { ana: 3 }),
    ]
    record.tell(0, bob, frameOf({ events: deedsOfBob, through: 3, messages: batchOf(0, [], 3), sent: { entry: 0, overhead: 0 } }))
    expect([record.figures.entries, record.figures.messages.entry, record.figures.violations]).toEqual([2, 1, 1])
    expect([record.violations.length, record.isFinished, record.awaited]).toEqual([1, true, 2])
    record.look(60_000)
    expect(record.kept.filter(({ kind }) => kind === 'event')).toEqual([])
    const messages = batchOf(0, [toldOf(ana, 2, 'sent'), toldOf(ana, 5, 'received')], 5)
    record.tell(60_000, ana, frameOf({ number: 2, after: 5, through: 5, messages }))
    expect(record.kept.map((one) => (one.kind === 'event' ? `${one.peer} ${one.event.what}` : one.kind))).toEqual([
      ...['view', 'ana wished', 'ana sent', 'ana entered', 'ana released', 'ana received'],
      ...['bob wished', 'bob entered', 'violation', 'bob released'],
    ])
    expect([record.awaited, record.missed, record.members.map(({ told }) => told)]).toEqual([0, 0, [5, 3]])
  })

  it('goes on without messages that have had their time, and says how many are missing', () => {
    const record = recordOf()
    record.tell(0, ana, frameOf({ events: deedsOfAna, through: 5, aside: 2 }))
    record.look(60_000)
    record.end()
    expect(record.kept.filter(({ kind }) => kind === 'event')).toHaveLength(3)
    expect(record.missed).toBe(2)
  })

  it('waits for nobody who is in the view no more', () => {
    const record = recordOf()
    record.tell(0, ana, frameOf({ events: deedsOfAna, through: 5, aside: 2 }))
    record.enterView(1, 1, { epoch: 2, members: [bob] }, [bob])
    expect([record.awaited, record.kept.filter(({ kind }) => kind === 'event').length]).toEqual([0, 3])
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
    expect(record.tell(0, ana, frameOf(changes))).toBeGreaterThan(0)
    record.end()
    expect(record.kept.filter(({ kind }) => kind === 'event')).toEqual([])
  })
})
