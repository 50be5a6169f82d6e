import { expect } from 'vitest'
import { fakeLink } from '../../support/fake-peer.ts'
import { fakeRooms } from '../../support/fake-seat.ts'

import { type Cases, codeOf, dataOf } from './case.ts'
import { nowhere } from './values.ts'

export const roomsCases = {
  'rooms.list': {
    sentence: 'says where it is and what keeps it away, which rooms are in sight, and which it knows',
    run: async (api) => expect(await api.rooms.list()).toEqual(fakeRooms),
  },
  'rooms.create': {
    sentence: 'founds a room by its rules, and gives its code and link; refuses what is no currency, and a room that is here',
    run: async (api, _, seat) => {
      expect(await api.rooms.create({ name: 'evening', code: 'new', currency: 'jpy', deposits: 'host' })).toEqual({
        room: '78'.repeat(32),
        link: 'gavelring://join?room=evening',
        code: 'new',
      })
      expect(await api.rooms.create({ name: 'plain' })).toMatchObject({ code: '' })
      expect(seat.created).toEqual([
        { name: 'evening', code: 'new', currency: 'JPY', deposits: 'host' },
        { name: 'plain', code: '', currency: 'EUR', deposits: 'open' },
      ])
      expect(await codeOf(api.rooms.create({ name: 'classroom' }))).toBe('room-known')
      expect(await dataOf(api.rooms.create({ name: 'x', currency: 'XXX' }))).toEqual({
        field: 'currency',
        code: 'currency-unknown',
      })
      expect(await codeOf(api.rooms.create({ name: 'x', code: 'a\nb' }))).toBe('input-invalid')
      expect(await codeOf(api.rooms.create({ name: 'x'.repeat(10_000) }))).toBe('input-invalid')
    },
  },
  'rooms.join': {
    sentence: 'moves to a room by link, address, id or name, and says so where there is something to lose',
    run: async (api, peer) => {
      expect(await codeOf(api.rooms.join({ to: 'ab12cd34' }))).toBe('room-has-history')
      const id = 'ab'.repeat(32)
      const targets = {
        [`gavelring://join?room=evening&code=lamp&id=${id}&at=10.0.0.2:4001`]: {
          ...{ name: 'evening', code: 'lamp', room: id, addresses: ['/ip4/10.0.0.2/tcp/4001'] },
        },
        '10.0.0.2:4001': { ...nowhere, code: 'other', addresses: ['/ip4/10.0.0.2/tcp/4001'] },
        ab12cd34: { ...nowhere, code: 'other', room: 'ab12cd34' },
        evening: { ...nowhere, code: 'other', name: 'evening' },
      }
      for (const to of Object.keys(targets)) {
        const joined = await api.rooms.join({ to, code: 'other', force: true })
        expect(joined).toEqual({ room: '34'.repeat(32), archive: '/tmp/archive.jsonl' })
      }
      expect(peer.joins.slice(1)).toEqual(Object.values(targets))
      expect(await codeOf(api.rooms.join({ to: '10.0.0.2:99999' }))).toBe('input-invalid')
      expect(await codeOf(api.rooms.join({ to: 'gavelring://join?code=x' }))).toBe('input-invalid')
    },
  },
  'rooms.cancel': {
    sentence: 'calls entering off',
    run: async (api, _, seat) => {
      expect(await api.rooms.cancel()).toEqual({})
      expect(seat.cancelled).toBe(1)
    },
  },
  'rooms.leave': {
    sentence: 'answers, then leaves and stops; or stays, in no room, where nothing can be asked of one',
    run: async (api, peer, seat) => {
      expect(await api.rooms.leave({ stay: true })).toEqual({ room: 'ab'.repeat(32) })
      expect(await api.rooms.leave()).toEqual({})
      expect(await codeOf(api.status())).toBe('no-room')
      seat.setPeer(peer)
      expect(await api.rooms.leave()).toEqual({ room: 'ab'.repeat(32) })
      expect(await peer.stopped).toBe('left')
    },
  },
  'rooms.rename': {
    sentence: 'takes a name that can be shown, and no other',
    run: async (api, _, seat) => {
      expect(await api.rooms.rename({ name: 'Ana Maria' })).toEqual({ name: 'Ana Maria' })
      expect(seat.names).toEqual(['Ana Maria'])
      for (const name of ['', 'x'.repeat(10_000), 'a\u202eb', 'a\nb']) {
        expect(await codeOf(api.rooms.rename({ name })), JSON.stringify(name.slice(0, 9))).toBe('input-invalid')
      }
    },
  },
  'rooms.link': {
    sentence: 'gives the link with the code, which the status does not have',
    run: async (api) => {
      expect(await api.rooms.link()).toEqual({ link: `${fakeLink}&code=lamp` })
      expect((await api.status()).link).toBe(fakeLink)
    },
  },
  'logLevel.show': {
    sentence: 'tells how much is logged',
    run: async (api) => {
      expect(await api.logLevel.show()).toEqual({ level: 'info' })
    },
  },
  'logLevel.set': {
    sentence: 'changes from here on how much is logged, to a level that there is',
    run: async (api, _, seat) => {
      expect(await api.logLevel.set({ level: 'debug' })).toEqual({ level: 'debug' })
      expect([seat.log.level, await api.logLevel.show()]).toEqual(['debug', { level: 'debug' }])
      expect(await codeOf(api.logLevel.set({ level: 'all' as 'debug' }))).toBe('input-invalid')
      expect(seat.log.level).toBe('debug')
    },
  },
  'rooms.refound': {
    sentence: 'makes a new room where the quorum is lost or it is forced, and refuses while it is there',
    run: async (api, peer) => {
      expect(await codeOf(api.rooms.refound())).toBe('quorum-held')
      const made = { room: '12'.repeat(32), archive: '/tmp/archive.jsonl', resubmitted: 1 }
      expect(await api.rooms.refound({ force: true })).toEqual(made)
      peer.setQuorum(false)
      expect(await api.rooms.refound()).toEqual(made)
    },
  },
} satisfies Cases
