import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Instant, PeerId } from '../../src/core/ids.ts'
import { createTurnBook, type Turn, turnsMax } from '../../src/peer/turn-book.ts'
import { peerNamed } from './keyed-crypto.ts'

const peers = ['A', 'B', 'C'].map(peerNamed) as [PeerId, PeerId, PeerId]
const turn: fc.Arbitrary<Turn> = fc.record({
  epoch: fc.record({ number: fc.integer({ min: 1, max: 3 }), initiator: fc.constantFrom(...peers) }),
  turn: fc.integer({ min: 1, max: 40 }),
  holder: fc.constantFrom(...peers),
  at: fc.nat().map((at) => at as Instant),
  block: fc.option(fc.nat(99), { nil: undefined }),
})

test('however turns become known, the newest are told in their order, each once', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(turn, fc.boolean()), { maxLength: 120, size: 'max' }), (added) => {
      const book = createTurnBook()
      /** As one would keep them: all of them, by their places. */
      let all: Turn[] = []
      for (const [one, isSure] of added) {
        book.add(one, isSure)
        const known = all.find((other) => placeOf(other) === placeOf(one))
        if (known === undefined) all.push(one)
        else if (isSure) all[all.indexOf(known)] = { ...known, holder: one.holder, block: one.block ?? known.block }
        // What falls out at the end is forgotten, and would be new if it came once more.
        all = [...all].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)).slice(-turnsMax)
      }
      expect(book.newest).toEqual(all)
    }),
  )
})

test('fifty turns are kept', () => {
  const book = createTurnBook()
  const at = 0 as Instant
  const epoch = { number: 1, initiator: peers[0] }
  for (let number = 1; number <= 50; number++) book.add({ epoch, turn: number, holder: peers[0], at, block: undefined }, true)
  expect(book.newest).toHaveLength(50)
  book.add({ epoch, turn: 51, holder: peers[0], at, block: undefined }, true)
  expect([book.newest.length, book.newest[0]?.turn, book.newest.at(-1)?.turn]).toEqual([50, 2, 51])
})

const placeOf = ({ epoch, turn: number }: Turn): string => `${epoch.number} ${epoch.initiator} ${String(number).padStart(3, '0')}`
