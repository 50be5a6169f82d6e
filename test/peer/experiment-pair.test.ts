import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import { lifeEvents } from '../../src/mutex/witness.ts'
import { createExperiment, type Experiment } from '../../src/peer/experiment.ts'
import type { ExperimentFrame, TellFrame } from '../../src/peer/experiment-frame.ts'
import { settingOf } from './experiment-room.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createTestClock } from './test-clock.ts'

const [ana, bob] = ['A', 'B'].map(peerNamed) as [PeerId, PeerId]

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
  })
})
