import { decodeWith, Malformed, Writer } from '../../core/codec.ts'
import { type Field, list, struct } from '../../core/fields.ts'
import type { PeerId, RoomId } from '../../core/ids.ts'
import { listenAddress, peerKey, rest, roomKey } from './wire-fields.ts'

/** What transports say to each other over a link, beside the peers' own frames. */
export type Control =
  /** A sign of life. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'neighbours'; readonly neighbours: readonly Neighbour[] }
  | ({ readonly kind: 'broadcast' } & Broadcast)

/** A peer that the sender is linked with, or the sender itself, and where that one listens. */
export interface Neighbour {
  readonly peer: PeerId
  readonly addresses: readonly string[]
}

/** What its sender says to all of a room at once, where it is linked with all: one copy over each link. */
export interface Broadcast {
  /** A topic belongs to one room; so does this. */
  readonly room: RoomId
  readonly frame: Uint8Array
}

/** As many connections as a node admits, see node.ts. */
export const neighboursMax = 512
/** Of one neighbour. */
export const neighbourAddressesMax = 4

const neighbours = list(
  struct<Neighbour>({ peer: peerKey, addresses: list(listenAddress, neighbourAddressesMax) }),
  neighboursMax,
)
const broadcast: Field<Broadcast> = struct<Broadcast>({ room: roomKey, frame: rest })

/** First byte; a sign of life has none. */
const tags = { neighbours: 1, broadcast: 2 } as const

export function encodeControl(control: Control): Uint8Array {
  switch (control.kind) {
    case 'alive':
      return new Uint8Array()
    case 'neighbours': {
      const writer = new Writer().byte(tags.neighbours)
      neighbours.write(writer, control.neighbours)
      return writer.finish()
    }
    case 'broadcast': {
      const writer = new Writer(control.frame.length + 33).byte(tags.broadcast)
      broadcast.write(writer, control)
      return writer.finish()
    }
  }
}

/** A string says why the bytes are none. Never throws. */
export function decodeControl(bytes: Uint8Array): Control | string {
  if (bytes.length === 0) return { kind: 'alive' }
  const decoded = decodeWith(bytes, (reader): Control => {
    switch (reader.byte()) {
      case tags.neighbours:
        return { kind: 'neighbours', neighbours: neighbours.read(reader) }
      case tags.broadcast:
        return { kind: 'broadcast', ...broadcast.read(reader) }
      default:
        throw new Malformed('unknown control frame')
    }
  })
  return 'value' in decoded ? decoded.value : decoded.malformed
}
