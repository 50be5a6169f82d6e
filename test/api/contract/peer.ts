import { expect } from 'vitest'
import { fakeOther, fakeSelf } from '../../support/fake-peer.ts'

import type { Cases } from './case.ts'

export const peerCases = {
  status: {
    sentence: 'tells the room, its rules and what the peer is to it',
    run: async (api) => {
      const status = await api.status()
      expect(status).toMatchObject({ self: fakeSelf, role: 'member', room: { name: 'classroom', deposits: 'open' } })
    },
  },
  peers: {
    sentence: 'lists the peers of the room, and says who is refused or faulty',
    run: async (api) =>
      expect(await api.peers()).toMatchObject([
        { peer: fakeSelf, self: true },
        { peer: fakeOther, refused: { count: 3 }, faulty: 'signed two different blocks 7' },
      ]),
  },
  diagnosis: {
    sentence: 'says what is good and what is bad about the network, with remedies, in no room too',
    run: async (api, _, seat) => {
      seat.setPeer(undefined)
      expect(await api.diagnosis()).toEqual([
        { code: 'multicast', text: 'Multicast works on lo.', severity: 'good', facts: { on: ['lo'] } },
        { code: 'nobody-heard', text: 'Nobody was heard.', remedy: 'Wait.', severity: 'bad' },
      ])
    },
  },
  events: {
    sentence: 'tells what was kept, then what happens',
    run: async (api, peer) => {
      peer.tell({ kind: 'quorum', held: true, text: 'one' })
      const events = await api.events({ after: 0 })
      expect((await events.next()).value).toMatchObject({ kind: 'opened', start: peer.start })
      expect((await events.next()).value).toMatchObject({ number: 1, kind: 'quorum', text: 'one' })
      peer.tell({ kind: 'quorum', held: false, text: 'two' })
      expect((await events.next()).value).toMatchObject({ number: 2, text: 'two' })
      await events.return()
    },
  },
} satisfies Cases
