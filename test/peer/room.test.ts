import { describe, expect, it } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { HelloRoom } from '../../src/peer/network.ts'
import { refuseGenesis, roomIdOf } from '../../src/peer/room.ts'
import { meet } from '../../src/peer/search.ts'
import { type Block, headOf, signBlock } from '../../src/ring/block.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'

const ana = peerNamed('A')
const crypto = createKeyedCrypto(ana)
const genesis = genesisBy(ana)
const lesser = '1'.repeat(64) as RoomId
const greater = '2'.repeat(64) as RoomId

function withRules(rulesVersion: number): Block {
  const { body } = genesis
  assert(body.kind === 'genesis', 'it is a genesis block')
  return signBlock({ ...genesis, body: { ...body, genesis: { ...body.genesis, rulesVersion } } }, crypto)
}

const roomOf = (id: RoomId, holdsFast: boolean): HelloRoom => ({
  id,
  head: headOf(genesis),
  holdsFast,
  founder: 'Ana',
  members: 1,
  founded: genesis.time,
})

describe('two rooms of one name that meet', () => {
  const rows = [
    { own: lesser, ownHolds: false, other: greater, otherHolds: false, we: 'stay', they: 'join' },
    { own: lesser, ownHolds: true, other: greater, otherHolds: false, we: 'stay', they: 'join' },
    { own: lesser, ownHolds: false, other: greater, otherHolds: true, we: 'join', they: 'stay' },
    { own: lesser, ownHolds: true, other: greater, otherHolds: true, we: 'strangers', they: 'strangers' },
    { own: lesser, ownHolds: true, other: lesser, otherHolds: true, we: 'nothing', they: 'nothing' },
  ] as const
  for (const { own, ownHolds, other, otherHolds, we, they } of rows) {
    it(`${ownHolds ? 'holding fast' : 'blank'} and ${otherHolds ? 'holding fast' : 'blank'}: one side does ${we}, the other ${they}`, () => {
      expect(meet({ id: own, holdsFast: ownHolds }, roomOf(other, otherHolds))).toBe(we)
      expect(meet({ id: other, holdsFast: otherHolds }, roomOf(own, ownHolds))).toBe(they)
    })
  }

  it('a peer without a room is no reason to change', () => {
    expect(meet({ id: greater, holdsFast: false }, undefined)).toBe('nothing')
  })
})

describe('a genesis block from another peer', () => {
  const room = roomIdOf(genesis)
  const forged = { ...genesis, signature: new Uint8Array(64) }
  const rows = [
    ['none at all', undefined, room, 'test', 'it gave no genesis block'],
    ['another block', opsAfter(genesis, ana, 1), room, 'test', 'it gave no genesis block'],
    ['of another room', genesisBy(ana, 7), room, 'test', 'its genesis block is of another room'],
    ['of a room with another name', genesis, room, 'other', 'its room has another name'],
    ['with a forged signature', forged, room, 'test', 'its genesis block is not its founder’s'],
    ['with rules of a later program', withRules(99), roomIdOf(withRules(99)), 'test', 'its room has rules of version 99'],
    ['with rules that are older than all', withRules(0), roomIdOf(withRules(0)), 'test', 'its room has rules of version 0'],
    ['as it should be', genesis, room, 'test', undefined],
  ] as const
  for (const [what, block, id, name, reason] of rows) {
    it(`${what}: ${reason ?? 'taken'}`, () => expect(refuseGenesis(block, id, name, crypto)).toBe(reason))
  }
})
