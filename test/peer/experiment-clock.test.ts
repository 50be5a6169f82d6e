import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import { lifeEvents } from '../../src/mutex/witness.ts'
import { createExperiment, type Experiment, type ExperimentOptions } from '../../src/peer/experiment.ts'
import type { ExperimentFrame } from '../../src/peer/experiment-frame.ts'
import { settingOf } from './experiment-room.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createTestClock } from './test-clock.ts'
import { heldOf, tellOf, toldOf } from './told.ts'

const [ana, bob, cleo, stranger] = ['A', 'B', 'C', 'D'].map(peerNamed) as [PeerId, PeerId, PeerId, PeerId]

/** Ana's, by a clock that the test moves; where it is not said which algorithm it is she only looks on. */
function createAlone(changes: Partial<ExperimentOptions> = {}, setting: ExperimentSetting = settingOf('mine', { step: true })) {
  const { clock, moveTo, timers } = createTestClock()
  const gossiped: ExperimentFrame[] = []
  const refused: PeerId[] = []
  const results = { asked: 0, isDone: true }
  const experiment = createExperiment({
    self: ana,
    host: ana,
    clock,
    setup: { number: 1, block: 1, startedAt: 0, settingHash: 'ab'.repeat(32), setting },
    kind: undefined,
    life: 1,
    timeAt: (now) => now,
    isMember: (peer) => [ana, bob, cleo].includes(peer),
    send: () => {},
    gossip: (frame) => gossiped.push(frame),
    refuse: (from) => refused.push(from),
    onFinished: async () => {
      results.asked++
      return results.isDone
    },
    ...changes,
  })
  experiment.enterView({ epoch: 1, members: [ana, bob, cleo].filter((peer) => peer !== ana || changes.kind !== undefined) })
  return {
    ...{ experiment, moveTo, timers, refused, results },
    said: (kind: ExperimentFrame['kind']) => gossiped.filter((frame) => frame.kind === kind),
    tells: () => gossiped.flatMap((frame) => (frame.kind === 'tell' ? [frame] : [])),
    settle: () => new Promise<void>((resolve) => setImmediate(resolve)),
  }
}

describe('a step of the host', () => {
  it.each([
    ['release', [], true],
    ['drop', [heldOf(cleo, 7, { attempt: 2 })], true],
    ['drop', [heldOf(cleo, 7)], false],
    ['delay', [heldOf(cleo, 7, { rank: 1 })], true],
    ['delay', [heldOf(cleo, 7)], false],
    ['release', [heldOf(cleo, 8)], true],
  ] as const)('(%s) is said again each 200 ms until it is known to be done: %j', (act, held, isDone) => {
    const { experiment, moveTo, said } = createAlone()
    experiment.heard(bob, tellOf({ part: 'waiting', held: [heldOf(cleo, 7)] }))
    expect(experiment.step(act, undefined)).toMatchObject({ held: { from: bob, event: 7 }, round: 1 })
    expect([said('step').length, experiment.predictions.round]).toEqual([1, 2])
    moveTo(400)
    expect(said('step')).toHaveLength(3)
    experiment.heard(bob, tellOf({ number: 2, part: 'waiting', held }))
    moveTo(10_000)
    // At most for five seconds: whoever is gone does nothing any more.
    expect(said('step')).toHaveLength(isDone ? 3 : 25)
  })

  it('goes to the message that was chosen, or the oldest one, and to none twice unless it was delayed', () => {
    const { experiment } = createAlone()
    experiment.heard(bob, tellOf({ part: 'waiting', held: [heldOf(cleo, 7), heldOf(cleo, 9)] }))
    experiment.heard(cleo, tellOf({ part: 'waiting', held: [heldOf(bob, 8)] }))
    expect(experiment.step('release', { from: cleo, event: 7 })).toBeUndefined()
    expect(experiment.step('delay', { from: cleo, event: 8 })?.held).toMatchObject({ from: cleo, event: 8 })
    const gone = Array.from({ length: 4 }, () => experiment.step('release', undefined)?.held.event)
    expect(gone).toEqual([7, 8, 9, undefined])
  })

  it('is nobody else’s, and comes to nothing after the end', () => {
    const { experiment } = createAlone({ host: cleo })
    const step = { kind: 'step', experiment: 1, round: 1, tally: [], act: 'release', sender: bob, event: 1 } as const
    experiment.heard(bob, step)
    expect(experiment.predictions.round).toBe(1)
    experiment.heard(cleo, step)
    expect(experiment.predictions.round).toBe(2)
    experiment.end('stop')
    experiment.heard(cleo, { ...step, round: 2 })
    expect(experiment.predictions.round).toBe(2)
  })
})

describe('a vote', () => {
  it('is said again each 200 ms as long as its round is open', () => {
    const { experiment, moveTo, said } = createAlone()
    experiment.heard(bob, tellOf({ part: 'waiting', held: [heldOf(cleo, 7)] }))
    expect([experiment.vote(1, bob), experiment.ownVote]).toEqual([true, bob])
    moveTo(400)
    expect(said('vote')).toEqual(Array.from({ length: 3 }, () => ({ kind: 'vote', experiment: 1, round: 1, choice: bob })))
    experiment.step('release', undefined)
    moveTo(800)
    expect([experiment.ownVote, experiment.vote(1, cleo), said('vote').length]).toEqual([undefined, false, 3])
    experiment.heard(bob, tellOf({ number: 2, events: [toldOf(bob, 1, 'entered')], through: 1 }))
    expect(experiment.predictions.closed).toEqual([{ round: 1, tally: [{ peer: bob, votes: 1 }], entered: bob }])
  })

  it('is a member’s, for a member', () => {
    const { experiment } = createAlone()
    const vote = (choice: PeerId) => ({ kind: 'vote', experiment: 1, round: 1, choice }) as const
    experiment.heard(stranger, vote(bob))
    experiment.heard(bob, vote(stranger))
    expect([...experiment.predictions.votes]).toEqual([])
    experiment.heard(bob, vote(cleo))
    expect([...experiment.predictions.votes]).toEqual([[bob, cleo]])
  })
})

describe('the end of an experiment', () => {
  const bothDone = (experiment: Experiment, aside = 0) => {
    for (const peer of [bob, cleo]) experiment.heard(peer, tellOf({ aside }))
  }

  it('is one: what is told within a second still counts, and nothing after that, nor does another end or view', () => {
    const { experiment, moveTo, timers } = createAlone()
    experiment.end('stop')
    experiment.end('result')
    experiment.enterView({ epoch: 2, members: [bob] })
    moveTo(999)
    experiment.heard(bob, tellOf({ part: 'waiting', entries: 4 }))
    expect([experiment.ended, experiment.epoch, experiment.isClosed, experiment.record.members[0]?.entries]).toEqual([
      ...['stop', 1, false, 4],
    ])
    moveTo(1_000)
    experiment.heard(bob, tellOf({ number: 2, entries: 5 }))
    expect([experiment.isClosed, experiment.record.members[0]?.entries, timers()]).toEqual([true, 4, 0])
  })

  it('takes back the steps of the host that were not done', () => {
    const { experiment, moveTo, said } = createAlone()
    experiment.heard(bob, tellOf({ part: 'waiting', held: [heldOf(cleo, 7)] }))
    experiment.step('release', undefined)
    experiment.end('stop')
    moveTo(999)
    expect(said('step')).toHaveLength(1)
  })

  it('waits ten seconds at most for messages that are still to be told', () => {
    const [slow, quick] = [createAlone(), createAlone()]
    for (const { experiment, moveTo } of [slow, quick]) {
      experiment.heard(bob, tellOf({ aside: 3 }))
      experiment.end('result')
      moveTo(3_050)
      expect(experiment.isClosed).toBe(false)
    }
    quick.experiment.heard(bob, tellOf({ number: 2 }))
    quick.moveTo(3_200)
    slow.moveTo(9_999)
    expect([quick.experiment.isClosed, slow.experiment.isClosed]).toEqual([true, false])
    slow.moveTo(10_000)
    expect(slow.experiment.isClosed).toBe(true)
  })

  it('is asked for once all are done, and again as long as nothing comes of it', async () => {
    const { experiment, moveTo, results, settle } = createAlone()
    results.isDone = false
    experiment.heard(bob, tellOf())
    expect(results.asked).toBe(0)
    experiment.heard(cleo, tellOf())
    expect(results.asked).toBe(1)
    moveTo(200)
    expect(results.asked).toBe(1)
    await settle()
    results.isDone = true
    moveTo(400)
    expect(results.asked).toBe(2)
    await settle()
    moveTo(2_000)
    expect(results.asked).toBe(2)
  })

  it('is asked for without messages that are still to be told ten seconds after all are done, counted anew after a view', () => {
    const { experiment, moveTo, results } = createAlone()
    bothDone(experiment, 2)
    moveTo(9_000)
    experiment.enterView({ epoch: 2, members: [bob, cleo] })
    experiment.heard(bob, tellOf({ number: 2, part: 'waiting', aside: 2 }))
    experiment.heard(bob, tellOf({ number: 3, aside: 2 }))
    moveTo(18_999)
    expect(results.asked).toBe(0)
    moveTo(19_200)
    expect(results.asked).toBe(1)
  })
})

describe('what a peer tells of its own part', () => {
  const alone = settingOf('centralized', { entries: 1, think: { least: 0, most: 0 }, stay: { least: 0, most: 0 } })

  it('is all that happened, in order, and once a second that nothing did', () => {
    const { experiment, moveTo, tells } = createAlone({ kind: algorithms.find(({ name }) => name === 'centralized') }, alone)
    experiment.enterView({ epoch: 2, members: [ana] })
    moveTo(200)
    const before = tells().length
    expect(tells().at(-1)).toMatchObject({ part: 'done', entries: 1 })
    const told = tells().flatMap(({ events }) => events)
    expect(told.map(({ event }) => event.what)).toEqual(['wished', 'began', 'entered', 'released'])
    expect(experiment.record.figures.entries).toBe(1)
    moveTo(1_199)
    expect(tells()).toHaveLength(before)
    moveTo(6_200)
    expect(tells()).toHaveLength(before + 6)
    for (const [at, tell] of tells().entries()) {
      expect(tell.number).toBe(at + 1)
      if (at > 0) expect(tell.after).toBe(tells()[at - 1]?.through)
    }
    experiment.end('stop')
    const last = tells().length
    moveTo(20_000)
    expect(tells()).toHaveLength(last)
  })

  it('goes on at once as long as there is something to do, and much of it is told at once', () => {
    const kind = algorithms.find(({ name }) => name === 'centralized')
    const { experiment, tells } = createAlone({ kind }, { ...alone, entries: 300 })
    experiment.enterView({ epoch: 2, members: [ana] })
    const told = tells().map(({ events }) => events.length)
    // The first is told as the view changes.
    expect(told.filter((length) => length > 0)).toEqual([1, 512])
    expect(experiment.record.figures.entries).toBeGreaterThan(100)
  })

  it('begins anew where its part has died and lives again', () => {
    const kind = algorithms.find(({ name }) => name === 'centralized')
    const faults = [{ kind: 'kill', peer: ana, at: 100 }] as const
    const { experiment, moveTo, tells } = createAlone({ kind }, { ...alone, entries: 2, faults })
    experiment.enterView({ epoch: 2, members: [ana] })
    moveTo(400)
    expect(tells().at(-1)?.part).toBe('dead')
    const before = tells().length
    experiment.enterView({ epoch: 3, members: [ana] })
    moveTo(800)
    const [first] = tells().slice(before)
    expect([first?.after, first?.messages?.after]).toEqual([2 * lifeEvents, 2 * lifeEvents])
    expect(tells().at(-1)).toMatchObject({ part: 'done', entries: 0 })
    expect(experiment.record.members[0]?.entries, 'in both lives').toBe(2)
  })

  it('is told before its part begins anew, as that of the life that is over', () => {
    const kind = algorithms.find(({ name }) => name === 'centralized')
    const faults = [{ kind: 'kill', peer: ana, at: 100 }] as const
    const { experiment, moveTo, tells } = createAlone({ kind }, { ...alone, entries: 2, faults })
    experiment.enterView({ epoch: 2, members: [ana] })
    moveTo(150)
    experiment.enterView({ epoch: 3, members: [ana] })
    moveTo(400)
    const deeds = tells().map(({ events }) => events.map(({ event }) => event.what))
    expect(deeds.filter(({ length }) => length > 0)).toEqual([
      ['wished'],
      ['began', 'entered', 'released', 'wished', 'entered', 'released'],
      ['began'],
    ])
    for (const { after, through, events } of tells())
      for (const { number } of events) expect(number > after && number <= through).toBe(true)
  })

  it('is nothing after the end, whatever time that takes', () => {
    const { experiment, moveTo, tells } = createAlone({ kind: algorithms.find(({ name }) => name === 'centralized') }, alone)
    experiment.heard(bob, tellOf({ aside: 3 }))
    experiment.end('stop')
    const last = tells().length
    moveTo(9_000)
    expect([experiment.isClosed, tells().length]).toEqual([false, last])
  })

  it('says why it failed, in few words', () => {
    const kind: AlgorithmKind = {
      ...{ name: 'mine', needsFifo: false, accepts: (message): message is typeof message => true },
      create: () => {
        throw new Error(`not ${'yet '.repeat(100)}`)
      },
    }
    const { experiment, moveTo, tells } = createAlone({ kind }, alone)
    experiment.enterView({ epoch: 2, members: [ana] })
    moveTo(200)
    expect(tells().at(-1)).toMatchObject({ part: 'failed', why: `not ${'yet '.repeat(100)}`.slice(0, 120) })
  })

  it('that cannot be is held against whoever tells it', () => {
    const { experiment, refused } = createAlone()
    experiment.heard(bob, tellOf({ events: [toldOf(bob, 1, 'wished')], through: 1 }))
    experiment.heard(cleo, tellOf({ events: [toldOf(cleo, 1, 'sent')], through: 1 }))
    expect(refused).toEqual([cleo])
  })
})

it('whoever listens is told of each change, until it listens no more', () => {
  const { experiment } = createAlone()
  let changes = 0
  const stop = experiment.onChange(() => changes++)
  const acts = [
    () => experiment.enterView({ epoch: 2, members: [bob, cleo] }),
    () => experiment.vote(1, bob),
    () => experiment.heard(bob, { kind: 'vote', experiment: 1, round: 1, choice: bob }),
    () => experiment.heard(bob, tellOf({ part: 'waiting', held: [heldOf(cleo, 7)] })),
    () => experiment.step('release', undefined),
    () => experiment.end('stop'),
    () => experiment.close(),
  ]
  for (const act of acts) {
    const before = changes
    act()
    expect(changes).toBeGreaterThan(before)
  }
  stop()
  const other = createAlone().experiment
  const before = changes
  other.onChange(() => changes++)()
  other.vote(1, bob)
  expect(changes).toBe(before)
})

it('what was told without its messages is kept as it closes, which it does once', () => {
  const { experiment } = createAlone()
  experiment.heard(bob, tellOf({ events: [toldOf(bob, 1, 'wished')], through: 1 }))
  expect(experiment.record.kept.filter(({ kind }) => kind === 'event')).toEqual([])
  let changes = 0
  experiment.onChange(() => changes++)
  for (let times = 0; times < 2; times++) experiment.close()
  expect([experiment.record.kept.filter(({ kind }) => kind === 'event').length, changes]).toEqual([1, 1])
})

it('what was lost on its way holds nothing up for more than two seconds', () => {
  const { experiment, moveTo } = createAlone()
  experiment.heard(bob, tellOf({ events: [toldOf(bob, 1, 'entered', { [cleo]: 9 })], through: 1 }))
  moveTo(1_800)
  expect(experiment.record.figures.entries).toBe(0)
  moveTo(2_000)
  expect(experiment.record.figures.entries).toBe(1)
})

it('whoever has no part only looks on', () => {
  expect(createAlone().experiment.hasPart).toBe(false)
})
