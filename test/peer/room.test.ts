import { describe, expect, it } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { HelloRoom } from '../../src/peer/network.ts'
import { foundRoom, foundRoomOn, refuseGenesis, roomIdOf } from '../../src/peer/room.ts'
import { meet } from '../../src/peer/search.ts'
import { type Block, headOf, signBlock } from '../../src/ring/block.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'
import { verifyLog } from './verify-log.ts'

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

describe('a room that is founded', () => {
  const plan = { name: 'test', currency: 'EUR', deposits: 'open' } as const
  const salt = new Uint8Array(16)

  it('begins with a block as a log does', () => {
    const block = foundRoom(plan, ana, salt, 1_700_000_000_000.7, crypto)
    expect(block).toMatchObject({
      ...{ index: 0, epoch: { number: 1, initiator: ana }, turn: 0, author: ana, lamport: 1, time: 1_700_000_000_000 },
      ...{ prevHash: '', body: { kind: 'genesis', genesis: { ...plan, founder: ana, salt } } },
    })
    expect(verifyLog([block.bytes], crypto)).toMatchObject({ ok: true, room: roomIdOf(block), blocks: 1 })
  })

  it('on the state of another has it in blocks behind the first, each after the one before', () => {
    const state = Uint8Array.from({ length: 600_000 }, (_, at) => at % 251)
    const blocks = foundRoomOn(state, plan, ana, salt, 5, crypto)
    expect(blocks.map(({ index, turn, lamport, prevHash }) => [index, turn, lamport, prevHash])).toEqual(
      blocks.map((_, at) => [at, at, at + 1, blocks[at - 1]?.hash ?? '']),
    )
    expect(blocks.slice(1).map(({ body }) => body.kind === 'state' && body.left)).toEqual([2, 1, 0])
    const parts = blocks.flatMap(({ body }) => (body.kind === 'state' ? [...body.part] : []))
    expect(Uint8Array.from(parts)).toEqual(state)
  })
})
