import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createClock } from '../../src/io/clock.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import { createExperiment, type Experiment } from '../../src/peer/experiment.ts'
import { fewMessages } from '../../src/peer/experiment-aside.ts'
import type { ExperimentFrame } from '../../src/peer/experiment-frame.ts'
import { decodeLabFrame, encodeLabFrame } from '../../src/peer/lab-frame.ts'
import { until } from '../support/wait.ts'
import { settingOf } from './experiment-room.ts'

const open: Experiment[] = []
afterEach(() => {
  for (const experiment of open.splice(0)) experiment.close()
})

interface Said {
  /** `undefined`: to everybody. */
  readonly to: PeerId | undefined
  readonly frame: ExperimentFrame
}

/**
 * The same experiment on several peers, without a room: each frame goes as bytes to those that it is for. Resolves when all is done.
 * `apart`: milliseconds from one peer's beginning, and so from each time when it tells, to the next one's.
 */
async function run(
  count: number,
  setting: ExperimentSetting,
  apart = 0,
): Promise<{ said: readonly Said[]; experiments: Experiment[] }> {
  const members = Array.from({ length: count }, () => createIdentity().self)
  const experiments = new Map<PeerId, Experiment>()
  const said: Said[] = []
  let finished = 0
  const deliver = (from: PeerId, to: PeerId, frame: ExperimentFrame): void => {
    const decoded = decodeLabFrame(encodeLabFrame(frame))
    if (decoded.kind !== 'frame' || decoded.frame.kind === 'watch' || decoded.frame.kind === 'records')
      throw new Error('no frame')
    const heard = decoded.frame
    setImmediate(() => experiments.get(to)?.heard(from, heard))
  }
  for (const self of members) {
    const experiment = createExperiment({
      self,
      host: self,
      clock: createClock(),
      setup: { number: 1, block: 1, startedAt: 0, settingHash: 'ab'.repeat(32), setting },
      kind: algorithms.find(({ name }) => name === setting.algorithm),
      life: 1,
      timeAt: (now) => now,
      isMember: (peer) => members.includes(peer),
      send(to, frame) {
        said.push({ to, frame })
        deliver(self, to, frame)
      },
      gossip(frame) {
        said.push({ to: undefined, frame })
        for (const to of members) if (to !== self) deliver(self, to, frame)
      },
      refuse: () => {
        throw new Error('nobody lies here')
      },
      // As without a quorum: what came out cannot be written at first.
      onFinished: async () => ++finished > count,
    })
    open.push(experiment)
    experiments.set(self, experiment)
    if (apart > 0) await delay(apart)
  }
  for (const experiment of experiments.values()) experiment.enterView({ epoch: 1, members })
  await until('each knows that all are done, and says so until something comes of it', () => finished === 2 * count)
  return { said, experiments: [...experiments.values()] }
}

describe('what an experiment says', () => {
  const nothing = { least: 0, most: 0 }

  it.each(['centralized', 'ricart-agrawala', 'lamport'])(
    '%s: goes to the one that it is for, and is little more than the algorithm’s own messages',
    async (algorithm) => {
      const { said, experiments } = await run(5, settingOf(algorithm, { entries: 100, think: nothing, stay: nothing }))
      const talks = said.flatMap(({ to, frame }) => (frame.kind === 'talk' ? [{ to, frame }] : []))
      expect(talks.every(({ to, frame }) => to !== undefined && frame.parts.every((part) => part.to === to))).toBe(true)
      const { figures, violations } = experiments[0]?.record ?? {}
      expect([figures?.entries, violations]).toEqual([500, []])
      expect(figures?.messages.entry).toBe(figures?.expected?.least)
      // What is said to one peer in one step goes together, and acknowledgements mostly go along.
      expect(talks.length).toBeLessThan(1.5 * (figures?.messages.entry ?? 0))
    },
  )

  it('keeps messages aside while there is much to do, and tells them all before the result is written', async () => {
    const { said, experiments } = await run(5, settingOf('lamport', { entries: 200, think: nothing, stay: nothing }))
    const tells = said.flatMap(({ frame }) => (frame.kind === 'tell' ? [frame] : []))
    expect(Math.max(...tells.map(({ aside }) => aside)), 'they wait').toBeGreaterThan(fewMessages)
    for (const { events, messages } of tells) {
      expect(events.some((told) => told.event.what === 'sent' || told.event.what === 'received')).toBe(false)
      expect(messages?.events.length ?? 0).toBeLessThanOrEqual(1_000)
    }
    for (const { record } of experiments) {
      expect([record.awaited, record.missed, record.violations]).toEqual([0, 0, []])
      const events = record.kept.flatMap((one) => (one.kind === 'event' ? [one] : []))
      expect(events.filter(({ event }) => event.what === 'entered')).toHaveLength(1_000)
      expect(events.filter(({ event }) => event.what === 'sent' && event.purpose === 'entry')).toHaveLength(12_000)
    }
  })

  it('comes to its end also where a token goes round for ever, and no two peers tell at one time', async () => {
    const { experiments } = await run(5, settingOf('token-ring', { entries: 5, think: nothing, stay: nothing }), 37)
    expect(experiments.map(({ record }) => record.figures.entries)).toEqual([25, 25, 25, 25, 25])
  })
})
