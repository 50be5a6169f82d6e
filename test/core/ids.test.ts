import { describe, expect, it } from 'vitest'
import {
  auctionId,
  operationId,
  type PeerId,
  parseAccountId,
  parseAuctionId,
  parseName,
  parseNewName,
  parseOperationId,
  parsePeerId,
  parseRequestId,
  parseRoomId,
} from '../../src/core/ids.ts'
import { createLamportClock } from '../../src/core/lamport.ts'
import { createRandom } from '../../src/core/random.ts'

const peer = `12D3KooW${'a'.repeat(44)}` as PeerId

describe('ids are made only by their parsers', () => {
  const rows: [string, (text: string) => { ok: boolean }, string[], string[]][] = [
    [
      'an account',
      parseAccountId,
      ['0123456789', 'a', 'A.b_c-d', 'x'.repeat(32), 'issuer'],
      ['', 'x'.repeat(33), 'a b', 'é', 'a/b', '\n', 'a\n'],
    ],
    ['a request', parseRequestId, ['1', 'a-b/c!', '~'.repeat(64)], ['', ' ', 'a b', 'é', '~'.repeat(65)]],
    ['a peer', parsePeerId, [peer], ['', 'QmFoo', `${peer}1`, peer.replace('a', '0'), peer.toLowerCase()]],
    ['a room', parseRoomId, ['0f'.repeat(32)], ['', '0F'.repeat(32), '0f'.repeat(31)]],
    ['a name', parseName, ['A', 'Ana', 'José 🙂', 'x'.repeat(64)], ['', ' Ana', 'Ana ', 'a\u0000b', 'a\nb', 'x'.repeat(65)]],
    [
      'a new name',
      parseNewName,
      ['A', 'José 🙂', '👩‍👧', '木村', 'عمر'],
      ['', ' Ana', 'A\u202Ena', 'A\u200Bna', '\u2066Ana\u2069', 'A\uFEFF', 'A\uD800', 'A\u{E0041}', 'A\u2028B'],
    ],
    [
      'an auction',
      parseAuctionId,
      [auctionId(peer, 2, 15)],
      ['', 'aaaaaa', 'aaaaaa-0-1', 'aaaaaa-1-01', 'aaaaa0-1-1', 'aaaaaa-1-1-1'],
    ],
    ['an operation', parseOperationId, [operationId(peer, 1, 1)], ['', `${peer}/1`, `${peer}/0/1`, `${peer}/1/1/1`, 'x/1/1']],
  ]
  it.each(rows)('%s', (_what, parse, good, bad) => {
    for (const text of good) expect(parse(text), text).toMatchObject({ ok: true, value: text })
    for (const text of bad) expect(parse(text), JSON.stringify(text)).toMatchObject({ ok: false })
  })
})

it('a Lamport clock is later than all that it heard of', () => {
  const clock = createLamportClock(5)
  expect(clock.advance()).toBe(6)
  clock.observe(40)
  expect(clock.time).toBe(41)
  clock.observe(3)
  expect(clock.time).toBe(42)
})

it('one seed gives one row of chances', () => {
  const row = (seed: number): number[] => {
    const random = createRandom(seed)
    return Array.from({ length: 20 }, () => random.below(1_000))
  }
  expect(row(7)).toEqual(row(7))
  expect(row(7)).not.toEqual(row(8))
  expect(row(7).every((value) => value >= 0 && value < 1_000)).toBe(true)
})
