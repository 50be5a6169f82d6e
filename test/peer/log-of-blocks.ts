import type { Instant, PeerId } from '../../src/core/ids.ts'
import { foundRoom } from '../../src/peer/room.ts'
import { type Block, type Body, signBlock } from '../../src/ring/block.ts'
import type { Epoch } from '../../src/ring/view.ts'
import { createKeyedCrypto } from './keyed-crypto.ts'

/** A genesis block of a room called `test` with a fixed time. */
export function genesisBy(founder: PeerId, saltByte = 0): Block {
  const salt = new Uint8Array(16).fill(saltByte)
  const plan = { name: 'test', currency: 'EUR', deposits: 'open' } as const
  return foundRoom(plan, founder, salt, 1_700_000_000_000, createKeyedCrypto(founder))
}

/** The next block of a log: a view block where the body is one, else with the turn after that of the block before. */
export function blockAfter(previous: Block, author: PeerId, body: Body, epoch: Epoch = previous.epoch): Block {
  return signBlock(
    {
      index: previous.index + 1,
      epoch,
      turn: body.kind === 'view' ? 0 : previous.turn + 1,
      author,
      lamport: previous.lamport + 1,
      time: (previous.time + 10) as Instant,
      prevHash: previous.hash,
      checkpoint: undefined,
      body,
    },
    createKeyedCrypto(author),
  )
}

/** A block of operations that nobody can read, told apart by `mark`. */
export const opsAfter = (previous: Block, author: PeerId, mark: number, epoch?: Epoch): Block =>
  blockAfter(previous, author, { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [Uint8Array.of(mark)] }, epoch)
