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
    for (const event of outcome.events) writeFields(writer, eventVariants[event.kind], event)
  } else {
    const { rejection } = outcome
    writeFields(writer, rejectionVariants[rejection.code], rejection)
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

type Fields = Record<string, unknown>

interface FieldForm {
  readonly name: string
  write(writer: Writer, value: unknown): void
  read(reader: Reader): unknown
}

const asText: Omit<FieldForm, 'name'> = {
  write: (writer, value) => writer.text(value as string),
  read: (reader) => reader.text(textBytesMax),
}
const asNumber: Omit<FieldForm, 'name'> = {
  write: (writer, value) => writer.unsigned(value as number),
  read: (reader) => reader.unsigned(),
}
const optional = ({ write, read }: Omit<FieldForm, 'name'>): Omit<FieldForm, 'name'> => ({
  write: (writer, value) => writer.optional(value, (there) => write(writer, there)),
  read: (reader) => reader.optional(() => read(reader)),
})

const numbers: ReadonlySet<string> = new Set([
  ...['amount', 'bids', 'minimum', 'available', 'held'],
  ...['at', 'endsAt', 'until', 'latest', 'millis', 'experiment'],
])

/** A field of one name has one form, wherever it stands. */
function formOf(name: string): FieldForm {
  if (name === 'winner') return { name, ...optional(asText) }
  if (name === 'price') return { name, ...optional(asNumber) }
  return { name, ...(numbers.has(name) ? asNumber : asText) }
}

interface Variant<Name> {
  readonly name: Name
  readonly code: number
  readonly fields: readonly FieldForm[]
}

function variantsOf<Name extends string>(
  fields: Readonly<Record<Name, readonly string[]>>,
): Readonly<Record<Name, Variant<Name>>> {
  const variants: Partial<Record<Name, Variant<Name>>> = {}
  for (const [code, name] of (Object.keys(fields) as Name[]).entries()) {
    variants[name] = { name, code, fields: fields[name].map(formOf) }
  }
  return variants as Record<Name, Variant<Name>>
}

const eventVariants = variantsOf<MarketEvent['kind']>(eventFields)
const rejectionVariants = variantsOf<RejectionCode>(rejectionFields)
const eventsByCode = Object.values(eventVariants)
const rejectionsByCode = Object.values(rejectionVariants)

function writeFields(writer: Writer, { code, fields }: Variant<unknown>, value: object): void {
  writer.byte(code)
  for (const field of fields) field.write(writer, (value as Fields)[field.name])
}

function readEvent(reader: Reader): MarketEvent {
  const { name, fields } = readVariant(reader, eventsByCode)
  return { kind: name, ...readFields(reader, fields) } as unknown as MarketEvent
}

function readRejection(reader: Reader): Rejection {
  const { name, fields } = readVariant(reader, rejectionsByCode)
  if (name === 'malformed') throw new Malformed('what is malformed is not remembered')
  return { code: name, ...readFields(reader, fields) } as unknown as Rejection
}

function readVariant<Name>(reader: Reader, variants: readonly Variant<Name>[]): Variant<Name> {
  const variant = variants[reader.byte()]
  if (variant === undefined) throw new Malformed('unknown code of an outcome')
  return variant
}

function readFields(reader: Reader, fields: readonly FieldForm[]): Fields {
  const value: Fields = {}
  for (const { name, read } of fields) value[name] = read(reader)
  return value
}
