import { isText, Malformed, type Reader, textAt, type Writer } from './codec.ts'
import { type Hash, hashTextAt } from './crypto.ts'
import type { PeerId } from './ids.ts'
import { numberMax } from './limits.ts'

/** How one value stands in canonical bytes: reading and writing in one description, so that they cannot drift apart. */
export interface Field<T> {
  write(writer: Writer, value: T): void
  /** Throws `Malformed`. */
  read(reader: Reader): T
}

/** 0 to 2^48: what every number in a frame keeps within (PROTOCOL, section 3, Whom a peer obeys). */
export const count: Field<number> = {
  write: (writer, value) => writer.unsigned(value),
  read(reader) {
    const value = reader.unsigned()
    if (value > numberMax) throw new Malformed('a number is over 2^48')
    return value
  },
}

export const flag: Field<boolean> = {
  write: (writer, value) => writer.flag(value),
  read: (reader) => reader.flag(),
}

/** UTF-8 of at most `bytesMax` bytes. */
export const text = (bytesMax: number): Field<string> => ({
  write: (writer, value) => writer.text(value),
  read: (reader) => reader.text(bytesMax),
})

export const bytes = (bytesMax: number): Field<Uint8Array> => ({
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(bytesMax),
})

/** A peer's id as it travels: up to 64 bytes. That a signature is its peer's is what makes it more than a text. */
export const peerId: Field<PeerId> = {
  write: (writer, value) => writer.text(value),
  read: (reader) => reader.inPlace(peerIdBytesMax, idAt),
}
const peerIdBytesMax = 64

/** Ids that were read lately, by their last bytes: a room has few, and each frame names some. */
const met: (PeerId | undefined)[] = Array(256)

/** The same bytes mostly give the very same text, which spares making it, and makes comparing it cheap. */
function idAt(bytes: Uint8Array, at: number, count: number): PeerId {
  const place = (((bytes[at + count - 2] ?? 0) << 3) ^ (bytes[at + count - 1] ?? 0)) % met.length
  const known = met[place]
  if (known !== undefined && isText(known, bytes, at, count)) return known
  // As the name of a property there is one of each text: to tell two such apart nobody reads them to their ends.
  const id = Object.keys({ [textAt(bytes, at, count)]: true })[0] as PeerId
  met[place] = id
  return id
}

/** 32 bytes, or none for the empty text. */
export const hash: Field<Hash> = {
  write: (writer, value) => writer.hex(value),
  read: (reader) => reader.inPlace(32, hashAt),
}

function hashAt(bytes: Uint8Array, at: number, count: number): Hash {
  if (count === 0) return ''
  if (count !== 32) throw new Malformed('a hash has 32 bytes')
  return hashTextAt(bytes, at, count)
}

/** One byte: the place in `values`. */
export const oneOf = <T>(...values: readonly T[]): Field<T> => ({
  write: (writer, value) => writer.byte(values.indexOf(value)),
  read(reader) {
    const value = values[reader.byte()]
    if (value === undefined) throw new Malformed('unknown variant')
    return value
  },
})

export const optional = <T>(field: Field<T>): Field<T | undefined> => ({
  write(writer, value) {
    writer.flag(value !== undefined)
    if (value !== undefined) field.write(writer, value)
  },
  read: (reader) => (reader.flag() ? field.read(reader) : undefined),
})

export const list = <T>(field: Field<T>, countMax: number): Field<readonly T[]> => ({
  write(writer, items) {
    writer.unsigned(items.length)
    for (const item of items) field.write(writer, item)
  },
  read(reader) {
    const items: T[] = []
    for (let left = reader.count(countMax); left > 0; left--) items.push(field.read(reader))
    return items
  },
})

/** The fields of an object, in the order in which they are named here. */
export function struct<T extends object>(fields: { readonly [K in keyof T]-?: Field<T[K]> }): Field<T> {
  const names = Object.keys(fields) as (keyof T)[]
  const parts = names.map((name) => fields[name]) as Field<T[keyof T]>[]
  return {
    write(writer, value) {
      for (let i = 0; i < names.length; i++) (parts[i] as Field<T[keyof T]>).write(writer, value[names[i] as keyof T])
    },
    read(reader) {
      const value: Partial<T> = {}
      for (let i = 0; i < names.length; i++) value[names[i] as keyof T] = (parts[i] as Field<T[keyof T]>).read(reader)
      return value as T
    },
  }
}
