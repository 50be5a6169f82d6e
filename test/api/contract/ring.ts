import { expect } from 'vitest'
import { fakeFrame, fakeOther, fakeRing, fakeSelf, fakeTime } from '../../support/fake-peer.ts'
import { until } from '../../support/wait.ts'

import { type Cases, codeOf, messageOf, submits } from './case.ts'

export const ringCases = {
  'ring.show': {
    sentence: 'tells who has the token, who waits for it, and the last turns',
    run: async (api) => expect(await api.ring.show()).toEqual(JSON.parse(JSON.stringify(fakeRing))),
  },
  'ring.pace': {
    sentence: 'submits a pace, and refuses one that no room can have',
    run: async (api, peer) => {
      await submits((one) => one.ring.pace({ millis: 3_000 }), { kind: 'set-pace', millis: 3_000 })(api, peer)
      for (const millis of [49, 3_001, 250.5]) expect(await codeOf(api.ring.pace({ millis }))).toBe('input-invalid')
      peer.answer({ rejection: { code: 'not-host' } })
      expect(await messageOf(api.ring.pace({ millis: 50 }))).toBe('Only the host, the peer that founded the room, sets the pace.')
    },
  },
  'ring.watch': {
    sentence: 'tells each step of the ring as it happens, for as long as somebody reads',
    run: async (api, peer) => {
      const steps = await api.ring.watch()
      const first = steps.next()
      await until('somebody watches', () => peer.watchers === 1)
      const token = { kind: 'token', at: fakeTime + 0.25, epoch: '1.dfEPoC', turn: 3, from: undefined, to: fakeSelf } as const
      peer.tellStep(token)
      expect((await first).value).toEqual(token)
      peer.tellStep({ kind: 'recorders', peers: [fakeSelf, fakeOther] })
      expect((await steps.next()).value).toEqual({ kind: 'recorders', peers: [fakeSelf, fakeOther] })
      await steps.return()
      await until('nobody watches', () => peer.watchers === 0)
    },
  },
  'ring.frame': {
    sentence: 'shows a message in full, and says so where it is not known any more',
    run: async (api) => {
      expect(await api.ring.frame({ id: fakeFrame.id })).toEqual(fakeFrame)
      expect(await codeOf(api.ring.frame({ id: `${fakeSelf}.1.` }))).toBe('frame-unknown')
      expect(await codeOf(api.ring.frame({ id: 'x'.repeat(201) }))).toBe('input-invalid')
    },
  },
} satisfies Cases
