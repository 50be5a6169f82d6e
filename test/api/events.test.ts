import { expect, test } from 'vitest'
import { tellEvents } from '../../src/api/events.ts'
import type { EventView } from '../../src/api/views.ts'
import { type AccountId, operationId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { createFakePeer, type FakePeer, fakeAuction, fakeEventsKept, fakeSelf } from '../support/fake-peer.ts'

test('every event is told once, in order, the kept ones and the new ones', async () => {
  const peer = createFakePeer()
  tellMany(peer, 3)
  const events = tellEvents(peer, { after: 0 }, undefined)
  expect(await take(events, 3)).toEqual([1, 2, 3])
  tellMany(peer, 2)
  expect(await take(events, 2)).toEqual([4, 5])
  await events.return(undefined)
})

test('a listener that comes back in time goes on after its last number', async () => {
  const peer = createFakePeer()
  tellMany(peer, 5)
  const events = tellEvents(peer, { after: 3 }, undefined)
  expect(await take(events, 2)).toEqual([4, 5])
})

test('a listener that comes back too late is told of the gap', async () => {
  const peer = createFakePeer()
  tellMany(peer, fakeEventsKept + 5)
  const events = tellEvents(peer, { after: 3 }, undefined)
  expect(await next(events)).toMatchObject({ kind: 'gap', number: 5 })
  expect(await take(events, fakeEventsKept)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
})

test('a listener that is too slow is told of the gap, and nothing piles up for it', async () => {
  const peer = createFakePeer()
  const events = tellEvents(peer, { after: 0 }, undefined)
  tellMany(peer, 1)
  expect(await take(events, 1)).toEqual([1])
  tellMany(peer, 5_000)
  expect(await next(events)).toMatchObject({ kind: 'gap' })
  expect(await take(events, 1)).toEqual([5_001 - fakeEventsKept + 1])
})

test('a listener that knows numbers of an earlier start is told of the gap', async () => {
  const peer = createFakePeer()
  tellMany(peer, 2)
  const events = tellEvents(peer, { after: 700 }, undefined)
  expect(await next(events)).toMatchObject({ kind: 'gap', number: 0 })
  expect(await take(events, 2)).toEqual([1, 2])
})

test('a listener says of which start its last number is: of another one it means nothing', async () => {
  const peer = createFakePeer()
  tellMany(peer, 3)
  const same = tellEvents(peer, { after: 2, start: peer.start }, undefined)
  expect((await same.next()).value).toMatchObject({ kind: 'opened', number: 2, start: peer.start })
  expect(await take(same, 1)).toEqual([3])
  const other = tellEvents(peer, { after: 2, start: createFakePeer().start }, undefined)
  expect((await other.next()).value).toMatchObject({ kind: 'opened', number: 0, start: peer.start })
  expect((await other.next()).value).toMatchObject({ kind: 'gap', number: 0 })
  expect(await take(other, 3)).toEqual([1, 2, 3])
})

test('a listener that wants nothing of what happens is never behind', async () => {
  const peer = createFakePeer()
  const events = tellEvents(peer, { after: 0, filter: { kinds: ['members'] } }, undefined)
  expect((await events.next()).value).toMatchObject({ kind: 'opened' })
  const waiting = events.next()
  tellMany(peer, 5_000)
  peer.tell({ kind: 'members', epoch: '2.dfEPoC', members: [fakeSelf] })
  expect((await waiting).value).toMatchObject({ kind: 'members', number: 5_001 })
})

test('a listener that hangs up while nothing happens is let go', async () => {
  const peer = createFakePeer()
  const hangUp = new AbortController()
  const events = tellEvents(peer, { after: 0 }, hangUp.signal)
  expect((await events.next()).value).toMatchObject({ kind: 'opened' })
  const waiting = events.next()
  hangUp.abort()
  expect((await waiting).done).toBe(true)
})

function tellMany(peer: FakePeer, count: number): void {
  for (let i = 0; i < count; i++) peer.tell({ kind: 'quorum', held: true, text: 'held' })
}

async function next(events: AsyncGenerator<EventView>): Promise<EventView> {
  const result = await events.next()
  if (result.done === true) throw new Error('the stream ended')
  return result.value.kind === 'opened' ? next(events) : result.value
}

async function take(events: AsyncGenerator<EventView>, count: number): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < count) numbers.push((await next(events)).number)
  return numbers
}

test('amounts have the room’s currency, and a refusal is told in words with its code', async () => {
  const peer = createFakePeer()
  peer.setCurrency('JPY')
  const operation = operationId(fakeSelf, 1, 1)
  const amount = 1_250 as Cents
  const asked = { kind: 'bid', auction: fakeAuction, account: 'ana' as AccountId, amount } as const
  peer.tell({
    kind: 'market',
    operation,
    block: 4,
    event: { kind: 'held', account: 'ana' as AccountId, auction: fakeAuction, amount },
  })
  peer.tell({ kind: 'rejected', operation, block: 4, rejection: { code: 'bid-too-low', minimum: amount }, asked })
  const events = tellEvents(peer, { after: 0 }, undefined)
  expect(await next(events)).toMatchObject({ event: { amount: { cents: 1_250, text: '1250 JPY', currency: 'JPY' } } })
  expect(await next(events)).toMatchObject({
    code: 'bid-too-low',
    text: 'The bid is too low: it must be at least 1250 JPY.',
    what: 'bid',
  })
  await events.return(undefined)
})
