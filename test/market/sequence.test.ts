import { describe, expect, it } from 'vitest'
import type { Instant, PeerId } from '../../src/core/ids.ts'
import { createMarket } from '../../src/market/market.ts'
import type { Market } from '../../src/market/types.ts'
import { ana, bob, deposit, encode, open, restored, rules, sha256, startTime } from './room.ts'

/** Applies a block; of each operation `done`, its rejection's code, or `skipped`. */
function apply(
  market: Market,
  author: PeerId,
  incarnation: number,
  firstSequence: number,
  ops: readonly Uint8Array[],
): readonly string[] {
  const block = { index: market.index + 1, time: startTime as Instant, author, incarnation, firstSequence, ops }
  return market.apply(block).map(({ outcome }) => {
    if (outcome === undefined) return 'skipped'
    return outcome.accepted ? 'done' : outcome.rejection.code
  })
}

const openAna = encode(open('ana'))
const one = encode(deposit('ana', 1))
const garbage = new Uint8Array([7])

describe('an operation counts exactly once', () => {
  type Step = readonly [
    author: PeerId,
    incarnation: number,
    firstSequence: number,
    ops: readonly Uint8Array[],
    answers: readonly string[],
  ]
  const rows: readonly (readonly [string, readonly Step[]])[] = [
    [
      'the first of a peer has sequence 1',
      [
        [ana, 1, 2, [openAna], ['skipped']],
        [ana, 1, 1, [openAna], ['done']],
      ],
    ],
    [
      'a repeated block is skipped',
      [
        [ana, 1, 1, [openAna, one], ['done', 'done']],
        [ana, 1, 1, [openAna, one], ['skipped', 'skipped']],
      ],
    ],
    [
      'of a block that overlaps only the new part counts',
      [
        [ana, 1, 1, [openAna, one], ['done', 'done']],
        [ana, 1, 2, [one, one], ['skipped', 'done']],
      ],
    ],
    [
      'a gap is not jumped, and what follows it waits too',
      [
        [ana, 1, 1, [openAna], ['done']],
        [ana, 1, 3, [one, one], ['skipped', 'skipped']],
        [ana, 1, 2, [one], ['done']],
      ],
    ],
    [
      'a later incarnation begins with 1',
      [
        [ana, 1, 1, [openAna], ['done']],
        [ana, 3, 1, [one, one], ['done', 'done']],
      ],
    ],
    [
      'a later incarnation begins with nothing else',
      [
        [ana, 1, 1, [openAna], ['done']],
        [ana, 3, 2, [one], ['skipped']],
        [ana, 1, 2, [one], ['done']],
      ],
    ],
    [
      'an earlier incarnation is over',
      [
        [ana, 2, 1, [openAna], ['done']],
        [ana, 1, 1, [one], ['skipped']],
        [ana, 1, 2, [one], ['skipped']],
      ],
    ],
    [
      'what is malformed uses its sequence',
      [
        [ana, 1, 1, [garbage, openAna], ['malformed', 'done']],
        [ana, 1, 2, [openAna], ['skipped']],
      ],
    ],
    ['what is refused uses its sequence', [[ana, 1, 1, [one, openAna, one], ['account-unknown', 'done', 'done']]]],
    [
      'each peer has a sequence of its own',
      [
        [ana, 1, 1, [openAna], ['done']],
        [bob, 1, 1, [openAna], ['account-taken']],
      ],
    ],
  ]

  it.each(rows)('%s', (_name, steps) => {
    const market = createMarket(rules, sha256)
    let other = createMarket(rules, sha256)
    for (const [author, incarnation, firstSequence, ops, answers] of steps) {
      expect(apply(market, author, incarnation, firstSequence, ops)).toEqual(answers)
      // Another peer, which was restarted before each block, agrees.
      other = restored(other.snapshot())
      expect(apply(other, author, incarnation, firstSequence, ops)).toEqual(answers)
      expect(other.stateHash).toBe(market.stateHash)
    }
  })

  it('and the last incarnation of each author is known', () => {
    const market = createMarket(rules, sha256)
    apply(market, ana, 4, 1, [openAna])
    expect([market.incarnationOf(ana), market.incarnationOf(bob)]).toEqual([4, 0])
  })
})

describe('the state’s hash', () => {
  it('starts from the rules', () => {
    const hashes = [rules, { ...rules, currency: 'BRL' }, { ...rules, deposits: 'host' as const }, { ...rules, founder: bob }]
    expect(new Set(hashes.map((given) => createMarket(given, sha256).stateHash)).size).toBe(4)
    expect(createMarket({ ...rules }, sha256).stateHash).toBe(createMarket(rules, sha256).stateHash)
  })

  it('does not move with a block without operations; the index does', () => {
    const market = createMarket(rules, sha256)
    const before = market.stateHash
    expect(
      market.apply({ index: 7, time: startTime as Instant, author: ana, incarnation: 0, firstSequence: 0, ops: [] }),
    ).toEqual([])
    expect([market.index, market.stateHash]).toEqual([7, before])
  })

  it('tells apart blocks that differ in one result, one balance or one event', () => {
    const hashAfter = (...ops: readonly Uint8Array[]): string => {
      const market = createMarket(rules, sha256)
      apply(market, ana, 1, 1, [openAna, ...ops])
      return market.stateHash
    }
    const hashes = [
      hashAfter(),
      hashAfter(one),
      hashAfter(encode(deposit('ana', 2))),
      hashAfter(encode(deposit('bob', 2))),
      hashAfter(garbage),
      hashAfter(encode({ kind: 'void' })),
      hashAfter(encode(open('bob', 'Bob'))),
      hashAfter(encode(open('bob', 'Rob'))),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('carries all that went before', () => {
    const hashAfter = (holder: string): string => {
      const market = createMarket(rules, sha256)
      apply(market, ana, 1, 1, [encode(open('ana', holder))])
      apply(market, ana, 1, 2, [encode({ kind: 'void' })])
      return market.stateHash
    }
    expect(hashAfter('Ana')).not.toBe(hashAfter('Anna'))
  })

  it('does not depend on the wording of what was malformed', () => {
    const hashAfter = (bytes: Uint8Array): string => {
      const market = createMarket(rules, sha256)
      apply(market, ana, 1, 1, [bytes])
      return market.stateHash
    }
    expect(hashAfter(new Uint8Array([7]))).toBe(hashAfter(new Uint8Array()))
  })
})
