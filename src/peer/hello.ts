import { decodeWith, Malformed, type Reader, Writer } from '../core/codec.ts'
import { type Field, flag, hash, optional, struct, text } from '../core/fields.ts'
import { parseRoomId, type RoomId } from '../core/ids.ts'
import { nameCharsMax, wireVersion } from '../core/limits.ts'
import { type Head, headField } from '../ring/block.ts'

/**
 * What a peer says first on a new connection, and again when it changes rooms (PROTOCOL, section 6).
 * Its first byte is 0, which no wire version is, so that it can be told from a frame.
 */
export interface Hello {
  /** The person's name; empty: none given. */
  readonly name: string
  readonly roomName: string
  /** `undefined`: still looking for its room. */
  readonly room: HelloRoom | undefined
}

export interface HelloRoom {
  readonly id: RoomId
  readonly head: Head
  /** Something was done there: its state has changed, or an operation waits. A room without may give way to another. */
  readonly history: boolean
}

export type DecodedHello =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'version'; readonly version: number }

const helloMark = 0

export const isHello = (frame: Uint8Array): boolean => frame[0] === helloMark

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new Writer()
  helloField.write(writer.byte(helloMark).unsigned(wireVersion), hello)
  return writer.finish()
}

/** Never throws, whatever the bytes. */
export function decodeHello(bytes: Uint8Array): DecodedHello {
  const version = decodeWith(bytes, (reader) => {
    const found = readVersion(reader)
    reader.raw(reader.left)
    return found
  })
  if ('malformed' in version) return { kind: 'malformed', reason: version.malformed }
  if (version.value !== wireVersion) return { kind: 'version', version: version.value }
  const decoded = decodeWith(bytes, (reader) => {
    readVersion(reader)
    return helloField.read(reader)
  })
  return 'malformed' in decoded ? { kind: 'malformed', reason: decoded.malformed } : { kind: 'hello', hello: decoded.value }
}

function readVersion(reader: Reader): number {
  if (reader.byte() !== helloMark) throw new Malformed('not a hello')
  return reader.unsigned()
}

const roomIdField: Field<RoomId> = {
  write: (writer, id) => hash.write(writer, id),
  read(reader) {
    const id = parseRoomId(hash.read(reader))
    if (!id.ok) throw new Malformed('a room id has 32 bytes')
    return id.value
  },
}

const nameField = text(4 * nameCharsMax)

const helloField: Field<Hello> = struct<Hello>({
  name: nameField,
  roomName: nameField,
  room: optional(struct<HelloRoom>({ id: roomIdField, head: headField, history: flag })),
})
