import type { PeerId, RoomId } from '../core/ids.ts'
import { decodeHello, type Hello, type HelloRoom } from './hello.ts'

/** Names of peers that are gone are kept for so many: enough for a full room that changes. */
const namesMax = 1_024

/** Who is connected, and what each said of itself: the peers with this room's code, whatever room they are in. */
export interface Lobby {
  /** A connection stands, or a peer says a new hello over it. */
  greet(peer: PeerId, hello: Uint8Array): Greeting
  leave(peer: PeerId): void
  readonly connected: ReadonlyMap<PeerId, Hello | undefined>
  roomOf(peer: PeerId): HelloRoom | undefined
  /** False for a connected peer that is in another room or in none: its frames are not of this room. */
  mayBeIn(room: RoomId, peer: PeerId): boolean
  nameOf(peer: PeerId): string | undefined
}

export type Greeting =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'version'; readonly version: number }

export function createLobby(): Lobby {
  /** `undefined`: its hello could not be read, so it is in no room that we know. */
  const connected = new Map<PeerId, Hello | undefined>()
  const names = new Map<PeerId, string>()

  return {
    connected,
    greet(peer, bytes) {
      const decoded = decodeHello(bytes)
      connected.set(peer, decoded.kind === 'hello' ? decoded.hello : undefined)
      if (decoded.kind === 'hello') {
        if (names.size >= namesMax) names.clear()
        names.set(peer, decoded.hello.name)
      }
      return decoded
    },
    leave: (peer) => connected.delete(peer),
    roomOf: (peer) => connected.get(peer)?.room,
    // One that is not connected can only be heard over the mesh of this very room.
    mayBeIn: (room, peer) => !connected.has(peer) || connected.get(peer)?.room?.id === room,
    nameOf: (peer) => names.get(peer),
  }
}
