import { decodeWith, Malformed, Reader, Writer } from '../core/codec.ts'
import type { Crypto } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { frameBytesMax, roomMembersMax, wireVersion } from '../core/limits.ts'
import { type Block, type Commit, decodeBlock, encodedBlockBytesMax, type Head, readHash, writeHash } from './block.ts'
import { readEpoch, writeEpoch } from './epoch.ts'
import type { AnnouncedOp, FetchMessage, Message, RequestPurpose } from './message.ts'
import { announceBytesMax, announceOpsMax } from './timing.ts'

/** What became of bytes from another peer. */
export type DecodedFrame =
  | { readonly kind: 'frame'; readonly lamport: number; readonly message: Message }
  | { readonly kind: 'malformed'; readonly reason: string }
  /** Its sender speaks another version of the wire: the rest of the frame was not looked at. */
  | { readonly kind: 'version'; readonly version: number }

/** A message with its sender's clock: wire version, Lamport time, kind, fields; blocks as they were signed. */
export function encodeFrame(lamport: number, message: Message): Uint8Array {
  const writer = new Writer(bytesExpected(message))
  writer.unsigned(wireVersion).unsigned(lamport).byte(codeOf[message.kind])
  writeMessage(writer, message)
  return writer.finish()
}

/** Form only: signatures of blocks are the ring's to check. Never throws, whatever the bytes. */
export function decodeFrame(bytes: Uint8Array, crypto: Crypto): DecodedFrame {
  if (bytes.length > frameBytesMax) return { kind: 'malformed', reason: `more than ${frameBytesMax} bytes` }
  const version = versionOf(bytes)
  if (version !== undefined && version !== wireVersion) return { kind: 'version', version }
  const decoded = decodeWith(bytes, (reader) => {
    reader.unsigned()
    const lamport = reader.unsigned()
    return { lamport, message: readMessage(reader, crypto) }
  })
  return 'malformed' in decoded ? { kind: 'malformed', reason: decoded.malformed } : { kind: 'frame', ...decoded.value }
}

/** `undefined` where not even the version can be read: decoding then says why. */
function versionOf(bytes: Uint8Array): number | undefined {
  try {
    return new Reader(bytes).unsigned()
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

/** One byte a kind, for the life of this wire version. */
const codeOf: Readonly<Record<Message['kind'], number>> = {
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
}

const kindOf: readonly (Message['kind'] | undefined)[] = (() => {
  const kinds: (Message['kind'] | undefined)[] = []
  for (const [kind, code] of Object.entries(codeOf)) kinds[code] = kind as Message['kind']
  return kinds
})()

const purposes: readonly RequestPurpose[] = ['join', 'leave', 'rejoin']
const ranges: readonly FetchMessage['what'][] = ['tail', 'committed']
/** No limit of its own: a frame's bytes end a list of blocks long before. */
const blocksMax = frameBytesMax

/** So that a frame full of blocks is written without growing on the way. */
function bytesExpected(message: Message): number {
  let bytes = 512
  if ('blocks' in message) for (const block of message.blocks) bytes += block.bytes.length + 4
  if (message.kind === 'install') bytes += message.viewBlock.bytes.length
  return bytes
}

function writeMessage(writer: Writer, message: Message): void {
  switch (message.kind) {
    case 'announce':
      writer.flag(message.domain === 'auction')
      writeEpoch(writer, message.epoch)
      writer.unsigned(message.request)
      writer.list(message.ops, (op) => writer.unsigned(op.incarnation).unsigned(op.sequence).bytes(op.bytes))
      return
    case 'want':
      writeEpoch(writer, message.epoch)
      writer.unsigned(message.request)
      return
    case 'token':
      writeEpoch(writer, message.epoch)
      writer.unsigned(message.turn)
      writeHead(writer, message.head)
      writeCommit(writer, message.commit)
      writer.list(message.served, (request) => writer.unsigned(request))
      writer.list(message.wants, (want) => writer.flag(want))
      writeBlocks(writer, message.blocks)
      return
    case 'token-ack':
      writeEpoch(writer, message.epoch)
      writer.unsigned(message.turn)
      return
    case 'blocks':
      writeEpoch(writer, message.epoch)
      writeBlocks(writer, message.blocks)
      writeCommit(writer, message.commit)
      return
    case 'durable':
      writeEpoch(writer, message.epoch)
      writer.unsigned(message.index)
      return
    case 'committed':
    case 'activated':
      writeEpoch(writer, message.epoch)
      writeCommit(writer, message.commit)
      return
    case 'status':
      writeEpoch(writer, message.epoch)
      writer.optional(message.durable, (index) => writer.unsigned(index))
      writeCommit(writer, message.commit)
      writeEpoch(writer, message.persistedCommit.epoch)
      writer.unsigned(message.persistedCommit.index).unsigned(message.turn)
      writeEpoch(writer, message.promised)
      writer.flag(message.active).unsigned(message.wallClock)
      return
    case 'ping':
      writer.unsigned(message.nonce)
      return
    case 'pong':
      writer.unsigned(message.nonce).unsigned(message.wallClock)
      return
    case 'request':
      writer.byte(purposes.indexOf(message.purpose))
      writeEpoch(writer, message.above)
      return
    case 'pre-vote':
      writer.unsigned(message.attempt).optional(message.suspect, (peer) => writer.text(peer))
      return
    case 'agree':
      writeEpoch(writer.unsigned(message.attempt), message.promised)
      return
    case 'prepare':
    case 'installed':
      writeEpoch(writer, message.epoch)
      return
    case 'promise':
      writeEpoch(writer, message.epoch)
      writeHead(writer, message.head)
      writeCommit(writer, message.commit)
      return
    case 'refuse':
      writeEpoch(writer, message.epoch)
      writeEpoch(writer, message.promised)
      return
    case 'install':
      writeEpoch(writer, message.epoch)
      writer.bytes(message.viewBlock.bytes)
      return
    case 'fetch':
      writer.byte(ranges.indexOf(message.what)).unsigned(message.from)
      return
    case 'fetched':
      writer.byte(ranges.indexOf(message.what))
      writeBlocks(writer, message.blocks)
      writeCommit(writer, message.commit)
      writeHead(writer, message.head)
  }
}

/** Fields are read in the order in which they are written here: object literals are evaluated from top to bottom. */
function readMessage(reader: Reader, crypto: Crypto): Message {
  const kind = kindOf[reader.byte()]
  switch (kind) {
    case undefined:
      throw new Malformed('unknown kind of frame')
    case 'announce':
      return {
        kind,
        domain: reader.flag() ? 'auction' : 'bank',
        epoch: readEpoch(reader),
        request: reader.unsigned(),
        ops: readAnnounced(reader),
      }
    case 'want':
      return { kind, epoch: readEpoch(reader), request: reader.unsigned() }
    case 'token':
      return {
        kind,
        epoch: readEpoch(reader),
        turn: reader.unsigned(),
        head: readHead(reader),
        commit: readCommit(reader),
        served: reader.list(roomMembersMax, () => reader.unsigned()),
        wants: reader.list(roomMembersMax, () => reader.flag()),
        blocks: readBlocks(reader, crypto),
      }
    case 'token-ack':
      return { kind, epoch: readEpoch(reader), turn: reader.unsigned() }
    case 'blocks':
      return { kind, epoch: readEpoch(reader), blocks: readBlocks(reader, crypto), commit: readCommit(reader) }
    case 'durable':
      return { kind, epoch: readEpoch(reader), index: reader.unsigned() }
    case 'committed':
    case 'activated':
      return { kind, epoch: readEpoch(reader), commit: readCommit(reader) }
    case 'status':
      return {
        kind,
        epoch: readEpoch(reader),
        durable: reader.optional(() => reader.unsigned()),
        commit: readCommit(reader),
        persistedCommit: { epoch: readEpoch(reader), index: reader.unsigned() },
        turn: reader.unsigned(),
        promised: readEpoch(reader),
        active: reader.flag(),
        wallClock: reader.unsigned(),
      }
    case 'ping':
      return { kind, nonce: reader.unsigned() }
    case 'pong':
      return { kind, nonce: reader.unsigned(), wallClock: reader.unsigned() }
    case 'request':
      return { kind, purpose: readOneOf(reader, purposes), above: readEpoch(reader) }
    case 'pre-vote':
      return { kind, attempt: reader.unsigned(), suspect: reader.optional(() => reader.text(64) as PeerId) }
    case 'agree':
      return { kind, attempt: reader.unsigned(), promised: readEpoch(reader) }
    case 'prepare':
    case 'installed':
      return { kind, epoch: readEpoch(reader) }
    case 'promise':
      return { kind, epoch: readEpoch(reader), head: readHead(reader), commit: readCommit(reader) }
    case 'refuse':
      return { kind, epoch: readEpoch(reader), promised: readEpoch(reader) }
    case 'install':
      return { kind, epoch: readEpoch(reader), viewBlock: readBlock(reader, crypto) }
    case 'fetch':
      return { kind, what: readOneOf(reader, ranges), from: reader.unsigned() }
    case 'fetched':
      return {
        kind,
        what: readOneOf(reader, ranges),
        blocks: readBlocks(reader, crypto),
        commit: readCommit(reader),
        head: readHead(reader),
      }
  }
}

function readOneOf<T>(reader: Reader, values: readonly T[]): T {
  const value = values[reader.byte()]
  if (value === undefined) throw new Malformed('unknown variant')
  return value
}

function readAnnounced(reader: Reader): AnnouncedOp[] {
  let bytes = 0
  return reader.list(announceOpsMax, () => {
    const op = { incarnation: reader.unsigned(), sequence: reader.unsigned(), bytes: reader.bytes(announceBytesMax) }
    bytes += op.bytes.length
    if (bytes > announceBytesMax) throw new Malformed('announces too much')
    return op
  })
}

function writeHead(writer: Writer, head: Head): void {
  writeEpoch(writer, head.epoch)
  writeHash(writer.unsigned(head.index), head.hash)
}

function readHead(reader: Reader): Head {
  return { epoch: readEpoch(reader), index: reader.unsigned(), hash: readHash(reader) }
}

function writeCommit(writer: Writer, commit: Commit): void {
  writeHash(writer.unsigned(commit.index), commit.hash)
}

function readCommit(reader: Reader): Commit {
  return { index: reader.unsigned(), hash: readHash(reader) }
}

function writeBlocks(writer: Writer, blocks: readonly Block[]): void {
  writer.list(blocks, (block) => writer.bytes(block.bytes))
}

function readBlocks(reader: Reader, crypto: Crypto): Block[] {
  return reader.list(blocksMax, () => readBlock(reader, crypto))
}

function readBlock(reader: Reader, crypto: Crypto): Block {
  const bytes = reader.bytes(frameBytesMax)
  const decoded = decodeBlock(bytes, crypto)
  if ('malformed' in decoded) throw new Malformed(`a block ${decoded.malformed}`)
  // A refounded room's genesis block holds a whole market: as much as fits into a frame.
  if (bytes.length > encodedBlockBytesMax && decoded.value.body.kind !== 'genesis') throw new Malformed('a block is too large')
  return decoded.value
}
