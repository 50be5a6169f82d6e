import { Malformed, type Reader, Writer } from '../core/codec.ts'
import { count, type Field, list, oneOf, optional, peerId, struct, text } from '../core/fields.ts'
import { type PeerId, parsePeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'
import type { MutexMessage } from '../mutex/algorithm.ts'
import type { HeldMessage, StepAct } from '../mutex/gate.ts'
import type { PartState } from '../mutex/part.ts'
import type { Begin, MutexEvent, MutexFrame, Payload, VectorTime } from '../mutex/participant.ts'
import type { Tally } from '../mutex/predictions.ts'
import type { ToldBatch, ToldEvent } from '../mutex/witness.ts'

/**
 * What peers say while an experiment runs: on the topic `lab` what is for everybody, over the link with its receiver what is for one of
 * them. Who says it is the signer of the message, or the other end of the link; `experiment` is its number in the room's log.
 */
export type ExperimentFrame =
  /** What the sender's part says to another one, several things at once. */
  | { readonly kind: 'talk'; readonly experiment: number; readonly parts: readonly TalkPart[] }
  | TellFrame
  | StepFrame
  /** Who enters next, as the sender thinks. */
  | { readonly kind: 'vote'; readonly experiment: number; readonly round: number; readonly choice: PeerId }
  /** Somebody asks who has algorithms of their own. */
  | { readonly kind: 'ask-own' }
  | { readonly kind: 'own'; readonly algorithms: readonly OwnAlgorithm[] }

export interface TalkPart {
  readonly to: PeerId
  readonly frame: MutexFrame
}

/** What the sender's part has done, and how it stands. Told now and then, also where nothing is new. */
export interface TellFrame {
  readonly kind: 'tell'
  readonly experiment: number
  readonly part: PartState
  /** Why it failed; empty: it has not. */
  readonly why: string
  readonly entries: number
  readonly sent: { readonly entry: number; readonly overhead: number }
  /** Tells are numbered from 1 on, so that it shows when one was lost. */
  readonly number: number
  /** All events but messages from `after` on, up to `through`. Those of one frame are of one life of the part. */
  readonly after: number
  readonly through: number
  readonly events: readonly ToldEvent[]
  /** The same of messages, which may be behind; `undefined`: none are told just now. */
  readonly messages: ToldBatch | undefined
  /** So many messages are kept aside at the sender, and still to come. */
  readonly aside: number
  /** All that wait at the sender; `undefined`: the same as before. */
  readonly held: readonly HeldMessage[] | undefined
}

/** The host's. It is repeated until the message is gone from where it waits. */
export interface StepFrame {
  readonly kind: 'step'
  readonly experiment: number
  /** Each step closes the round of its number. */
  readonly round: number
  readonly tally: readonly Tally[]
  readonly act: StepAct
  /** Where the message waits, and the number of its sending there. */
  readonly sender: PeerId
  readonly event: number
}

export interface OwnAlgorithm {
  readonly name: string
  readonly sha256: string
}

/** In the order of their codes on the wire: a new one goes to the end. */
export const experimentKinds = [
  'talk',
  'tell',
  'step',
  'vote',
  'ask-own',
  'own',
] as const satisfies readonly ExperimentFrame['kind'][]

/** So many fit into one frame. */
export const talkPartsMax = 512
export const tellEventsMax = 512
export const heldMax = 256
export const ownAlgorithmsMax = 16
/** Of one message of an algorithm, as JSON, in UTF-8. */
const messageBytesMax = 4 * 1024
const whyBytesMax = 512
/** A room has its members, and those that were there before. */
const tableMax = 4 * roomMembersMax
const windowFrames = 1_024

/** Peers stand in a table at the end of a frame, since each is named many times: what comes before names their places. */
export function writeExperimentFrame(writer: Writer, frame: ExperimentFrame): void {
  if (frame.kind === 'ask-own') return
  if (frame.kind === 'own') return ownField.write(writer, frame)
  const table = new Table()
  const body = new Writer(1024)
  const fields = fieldsOver(table)
  switch (frame.kind) {
    case 'talk':
      fields.talk.write(body, frame)
      break
    case 'tell':
      fields.tell.write(body, frame)
      break
    case 'step':
      fields.step.write(body, frame)
      break
    case 'vote':
      fields.vote.write(body, frame)
  }
  tableField.write(writer, table.peers)
  writer.raw(body.finish())
}

/** Form and bounds; throws `Malformed`. */
export function readExperimentFrame(reader: Reader, kind: ExperimentFrame['kind']): ExperimentFrame {
  if (kind === 'ask-own') return { kind }
  if (kind === 'own') return { kind, ...ownField.read(reader) }
  const peers = tableField.read(reader)
  if (!peers.every((peer) => parsePeerId(peer).ok) || new Set(peers).size < peers.length)
    throw new Malformed('a table of peers that is none')
  const { talk, tell, step, vote } = fieldsOver(new Table(peers))
  switch (kind) {
    case 'talk':
      return { kind, ...talk.read(reader) }
    case 'tell':
      return { kind, ...tell.read(reader) }
    case 'step':
      return { kind, ...step.read(reader) }
    case 'vote':
      return { kind, ...vote.read(reader) }
  }
}

/** The peers that are named in one frame, by their places. */
class Table {
  readonly peers: PeerId[]
  readonly #places = new Map<PeerId, number>()

  constructor(peers: readonly PeerId[] = []) {
    this.peers = [...peers]
  }

  /** A peer by its place here. */
  readonly field: Field<PeerId> = {
    write: (writer, peer) => writer.unsigned(this.#placeOf(peer)),
    read: (reader) => {
      const peer = this.peers[reader.unsigned()]
      if (peer === undefined) throw new Malformed('a peer that is in no table')
      return peer
    },
  }

  #placeOf(peer: PeerId): number {
    const known = this.#places.get(peer)
    if (known !== undefined) return known
    const place = this.peers.push(peer) - 1
    this.#places.set(peer, place)
    return place
  }
}

const tableField = list(peerId, tableMax)
const experimentField: Field<number> = bounded(1, 2 ** 40)
const counts = struct<TellFrame['sent']>({ entry: count, overhead: count })
const messageField: Field<MutexMessage> = {
  write: (writer, message) => writer.text(JSON.stringify(message)),
  read: (reader) => messageOf(reader.text(messageBytesMax)),
}
const ownField = struct<{ readonly algorithms: readonly OwnAlgorithm[] }>({
  algorithms: list(
    struct<OwnAlgorithm>({
      name: matching(/^[^\p{C}]{1,64}$/u, 256),
      sha256: matching(/^[0-9a-f]{64}$/, 64),
    }),
    ownAlgorithmsMax,
  ),
})
const times = struct<{ readonly base: number; readonly micros: number }>({ base: count, micros: count })
/** Milliseconds since 1970 in whole microseconds. */
const instant: Field<number> = {
  write: (writer, at) => {
    const base = Math.floor(at)
    times.write(writer, { base, micros: Math.round((at - base) * 1_000) })
  },
  read: (reader) => {
    const { base, micros } = times.read(reader)
    if (micros > 1_000) throw new Malformed('more microseconds than a millisecond has')
    return base + micros / 1_000
  },
}

type Body<Kind extends ExperimentFrame['kind']> = Omit<Extract<ExperimentFrame, { kind: Kind }>, 'kind'>

function fieldsOver({ field: peer }: Table) {
  const vector: Field<VectorTime> = {
    write: (writer, time) =>
      writer.list(Object.entries(time), ([known, events]) => {
        peer.write(writer, known as PeerId)
        writer.unsigned(events)
      }),
    read: (reader) => {
      const time: Record<PeerId, number> = {}
      for (let left = reader.count(tableMax); left > 0; left--) {
        const known = peer.read(reader)
        if (known in time) throw new Malformed('a peer that stands twice in a vector time')
        time[known] = count.read(reader)
      }
      return time
    },
  }
  const payload: Field<Payload> = struct<Payload>({
    message: messageField as Field<MutexMessage | Begin>,
    lamport: count,
    vector,
  })
  const parts = {
    data: struct<{ readonly number: number; readonly payload: Payload }>({ number: count, payload }),
    ack: struct<{ readonly through: number; readonly beyond: readonly number[] }>({
      through: count,
      beyond: list(count, windowFrames),
    }),
  }
  const partKind = oneOf<'data' | 'ack'>('data', 'ack')
  const mutexFrame: Field<MutexFrame> = {
    write: (writer, { epoch, part }) => {
      partKind.write(writer.unsigned(epoch), part.kind)
      if (part.kind === 'data') parts.data.write(writer, part)
      else parts.ack.write(writer, part)
    },
    read: (reader) => {
      const epoch = count.read(reader)
      const kind = partKind.read(reader)
      return { epoch, part: kind === 'data' ? { kind, ...parts.data.read(reader) } : { kind, ...parts.ack.read(reader) } }
    },
  }
  const event = struct<MutexEvent>({
    what: oneOf<MutexEvent['what']>('began', 'wished', 'entered', 'released', 'left', 'sent', 'received'),
    epoch: count,
    peer: optional(peer),
    message: optional(messageField as Field<MutexMessage | Begin>),
    purpose: optional(oneOf<'entry' | 'overhead'>('entry', 'overhead')),
    lamport: count,
    vector,
  })
  const events = list(struct<ToldEvent>({ number: count, at: instant, event }), tellEventsMax)
  const held = struct<HeldMessage>({
    event: count,
    to: peer,
    message: messageField,
    lamport: count,
    attempt: count,
    rank: count,
  })
  return {
    talk: struct<Body<'talk'>>({
      experiment: experimentField,
      parts: list(struct<TalkPart>({ to: peer, frame: mutexFrame }), talkPartsMax),
    }),
    tell: struct<Body<'tell'>>({
      experiment: experimentField,
      part: oneOf<PartState>('begins', 'out', 'waiting', 'inside', 'done', 'paused', 'dead', 'failed'),
      why: text(whyBytesMax),
      entries: count,
      sent: counts,
      number: count,
      after: count,
      through: count,
      events,
      messages: optional(struct<ToldBatch>({ after: count, events, through: count })),
      aside: count,
      held: optional(list(held, heldMax)),
    }),
    step: struct<Body<'step'>>({
      experiment: experimentField,
      round: count,
      tally: list(struct<Tally>({ peer, votes: count }), roomMembersMax),
      act: oneOf<StepAct>('release', 'drop', 'delay'),
      sender: peer,
      event: count,
    }),
    vote: struct<Body<'vote'>>({ experiment: experimentField, round: count, choice: peer }),
  }
}

/** What is to be said, in frames that are none too large: each of at most `countMax`, and as far as can be foreseen of half the bytes. */
export function inFrames<T>(items: readonly T[], countMax: number, bytesOf: (item: T) => number): readonly (readonly T[])[] {
  const frames: T[][] = []
  let bytes = 0
  for (const item of items) {
    const more = bytesOf(item)
    const last = frames.at(-1)
    if (last === undefined || last.length >= countMax || bytes + more > itemsBytesMax) {
      frames.push([item])
      bytes = more
    } else {
      last.push(item)
      bytes += more
    }
  }
  return frames
}
const itemsBytesMax = 64 * 1024

/** About so many bytes, rather too many than too few. */
export const eventBytes = ({ event: { message, vector } }: ToldEvent): number =>
  64 + 8 * Object.keys(vector).length + (message === undefined ? 0 : messageBytes(message))
export const partBytes = ({ frame: { part } }: TalkPart): number =>
  part.kind === 'ack'
    ? 32 + 8 * part.beyond.length
    : 48 + 8 * Object.keys(part.payload.vector).length + messageBytes(part.payload.message)
export const heldBytes = ({ message }: HeldMessage): number => 48 + messageBytes(message)
const messageBytes = (message: MutexMessage | Begin): number => 3 * JSON.stringify(message).length

/** Whether it may travel: plain data, and no more of it than fits. What an own algorithm says need not. */
export function isSendable(message: MutexMessage): boolean {
  const json = JSON.stringify(message)
  return new TextEncoder().encode(json).length <= messageBytesMax && isPlain(message)
}

/** Throws `Malformed`. */
function messageOf(json: string): MutexMessage {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Malformed('a message of an algorithm is JSON')
  }
  if (!isPlain(value)) throw new Malformed('a message of an algorithm has a kind, and fields of plain data')
  return value
}

const isDatum = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))

function isPlain(value: unknown): value is MutexMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const fields = Object.entries(value)
  if (!('kind' in value) || typeof value.kind !== 'string' || Object.hasOwn(value, '__proto__')) return false
  return fields.every(([, field]) => isDatum(field) || (Array.isArray(field) && field.every(isDatum)))
}

function bounded(least: number, most: number): Field<number> {
  return {
    write: (writer, value) => writer.unsigned(value),
    read: (reader) => {
      const value = reader.unsigned()
      if (value < least || value > most) throw new Malformed(`a number is not from ${least} to ${most}`)
      return value
    },
  }
}

function matching(form: RegExp, bytesMax: number): Field<string> {
  return {
    write: (writer, value) => writer.text(value),
    read: (reader) => {
      const value = reader.text(bytesMax)
      if (!form.test(value)) throw new Malformed('a text that is not of its form')
      return value
    },
  }
}
