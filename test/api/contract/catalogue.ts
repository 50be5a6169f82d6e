import { expect } from 'vitest'
import { gif } from '../../market/room.ts'
import { fakeAuction, fakeTime } from '../../support/fake-peer.ts'

import { type Cases, codeOf, dataOf } from './case.ts'
import { account, chess, gifText } from './values.ts'

export const catalogueCases = {
  'catalogue.add': {
    sentence: 'keeps a lot, if the room could read it, and has an end',
    run: async (api, _peer, seat) => {
      const { id } = await api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: '1', picture: gifText })
      expect(seat.catalogue.list()).toMatchObject([{ id, item: 'Lamp', startingPrice: '10', durationMillis: 30_000 }])
      expect(await codeOf(api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: 'x' }))).toBe('input-invalid')
      expect(await codeOf(api.catalogue.add({ ...chess, reserve: '1' }))).toBe('input-invalid')
      await api.catalogue.add(chess)
      expect(await dataOf(api.catalogue.add(chess))).toEqual({ most: 2 })
    },
  },
  'catalogue.list': {
    sentence: 'lists the lots in order, without pictures',
    run: async (api) => {
      await api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: '1', picture: gifText })
      await api.catalogue.add(chess)
      const lots = await api.catalogue.list()
      expect(lots).toMatchObject([
        { number: 1, item: 'Lamp', hasPicture: true },
        { number: 2, item: 'Chess', hasPicture: false },
      ])
      expect(lots[0]).not.toHaveProperty('picture')
    },
  },
  'catalogue.picture': {
    sentence: 'tells a picture, an empty text where there is none, and refuses an unknown lot',
    run: async (api) => {
      const { id } = await api.catalogue.add({ item: 'Lamp', startingPrice: '10', increment: '1', picture: gifText })
      expect(await api.catalogue.picture({ id })).toEqual({ picture: gifText })
      expect(await api.catalogue.picture(await api.catalogue.add(chess))).toEqual({ picture: '' })
      expect(await dataOf(api.catalogue.picture({ id: '0'.repeat(12) }))).toEqual({ lot: '0'.repeat(12) })
      expect(await codeOf(api.catalogue.picture({ id: '../key' }))).toBe('input-invalid')
    },
  },
  'catalogue.remove': {
    sentence: 'takes a lot out, once',
    run: async (api) => {
      const lot = await api.catalogue.add(chess)
      expect(await api.catalogue.remove(lot)).toEqual({})
      expect(await api.catalogue.list()).toEqual([])
      expect(await codeOf(api.catalogue.remove(lot))).toBe('lot-unknown')
    },
  },
  'catalogue.move': {
    sentence: 'puts a lot before another one, or last',
    run: async (api) => {
      const [first, second] = [await api.catalogue.add({ ...chess, item: 'Lamp' }), await api.catalogue.add(chess)]
      const items = async () => (await api.catalogue.list()).map(({ item }) => item)
      expect(await api.catalogue.move({ ...second, before: first.id })).toEqual({})
      expect(await items()).toEqual(['Chess', 'Lamp'])
      await api.catalogue.move(second)
      expect(await items()).toEqual(['Lamp', 'Chess'])
      expect(await codeOf(api.catalogue.move({ ...first, before: '0'.repeat(12) }))).toBe('lot-unknown')
    },
  },
  'catalogue.start': {
    sentence: 'submits the lot with its picture under a request id of its own, and takes it out once that is committed',
    run: async (api, peer) => {
      const { id } = await api.catalogue.add({ ...chess, picture: gifText })
      peer.answer({ failure: 'unsettled' })
      expect(await codeOf(api.catalogue.start({ id, payee: 'ana' }))).toBe('unsettled')
      // It may still happen: the very same is asked for again, and nothing else.
      expect(await codeOf(api.catalogue.start({ id, payee: 'bob' }))).toBe('input-invalid')
      peer.answer({ rejection: { code: 'not-owner', account } })
      expect(await codeOf(api.catalogue.start({ id, payee: 'ana' }))).toBe('not-owner')
      expect(await api.catalogue.list()).toHaveLength(1)
      peer.answer({ events: [{ kind: 'auction-started', auction: fakeAuction, item: 'Chess', endsAt: fakeTime }] })
      expect(await api.catalogue.start({ id, payee: 'bob' })).toMatchObject({ auction: fakeAuction, number: 1, endsAt: fakeTime })
      const asked = peer.submissions.map(({ submission: { request, operation } }) => [request, operation])
      expect(asked).toMatchObject([
        [`lot-${id}-1`, { kind: 'start-auction', payee: 'ana', picture: gif() }],
        [`lot-${id}-1`, { kind: 'start-auction', payee: 'ana' }],
        [`lot-${id}-2`, { kind: 'start-auction', payee: 'bob', startingPrice: 500 }],
      ])
      expect(await api.catalogue.list()).toEqual([])
      expect(await codeOf(api.catalogue.start({ id, payee: 'bob' }))).toBe('lot-unknown')
    },
  },
} satisfies Cases
