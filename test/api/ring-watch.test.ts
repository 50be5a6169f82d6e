import { expect, test } from 'vitest'
import { tellRing } from '../../src/api/ring-watch.ts'
import { createFakePeer, fakeFrame, fakeOther, fakeSelf, fakeTime } from '../support/fake-peer.ts'
import { until } from '../support/wait.ts'
import { startTestApi, testToken } from './api.ts'

const block = (index: number) => ({ kind: 'block', at: fakeTime, index, author: fakeSelf, turn: index, lamport: index }) as const

test('a listener that is too slow hears how many steps it missed, and who records and waits now', async () => {
  const peer = createFakePeer()
  const steps = tellRing(peer, undefined)
  const first = steps.next()
  for (let index = 1; index <= 5_000; index++) peer.tellStep(block(index))
  peer.tellStep({ kind: 'missed', count: 7 })
  for (const peers of [[fakeSelf], [fakeSelf, fakeOther]]) peer.tellStep({ kind: 'recorders', peers })
  peer.tellStep({ kind: 'requests', at: fakeTime, peers: [fakeOther] })
  const told = [(await first).value]
  while (told.at(-1)?.kind !== 'missed') told.push((await steps.next()).value)
  expect(told.slice(0, 2_000)).toEqual(Array.from({ length: 2_000 }, (_, i) => block(i + 1)))
  expect(told.slice(2_000)).toEqual([
    { kind: 'recorders', peers: [fakeSelf, fakeOther] },
    { kind: 'requests', at: fakeTime, peers: [fakeOther] },
    { kind: 'missed', count: 3_007 },
  ])
  await steps.return(undefined)
  expect(peer.watchers).toBe(0)
})

test('nobody watches any more once the listener has hung up, or its connection is gone', async () => {
  const { client, peer } = await startTestApi()
  const steps = await client.api.ring.watch()
  void steps.next().catch(() => {})
  await until('somebody watches', () => peer.watchers === 1)
  client.close()
  await until('nobody watches', () => peer.watchers === 0)

  const leaving = new AbortController()
  const ended = tellRing(peer, leaving.signal).next()
  await until('somebody watches', () => peer.watchers === 1)
  leaving.abort()
  expect(await ended).toEqual({ done: true, value: undefined })
  expect(peer.watchers).toBe(0)
})

test('a listener goes along from room to room', async () => {
  const { client, seat, peer } = await startTestApi()
  const steps = await client.api.ring.watch()
  const first = steps.next()
  await until('the first peer is watched', () => peer.watchers === 1)
  const next = createFakePeer()
  seat.setPeer(next)
  await until('the next peer is watched, and no other', () => next.watchers === 1 && peer.watchers === 0)
  next.tellStep(block(1))
  expect((await first).value).toEqual(block(1))
  await steps.return()
})

test('a message is asked for over HTTP by its id', async () => {
  const { port } = await startTestApi()
  const ask = (id: string) =>
    fetch(`http://127.0.0.1:${port}/api/ring/frames/${id}`, { headers: { authorization: `Bearer ${testToken}` } })
  expect(await (await ask(fakeFrame.id)).json()).toEqual(fakeFrame)
  expect((await ask('nothing')).status).toBe(404)
})
