import { createSimCrypto } from '../crypto.ts'
import { simPeerId } from '../names.ts'
import { Violation } from '../violation.ts'
import { Bytes, hexOf, sameBytes } from './bytes.ts'

export interface ReadEpoch {
  readonly number: number
  readonly initiator: string
}

/** A block as the checks read it from its bytes. */
export interface ReadBlock {
  readonly index: number
  readonly epoch: ReadEpoch
  readonly turn: number
  readonly author: string
  readonly lamport: number
  readonly time: number
  readonly prevHash: string
  readonly checkpoint: { readonly index: number; readonly stateHash: string } | undefined
  /** The members that it installs; `undefined`: it holds operations. */
  readonly members: readonly string[] | undefined
  readonly lost: readonly { readonly peer: string; readonly loss: number }[]
  readonly incarnation: number
  readonly firstSequence: number
  readonly ops: readonly Uint8Array[]
  readonly genesis: ReadGenesis | undefined
  readonly hash: string
  readonly bytes: Uint8Array
}

export interface ReadGenesis {
  readonly deposits: 'open' | 'host'
  readonly founder: string
}

const crypto = createSimCrypto(simPeerId(0))

/** All blocks that any peer ever had, read once each, and only where their signature is right. */
export class Library {
  readonly #byHash = new Map<string, ReadBlock>()

  /** Of bytes that some peer holds for a block with this hash. */
  read(bytes: Uint8Array, hash: string): ReadBlock {
    const known = this.#byHash.get(hash)
    if (known !== undefined) {
      if (!sameBytes(known.bytes, bytes))
        throw new Violation('S2', `a peer holds block ${known.index} with other bytes than others`)
      return known
    }
    const block = readBlock(bytes)
    if (block.hash !== hash) throw new Violation('S2', `block ${block.index} does not hash to its name`)
    this.#byHash.set(hash, block)
    return block
  }

  find(hash: string): ReadBlock | undefined {
    return this.#byHash.get(hash)
  }
}

/** Reads a block, and checks hash and signature. */
export function readBlock(bytes: Uint8Array): ReadBlock {
  const reader = new Bytes(bytes)
  try {
    const index = reader.number()
    const epoch = { number: reader.number(), initiator: reader.text(64) }
    const turn = reader.number()
    const author = reader.text(64)
    const lamport = reader.number()
    const time = reader.number()
    const prevHash = hexOf(reader.block(32))
    const checkpoint = reader.maybe(() => ({ index: reader.number(), stateHash: hexOf(reader.block(32)) }))
    const body = readBody(reader)
    const content = bytes.subarray(0, reader.at)
    const signature = reader.raw(64)
    if (!reader.isAtEnd) throw new RangeError('more bytes than a block has')
    const digest = crypto.hash(content)
    if (!crypto.verify(author as never, digest, signature))
      throw new Violation('S2', `block ${index} of ${author.slice(-1)} is in a log without its author’s signature`)
    return { index, epoch, turn, author, lamport, time, prevHash, checkpoint, ...body, hash: hexOf(digest), bytes }
  } catch (error) {
    if (error instanceof RangeError) throw new Violation('S2', `a block in a log cannot be read: ${error.message}`)
    throw error
  }
}

type ReadBody = Pick<ReadBlock, 'members' | 'lost' | 'incarnation' | 'firstSequence' | 'ops' | 'genesis'>

const empty: ReadBody = { members: undefined, lost: [], incarnation: 0, firstSequence: 0, ops: [], genesis: undefined }

function readBody(reader: Bytes): ReadBody {
  const kind = reader.byte()
  switch (kind) {
    case 0: {
      reader.text()
      reader.number()
      reader.text()
      const deposits = reader.flag() ? 'host' : 'open'
      const founder = reader.text()
      reader.block()
      reader.maybe(() => reader.block())
      return { ...empty, members: [founder], genesis: { deposits, founder } }
    }
    case 1:
      return { ...empty, members: reader.list(128, () => reader.text(64)) }
    case 2:
      return {
        ...empty,
        incarnation: reader.number(),
        firstSequence: reader.number(),
        ops: reader.list(4_096, () => reader.block(96 * 1024)),
      }
    case 3: {
      const members = reader.list(128, () => reader.text(64))
      const lost = reader.list(128, () => ({ peer: reader.text(64), loss: reader.number() }))
      return { ...empty, members, lost }
    }
    default:
      throw new RangeError('a kind of block that there is not')
  }
}
