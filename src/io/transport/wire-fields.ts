import { parseAddress } from '../../core/address.ts'
import { Malformed } from '../../core/codec.ts'
import { fromHex, toHex } from '../../core/crypto.ts'
import type { Field } from '../../core/fields.ts'
import type { PeerId } from '../../core/ids.ts'
import { parseRoomId, type RoomId } from '../../core/ids.ts'
import { peerIdOf, publicKeyIn } from '../peer-id.ts'

/** What the transports' own messages are made of, beside the fields of `core`. */

const keyBytes = 32
const roomBytes = 32
const addressBytesMax = 128

/** A peer's Ed25519 public key, 32 bytes. */
export const peerKey: Field<PeerId> = {
  write(writer, peer) {
    const key = publicKeyIn(peer)
    if (key === undefined) throw new TypeError(`${peer} is the id of no key`)
    writer.raw(key)
  },
  read: (reader) => peerIdOf(reader.raw(keyBytes)),
}

/** A room's id, 32 bytes. */
export const roomKey: Field<RoomId> = {
  write: (writer, room) => writer.raw(fromHex(room) ?? new Uint8Array(roomBytes)),
  read(reader) {
    const room = parseRoomId(toHex(reader.raw(roomBytes)))
    if (!room.ok) throw new Malformed('no room id')
    return room.value
  },
}

/** All that is left, not copied. */
export const rest: Field<Uint8Array> = {
  write: (writer, bytes) => writer.raw(bytes),
  read: (reader) => reader.raw(reader.left),
}

/** Where a peer listens: a number, and no name, which would mean something else to others. In its one canonical form. */
export const listenAddress: Field<string> = {
  write: (writer, address) => writer.text(address),
  read(reader) {
    const text = reader.text(addressBytesMax)
    const address = parseAddress(text, 'dial')
    if (!address.ok || address.value !== text || !/^\/ip[46]\/[^/]+\/tcp\/\d+$/.test(text))
      throw new Malformed('no address to dial')
    return text
  },
}
