import { expect } from 'vitest'
import type { Api } from '../../../src/api/client.ts'
import { encodeSetting } from '../../../src/mutex/setting.ts'
import { fakeSetting } from '../../support/fake-lab.ts'
import { type FakePeer, fakeOther, fakeSelf } from '../../support/fake-peer.ts'
import { until } from '../../support/wait.ts'
import { type Cases, codeOf, submits } from './case.ts'

/** Without what the contract fills in by itself. */
const {
  section: _section,
  think: _think,
  stay: _stay,
  lostShare: _lost,
  faults: _faults,
  record: _record,
  ...asked
} = fakeSetting
const setup = (setting = fakeSetting) => ({
  ...{ kind: 'record-experiment', what: 'setup', section: 'main', experiment: 0, content: encodeSetting(setting) },
})
const isWaiting = (peer: FakePeer) => until('a message waits', () => (peer.lab().runs[0]?.record.held.length ?? 0) > 0)
const heldIn = async (api: Api) => (await api.lab.state()).runs[0]?.held ?? []

export const labCases = {
  'lab.algorithms': {
    sentence: 'names what is built in, and what the members have of their own',
    run: async (api) =>
      expect(await api.lab.algorithms()).toEqual({
        algorithms: [
          { name: 'ricart-agrawala', kind: 'built-in' },
          { name: 'mine', kind: 'own', sha256: 'cd'.repeat(32), peers: [fakeSelf] },
        ],
      }),
  },
  'lab.start': {
    sentence: 'writes the whole setting, and refuses one that cannot be',
    run: async (api, peer) => {
      await submits((one) => one.lab.start(asked), setup())(api, peer)
      expect(await codeOf(api.lab.start({ ...asked, algorithm: 'none' }))).toBe('algorithm-unknown')
      expect((await api.lab.start({ ...asked, algorithm: 'mine' })).absent).toEqual([{ peer: fakeOther, why: 'lacks' }])
      const wrong = [
        { entries: 0 },
        { entries: 10_001 },
        { think: { least: 2, most: 1 } },
        { stay: { least: 0, most: 60_001 } },
        { lostShare: 0.91 },
        { seed: -1 },
        { section: 'a b' },
        { faults: [{ kind: 'kill' as const, peer: 'nobody', at: 0 }] },
      ]
      for (const one of wrong)
        expect(await codeOf(api.lab.start({ ...asked, ...one })), JSON.stringify(one)).toBe('input-invalid')
    },
  },
  'lab.stop': {
    sentence: 'writes that it is called off, and knows which run',
    run: async (api, peer) => {
      const operation = { kind: 'record-experiment', what: 'stop', section: 'main', experiment: 1, content: new Uint8Array() }
      await submits((one) => one.lab.stop({ experiment: 1 }), operation)(api, peer)
      expect(await codeOf(api.lab.stop({ experiment: 2 }))).toBe('experiment-unknown')
    },
  },
  'lab.repeat': {
    sentence: 'writes the same setting once more',
    run: async (api, peer) => {
      await submits((one) => one.lab.repeat({ experiment: 1 }), setup())(api, peer)
      expect(await codeOf(api.lab.repeat({ experiment: 2 }))).toBe('experiment-unknown')
    },
  },
  'lab.series': {
    sentence: 'knows each algorithm before it begins',
    run: async (api) => expect(await codeOf(api.lab.series({ algorithms: ['token-ring', 'none'] }))).toBe('algorithm-unknown'),
  },
  'lab.state': {
    sentence: 'tells who the host is, and how each experiment stands',
    run: async (api, peer) => {
      await isWaiting(peer)
      const { host, isHost, runs } = await api.lab.state()
      expect([host, isHost, runs.length]).toEqual([fakeSelf, true, 1])
      expect(runs[0]).toMatchObject({
        experiment: 1,
        section: 'main',
        block: 3,
        setting: fakeSetting,
        round: 1,
        votes: 0,
        epoch: 2,
      })
      expect(runs[0]?.members.map(({ peer, part }) => [peer, part])).toEqual([
        [fakeSelf, 'waiting'],
        [fakeOther, 'absent'],
      ])
    },
  },
  'lab.events': {
    sentence: 'tells the state, then each event after a number, and goes on from there',
    run: async (api, peer) => {
      await isWaiting(peer)
      const read = async (after: number, count: number) => {
        const steps = await api.lab.events({ experiment: 1, after })
        const kinds: string[] = []
        for await (const step of steps) {
          kinds.push('number' in step ? `${step.number} ${step.kind}` : step.kind)
          if (kinds.length === count) break
        }
        return kinds
      }
      expect(await read(0, 3)).toEqual(['state', '1 view', '2 event'])
      expect(await read(1, 2)).toEqual(['state', '2 event'])
      expect(await codeOf(api.lab.events({ experiment: 2 }))).toBe('experiment-gone')
    },
  },
  'lab.step': {
    sentence: 'lets a waiting message go, once',
    run: async (api, peer) => {
      await isWaiting(peer)
      const [held] = await heldIn(api)
      expect(held).toMatchObject({ from: fakeSelf, to: fakeOther, message: { kind: 'request' }, attempt: 1, rank: 0 })
      expect(await api.lab.step({ experiment: 1 })).toEqual({ message: held?.id, round: 1 })
      await until('it is gone', () => peer.lab().runs[0]?.record.held.length === 0)
      expect(await codeOf(api.lab.step({ experiment: 1, ...(held && { message: held.id }) }))).toBe('nothing-held')
      expect(await codeOf(api.lab.step({ experiment: 2 }))).toBe('experiment-gone')
      expect(await codeOf(api.lab.step({ experiment: 1, message: 'x' }))).toBe('input-invalid')
    },
  },
  'lab.predict': {
    sentence: 'counts one vote of this peer in the open round',
    run: async (api) => {
      for (const peer of [fakeOther, fakeSelf]) expect(await api.lab.predict({ experiment: 1, round: 1, peer })).toEqual({})
      expect((await api.lab.state()).runs[0]).toMatchObject({ votes: 1, myVote: fakeSelf, round: 1 })
      expect(await codeOf(api.lab.predict({ experiment: 1, round: 2, peer: fakeSelf }))).toBe('round-closed')
      expect(await codeOf(api.lab.predict({ experiment: 2, round: 1, peer: fakeSelf }))).toBe('experiment-gone')
    },
  },
  'lab.results': {
    sentence: 'names those that run, and looks through the log for others',
    run: async (api) => {
      const { recorded, lookedTo, isWhole } = await api.lab.results({})
      expect(recorded.map(({ experiment, what, setupBlock }) => [experiment, what, setupBlock])).toEqual([[1, 'setup', 3]])
      expect([lookedTo, isWhole]).toEqual([0, true])
      expect((await api.lab.results({ before: 5 })).recorded).toEqual([])
    },
  },
} satisfies Cases
