import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventFilter, type EventFilter } from '../../src/api/event-filter.ts'
import { tellEvents } from '../../src/api/events.ts'
import { type EventKind, type EventView, eventKinds } from '../../src/api/views.ts'
import { type AccountId, type AuctionId, operationId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { MarketEvent } from '../../src/market/outcome.ts'
import type { PeerEvent } from '../../src/peer/peer.ts'
import { createFakePeer, fakeOther, fakeSelf, fakeTime } from '../support/fake-peer.ts'
import { startTestApi, testToken } from './api.ts'

const accounts = ['ana', 'bob', 'eve'] as AccountId[]
const auctions = ['AAAAAA-1-1', 'BBBBBB-2-7'] as AuctionId[]
const account = fc.constantFrom(...accounts)
const auction = fc.constantFrom(...auctions)
const amount = fc.integer({ min: 1, max: 9 }).map((cents) => cents as Cents)
const at = fc.constant(fakeTime)

/** One of each: a new event does not compile without a row. */
const marketEvents: { readonly [Kind in MarketEvent['kind']]: fc.Arbitrary<Omit<Extract<MarketEvent, { kind: Kind }>, 'kind'>> } =
  {
    'account-opened': fc.record({ account, holder: fc.constant('x') }),
    'account-closed': fc.record({ account }),
    moved: fc.record({ from: account, to: account, amount, memo: fc.constantFrom('', 'ana') }),
    held: fc.record({ account, auction, amount }),
    released: fc.record({ account, auction, amount }),
    'auction-started': fc.record({ auction, item: fc.constant('bob'), endsAt: at }),
    'bid-accepted': fc.record({ auction, account, amount, endsAt: at }),
    outbid: fc.record({ auction, account, by: account, amount }),
    'auction-extended': fc.record({ auction, endsAt: at }),
    'auction-paused': fc.record({ auction, until: at, endsAt: at }),
    'auction-resumed': fc.record({ auction, endsAt: at }),
    'auction-ended': fc.record({
      auction,
      why: fc.constantFrom('sold', 'unsold'),
      winner: fc.option(account, { nil: undefined }),
      price: fc.option(amount, { nil: undefined }),
      reason: fc.constant(''),
    }),
    'pace-set': fc.record({ millis: fc.constant(250) }),
    'experiment-started': fc.record({ experiment: fc.constant(1), section: fc.constantFrom('main', 'ana') }),
    'experiment-ended': fc.record({ experiment: fc.constant(1), section: fc.constant('main'), what: fc.constant('stop') }),
  }
const marketEvent = fc.oneof(
  ...Object.entries(marketEvents).map(([kind, fields]) =>
    (fields as fc.Arbitrary<object>).map((rest) => ({ kind, ...rest }) as MarketEvent),
  ),
)

const asked: fc.Arbitrary<Operation | undefined> = fc.oneof(
  fc.record({ kind: fc.constant('bid' as const), auction, account, amount }),
  fc.record({ kind: fc.constant('transfer' as const), from: account, to: account, amount, memo: fc.constant('') }),
  fc.record({ kind: fc.constant('resume-auction' as const), auction }),
  fc.constant(undefined),
)

const operation = operationId(fakeSelf, 1, 1)
const peerEvent: fc.Arbitrary<PeerEvent> = fc
  .oneof(
    { weight: 6, arbitrary: marketEvent.map((event) => ({ kind: 'market', operation, block: 1, event }) as const) },
    {
      weight: 2,
      arbitrary: asked.map(
        (what) => ({ kind: 'rejected', operation, block: 1, rejection: { code: 'own-lot' }, asked: what }) as const,
      ),
    },
    { weight: 2, arbitrary: asked.map((what) => ({ kind: 'announced', operation, asked: what }) as const) },
    fc.constant({ kind: 'quorum', held: true, text: 'ana' } as const),
    fc.constant({ kind: 'members', epoch: '1.x', members: [fakeSelf] } as const),
    fc.constant({ kind: 'presence', peer: fakeOther, name: 'ana', here: true } as const),
    fc.constant({ kind: 'suspected', suspect: undefined, why: 'silent' } as const),
    fc.constant({ kind: 'note', event: 'token-passed', facts: { account: 'ana', amount: 9 } } as const),
  )
  .map((event) => ({ ...event, number: 1, at: fakeTime }))

const filter: fc.Arbitrary<EventFilter> = fc.record(
  {
    kinds: fc.uniqueArray(fc.constantFrom(...eventKinds), { maxLength: 6 }),
    auction,
    account,
    least: amount,
  },
  { requiredKeys: [] },
)

/** As one would explain it to somebody, with no code of the filter's. */
function naive(event: PeerEvent, { kinds, auction: wantedAuction, account: wantedAccount, least }: EventFilter): boolean {
  const kindsOfIt: string[] = event.kind === 'market' ? ['market', event.event.kind] : [event.kind]
  if (kinds !== undefined && !kinds.some((kind) => kindsOfIt.includes(kind))) return false
  if (wantedAuction === undefined && wantedAccount === undefined && least === undefined) return true
  const about =
    event.kind === 'market' ? event.event : event.kind === 'rejected' || event.kind === 'announced' ? event.asked : undefined
  const text =
    JSON.stringify(about, (key, value) => (['memo', 'item', 'holder', 'reason', 'section'].includes(key) ? undefined : value)) ??
    ''
  if (wantedAuction !== undefined && !text.includes(`"${wantedAuction}"`)) return false
  if (wantedAccount !== undefined && !text.includes(`"${wantedAccount}"`)) return false
  const amounts = [...text.matchAll(/"(?:amount|price)":(\d+)/g)].map(([, cents]) => Number(cents))
  return least === undefined || amounts.some((cents) => cents >= least)
}

test('a filter lets through what a plain reading of it says, and nothing else', () => {
  fc.assert(
    fc.property(peerEvent, filter, (event, wanted) => {
      expect(createEventFilter(wanted)(event)).toBe(naive(event, wanted))
    }),
    { numRuns: 3_000 },
  )
})

test('a stream tells the events that pass, with the numbers that they have for everybody', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(peerEvent, { maxLength: 9 }),
      fc.array(peerEvent, { maxLength: 9 }),
      filter,
      async (before, after, wanted) => {
        const peer = createFakePeer()
        const tell = (events: readonly PeerEvent[]): void => {
          for (const { number: _, at: __, ...event } of events) peer.tell(event)
        }
        tell(before)
        const stream = tellEvents(peer, { after: 0, filter: wanted }, undefined)
        await stream.next()
        const expected = [...before, ...after].flatMap((event, index) => (naive(event, wanted) ? [index + 1] : []))
        const told: number[] = []
        const kept = expected.filter((number) => number <= before.length).length
        for (let i = 0; i < kept; i++) told.push(((await stream.next()).value as EventView).number)
        const next = expected.length > kept ? stream.next() : undefined
        await Promise.resolve()
        tell(after)
        if (next !== undefined) told.push(((await next).value as EventView).number)
        for (let i = kept + 1; i < expected.length; i++) told.push(((await stream.next()).value as EventView).number)
        expect(told).toEqual(expected)
        await stream.return(undefined)
      },
    ),
    { numRuns: 300 },
  )
})

test('an address that a person wrote filters too', async () => {
  const { server, peer } = await startTestApi()
  const bid = (who: string, cents: number): void => {
    const event = { kind: 'bid-accepted', auction: auctions[0], account: who, amount: cents, endsAt: fakeTime } as MarketEvent
    peer.tell({ kind: 'market', operation, block: 1, event })
  }
  bid('ana', 1_000)
  bid('bob', 2_000)
  bid('ana', 3_000)
  peer.tell({ kind: 'quorum', held: true, text: 'held' })
  const kinds = async (query: string): Promise<readonly (string | number)[]> => {
    const hangUp = new AbortController()
    const headers = { authorization: `Bearer ${testToken}` }
    const response = await fetch(`${server.url}/api/events?${query}`, { headers, signal: hangUp.signal })
    expect(response.status).toBe(200)
    let text = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true })
      if (text.includes('"held"')) break
    }
    hangUp.abort()
    return [...text.matchAll(/^data: .*"number":(\d+)/gm)].map(([, number]) => Number(number)).slice(1)
  }
  expect(await kinds('')).toEqual([1, 2, 3, 4])
  expect(await kinds('kind=quorum')).toEqual([4])
  expect(await kinds('kind=quorum&kind=bid-accepted&after=1')).toEqual([2, 3, 4])
  const refused = await fetch(`${server.url}/api/events?kind=nonsense`, { headers: { authorization: `Bearer ${testToken}` } })
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
    400,
    'There is no such kind of event.',
  ])
})

test('what a filter names has to be there', async () => {
  const { client } = await startTestApi()
  const wrong: readonly (readonly [object, string])[] = [
    [{ filter: { kinds: ['nonsense'] } }, 'input-invalid'],
    [{ filter: { account: 'a b' } }, 'input-invalid'],
    [{ filter: { least: '0' } }, 'input-invalid'],
    [{ filter: { auction: '7' } }, 'auction-unknown'],
    [{ least: 'much' }, 'input-invalid'],
  ]
  for (const [input, code] of wrong) {
    await expect(client.api.events(input as { after: number }), JSON.stringify(input)).rejects.toMatchObject({ code })
  }
  const kinds: EventKind[] = ['quorum']
  const events = await client.api.events({ filter: { kinds, auction: 'last', account: 'ana', least: '1.50' } })
  expect((await events.next()).value).toMatchObject({ kind: 'opened' })
  await events.return()
})
