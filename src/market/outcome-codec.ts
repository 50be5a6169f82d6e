import { Malformed, type Reader, type Writer } from '../core/codec.ts'
import type { MarketEvent, Outcome, Rejection, RejectionCode } from './outcome.ts'

/**
 * Canonical bytes of what an operation came to, for the state's hash and for snapshots. The `detail` of `malformed` is
 * left out: its wording may get better without splitting a room.
 */
export function writeOutcome(writer: Writer, outcome: Outcome): void {
  writer.flag(outcome.accepted)
  if (outcome.accepted) {
    writer.unsigned(outcome.events.length)
    for (const event of outcome.events) writeFields(writer, eventKinds, event.kind, eventFields[event.kind], event)
  } else {
    const { rejection } = outcome
    writeFields(writer, rejectionCodes, rejection.code, rejectionFields[rejection.code], rejection)
  }
}

/** Throws {@link Malformed}, also for `malformed` itself, which is never remembered. */
export function readOutcome(reader: Reader): Outcome {
  if (reader.flag()) return { accepted: true, events: reader.list(eventsMax, () => readEvent(reader)) }
  return { accepted: false, rejection: readRejection(reader) }
}

/** More than any one operation has. */
const eventsMax = 16
const textBytesMax = 4_096

/** The fields of each event, in the order of their bytes; an event's own place is its code: new ones go to the end. */
const eventFields = {
  'account-opened': ['account', 'holder'],
  'account-closed': ['account'],
  moved: ['from', 'to', 'amount', 'memo'],
  held: ['account', 'auction', 'amount'],
  released: ['account', 'auction', 'amount'],
  'auction-started': ['auction', 'item', 'endsAt'],
  'bid-accepted': ['auction', 'account', 'amount', 'endsAt'],
  outbid: ['auction', 'account', 'by', 'amount'],
  'auction-ended': ['auction', 'why', 'winner', 'price', 'reason'],
  'auction-extended': ['auction', 'endsAt'],
  'auction-paused': ['auction', 'until', 'endsAt'],
  'auction-resumed': ['auction', 'endsAt'],
  'pace-set': ['millis'],
  'experiment-started': ['experiment', 'section'],
  'experiment-ended': ['experiment', 'section', 'what'],
} as const satisfies { readonly [Kind in MarketEvent['kind']]: readonly FieldOf<Extract<MarketEvent, { kind: Kind }>>[] }

/** The same for rejections; the order in which they are checked is that of `Rejection`. */
const rejectionFields = {
  malformed: [],
  'request-reused': [],
  'account-taken': ['account'],
  'account-unknown': ['account'],
  'account-closed': ['account'],
  'not-owner': ['account'],
  'not-host': [],
  'auction-unknown': ['auction'],
  'auction-closed': ['auction', 'at'],
  'auction-open': ['auction', 'until'],
  'auction-has-bids': ['auction', 'bids'],
  'own-lot': [],
  'bid-too-low': ['minimum'],
  'room-limit': ['available'],
  'account-not-empty': ['available', 'held'],
  'account-in-use': ['auction'],
  'funds-short': ['available'],
  'auction-paused': ['auction', 'until'],
  'auction-not-paused': ['auction'],
  'auction-too-long': ['auction', 'latest'],
  'reason-needed': ['auction', 'bids'],
  'experiment-running': ['section', 'experiment'],
  'experiment-unknown': ['experiment'],
} as const satisfies { readonly [Code in RejectionCode]: readonly FieldOf<Extract<Rejection, { code: Code }>>[] }

type FieldOf<Value> = Exclude<keyof Value, 'kind' | 'code'>

const eventKinds = Object.keys(eventFields) as readonly MarketEvent['kind'][]
const rejectionCodes = Object.keys(rejectionFields) as readonly RejectionCode[]

type Fields = Record<string, unknown>

function writeFields<Name>(writer: Writer, names: readonly Name[], name: Name, fields: readonly string[], value: object): void {
  writer.byte(names.indexOf(name))
  for (const field of fields) writeField(writer, field, (value as Fields)[field])
}

function readEvent(reader: Reader): MarketEvent {
  const kind = readName(reader, eventKinds)
  return { kind, ...readFields(reader, eventFields[kind]) } as unknown as MarketEvent
}

function readRejection(reader: Reader): Rejection {
  const code = readName(reader, rejectionCodes)
  if (code === 'malformed') throw new Malformed('what is malformed is not remembered')
  return { code, ...readFields(reader, rejectionFields[code]) } as unknown as Rejection
}

function readName<Name>(reader: Reader, names: readonly Name[]): Name {
  const name = names[reader.byte()]
  if (name === undefined) throw new Malformed('unknown code of an outcome')
  return name
}

function readFields(reader: Reader, fields: readonly string[]): Fields {
  const value: Fields = {}
  for (const field of fields) value[field] = readField(reader, field)
  return value
}

const numbers: ReadonlySet<string> = new Set([
  ...['amount', 'bids', 'minimum', 'available', 'held'],
  ...['at', 'endsAt', 'until', 'latest', 'millis', 'experiment'],
])

/** A field of one name has one form, wherever it stands. */
function writeField(writer: Writer, field: string, value: unknown): void {
  switch (field) {
    case 'winner':
      writer.optional(value as string | undefined, (text) => writer.text(text))
      return
    case 'price':
      writer.optional(value as number | undefined, (price) => writer.unsigned(price))
      return
    default:
      if (numbers.has(field)) writer.unsigned(value as number)
      else writer.text(value as string)
  }
}

function readField(reader: Reader, field: string): unknown {
  switch (field) {
    case 'winner':
      return reader.optional(() => reader.text(textBytesMax))
    case 'price':
      return reader.optional(() => reader.unsigned())
    default:
      return numbers.has(field) ? reader.unsigned() : reader.text(textBytesMax)
  }
}
