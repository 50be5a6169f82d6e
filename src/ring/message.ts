import { decodeWith, Malformed, Reader, Writer } from '../core/codec.ts'
import type { Crypto } from '../core/crypto.ts'
import { bytes, count, type Field, flag, list, oneOf, optional, peerId, struct } from '../core/fields.ts'
import type { PeerId } from '../core/ids.ts'
import { frameBytesMax, roomMembersMax, wireVersion } from '../core/limits.ts'
import { type Block, type Commit, commitField, decodeBlock, encodedBlockBytesMax, type Head, headField } from './block.ts'
import { type Evidence, evidenceField } from './faults.ts'
import { announceBytesMax, announceOpsMax } from './timing.ts'
import { type Epoch, epochField } from './view.ts'

/** Which topic an announcement belongs on; the ring only carries the label. */
export type Domain = 'bank' | 'auction'

/** What peers say to each other, named as in PROTOCOL.md. Each travels in a frame that adds the sender's Lamport clock. */
export type Message =
  // Section 2, the token
  | {
      readonly kind: 'announce'
      readonly domain: Domain
      readonly epoch: Epoch
      readonly request: number
      readonly ops: readonly AnnouncedOp[]
    }
  | { readonly kind: 'want'; readonly epoch: Epoch; readonly request: number }
  | TokenMessage
  | { readonly kind: 'token-ack'; readonly epoch: Epoch; readonly turn: number }
  // Sections 3 and 4, blocks and commit
  | { readonly kind: 'blocks'; readonly epoch: Epoch; readonly blocks: readonly Block[]; readonly commit: Commit }
  | { readonly kind: 'durable'; readonly epoch: Epoch; readonly durable: Commit }
  | { readonly kind: 'committed'; readonly epoch: Epoch; readonly commit: Commit }
  | StatusMessage
  | { readonly kind: 'ping'; readonly nonce: number }
  | { readonly kind: 'pong'; readonly nonce: number; readonly wallClock: number }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  // Section 5, a new epoch
  | RequestMessage
  | { readonly kind: 'pre-vote'; readonly attempt: number; readonly suspect: PeerId | undefined }
  | { readonly kind: 'agree'; readonly attempt: number; readonly promised: Epoch }
  /** `views`: the view blocks of the configs of the initiator's log, in log order. */
  | { readonly kind: 'prepare'; readonly epoch: Epoch; readonly views: readonly Block[] }
  | { readonly kind: 'promise'; readonly epoch: Epoch; readonly head: Head; readonly commit: Commit }
  | { readonly kind: 'refuse'; readonly epoch: Epoch; readonly promised: Epoch }
  | { readonly kind: 'install'; readonly epoch: Epoch; readonly viewBlock: Block }
  | { readonly kind: 'installed'; readonly epoch: Epoch }
  | { readonly kind: 'activated'; readonly epoch: Epoch; readonly commit: Commit }
  // Fetching: a gap, the past of an epoch, or all that a learner lacks
  | FetchMessage
  | FetchedMessage

export type MessageOf<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>

export type RequestPurpose = 'join' | 'leave' | 'rejoin'

/** Somebody wants in, out, or in again (PROTOCOL, section 5). */
export interface RequestMessage {
  readonly kind: 'request'
  readonly purpose: RequestPurpose
  /** What the next epoch must be above. */
  readonly above: Epoch
  /** Only with `rejoin`, of a peer that has forgotten: the number of its loss. */
  readonly loss: number | undefined
}

export interface AnnouncedOp {
  readonly incarnation: number
  readonly sequence: number
  readonly bytes: Uint8Array
}

/** The right to append in one epoch; `(epoch, turn)` is the fencing token. Blocks that the successor lacks ride along. */
export interface TokenMessage {
  readonly kind: 'token'
  readonly epoch: Epoch
  readonly turn: number
  readonly head: Head
  readonly commit: Commit
  /** The last request served, by member, in ring order. */
  readonly served: readonly number[]
  /** Members that still have something to write, in ring order. */
  readonly wants: readonly boolean[]
  readonly blocks: readonly Block[]
}

export interface StatusMessage {
  readonly kind: 'status'
  /** The epoch installed at the sender. */
  readonly epoch: Epoch
  /** Only while the sender is active in `epoch`. */
  readonly durable: Commit | undefined
  readonly commit: Commit
  /** The view and index up to which `commit` is on the sender's disk. */
  readonly persistedCommit: { readonly epoch: Epoch; readonly index: number }
  readonly turn: number
  readonly promised: Epoch
  readonly active: boolean
  /** Milliseconds since 1970 on the sender's own clock. */
  readonly wallClock: number
}

/**
 * Asks for the blocks from `from` on of the asked peer's log, as many as fit into one frame.
 * `tail`: of its own log up to its head; `committed`: committed blocks only.
 */
export interface FetchMessage {
  readonly kind: 'fetch'
  readonly what: 'tail' | 'committed'
  readonly from: number
}

export interface FetchedMessage {
  readonly kind: 'fetched'
  readonly what: 'tail' | 'committed'
  readonly blocks: readonly Block[]
  /** May lie far beyond the frame's last block. */
  readonly commit: Head
  readonly head: Head
}

/** The topic of a message that everyone should hear; `undefined`: it goes to one peer. */
export function topicOf(message: Message): 'bank' | 'auction' | 'ring' | undefined {
  if (message.kind === 'announce') return message.domain
  return message.kind === 'status' || message.kind === 'request' || message.kind === 'evidence' ? 'ring' : undefined
}

/** What became of bytes from another peer. */
export type DecodedFrame =
  | { readonly kind: 'frame'; readonly lamport: number; readonly message: Message }
  | { readonly kind: 'malformed'; readonly reason: string }
  /** Its sender speaks another version of the wire: the rest of the frame was not looked at. */
  | { readonly kind: 'version'; readonly version: number }

/** A message with its sender's clock: wire version, Lamport time, kind, fields; blocks as they were signed. */
export function encodeFrame(lamport: number, message: Message): Uint8Array {
  const writer = new Writer(bytesExpected(message))
  writer.unsigned(wireVersion).unsigned(lamport).byte(codes[message.kind])
  const field = fieldsToWrite[message.kind] as Field<Message>
  field.write(writer, message)
  return writer.finish()
}

/** The very bytes that {@link encodeFrame} gives, around blocks that need not be decoded for it. */
export function encodeFetched(lamport: number, fetched: FetchedBytes): Uint8Array {
  const { what, blocks, commit, head } = fetched
  const writer = new Writer(bytesOf(blocks))
  writer.unsigned(wireVersion).unsigned(lamport).byte(codes.fetched)
  ranges.write(writer, what)
  writer.list(blocks, ({ bytes: encoded }) => encodedBlock.write(writer, encoded))
  headField.write(writer, commit)
  headField.write(writer, head)
  return writer.finish()
}

type FetchedBytes = Omit<FetchedMessage, 'kind' | 'blocks'> & { readonly blocks: readonly { readonly bytes: Uint8Array }[] }

/** Form and limits only; signatures of blocks are the ring's to check. Never throws, whatever the bytes. */
export function decodeFrame(encoded: Uint8Array, crypto: Crypto): DecodedFrame {
  if (encoded.length > frameBytesMax) return { kind: 'malformed', reason: `more than ${frameBytesMax} bytes` }
  const version = versionOf(encoded)
  if (version !== undefined && version !== wireVersion) return { kind: 'version', version }
  const fields = fieldsToRead(crypto)
  const decoded = decodeWith(encoded, (reader) => {
    reader.unsigned()
    const lamport = count.read(reader)
    const kind = kinds[reader.byte()]
    if (kind === undefined) throw new Malformed('unknown kind of frame')
    return { lamport, message: { kind, ...fields[kind].read(reader) } as Message }
  })
  return 'malformed' in decoded ? { kind: 'malformed', reason: decoded.malformed } : { kind: 'frame', ...decoded.value }
}

/** `undefined` where not even the version can be read: decoding then says why. */
function versionOf(encoded: Uint8Array): number | undefined {
  try {
    return new Reader(encoded).unsigned()
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

/** One byte a kind, for the life of this wire version. */
const codes: Readonly<Record<Message['kind'], number>> = {
  announce: 1,
  want: 2,
  token: 3,
  'token-ack': 4,
  blocks: 5,
  durable: 6,
  committed: 7,
  status: 8,
  ping: 9,
  pong: 10,
  request: 11,
  'pre-vote': 12,
  agree: 13,
  prepare: 14,
  promise: 15,
  refuse: 16,
  install: 17,
  installed: 18,
  activated: 19,
  fetch: 20,
  fetched: 21,
  evidence: 22,
}

const kinds: readonly (Message['kind'] | undefined)[] = (() => {
  const byCode: (Message['kind'] | undefined)[] = []
  for (const [kind, code] of Object.entries(codes)) byCode[code] = kind as Message['kind']
  return byCode
})()

type Fields = { readonly [Kind in Message['kind']]: Field<Omit<MessageOf<Kind>, 'kind'>> }

/** No limit of its own: a frame's bytes end a list of blocks long before. */
const blocksMax = frameBytesMax
const encodedBlock = bytes(frameBytesMax)

function blockField(crypto: Crypto | undefined): Field<Block> {
  return {
    write: (writer, block) => encodedBlock.write(writer, block.bytes),
    read(reader) {
      const encoded = encodedBlock.read(reader)
      const decoded = decodeBlock(encoded, crypto as Crypto)
      if ('malformed' in decoded) throw new Malformed(`a block ${decoded.malformed}`)
      // A refounded room's genesis block holds a whole market: as much as fits into a frame.
      if (encoded.length > encodedBlockBytesMax && decoded.value.body.kind !== 'genesis')
        throw new Malformed('a block is too large')
      return decoded.value
    },
  }
}

const announcedOps: Field<readonly AnnouncedOp[]> = (() => {
  const op = struct<AnnouncedOp>({ incarnation: count, sequence: count, bytes: bytes(announceBytesMax) })
  const ops = list(op, announceOpsMax)
  return {
    write: ops.write,
    read(reader) {
      const read = ops.read(reader)
      if (read.reduce((sum, one) => sum + one.bytes.length, 0) > announceBytesMax) throw new Malformed('announces too much')
      return read
    },
  }
})()

const ranges = oneOf<'tail' | 'committed'>('tail', 'committed')

/** What each kind says, field by field. Blocks are hashed as they are read: only reading needs the crypto. */
function fieldsWith(crypto: Crypto | undefined): Fields {
  const block = blockField(crypto)
  const blocks = list(block, blocksMax)
  const epoch = { epoch: epochField }
  return {
    announce: struct({ domain: oneOf<'bank' | 'auction'>('bank', 'auction'), ...epoch, request: count, ops: announcedOps }),
    want: struct({ ...epoch, request: count }),
    token: struct({
      ...epoch,
      turn: count,
      head: headField,
      commit: commitField,
      served: list(count, roomMembersMax),
      wants: list(flag, roomMembersMax),
      blocks,
    }),
    'token-ack': struct({ ...epoch, turn: count }),
    blocks: struct({ ...epoch, blocks, commit: commitField }),
    durable: struct({ ...epoch, durable: commitField }),
    committed: struct({ ...epoch, commit: commitField }),
    status: struct({
      ...epoch,
      durable: optional(commitField),
      commit: commitField,
      persistedCommit: struct<StatusMessage['persistedCommit']>({ ...epoch, index: count }),
      turn: count,
      promised: epochField,
      active: flag,
      wallClock: count,
    }),
    ping: struct({ nonce: count }),
    pong: struct({ nonce: count, wallClock: count }),
    request: struct({
      purpose: oneOf<RequestPurpose>('join', 'leave', 'rejoin'),
      above: epochField,
      loss: optional(count),
    }),
    'pre-vote': struct({ attempt: count, suspect: optional(peerId) }),
    agree: struct({ attempt: count, promised: epochField }),
    prepare: struct({ ...epoch, views: list(block, roomMembersMax) }),
    promise: struct({ ...epoch, head: headField, commit: commitField }),
    refuse: struct({ ...epoch, promised: epochField }),
    install: struct({ ...epoch, viewBlock: block }),
    installed: struct(epoch),
    activated: struct({ ...epoch, commit: commitField }),
    fetch: struct({ what: ranges, from: count }),
    fetched: struct({ what: ranges, blocks, commit: headField, head: headField }),
    evidence: struct({ evidence: evidenceField(crypto as Crypto) }),
  }
}

const fieldsToWrite = fieldsWith(undefined)

/** One set of fields for each crypto: a peer has one, a simulation a few. */
const byCrypto = new WeakMap<Crypto, Fields>()

function fieldsToRead(crypto: Crypto): Fields {
  let fields = byCrypto.get(crypto)
  if (fields === undefined) {
    fields = fieldsWith(crypto)
    byCrypto.set(crypto, fields)
  }
  return fields
}

/**
 * The newest of an initiator's view blocks that go into one `Prepare`, in log order: more than a frame takes would be read
 * by nobody, and no epoch could ever begin. Whoever does not know the initiator by these catches up first.
 */
export function viewsToShow(views: readonly Block[]): readonly Block[] {
  let bytesLeft = frameBytesMax - bytesOf([])
  let first = views.length
  while (first > 0 && views.length - first < roomMembersMax) {
    bytesLeft -= bytesOf([views[first - 1] as Block]) - bytesOf([])
    if (bytesLeft < 0) break
    first--
  }
  return views.slice(first)
}

/** So that a frame full of blocks is written without growing on the way. */
function bytesExpected(message: Message): number {
  const expected = bytesOf('blocks' in message ? message.blocks : [])
  return message.kind === 'install' ? expected + message.viewBlock.bytes.length : expected
}

const bytesOf = (blocks: readonly { readonly bytes: Uint8Array }[]): number =>
  blocks.reduce((sum, { bytes: encoded }) => sum + encoded.length + 4, 512)
