import { concat, decodeWith, Malformed, type Reader, Writer } from '../core/codec.ts'
import { type Crypto, fromHex, type Hash, hashText } from '../core/crypto.ts'
import { bytes, count, type Field, flag, hash, list, optional, peerId, struct, text } from '../core/fields.ts'
import type { Instant, PeerId } from '../core/ids.ts'
import {
  auctionStartBytesMax,
  blockBytesMax,
  blockOpsMax,
  frameBytesMax,
  leapMax,
  nameCharsMax,
  numberMax,
  roomMembersMax,
  statePartsMax,
} from '../core/limits.ts'
import { compareEpochs, type Epoch, epochField, type Lost, sameEpoch, type View } from './view.ts'

/** The room's constitution, block 0 (PROTOCOL, section 6). */
export interface Genesis {
  readonly name: string
  readonly rulesVersion: number
  readonly currency: string
  readonly deposits: 'open' | 'host'
  readonly founder: PeerId
  /** 16 random bytes, so that two rooms of one name and moment differ. */
  readonly salt: Uint8Array
  /**
   * A room that goes on from another one (PROTOCOL, section 5, refound): the snapshot of that room's market is cut into so many
   * parts, which stand in the blocks right after this one, and before anything else; `hash` is the whole snapshot's.
   */
  readonly parts?: StateParts
  /** The same in rooms that an earlier version founded: what did not fit in here could not go on. */
  readonly state?: Uint8Array
}

export interface StateParts {
  readonly count: number
  readonly hash: Hash
}

export type Body =
  | { readonly kind: 'genesis'; readonly genesis: Genesis }
  /** One part of the state that a room goes on from; `left`: so many come after it. */
  | { readonly kind: 'state'; readonly left: number; readonly part: Uint8Array }
  /** `lost`: losses of peers outside `members` that end with this view (PROTOCOL, section 5, disks that were lost). */
  | { readonly kind: 'view'; readonly members: readonly PeerId[]; readonly lost: readonly Lost[] }
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

export const commitField: Field<Commit> = {
  write(writer, commit) {
    count.write(writer, commit.index)
    hash.write(writer, commit.hash)
  },
  read: (reader) => ({ index: count.read(reader), hash: hash.read(reader) }),
}
export const headField: Field<Head> = {
  write(writer, head) {
    epochField.write(writer, head.epoch)
    commitField.write(writer, head)
  },
  read: (reader) => ({ epoch: epochField.read(reader), index: count.read(reader), hash: hash.read(reader) }),
}

export const headOf = (block: Block): Head => ({ epoch: block.epoch, index: block.index, hash: block.hash })

/** The view that a block installs; `undefined` where it holds operations. */
export function viewOf({ body, epoch, index }: Block): View | undefined {
  switch (body.kind) {
    case 'genesis':
      return { epoch, index, members: [body.genesis.founder], lost: [] }
    case 'view':
      return { epoch, index, members: body.members, lost: body.lost }
    case 'state':
    case 'ops':
      return undefined
  }
}

export function signBlock(unsigned: Unsigned, crypto: Crypto): Block {
  const writer = new Writer(512)
  unsignedField.write(writer, unsigned)
  const content = writer.finish()
  const digest = crypto.hash(content)
  const signature = crypto.sign(digest)
  return { ...unsigned, signature, hash: hashText(digest), bytes: concat(content, signature) }
}

/** Form and hash only; whether the signature is its author's is {@link isSignedByAuthor}'s to say. */
export function decodeBlock(encoded: Uint8Array, crypto: Crypto): { readonly value: Block } | { readonly malformed: string } {
  return decodeWith(encoded, (reader) => {
    const unsigned = unsignedField.read(reader)
    const contentBytes = encoded.length - reader.left
    const signature = reader.raw(64)
    return { ...unsigned, signature, hash: hashText(crypto.hash(encoded.subarray(0, contentBytes))), bytes: encoded }
  })
}

export function isSignedByAuthor(block: Block, crypto: Crypto): boolean {
  return crypto.verify(block.author, fromHex(block.hash) as Uint8Array, block.signature)
}

/** Block bytes beside its operations: a bound, for limits. */
const blockOverheadMax = 16 * 1024
/** One operation that starts an auction may stand in a block of its own beyond the usual size. */
export const encodedBlockBytesMax = blockBytesMax + auctionStartBytesMax + blockOverheadMax

/**
 * What is wrong with `block` as the one after `previous`, where `view` is the last view up to `previous`; `undefined`
 * if nothing is (PROTOCOL, section 3). A peer holds its own blocks against the same rules before it appends them. The
 * signature is looked at last: it costs most.
 * Rule 3-accept [S2]
 */
export function faultOf(block: Block, previous: Block, view: View, crypto: Crypto): string | undefined {
  return (
    faultOfPlace(block, previous, view) ?? (isSignedByAuthor(block, crypto) ? undefined : 'its signature is not its author’s')
  )
}

/** All but the signature: for a block that this peer has signed itself. */
export function faultOfPlace(block: Block, previous: Block, view: View): string | undefined {
  if (block.index !== previous.index + 1) return 'its index does not follow'
  if (block.prevHash !== previous.hash) return 'its previous hash is not that of the block before'
  // Rule 2.7-lamport [S5]
  if (block.lamport <= previous.lamport) return 'its Lamport time does not grow'
  if (block.lamport - previous.lamport > leapMax) return 'its Lamport time leaps'
  if (block.time < previous.time) return 'its time goes back'
  if (isBeyondLimits(block)) return 'a number in it is over 2^48'
  if (isTooLong(block)) return 'it holds more than a block can'
  if (block.checkpoint !== undefined && block.checkpoint.index >= block.index) return 'its checkpoint is of a later block'
  const partsDue = partsAfter(previous)
  if (partsDue > 0 || block.body.kind === 'state') return faultOfPart(block, previous, partsDue)
  return block.body.kind === 'view' ? faultOfView(block, previous, block.body) : faultOfOps(block, previous, view)
}

/** How many parts of the state that the room goes on from come right after this block. */
export function partsAfter({ body }: Block): number {
  if (body.kind === 'state') return body.left
  return body.kind === 'genesis' ? (body.genesis.parts?.count ?? 0) : 0
}

/** The genesis block says what its parts hold; this leaves nothing else in them open, so that a room has one beginning only. */
function faultOfPart(block: Block, previous: Block, due: number): string | undefined {
  const { body, author, epoch, turn, lamport, time, checkpoint } = block
  if (body.kind !== 'state') return 'the state that its room goes on from is not all there'
  if (due === 0) return 'the state that its room goes on from is all there'
  if (body.left !== due - 1) return 'it is another part of the state that its room goes on from'
  if (author !== previous.author || !sameEpoch(epoch, previous.epoch)) return 'a part of a state is its founder’s'
  const isNext = turn === previous.turn + 1 && lamport === previous.lamport + 1 && time === previous.time
  return isNext && checkpoint === undefined ? undefined : 'a part of a state has a turn and a Lamport time of its own'
}

function faultOfView(
  block: Block,
  previous: Block,
  { members, lost }: Extract<Block['body'], { kind: 'view' }>,
): string | undefined {
  if (compareEpochs(block.epoch, previous.epoch) <= 0) return 'its epoch does not grow'
  if (block.turn !== 0) return 'a view block has turn 0'
  if (block.author !== block.epoch.initiator) return 'its author is not the initiator of its epoch'
  if (!members.includes(block.author)) return 'its view lacks its initiator'
  if (new Set(members).size !== members.length) return 'its view names a member twice'
  if (lost.some(({ peer }) => members.includes(peer))) return 'a member of its view is lost'
  return undefined
}

function faultOfOps(block: Block, previous: Block, view: View): string | undefined {
  if (block.body.kind !== 'ops') return 'a genesis block stands only at the beginning'
  if (!sameEpoch(block.epoch, view.epoch)) return 'its epoch is not that of the view before it'
  if (sameEpoch(block.epoch, previous.epoch)) {
    if (block.turn <= previous.turn) return 'its turn does not grow'
    if (block.turn - previous.turn > leapMax) return 'its turn leaps'
  }
  if (!view.members.includes(block.author)) return 'its author is not a member'
  return undefined
}

function isBeyondLimits({ index, epoch, turn, lamport, time, checkpoint, body }: Block): boolean {
  const isOver = (number: number): boolean => number > numberMax
  if (isOver(index) || isOver(epoch.number) || isOver(turn) || isOver(lamport) || isOver(time)) return true
  if (checkpoint !== undefined && isOver(checkpoint.index)) return true
  if (body.kind === 'view') return body.lost.some(({ loss }) => isOver(loss))
  return body.kind === 'ops' && (isOver(body.incarnation) || isOver(body.firstSequence + body.ops.length))
}

/**
 * What {@link decodeBlock} would not read again, or no frame would carry: writing knows no bounds of its own, and a block
 * that is on the disks of a room and that nobody can read is the end of it.
 */
function isTooLong({ body, bytes: encoded }: Block): boolean {
  if (encoded.length > encodedBlockBytesMax && body.kind !== 'genesis') return true
  switch (body.kind) {
    case 'view':
      return body.members.length > roomMembersMax || body.lost.length > roomMembersMax
    case 'ops':
      return body.ops.length > blockOpsMax || body.ops.some((op) => op.length > auctionStartBytesMax)
    case 'state':
      return body.part.length > blockBytesMax
    case 'genesis':
      return false
  }
}

/**
 * A number in a block. Any safe integer can be read, since a log that an earlier version wrote must open; what is over
 * the limits is refused where a block is accepted ({@link faultOfPlace}).
 */
const number: Field<number> = {
  write: (writer, value) => writer.unsigned(value),
  read: (reader) => reader.unsigned(),
}

/** What a room goes on from, by a byte: an earlier version had the first two. */
const origins = { nothing: 0, state: 1, parts: 2 } as const

const genesisField: Field<Genesis> = {
  write(writer, { state, parts, ...genesis }) {
    genesisHead.write(writer, genesis)
    if (parts !== undefined) partsField.write(writer.byte(origins.parts), parts)
    else if (state !== undefined) stateField.write(writer.byte(origins.state), state)
    else writer.byte(origins.nothing)
  },
  read(reader) {
    const genesis = genesisHead.read(reader)
    switch (reader.byte()) {
      case origins.nothing:
        return genesis
      case origins.state:
        return { ...genesis, state: stateField.read(reader) }
      case origins.parts:
        return { ...genesis, parts: partsField.read(reader) }
      default:
        throw new Malformed('unknown kind of origin')
    }
  },
}
const stateField = bytes(frameBytesMax)
const partsField: Field<StateParts> = {
  write: (writer, parts) => hash.write(writer.unsigned(parts.count), parts.hash),
  read(reader) {
    const parts = reader.unsigned()
    if (parts < 1 || parts > statePartsMax) throw new Malformed('a state has another number of parts')
    return { count: parts, hash: hash.read(reader) }
  },
}
const depositsField: Field<Genesis['deposits']> = {
  write: (writer, value) => flag.write(writer, value === 'host'),
  read: (reader) => (flag.read(reader) ? 'host' : 'open'),
}
const genesisHead = struct<Omit<Genesis, 'state' | 'parts'>>({
  name: text(4 * nameCharsMax),
  rulesVersion: number,
  currency: text(32),
  deposits: depositsField,
  founder: peerId,
  salt: bytes(16),
})

const membersField = list(peerId, roomMembersMax)
const lostField = list(struct<Lost>({ peer: peerId, loss: number }), roomMembersMax)
const opsField = struct<Omit<Extract<Body, { kind: 'ops' }>, 'kind'>>({
  incarnation: number,
  firstSequence: number,
  ops: list(bytes(auctionStartBytesMax), blockOpsMax),
})

const stateBodyField = struct<Omit<Extract<Body, { kind: 'state' }>, 'kind'>>({ left: count, part: bytes(blockBytesMax) })

/** A byte for the kind. A view of wire version 1 had no losses: it is read as one with none. */
const bodyCodes = { genesis: 0, viewOfVersion1: 1, ops: 2, view: 3, state: 4 } as const

const bodyField: Field<Body> = {
  write(writer, body) {
    writer.byte(bodyCodes[body.kind])
    switch (body.kind) {
      case 'genesis':
        return genesisField.write(writer, body.genesis)
      case 'state':
        return stateBodyField.write(writer, body)
      case 'view':
        membersField.write(writer, body.members)
        return lostField.write(writer, body.lost)
      case 'ops':
        return opsField.write(writer, body)
    }
  },
  read: readBody,
}

function readBody(reader: Reader): Body {
  switch (reader.byte()) {
    case bodyCodes.genesis:
      return { kind: 'genesis', genesis: genesisField.read(reader) }
    case bodyCodes.state:
      return { kind: 'state', ...stateBodyField.read(reader) }
    case bodyCodes.viewOfVersion1:
      return { kind: 'view', members: membersField.read(reader), lost: [] }
    case bodyCodes.ops:
      return { kind: 'ops', ...opsField.read(reader) }
    case bodyCodes.view:
      return { kind: 'view', members: membersField.read(reader), lost: lostField.read(reader) }
    default:
      throw new Malformed('unknown kind of block')
  }
}

const checkpointField = optional(struct<Checkpoint>({ index: number, stateHash: hash }))

/** By hand: a long log has millions. */
const unsignedField: Field<Unsigned> = {
  write(writer, { index, epoch, turn, author, lamport, time, prevHash, checkpoint, body }) {
    writer.unsigned(index).unsigned(epoch.number)
    peerId.write(writer, epoch.initiator)
    writer.unsigned(turn)
    peerId.write(writer, author)
    writer.unsigned(lamport).unsigned(time)
    hash.write(writer, prevHash)
    checkpointField.write(writer, checkpoint)
    bodyField.write(writer, body)
  },
  read: (reader) => ({
    index: reader.unsigned(),
    epoch: { number: reader.unsigned(), initiator: peerId.read(reader) },
    turn: reader.unsigned(),
    author: peerId.read(reader),
    lamport: reader.unsigned(),
    time: reader.unsigned() as Instant,
    prevHash: hash.read(reader),
    checkpoint: checkpointField.read(reader),
    body: readBody(reader),
  }),
}
