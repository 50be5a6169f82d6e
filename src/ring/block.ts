import { concat, decodeWith, Malformed, type Reader, Writer } from '../core/codec.ts'
import { type Crypto, fromHex, type Hash, toHex } from '../core/crypto.ts'
import type { Instant, PeerId } from '../core/ids.ts'
import { auctionStartBytesMax, blockBytesMax, blockOpsMax, frameBytesMax, nameCharsMax, roomMembersMax } from '../core/limits.ts'
import { type Epoch, readEpoch, writeEpoch } from './epoch.ts'

/** The room's constitution, block 0 (PROTOCOL, section 6). */
export interface Genesis {
  readonly name: string
  readonly rulesVersion: number
  readonly currency: string
  readonly deposits: 'open' | 'host'
  readonly founder: PeerId
  /** 16 random bytes, so that two rooms of one name and moment differ. */
  readonly salt: Uint8Array
  /** A refounded room starts from this snapshot of another room's market (PROTOCOL, section 5). */
  readonly state?: Uint8Array
}

export type Body =
  | { readonly kind: 'genesis'; readonly genesis: Genesis }
  | { readonly kind: 'view'; readonly members: readonly PeerId[] }
  | {
      readonly kind: 'ops'
      /** The author's; the first operation has `firstSequence`, the others follow without a gap. */
      readonly incarnation: number
      readonly firstSequence: number
      /** To the ring an operation is bytes. */
      readonly ops: readonly Uint8Array[]
    }

/** The market's state, as the author of a block had applied it (PROTOCOL, section 4). */
export interface Checkpoint {
  readonly index: number
  readonly stateHash: Hash
}

export interface Unsigned {
  readonly index: number
  readonly epoch: Epoch
  /** 0 in a genesis and in a view block. */
  readonly turn: number
  readonly author: PeerId
  readonly lamport: number
  readonly time: Instant
  /** The empty text in a genesis block. */
  readonly prevHash: Hash
  readonly checkpoint: Checkpoint | undefined
  readonly body: Body
}

/** One entry of the log. Immutable; `hash` covers all but the signature, the signature covers the hash. */
export interface Block extends Unsigned {
  readonly signature: Uint8Array
  readonly hash: Hash
  /** The canonical encoding, signature included. */
  readonly bytes: Uint8Array
}

/** A place in a log, compared by `(epoch, index)`, epoch first. */
export interface Head {
  readonly epoch: Epoch
  readonly index: number
  readonly hash: Hash
}

/** A place that is known to be committed. */
export interface Commit {
  readonly index: number
  readonly hash: Hash
}

export const headOf = (block: Block): Head => ({ epoch: block.epoch, index: block.index, hash: block.hash })

export function signBlock(unsigned: Unsigned, crypto: Crypto): Block {
  const writer = new Writer(512)
  writeUnsigned(writer, unsigned)
  const content = writer.finish()
  const digest = crypto.hash(content)
  const signature = crypto.sign(digest)
  return { ...unsigned, signature, hash: toHex(digest), bytes: concat(content, signature) }
}

/** Form and hash only; whether the signature is its author's is {@link isSignedByAuthor}'s to say. */
export function decodeBlock(bytes: Uint8Array, crypto: Crypto): { readonly value: Block } | { readonly malformed: string } {
  return decodeWith(bytes, (reader) => {
    const unsigned = readUnsigned(reader)
    const contentBytes = bytes.length - reader.left
    const signature = reader.raw(64)
    return { ...unsigned, signature, hash: toHex(crypto.hash(bytes.subarray(0, contentBytes))), bytes }
  })
}

export function isSignedByAuthor(block: Block, crypto: Crypto): boolean {
  return crypto.verify(block.author, fromHex(block.hash) as Uint8Array, block.signature)
}

/** Operations in a block; none in a view or genesis block. */
export const opsOf = (block: Block): readonly Uint8Array[] => (block.body.kind === 'ops' ? block.body.ops : [])

/** Block bytes beside its operations: a bound, for limits. */
const blockOverheadMax = 16 * 1024
/** One operation that starts an auction may stand in a block of its own beyond the usual size. */
export const encodedBlockBytesMax = blockBytesMax + auctionStartBytesMax + blockOverheadMax

function writeUnsigned(writer: Writer, block: Unsigned): void {
  writer.unsigned(block.index)
  writeEpoch(writer, block.epoch)
  writer.unsigned(block.turn).text(block.author).unsigned(block.lamport).unsigned(block.time)
  writeHash(writer, block.prevHash)
  writer.optional(block.checkpoint, (checkpoint) => writeHash(writer.unsigned(checkpoint.index), checkpoint.stateHash))
  writeBody(writer, block.body)
}

function readUnsigned(reader: Reader): Unsigned {
  return {
    index: reader.unsigned(),
    epoch: readEpoch(reader),
    turn: reader.unsigned(),
    author: reader.text(64) as PeerId,
    lamport: reader.unsigned(),
    time: reader.unsigned() as Instant,
    prevHash: readHash(reader),
    checkpoint: reader.optional(() => ({ index: reader.unsigned(), stateHash: readHash(reader) })),
    body: readBody(reader),
  }
}

function writeBody(writer: Writer, body: Body): void {
  switch (body.kind) {
    case 'genesis': {
      const { genesis } = body
      writer.byte(0).text(genesis.name).unsigned(genesis.rulesVersion).text(genesis.currency)
      writer
        .flag(genesis.deposits === 'host')
        .text(genesis.founder)
        .bytes(genesis.salt)
        .optional(genesis.state, (state) => writer.bytes(state))
      return
    }
    case 'view':
      writer.byte(1).list(body.members, (member) => writer.text(member))
      return
    case 'ops':
      writer
        .byte(2)
        .unsigned(body.incarnation)
        .unsigned(body.firstSequence)
        .list(body.ops, (op) => writer.bytes(op))
  }
}

function readBody(reader: Reader): Body {
  switch (reader.byte()) {
    case 0:
      return { kind: 'genesis', genesis: readGenesis(reader) }
    case 1:
      return { kind: 'view', members: reader.list(roomMembersMax, () => reader.text(64) as PeerId) }
    case 2:
      return {
        kind: 'ops',
        incarnation: reader.unsigned(),
        firstSequence: reader.unsigned(),
        ops: reader.list(blockOpsMax, () => reader.bytes(auctionStartBytesMax)),
      }
    default:
      throw new Malformed('unknown kind of block')
  }
}

function readGenesis(reader: Reader): Genesis {
  return {
    name: reader.text(4 * nameCharsMax),
    rulesVersion: reader.unsigned(),
    currency: reader.text(32),
    deposits: reader.flag() ? 'host' : 'open',
    founder: reader.text(64) as PeerId,
    salt: reader.bytes(16),
    ...readState(reader),
  }
}

function readState(reader: Reader): { readonly state?: Uint8Array } {
  const state = reader.optional(() => reader.bytes(frameBytesMax))
  return state === undefined ? {} : { state }
}

/** 32 bytes, or none for the empty text. */
export function writeHash(writer: Writer, hash: Hash): void {
  writer.bytes(fromHex(hash) as Uint8Array)
}

export function readHash(reader: Reader): Hash {
  const bytes = reader.bytes(32)
  if (bytes.length !== 32 && bytes.length !== 0) throw new Malformed('a hash has 32 bytes')
  return toHex(bytes)
}
