import { decodeWith, Malformed, type Reader, Writer } from '../core/codec.ts'
import { count, type Field, list, oneOf, optional, peerId, struct } from '../core/fields.ts'
import { type PeerId, parsePeerId } from '../core/ids.ts'
import { frameBytesMax, roomMembersMax, wireVersion } from '../core/limits.ts'
import type { Message } from '../ring/message.ts'
import { type Epoch, epochField, sameEpoch } from '../ring/view.ts'
import { type ExperimentFrame, experimentKinds, readExperimentFrame, writeExperimentFrame } from './experiment-frame.ts'
import type { RingTopic } from './ports.ts'

/**
 * What peers say on the topic `lab`: what they saw of the ring's frames, and what experiments are made of. A family of its own beside the
 * ring's closed set of messages: none of it reaches the ring, its clock or its disk. Who says it is the signer of the message.
 */
export type LabFrame =
  /** Somebody looks at the ring here: record for me for a while. */
  | { readonly kind: 'watch' }
  /** What the sender itself sent and received. `missed`: so many frames more were not recorded. */
  | { readonly kind: 'records'; readonly missed: number; readonly records: readonly FrameRecord[] }
  | ExperimentFrame

/** One end of a frame of the ring, as the peer that was there saw it: of nobody else's frames anything can be said. */
export type FrameRecord = FrameFacts &
  (
    | { readonly way: 'sent'; readonly to: PeerId; readonly topic: undefined }
    /** Everyone who listens to the topic. */
    | { readonly way: 'sent'; readonly to: undefined; readonly topic: RingTopic }
    /**
     * Without a topic it was for this peer alone. `arrivedLamport`: the receiver's clock once the frame had moved it; `undefined`:
     * it did not.
     */
    | {
        readonly way: 'received'
        readonly from: PeerId
        readonly topic: RingTopic | undefined
        readonly arrivedLamport: number | undefined
      }
  )

export interface FrameFacts {
  readonly message: Message['kind']
  /** Its sender's clock, which it carries. */
  readonly lamport: number
  /** On the room clock of whoever records, milliseconds since 1970 in whole microseconds. */
  readonly at: number
  readonly epoch: Epoch | undefined
  readonly turn: number | undefined
  readonly block: number | undefined
  readonly bytes: number
  /** Of a token: members that want it next. */
  readonly wanting: readonly PeerId[]
}

/** So many records fit into one frame; the latest may be so many milliseconds after the first. */
export const recordsMax = 256
const spanMillisMax = 60_000
/** All tables full, and more. */
export const labFrameBytesMax = 128 * 1024

/** First byte of each frame of the lab: no hello begins so, nor will a frame of the ring before its version is 76. */
const family = 0x4c

export type DecodedLabFrame =
  | { readonly kind: 'frame'; readonly frame: LabFrame }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'version'; readonly version: number }

export function encodeLabFrame(frame: LabFrame): Uint8Array {
  const writer = new Writer(1024).byte(family).unsigned(wireVersion)
  kinds.write(writer, frame.kind)
  if (frame.kind === 'records') wireBatch.write(writer, toWire(frame.missed, frame.records))
  else if (frame.kind !== 'watch') writeExperimentFrame(writer, frame)
  return writer.finish()
}

/** Form and limits; what the numbers may be beside the ring's own is the recorder's to check. Never throws, whatever the bytes. */
export function decodeLabFrame(bytes: Uint8Array): DecodedLabFrame {
  if (bytes.length > labFrameBytesMax) return { kind: 'malformed', reason: `more than ${labFrameBytesMax} bytes for the lab` }
  const head = decodeWith(bytes.subarray(0, headBytesMax), readHead)
  if ('value' in head && head.value !== wireVersion) return { kind: 'version', version: head.value }
  const decoded = decodeWith(bytes, (reader): LabFrame => {
    readVersion(reader)
    const kind = kinds.read(reader)
    if (kind === 'watch') return { kind }
    return kind === 'records' ? { kind, ...fromWire(wireBatch.read(reader)) } : readExperimentFrame(reader, kind)
  })
  return 'malformed' in decoded ? { kind: 'malformed', reason: decoded.malformed } : { kind: 'frame', frame: decoded.value }
}

/** A family and a version, whatever follows. */
const headBytesMax = 12

function readHead(reader: Reader): number {
  const version = readVersion(reader)
  reader.raw(reader.left)
  return version
}

function readVersion(reader: Reader): number {
  if (reader.byte() !== family) throw new Malformed('not a frame of the lab')
  return reader.unsigned()
}

const kinds = oneOf<LabFrame['kind']>('watch', 'records', ...experimentKinds)

/** Whether it is one of the lab, and none of the ring. */
export const isLabFrame = (bytes: Uint8Array): boolean => bytes[0] === family

/** Whether these are to be read as a frame of an experiment, whatever is wrong with them: those have a listener of their own. */
export function isOfExperiment(bytes: Uint8Array): boolean {
  const decoded = decodeWith(bytes.subarray(0, headBytesMax), (reader) => {
    readVersion(reader)
    const kind = reader.byte()
    reader.raw(reader.left)
    return kind
  })
  return 'value' in decoded && decoded.value >= recordKinds
}

/** `watch` and `records` come first. */
const recordKinds = 2

/** Peers and epochs stand in tables: each is named many times. A place counts from 1 on; 0: none. */
interface WireBatch {
  readonly missed: number
  /** Milliseconds since 1970, whole ones; records count microseconds from there on. */
  readonly base: number
  readonly peers: readonly PeerId[]
  readonly epochs: readonly Epoch[]
  readonly records: readonly WireRecord[]
}

interface WireRecord {
  readonly way: FrameRecord['way']
  readonly peer: number
  readonly topic: RingTopic | undefined
  readonly message: Message['kind']
  readonly lamport: number
  readonly arrivedLamport: number | undefined
  readonly micros: number
  readonly epoch: number
  readonly turn: number | undefined
  readonly block: number | undefined
  readonly bytes: number
  readonly wanting: readonly number[]
}

/** In the order of their codes on the wire: a new one goes to the end. */
const messageKinds = Object.keys({
  announce: 1,
  want: 1,
  token: 1,
  'token-ack': 1,
  blocks: 1,
  durable: 1,
  committed: 1,
  status: 1,
  ping: 1,
  pong: 1,
  request: 1,
  'pre-vote': 1,
  agree: 1,
  prepare: 1,
  promise: 1,
  refuse: 1,
  install: 1,
  installed: 1,
  activated: 1,
  fetch: 1,
  fetched: 1,
  evidence: 1,
} satisfies Record<Message['kind'], 1>) as Message['kind'][]

/** A room has its members, and whoever looks in besides. */
const peersMax = 4 * roomMembersMax

const wireRecord: Field<WireRecord> = struct<WireRecord>({
  way: oneOf<FrameRecord['way']>('sent', 'received'),
  peer: count,
  topic: optional(oneOf<RingTopic>('log', 'bank', 'auction', 'ring')),
  message: oneOf(...messageKinds),
  lamport: count,
  arrivedLamport: optional(count),
  micros: count,
  epoch: count,
  turn: optional(count),
  block: optional(count),
  bytes: count,
  wanting: list(count, roomMembersMax),
})

const wireBatch: Field<WireBatch> = struct<WireBatch>({
  missed: count,
  base: count,
  peers: list(peerId, peersMax),
  epochs: list(epochField, recordsMax),
  records: list(wireRecord, recordsMax),
})

function toWire(missed: number, records: readonly FrameRecord[]): WireBatch {
  const base = Math.floor(records.reduce((least, { at }) => Math.min(least, at), records[0]?.at ?? 0))
  const peers: PeerId[] = []
  const epochs: Epoch[] = []
  const places = new Map<PeerId, number>()
  const place = (peer: PeerId | undefined): number => {
    if (peer === undefined) return 0
    const known = places.get(peer)
    if (known !== undefined) return known
    places.set(peer, peers.push(peer))
    return peers.length
  }
  const epochPlace = (epoch: Epoch | undefined): number => {
    if (epoch === undefined) return 0
    const known = epochs.findIndex((one) => sameEpoch(one, epoch))
    return known >= 0 ? known + 1 : epochs.push(epoch)
  }
  const wired = records.map((record): WireRecord => {
    const { way, topic, message, lamport, turn, block, bytes } = record
    return {
      way,
      peer: place(record.way === 'sent' ? record.to : record.from),
      topic,
      message,
      lamport,
      arrivedLamport: record.way === 'sent' ? undefined : record.arrivedLamport,
      micros: Math.round((record.at - base) * 1_000),
      epoch: epochPlace(record.epoch),
      turn,
      block,
      bytes,
      wanting: record.wanting.map(place),
    }
  })
  return { missed, base, peers, epochs, records: wired }
}

/** Throws `Malformed`. */
function fromWire({ missed, base, peers, epochs, records }: WireBatch) {
  const initiators = epochs.flatMap(({ initiator }) => (initiator === '' ? [] : [initiator]))
  if (![...peers, ...initiators].every((peer) => parsePeerId(peer).ok)) throw new Malformed('a record of a peer that can be none')
  return { missed, records: records.map((record) => fromWireRecord(record, base, peers, epochs)) }
}

function fromWireRecord(wire: WireRecord, base: number, peers: readonly PeerId[], epochs: readonly Epoch[]): FrameRecord {
  const { way, topic, message, lamport, arrivedLamport, micros, turn, block, bytes } = wire
  if (micros > spanMillisMax * 1_000) throw new Malformed('records that lie too far apart')
  if (bytes > frameBytesMax) throw new Malformed('a record of a frame that is too large')
  const peer = wire.peer === 0 ? undefined : inTable(peers, wire.peer)
  const facts: FrameFacts = {
    message,
    lamport,
    at: base + micros / 1_000,
    epoch: wire.epoch === 0 ? undefined : inTable(epochs, wire.epoch),
    turn,
    block,
    bytes,
    wanting: wire.wanting.map((place) => inTable(peers, place)),
  }
  if (way === 'received' && peer !== undefined) return { ...facts, way, from: peer, topic, arrivedLamport }
  if (arrivedLamport !== undefined) throw new Malformed('a record of an arrival where nothing arrived')
  if (way === 'sent' && peer !== undefined && topic === undefined) return { ...facts, way, to: peer, topic }
  if (way === 'sent' && peer === undefined && topic !== undefined) return { ...facts, way, to: undefined, topic }
  throw new Malformed('a record without its other end')
}

function inTable<T>(table: readonly T[], place: number): T {
  const found = table[place - 1]
  if (found === undefined) throw new Malformed('a record names what is in no table')
  return found
}
