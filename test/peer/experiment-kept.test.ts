import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { rehearse } from '../../src/mutex/rehearsal.ts'
import { isMessage, lifeEvents, type ToldEvent } from '../../src/mutex/witness.ts'
import { createKeptEvents, type ExperimentEvent, type KeptEvents, keptMax } from '../../src/peer/experiment-kept.ts'
import { settingOf } from '../mutex/rooms.ts'
import { batchOf, toldOf } from './told.ts'

const [ana, bob] = ['ana', 'bob'] as [PeerId, PeerId]

const ownOf = (events: readonly ExperimentEvent[]) =>
  events.flatMap((one) => (one.kind === 'event' ? [`${one.peer} ${one.own}`] : []))

/** Each after all that it knew of, and each peer's own without a gap. */
function expectOrder(events: readonly ExperimentEvent[]): void {
  const done = new Map<string, number>()
  for (const one of events) {
    if (one.kind !== 'event') continue
    expect(one.own).toBe((done.get(one.peer) ?? 0) + 1)
    done.set(one.peer, one.own)
    for (const [known, count] of Object.entries(one.event.vector)) expect(done.get(known) ?? 0).toBeGreaterThanOrEqual(count)
  }
  expect(events.map(({ number }) => number)).toEqual(events.map((_, at) => at + 1))
}

function keptOf(hasMessages = true): KeptEvents {
  const kept = createKeptEvents(hasMessages, false)
  kept.enterView(0, { epoch: 1, members: [ana, bob] })
  return kept
}

describe('the events that are kept', () => {
  it.each(algorithms.map((kind) => [kind.name, kind] as const))(
    'of %s are in one order that extends happened-before, however late messages are told',
    (_name, kind) => {
      for (let seed = 1; seed <= 3; seed++) {
        const { events } = rehearse(settingOf(kind, seed, 3, { isLossy: true, changesViews: false }))
        const random = createRandom(seed)
        const kept = createKeptEvents(true, false)
        for (const event of events) if (event.kind === 'view') kept.enterView(event.at, event.view)
        const queues = new Map<PeerId, { all: ToldEvent[]; deeds: number; messages: number }>()
        for (const event of events) {
          if (event.kind !== 'mutex') continue
          const queue = queues.get(event.peer) ?? { all: [], deeds: 0, messages: 0 }
          queues.set(event.peer, queue)
          queue.all.push({ number: event.event.vector[event.peer] ?? 0, at: event.at, event: event.event })
        }
        const isDone = ({ all, messages }: { all: ToldEvent[]; messages: number }) => messages === all.length
        for (let left = [...queues]; left.length > 0; left = left.filter(([, queue]) => !isDone(queue))) {
          const [peer, queue] = left[random.below(left.length)] as [PeerId, { all: ToldEvent[]; deeds: number; messages: number }]
          const { all } = queue
          const base = (all[0]?.number ?? 1) - 1
          const some = (from: number, to: number, isWanted: (told: ToldEvent) => boolean) =>
            batchOf(base + from, all.slice(from, to).filter(isWanted), base + to)
          const through = Math.min(all.length, queue.deeds + random.below(40))
          const deeds = some(queue.deeds, through, (told) => !isMessage(told))
          queue.deeds = through
          // Most of the time nobody has time for them.
          const said = Math.min(through, queue.messages + (random.below(4) === 0 || through === all.length ? 30 : 0))
          const messages = said === queue.messages ? undefined : some(queue.messages, said, isMessage)
          queue.messages = said
          kept.tell(0, peer, { deeds, messages })
          kept.look(10_000, true)
        }
        kept.look(10_000, false)
        expectOrder(kept.events)
        expect(kept.events.filter(({ kind: what }) => what === 'event').length).toBe(
          events.filter(({ kind: what }) => what === 'mutex').length,
        )
        expect(kept.missed).toBe(0)
      }
    },
  )

  it('stand still where messages are still to come, however long that takes, and go on with them', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished'), toldOf(ana, 3, 'entered')], 4), messages: undefined })
    kept.look(60_000, true)
    expect(ownOf(kept.events)).toEqual([])
    kept.tell(60_000, ana, { deeds: batchOf(4, [], 4), messages: batchOf(0, [toldOf(ana, 2, 'sent')], 3) })
    kept.look(60_000, true)
    expect(ownOf(kept.events)).toEqual(['ana 1', 'ana 2', 'ana 3'])
    kept.tell(60_000, ana, { deeds: batchOf(4, [], 4), messages: batchOf(3, [toldOf(ana, 4, 'sent')], 4) })
    kept.look(60_000, false)
    expect([ownOf(kept.events).length, kept.missed]).toEqual([4, 0])
  })

  it('say how many were lost, once others are there that came later', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished')], 2), messages: batchOf(0, [toldOf(ana, 2, 'sent')], 2) })
    // What she told of 3 to 5 was lost on its way.
    kept.tell(0, ana, {
      deeds: batchOf(5, [toldOf(ana, 7, 'entered')], 7),
      messages: batchOf(5, [toldOf(ana, 6, 'received')], 7),
    })
    kept.look(0, false)
    expect([kept.missed, kept.missedOf(ana), kept.missedOf(bob)]).toEqual([3, 3, 0])
    expect(kept.events.map((one) => (one.kind === 'event' ? one.own : one.kind))).toEqual(['view', 1, 2, 'missed', 6, 7])
  })

  it('of somebody who is gone are kept without its messages; what comes of them later comes too late', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished'), toldOf(ana, 3, 'entered')], 3), messages: undefined })
    kept.release(0, ana)
    kept.tell(0, ana, {
      deeds: batchOf(3, [toldOf(ana, 4, 'released')], 5),
      messages: batchOf(0, [toldOf(ana, 2, 'sent'), toldOf(ana, 5, 'sent')], 5),
    })
    kept.look(0, false)
    expect([ownOf(kept.events), kept.missed]).toEqual([['ana 1', 'ana 3', 'ana 4', 'ana 5'], 1])
  })

  it('of a new life count on from those of the last one, also where not all of that was told', () => {
    const kept = keptOf()
    const first = lifeEvents
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished')], 3), messages: batchOf(0, [toldOf(ana, 2, 'sent')], 2) })
    kept.tell(0, ana, {
      deeds: batchOf(first, [toldOf(ana, first + 1, 'began')], first + 2),
      messages: batchOf(first, [toldOf(ana, first + 2, 'sent')], first + 2),
    })
    // He knew more of her last life than anybody was told.
    kept.tell(0, bob, { deeds: batchOf(0, [toldOf(bob, 1, 'wished', { ana: 9 })], 1), messages: batchOf(0, [], 1) })
    kept.look(0, false)
    kept.look(3_000, false)
    expect([ownOf(kept.events), kept.missed]).toEqual([['ana 1', 'ana 2', 'ana 4', 'ana 5', 'bob 1'], 1])
    expect(kept.events.flatMap((one) => (one.kind === 'event' && one.peer === bob ? [one.event.vector] : []))).toEqual([
      { ana: 3, bob: 1 },
    ])
  })

  it('have a violation right after the later one of both entries, though it was known long before', () => {
    const kept = keptOf()
    const entered = (peer: PeerId, lamport: number) => ({ peer, at: 0, epoch: 1, lamport })
    kept.violated({ at: 0, first: entered(ana, 2), second: entered(bob, 1) })
    kept.tell(0, bob, { deeds: batchOf(0, [toldOf(bob, 1, 'entered')], 1), messages: batchOf(0, [], 1) })
    kept.tell(0, ana, {
      deeds: batchOf(0, [toldOf(ana, 2, 'entered'), toldOf(ana, 3, 'released')], 3),
      messages: batchOf(0, [toldOf(ana, 1, 'sent')], 3),
    })
    kept.look(0, false)
    expect(kept.events.map((one) => (one.kind === 'event' ? `${one.peer} ${one.event.what}` : one.kind))).toEqual([
      ...['view', 'bob entered', 'ana sent', 'ana entered', 'violation', 'ana released'],
    ])
  })

  it('have each view before the first event in it, and none of an earlier one that waits behind it', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 2, 'entered')], 2), messages: undefined })
    kept.enterView(5, { epoch: 2, members: [ana] })
    const later = toldOf(ana, 3, 'released')
    kept.tell(6, ana, {
      deeds: batchOf(2, [{ ...later, event: { ...later.event, epoch: 2 } }], 3),
      messages: batchOf(0, [toldOf(ana, 1, 'sent')], 3),
    })
    kept.look(6, false)
    expect(kept.events.map((one) => (one.kind === 'event' ? one.own : one.kind))).toEqual(['view', 1, 2, 'view', 3])
  })

  it('have a view at once where nothing waits, and else as soon as nothing does, though nothing happened in it', () => {
    const kept = keptOf()
    const kinds = () => kept.events.map(({ kind }) => kind)
    expect(kinds()).toEqual(['view'])
    // Hers waits for an event that was not told, his for messages.
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished', { bob: 1 })], 1), messages: batchOf(0, [], 1) })
    kept.tell(0, bob, { deeds: batchOf(0, [toldOf(bob, 1, 'wished')], 1), messages: undefined })
    kept.enterView(0, { epoch: 2, members: [ana] })
    kept.look(0, true)
    expect(kinds()).toEqual(['view'])
    kept.tell(0, bob, { deeds: batchOf(1, [], 1), messages: batchOf(0, [], 1) })
    kept.look(0, false)
    expect(kinds()).toEqual(['view', 'event', 'event', 'view'])
    kept.tell(0, ana, { deeds: batchOf(1, [toldOf(ana, 2, 'entered')], 2), messages: undefined })
    kept.enterView(0, { epoch: 3, members: [ana] })
    kept.look(0, true)
    expect(kinds()).toHaveLength(4)
  })

  it('begin with what was lost where that was the first of all, and end with what never came', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(1, [toldOf(ana, 2, 'wished', { bob: 0 })], 5), messages: batchOf(1, [], 5) })
    kept.look(0, false)
    expect(kept.events.map((one) => (one.kind === 'missed' ? one.count : one.kind))).toEqual(['view', 1, 'event'])
    expect(kept.events.at(-1)).toMatchObject({ event: { vector: { ana: 2, bob: 0 } } })
    const deeds = [toldOf(ana, 6, 'entered'), toldOf(ana, 7, 'released')]
    kept.tell(0, ana, { deeds: batchOf(5, deeds, 9), messages: batchOf(5, [], 9) })
    kept.end()
    expect([kept.missed, kept.events.at(-1)]).toEqual([6, { number: 7, kind: 'missed', at: 7, peer: ana, count: 2 }])
  })

  it('are kept once, though they are told twice', () => {
    const kept = keptOf()
    const told = { deeds: batchOf(0, [toldOf(ana, 1, 'wished')], 2), messages: batchOf(0, [toldOf(ana, 2, 'sent')], 2) }
    for (let times = 0; times < 2; times++) kept.tell(0, ana, told)
    kept.enterView(0, { epoch: 2, members: [ana] })
    kept.look(0, false)
    expect(kept.events.map((one) => (one.kind === 'event' ? one.own : one.kind))).toEqual(['view', 1, 2, 'view'])
  })

  it('of a life that is over are kept without messages that were never told', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished')], 2), messages: undefined })
    const began = toldOf(ana, lifeEvents + 1, 'began')
    const deeds = batchOf(lifeEvents, [began], lifeEvents + 1)
    kept.tell(0, ana, { deeds, messages: batchOf(lifeEvents, [], lifeEvents + 1) })
    kept.look(0, false)
    expect([ownOf(kept.events), kept.missed]).toEqual([['ana 1', 'ana 3'], 1])
  })

  it('have a violation once, though the same peer has entered before', () => {
    const kept = keptOf()
    const entered = (peer: PeerId, lamport: number) => ({ peer, at: 0, epoch: 1, lamport })
    const tell = (peer: PeerId, number: number) =>
      kept.tell(0, peer, {
        deeds: batchOf(number - 1, [toldOf(peer, number, 'entered')], number),
        messages: batchOf(number - 1, [], number),
      })
    const violations = () => kept.events.filter(({ kind }) => kind === 'violation').length
    tell(ana, 1)
    tell(bob, 1)
    kept.look(0, false)
    kept.violated({ at: 0, first: entered(ana, 2), second: entered(bob, 1) })
    expect(violations()).toBe(0)
    tell(ana, 2)
    kept.look(0, false)
    expect(violations()).toBe(1)
    // One of an entry that was lost comes at the end.
    kept.violated({ at: 0, first: entered(ana, 5), second: entered(bob, 1) })
    expect(violations()).toBe(1)
    for (let times = 0; times < 2; times++) kept.end()
    expect(violations()).toBe(2)
  })

  it('have no message before the deeds that are told up to it, and each view at the end', () => {
    const kept = keptOf()
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 1, 'wished')], 2), messages: batchOf(0, [toldOf(ana, 3, 'sent')], 3) })
    kept.enterView(0, { epoch: 2, members: [ana] })
    kept.look(0, true)
    expect(kept.events.map((one) => (one.kind === 'event' ? one.own : one.kind))).toEqual(['view', 1])
    kept.end()
    expect(kept.events.at(-1)).toMatchObject({ kind: 'view', epoch: 2 })
  })

  it('are no more than so many, and whoever never tells its messages takes up no more either', () => {
    const kept = keptOf()
    for (let after = 0; after < 3 * keptMax; after += 500) {
      const events = Array.from({ length: 500 }, (_, at) => toldOf(ana, after + at + 1, 'wished'))
      kept.tell(0, ana, { deeds: batchOf(after, events, after + 500), messages: undefined })
    }
    expect(ownOf(kept.events)).toEqual([])
    kept.end()
    expect([kept.events.length, kept.isFull]).toEqual([keptMax, true])
    const { missed } = kept
    kept.miss(ana, 0, 5)
    expect([kept.missed, kept.missedOf(ana)]).toEqual([missed, missed])
    kept.forget()
    expect(kept.events).toEqual([])
    kept.violated({
      at: 0,
      first: { peer: ana, at: 0, epoch: 1, lamport: 1 },
      second: { peer: bob, at: 0, epoch: 1, lamport: 1 },
    })
    kept.enterView(0, { epoch: 2, members: [ana] })
    kept.end()
    expect(kept.events).toEqual([])
  })

  it('say nothing of what is missing where messages are not told at all', () => {
    const kept = keptOf(false)
    kept.tell(0, ana, { deeds: batchOf(0, [toldOf(ana, 2, 'wished'), toldOf(ana, 9, 'entered')], 9), messages: undefined })
    kept.look(0, false)
    expect([ownOf(kept.events), kept.missed]).toEqual([['ana 2', 'ana 9'], 0])
  })
})
