import { decodeWith, Malformed, type Reader, Writer } from '../core/codec.ts'
import { toHex } from '../core/crypto.ts'
import type { RoomId } from '../core/ids.ts'
import { nameCharsMax, wireVersion } from '../core/limits.ts'
import { type Head, readHash, writeHash } from '../ring/block.ts'
import { readEpoch, writeEpoch } from '../ring/epoch.ts'

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
  /** Something was done there: an operation stands in its log, or waits to. A room without may give way to another. */
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
  writer.byte(helloMark).unsigned(wireVersion).text(hello.name).text(hello.roomName)
  writer.optional(hello.room, ({ id, head, history }) => {
    writeHash(writer, id)
    writeEpoch(writer, head.epoch)
    writeHash(writer.unsigned(head.index), head.hash)
    writer.flag(history)
  })
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
    return readHello(reader)
  })
  return 'malformed' in decoded ? { kind: 'malformed', reason: decoded.malformed } : { kind: 'hello', hello: decoded.value }
}

function readVersion(reader: Reader): number {
  if (reader.byte() !== helloMark) throw new Malformed('not a hello')
  return reader.unsigned()
}

function readHello(reader: Reader): Hello {
  return {
    name: reader.text(4 * nameCharsMax),
    roomName: reader.text(4 * nameCharsMax),
    room: reader.optional(() => ({
      id: toHex(reader.raw(roomIdBytes(reader))) as RoomId,
      head: { epoch: readEpoch(reader), index: reader.unsigned(), hash: readHash(reader) },
      history: reader.flag(),
    })),
  }
}

function roomIdBytes(reader: Reader): number {
  if (reader.unsigned() !== 32) throw new Malformed('a room id has 32 bytes')
  return 32
}
