import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import { lifeEvents } from '../../src/mutex/witness.ts'
import { createExperiment, type Experiment, type ExperimentOptions } from '../../src/peer/experiment.ts'
import type { ExperimentFrame, TellFrame } from '../../src/peer/experiment-frame.ts'
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

/** Ana's and Bob's, by one clock that the test moves. What they say goes as it is, in order, when the test lets it. */
function createPair(changes: Partial<ExperimentSetting>) {
  const setting = settingOf('ricart-agrawala', { entries: 3, ...changes })
  const { clock, moveTo } = createTestClock()
  const waiting: (() => void)[] = []
  const told: { readonly from: PeerId; readonly frame: TellFrame }[] = []
  const steps: ExperimentFrame[] = []
  const create = (self: PeerId, other: PeerId): Experiment =>
    createExperiment({
      ...{ self, host: ana, clock, life: 1, kind: algorithms.find(({ name }) => name === setting.algorithm) },
      setup: { number: 1, block: 1, startedAt: 0, settingHash: 'ab'.repeat(32), setting },
      timeAt: (now) => now,
      isMember: (peer) => [ana, bob].includes(peer),
      send: (to, frame) => void waiting.push(() => pair[to === ana ? 0 : 1]?.heard(self, frame)),
      gossip(frame) {
        if (frame.kind === 'tell') told.push({ from: self, frame })
        if (frame.kind === 'step') steps.push(frame)
        waiting.push(() => pair[other === ana ? 0 : 1]?.heard(self, frame))
      },
      refuse: () => {
        throw new Error('nobody lies here')
      },
      onFinished: async () => true,
    })
  const pair = [create(ana, bob), create(bob, ana)] as const
  const deliver = (): void => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next()
  }
  return {
    ...{ pair, told, deliver },
    enter() {
      for (const experiment of pair) experiment.enterView({ epoch: 1, members: [ana, bob] })
      deliver()
    },
    goOn(through: number) {
      for (; clock.monotonic() < through; deliver()) moveTo(clock.monotonic() + 5)
    },
    stepsOf: () => steps,
    tellsOf: (peer: PeerId) => told.flatMap(({ from, frame }) => (from === peer ? [frame] : [])),
  }
}

describe('two parts of an experiment', () => {
  it.each([
    [0, 0, true],
    [1, 0, false],
    [0, 1, false],
  ])(
    'that think for %i ms and stay for %i ms are in a hurry: %s; then even few messages wait to be told',
    (think, stay, waits) => {
      const { pair, enter, goOn, tellsOf } = createPair({ think: { least: 0, most: think }, stay: { least: 0, most: stay } })
      expect(pair.map(({ epoch }) => epoch)).toEqual([0, 0])
      enter()
      goOn(200)
      const tell = tellsOf(ana).at(-1)
      // Seven that she sent, and seven that came.
      expect([tell?.part, tell?.messages === undefined, tell?.aside]).toEqual(['done', waits, waits ? 14 : 0])
      goOn(2_000)
      for (const { record } of pair) {
        expect([record.figures.entries, record.missed, record.awaited, record.isFinished]).toEqual([6, 0, 0, true])
        expect(record.kept.filter((one) => one.kind === 'event' && one.event.what === 'sent')).toHaveLength(14)
      }
    },
  )

  it('speak of all that happened, also where no message is told', () => {
    const lastOf = (record: boolean): readonly (number | undefined)[] => {
      const { enter, goOn, tellsOf } = createPair({ record })
      enter()
      goOn(3_000)
      return [ana, bob].map((peer) => tellsOf(peer).at(-1)?.through)
    }
    // It began; three times it wished, entered and released; and fourteen messages.
    const all = lifeEvents + 1 + 3 * 3 + 14
    expect([lastOf(true), lastOf(false)]).toEqual([
      [all, all],
      [all, all],
    ])
  })

  it.each([30, 300])('tell all in order, without a gap, and soon, also what waited: %i entries', (entries) => {
    const { pair, enter, goOn, tellsOf } = createPair({ think: { least: 0, most: 0 }, stay: { least: 0, most: 0 }, entries })
    enter()
    goOn(entries < 100 ? 1_000 : 3_000)
    for (const peer of [ana, bob]) {
      const tells = tellsOf(peer)
      const batches = tells.flatMap(({ messages }) => (messages === undefined ? [] : [messages]))
      for (const some of [tells, batches]) {
        for (const [at, { after, through, events }] of some.entries()) {
          if (at > 0) expect(after).toBe(some[at - 1]?.through)
          for (const { number } of events) expect(number > after && number <= through).toBe(true)
        }
        const numbers = some.flatMap(({ events }) => events.map(({ number }) => number))
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
        expect(numbers.length).toBeGreaterThan(2 * entries)
      }
      // How many are still to come is true at each of them.
      const from = tells.findIndex(({ part, aside }) => part === 'done' && aside > 0)
      let left = tells[from]?.aside ?? 0
      for (const { messages, aside } of tells.slice(from + 1)) {
        left -= messages?.events.length ?? 0
        expect(aside).toBe(left)
      }
      expect(left).toBe(0)
    }
    for (const { record } of pair) expect([record.awaited, record.missed]).toEqual([0, 0])
  })

  it('tell no messages where none are recorded, nor that they wait', () => {
    const { enter, goOn, tellsOf } = createPair({ record: false })
    enter()
    goOn(500)
    expect(tellsOf(ana).filter(({ messages, aside }) => messages !== undefined || aside > 0)).toEqual([])
  })

  it('tell at once that a message waits for the host, then only once a second', () => {
    const { pair, enter, goOn, stepsOf, tellsOf } = createPair({ step: true, entries: 1, think: { least: 0, most: 0 } })
    enter()
    expect(tellsOf(ana).at(-1)?.held).toMatchObject([{ to: bob, attempt: 1 }])
    goOn(200)
    const before = tellsOf(ana).length
    goOn(995)
    expect(tellsOf(ana)).toHaveLength(before)
    const [first] = pair
    expect(first.step('release', undefined)?.held.from).toBe(ana)
    expect(tellsOf(ana).at(-1)?.held).toEqual([])
    // Nobody else has to be told again what is done here already.
    const after = stepsOf().length
    goOn(3_000)
    expect(stepsOf()).toHaveLength(after)
    for (let times = 0; times < 20 && first.ended === undefined; times++) {
      first.step('release', undefined)
      goOn(3_000 + 400 * (times + 1))
    }
    expect(pair.map(({ record }) => [record.figures.entries, record.isFinished])).toEqual([
      [2, true],
      [2, true],
    ])
  })

  it('are those that the setting names: whoever else is a member looks on', () => {
    const { pair, enter, goOn } = createPair({ peers: [ana], entries: 2 })
    enter()
    goOn(500)
    expect(pair.map(({ hasPart, record }) => [hasPart, record.figures.entries, record.isFinished])).toEqual([
      [true, 2, true],
      [true, 2, true],
    ])
    expect(createAlone().experiment.hasPart).toBe(false)
  })
})
