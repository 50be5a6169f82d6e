import { expect } from 'vitest'
import type { Cents } from '../../../src/core/money.ts'
import { gif } from '../../market/room.ts'
import { fakeAuction, fakeTime } from '../../support/fake-peer.ts'

import { type Cases, codeOf, dataOf, submits } from './case.ts'
import { gifText, ten } from './values.ts'

export const auctionsCases = {
  'auctions.start': {
    sentence: 'submits the lot, picture and all, and answers with the auction id',
    run: async (api, peer) => {
      peer.answer({
        events: [{ kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: fakeTime }],
      })
      const softClose = { windowMillis: 1, extensionMillis: 2, capMillis: 3 }
      const lot = { item: 'Lamp', payee: 'ana', startingPrice: '10', increment: '1', picture: gifText, softClose }
      expect(await api.auctions.start(lot)).toMatchObject({ auction: fakeAuction, number: 1, endsAt: fakeTime })
      expect(peer.submissions[0]?.submission.operation).toEqual({
        kind: 'start-auction',
        item: 'Lamp',
        description: '',
        picture: gif(),
        payee: 'ana',
        startingPrice: 1_000,
        increment: 100,
        reserve: undefined,
        buyNow: undefined,
        durationMillis: 30_000,
        softClose: { window: 1, extension: 2, cap: 3 },
      })
    },
  },
  'auctions.list': {
    sentence: 'lists auctions with the least bid, without pictures',
    run: async (api) => {
      const [auction] = await api.auctions.list()
      expect(auction).toMatchObject({ auction: fakeAuction, number: 1, minimum: { text: '10.00 EUR' } })
      expect(auction).not.toHaveProperty('picture')
    },
  },
  'auctions.show': {
    sentence: 'shows an auction with its picture as base64url, and names one that is not there',
    run: async (api) => {
      expect(await api.auctions.show({ auction: fakeAuction })).toMatchObject({ description: 'Brass', picture: 'AQL_' })
      expect(await codeOf(api.auctions.show({ auction: 'k3XbQz-9-9' }))).toBe('auction-unknown')
    },
  },
  'auctions.bid': {
    sentence: 'submits a bid',
    run: submits((api) => api.auctions.bid({ auction: fakeAuction, account: 'ana', amount: '12' }), {
      kind: 'bid',
      auction: fakeAuction,
      account: 'ana',
      amount: 1_200,
    }),
  },
  'auctions.cancel': {
    sentence: 'submits a cancellation with its reason',
    run: submits((api) => api.auctions.cancel({ auction: fakeAuction, reason: 'broken' }), {
      kind: 'cancel-auction',
      auction: fakeAuction,
      reason: 'broken',
    }),
  },
  'auctions.extend': {
    sentence: 'submits an extension',
    run: submits((api) => api.auctions.extend({ auction: '1', millis: 60_000 }), {
      kind: 'extend-auction',
      auction: fakeAuction,
      millis: 60_000,
    }),
  },
  'auctions.pause': {
    sentence: 'submits a pause, of an hour unless told',
    run: submits((api) => api.auctions.pause({ auction: 'last' }), {
      kind: 'pause-auction',
      auction: fakeAuction,
      millis: 3_600_000,
    }),
  },
  'auctions.resume': {
    sentence: 'submits the end of a pause',
    run: submits((api) => api.auctions.resume({ auction: '#1' }), { kind: 'resume-auction', auction: fakeAuction }),
  },
  'bidders.start': {
    sentence: 'starts an automatic bidder, which bids the least unless told else, or says why it would never bid',
    run: async (api, peer) => {
      const bidder = { auction: fakeAuction, account: 'ana', paceMillis: 3_000 }
      expect(await api.bidders.start({ ...bidder, raise: { least: '1', most: '100' }, maximum: '500' })).toMatchObject({
        maximum: { text: '500.00 EUR' },
        raise: { least: { text: '1.00 EUR' }, most: { text: '100.00 EUR' } },
        leads: false,
      })
      await api.bidders.start({ auction: 'last', account: 'ana', maximum: '500' })
      expect(peer.bidders()).toEqual([
        { ...bidder, raise: { least: 100, most: 10_000 }, maximum: 50_000 },
        { ...bidder, raise: { least: 0, most: 0 }, maximum: 50_000 },
      ])
      const reversed = api.bidders.start({ ...bidder, raise: { least: '2', most: '1' }, maximum: '500' })
      expect(await dataOf(reversed)).toEqual({ field: 'raise', code: 'range-reversed' })
      peer.answer({ rejection: { code: 'bid-too-low', minimum: 1_000 as Cents } })
      expect(await dataOf(api.bidders.start({ ...bidder, maximum: '9' }))).toEqual({ minimum: ten })
    },
  },
  'bidders.list': {
    sentence: 'lists them with what they bid for',
    run: async (api) => {
      expect(await api.bidders.list()).toEqual([])
      await api.bidders.start({ auction: fakeAuction, account: 'ana', maximum: '10' })
      expect(await api.bidders.list()).toEqual([
        { auction: fakeAuction, number: 1, item: 'Lamp', account: 'ana', maximum: ten, paceMillis: 3_000, leads: false },
      ])
    },
  },
  'bidders.stop': {
    sentence: 'stops one, and says so where there is none',
    run: async (api, peer) => {
      await api.bidders.start({ auction: fakeAuction, account: 'ana', maximum: '10' })
      expect(await api.bidders.stop({ auction: '1', account: 'ana' })).toEqual({ auction: fakeAuction, account: 'ana' })
      expect(peer.bidders()).toEqual([])
      expect(await codeOf(api.bidders.stop({ auction: '1', account: 'ana' }))).toBe('bidder-unknown')
      expect(await codeOf(api.bidders.stop({ auction: '2', account: 'ana' }))).toBe('auction-unknown')
    },
  },
} satisfies Cases
