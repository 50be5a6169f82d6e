import { expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { ana, bob, createRoom, deposit, encode, open, withdraw } from '../market/room.ts'
import { NaiveMarket } from './check/naive-market.ts'

/** What the naive market answers to one operation, and the real one; each is the author's next, in a block of its own. */
function askBoth() {
  const room = createRoom()
  const naive = new NaiveMarket({ deposits: 'open', founder: ana })
  const sequences = new Map<PeerId, number>()
  return (author: PeerId, bytes: Uint8Array): readonly [naive: string | undefined, real: string] => {
    const firstSequence = (sequences.get(author) ?? 0) + 1
    sequences.set(author, firstSequence)
    const block = { author, incarnation: 1, firstSequence, time: room.time, ops: [bytes] }
    const { outcome } = room.submitBytes(author, bytes)
    const real = outcome === undefined ? 'skipped' : outcome.accepted ? 'ok' : outcome.rejection.code
    return [naive.apply(block)[0], real]
  }
}

it('the naive market knows of each author the last 10,000 requests, as the real one does', () => {
  const ask = askBoth()
  const request = (author: PeerId, number: number, amount: number) => ask(author, encode(deposit('ana', amount), `r${number}`))
  for (const [author, account] of [[ana, 'ana'] as const, [bob, 'bob'] as const]) ask(author, encode(open(account)))
  expect(request(bob, 0, 1)).toEqual(['not-owner', 'not-owner'])
  // What is refused is remembered; what is malformed is not, and takes nobody's place.
  expect(ask(ana, encode(withdraw('ana', 1), 'r0'))).toEqual(['funds-short', 'funds-short'])
  for (let number = 1; number < 10_000; number++) expect(request(ana, number, 1)).toEqual(['ok', 'ok'])
  expect(ask(ana, encode(deposit('ana', 0), 'other'))).toEqual(['malformed', 'malformed'])
  expect(ask(ana, encode(withdraw('ana', 1), 'r0'))).toEqual(['funds-short', 'funds-short'])
  expect(request(ana, 0, 2)).toEqual(['request-reused', 'request-reused'])
  // One more: the first goes, whoever asked for it since, and comes again as the newest, in the place of the second.
  expect(request(ana, 10_000, 1)).toEqual(['ok', 'ok'])
  expect(request(ana, 0, 2)).toEqual(['ok', 'ok'])
  expect(request(ana, 2, 2)).toEqual(['request-reused', 'request-reused'])
  expect(request(ana, 1, 2)).toEqual(['ok', 'ok'])
  expect(request(ana, 0, 1)).toEqual(['request-reused', 'request-reused'])
  expect(request(bob, 0, 2)).toEqual(['request-reused', 'request-reused'])
})
