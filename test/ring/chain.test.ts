import { describe, expect, it } from 'vitest'
import type { Instant, PeerId } from '../../src/core/ids.ts'
import { type Block, decodeBlock, faultOf, signBlock, type Unsigned } from '../../src/ring/block.ts'
import { genesisOf, roomStart, testCrypto } from './room.ts'

const genesis = genesisOf('A')
const view = { epoch: genesis.epoch, index: 0, members: ['A', 'B'] as PeerId[], lost: [] }
const good: Unsigned = {
  index: 1,
  epoch: genesis.epoch,
  turn: 3,
  author: 'B' as PeerId,
  lamport: 9,
  time: (roomStart + 5) as Instant,
  prevHash: genesis.hash,
  checkpoint: undefined,
  body: { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [new Uint8Array([1])] },
}
const goodView: Unsigned = {
  ...good,
  turn: 0,
  epoch: { number: 2, initiator: 'B' as PeerId },
  body: { kind: 'view', members: ['A', 'B'] as PeerId[], lost: [] },
}

describe('a block that does not follow the one before it is refused', () => {
  const rows: [string, Unsigned, string | undefined][] = [
    ['as it should be', good, undefined],
    ['an index ahead', { ...good, index: 2 }, 'its index does not follow'],
    ['another past', { ...good, prevHash: 'ab'.repeat(32) }, 'its previous hash is not that of the block before'],
    ['a Lamport time that stands still', { ...good, lamport: 1 }, 'its Lamport time does not grow'],
    ['a time before that of the block before it', { ...good, time: (roomStart - 1) as Instant }, 'its time goes back'],
    [
      'an older epoch',
      { ...good, epoch: { number: 0, initiator: 'A' as PeerId } },
      'its epoch is not that of the view before it',
    ],
    ['a turn that was used', { ...good, turn: 0 }, 'its turn does not grow'],
    ['an author who is no member', { ...good, author: 'C' as PeerId }, 'its author is not a member'],
    ['a second genesis', { ...good, body: genesis.body }, 'a genesis block stands only at the beginning'],
    ['a view as it should be', goodView, undefined],
    ['a view of an old epoch', { ...goodView, epoch: genesis.epoch }, 'its epoch does not grow'],
    ['a view with a turn', { ...goodView, turn: 1 }, 'a view block has turn 0'],
    ['a view by another', { ...goodView, author: 'A' as PeerId }, 'its author is not the initiator of its epoch'],
    [
      'a view without its initiator',
      { ...goodView, body: { kind: 'view', members: ['A'] as PeerId[], lost: [] } },
      'its view lacks its initiator',
    ],
    [
      'a view that names one twice',
      { ...goodView, body: { kind: 'view', members: ['B', 'B'] as PeerId[], lost: [] } },
      'its view names a member twice',
    ],
    [
      'a view that names a member as lost',
      {
        ...goodView,
        body: { kind: 'view', members: ['A', 'B'] as PeerId[], lost: [{ peer: 'A' as PeerId, loss: 5 }] },
      },
      'a member of its view is lost',
    ],
    ['the largest leap of Lamport time', { ...good, lamport: 1 + 2 ** 32 }, undefined],
    ['a Lamport time that leaps', { ...good, lamport: 2 + 2 ** 32 }, 'its Lamport time leaps'],
    ['the largest leap of the turn', { ...good, turn: 2 ** 32 }, undefined],
    ['a turn that leaps', { ...good, turn: 1 + 2 ** 32 }, 'its turn leaps'],
    ['the latest time', { ...good, time: (2 ** 48) as Instant }, undefined],
    ['a time beyond all limits', { ...good, time: (2 ** 53 - 1) as Instant }, 'a number in it is over 2^48'],
    [
      'an epoch beyond all limits',
      { ...goodView, epoch: { number: 2 ** 48 + 1, initiator: 'B' as PeerId } },
      'a number in it is over 2^48',
    ],
    [
      'an incarnation beyond all limits',
      { ...good, body: { kind: 'ops', incarnation: 2 ** 53 - 1, firstSequence: 1, ops: [] } },
      'a number in it is over 2^48',
    ],
    [
      'sequences that end beyond all limits',
      { ...good, body: { kind: 'ops', incarnation: 1, firstSequence: 2 ** 48, ops: [new Uint8Array(1)] } },
      'a number in it is over 2^48',
    ],
    [
      'a loss beyond all limits',
      { ...goodView, body: { kind: 'view', members: ['B'] as PeerId[], lost: [{ peer: 'A' as PeerId, loss: 2 ** 48 + 1 }] } },
      'a number in it is over 2^48',
    ],
    [
      'a checkpoint of itself',
      { ...good, checkpoint: { index: 1, stateHash: 'ab'.repeat(32) } },
      'its checkpoint is of a later block',
    ],
  ]
  it.each(rows)('%s', (_story, unsigned, fault) => {
    const block = signBlock(unsigned, testCrypto(unsigned.author))
    expect(faultOf(block, genesis, view, testCrypto('A'))).toBe(fault)
  })

  it('a forged one: signed by somebody else', () => {
    const forged = signBlock(good, testCrypto('A'))
    expect(faultOf(forged, genesis, view, testCrypto('A'))).toBe('its signature is not its author’s')
  })

  it('one changed byte: it cannot be read, or it is refused', () => {
    const block = signBlock(good, testCrypto('B'))
    for (let at = 0; at < block.bytes.length; at++) {
      const bytes = Uint8Array.from(block.bytes)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      const decoded = decodeBlock(bytes, testCrypto('A'))
      if ('value' in decoded) expect(faultOf(decoded.value, genesis, view, testCrypto('A'))).toBeDefined()
    }
  })
})

describe('the parts of the state that a room goes on from', () => {
  if (genesis.body.kind !== 'genesis') throw new Error('a genesis block founds a room')
  const parts = { count: 2, hash: 'cd'.repeat(32) }
  const founding = signBlock(
    { ...genesis, body: { kind: 'genesis', genesis: { ...genesis.body.genesis, parts } } },
    testCrypto('A'),
  )
  const partAfter = (previous: Block, left: number): Unsigned => ({
    ...{ epoch: genesis.epoch, author: 'A' as PeerId, time: genesis.time, checkpoint: undefined },
    index: previous.index + 1,
    turn: previous.turn + 1,
    lamport: previous.lamport + 1,
    prevHash: previous.hash,
    body: { kind: 'state', left, part: new Uint8Array(3) },
  })
  const first = partAfter(founding, 1)
  const last = signBlock(partAfter(signBlock(first, testCrypto('A')), 0), testCrypto('A'))
  const faultAfter = (previous: Block, unsigned: Unsigned): string | undefined =>
    faultOf(signBlock(unsigned, testCrypto(unsigned.author)), previous, view, testCrypto('A'))

  const another = 'it is another part of the state that its room goes on from'
  const notTheirs = 'a part of a state is its founder’s'
  const ofItsOwn = 'a part of a state has a turn and a Lamport time of its own'
  const rows: [string, Unsigned, string | undefined][] = [
    ['as it should be', first, undefined],
    ['one after it', partAfter(founding, 0), another],
    ['one too many', partAfter(founding, 2), another],
    ['of another author', { ...first, author: 'B' as PeerId }, notTheirs],
    ['of another epoch', { ...first, epoch: { number: 2, initiator: 'A' as PeerId } }, notTheirs],
    ['with the same turn', { ...first, turn: founding.turn }, ofItsOwn],
    ['with a later turn', { ...first, turn: first.turn + 1 }, ofItsOwn],
    ['with a later Lamport time', { ...first, lamport: first.lamport + 1 }, ofItsOwn],
    ['with a later time', { ...first, time: (genesis.time + 1) as Instant }, ofItsOwn],
    ['with a checkpoint', { ...first, checkpoint: { index: 0, stateHash: 'ab'.repeat(32) } }, ofItsOwn],
    ['none', { ...first, body: good.body }, 'the state that its room goes on from is not all there'],
  ]
  it.each(rows)('come right after its first block: %s', (_story, unsigned, fault) => {
    expect(faultAfter(founding, unsigned)).toBe(fault)
  })

  it('follow one another', () => {
    const before = signBlock(first, testCrypto('A'))
    expect(faultAfter(before, partAfter(before, 0))).toBe(undefined)
    expect(faultAfter(before, partAfter(before, 1))).toBe(another)
  })

  it('end with the last one', () => {
    expect(faultAfter(last, partAfter(last, 0))).toBe('the state that its room goes on from is all there')
    expect(faultAfter(last, { ...good, index: 3, prevHash: last.hash })).toBe(undefined)
    expect(faultAfter(genesis, partAfter(genesis, 0))).toBe('the state that its room goes on from is all there')
  })
})
