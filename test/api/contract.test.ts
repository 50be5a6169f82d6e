import { createORPCClient, ORPCError } from '@orpc/client'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { describe, expect, test } from 'vitest'
import type { Api } from '../../src/api/client.ts'
import { contract } from '../../src/api/contract.ts'
import type { Problem } from '../../src/api/problem.ts'
import type { ProcedureName } from '../../src/api/procedures.ts'
import { createFakePeer, type FakePeer, fakeFrame } from '../support/fake-peer.ts'
import { createFakeSeat, type FakeSeat, fakeRooms } from '../support/fake-seat.ts'
import { startTestApi, testToken } from './api.ts'
import { auctionsCases } from './contract/auctions.ts'
import { bankCases } from './contract/bank.ts'
import { type Case, codeOf } from './contract/case.ts'
import { catalogueCases } from './contract/catalogue.ts'
import { labCases } from './contract/lab.ts'
import { logCases } from './contract/log.ts'
import { peerCases } from './contract/peer.ts'
import { ringCases } from './contract/ring.ts'
import { roomsCases } from './contract/rooms.ts'
import { tokensCases } from './contract/tokens.ts'
import { startTestPort } from './port.ts'

/** Every procedure of the contract, so that one without a case does not compile. */
const cases: Record<ProcedureName, Case> = {
  ...peerCases,
  ...roomsCases,
  ...ringCases,
  ...bankCases,
  ...auctionsCases,
  ...catalogueCases,
  ...logCases,
  ...labCases,
  ...tokensCases,
}

/** What a refusal is over HTTP, for a client of oRPC's own, which knows its own form only. */
const problems = {
  fetch: async (request: Request): Promise<Response> => {
    const { status, headers, body } = await fetch(request)
    if (headers.get('content-type') !== 'application/problem+json') return new Response(body, { status, headers })
    return new Response(body, { status, headers: { 'content-type': 'application/json' } })
  },
  customErrorResponseBodyDecoder: (body: unknown) => {
    const { code, status, detail, data } = body as Problem
    return new ORPCError(code, { defined: true, status, message: detail, data })
  },
}

/** The contract is one, whichever door it is asked at. */
const doors: Record<string, () => Promise<{ readonly api: Api; readonly peer: FakePeer; readonly seat: FakeSeat }>> = {
  WebSocket: async () => {
    const { client, peer, seat } = await startTestApi()
    return { api: client.api, peer, seat }
  },
  'HTTP, as /openapi.json says': async () => {
    const { server, peer, seat } = await startTestApi()
    const headers = { authorization: `Bearer ${testToken}` }
    return {
      api: createORPCClient<Api>(new OpenAPILink(contract, { url: `${server.url}/api`, headers, ...problems })),
      peer,
      seat,
    }
  },
  'message port': async () => {
    const peer = createFakePeer()
    const seat = createFakeSeat(peer)
    const { client, connect } = startTestPort(seat)
    connect()
    return { api: client.api, peer, seat }
  },
}

for (const [door, open] of Object.entries(doors)) {
  describe(`each procedure, by ${door}`, () => {
    for (const [route, { sentence, run }] of Object.entries(cases)) {
      test(`${route} ${sentence}`, async () => {
        const { api, peer, seat } = await open()
        await run(api, peer, seat)
      })
    }
  })
}

test('what needs a room is refused where there is none, and nothing else is', async () => {
  const { client, seat } = await startTestApi()
  seat.setPeer(undefined)
  const asked: Partial<Record<ProcedureName, (api: Api) => Promise<unknown>>> = {
    status: (api) => api.status(),
    peers: (api) => api.peers(),
    'rooms.link': (api) => api.rooms.link(),
    'rooms.refound': (api) => api.rooms.refound({ force: true }),
    'ring.watch': (api) => api.ring.watch(),
    'ring.frame': (api) => api.ring.frame({ id: fakeFrame.id }),
    'accounts.list': (api) => api.accounts.list(),
    deposit: (api) => api.deposit({ account: 'ana', amount: '1' }),
    'auctions.list': (api) => api.auctions.list(),
    'auctions.bid': (api) => api.auctions.bid({ auction: 'last', account: 'ana', amount: '1' }),
    'bidders.list': (api) => api.bidders.list(),
    'pending.list': (api) => api.pending.list(),
    'log.tail': (api) => api.log.tail({}),
    'log.proofs': (api) => api.log.proofs(),
    events: (api) => api.events({}),
  }
  for (const [route, ask] of Object.entries(asked)) expect(await codeOf(ask(client.api)), route).toBe('no-room')
  expect(await client.api.rooms.list()).toEqual(fakeRooms)
})
