import { decodeWith, Malformed, type Reader, Writer } from '../../core/codec.ts'
import type { PeerId } from '../../core/ids.ts'
import { peerIdOf, publicKeyIn } from '../peer-id.ts'
import { componentNames } from './node.ts'

/**
 * Peers tell each other whom they are linked with, and where those listen. So whoever joins by one peer's address soon
 * knows all, and the room does without that one. And what a peer publishes goes to all its links at once: whoever knows that
 * all others are linked with it need not pass it on, and in a whole room each message travels once to each, not once over
 * each link. Nobody passes on too little for long: a link that falls silent is told about within a few seconds.
 */
export type Neighbours = ReadonlyMap<PeerId, readonly string[]>

const keyBytes = 32
/** As many connections as a node admits, see node.ts. */
const neighboursMax = 512
const addressesMax = 4
const addressBytesMax = 128

/** As control frames carry it: each peer's public key, and a few addresses that it can be dialled at. */
export function encodeNeighbours(neighbours: Iterable<readonly [PeerId, readonly string[]]>): Uint8Array {
  const writer = new Writer()
  for (const [peer, addresses] of neighbours) {
    const key = publicKeyIn(peer)
    if (key !== undefined) writer.raw(key).list(addresses.slice(0, addressesMax), (address) => writer.text(address))
  }
  return writer.finish()
}

/** `undefined` where the bytes are no such list. */
export function decodeNeighbours(bytes: Uint8Array): Neighbours | undefined {
  const decoded = decodeWith(bytes, (reader) => {
    const neighbours = new Map<PeerId, readonly string[]>()
    while (reader.left > 0) {
      if (neighbours.size === neighboursMax) throw new Malformed('too many neighbours')
      neighbours.set(
        peerIdOf(reader.raw(keyBytes)),
        reader.list(addressesMax, () => readAddress(reader)),
      )
    }
    return neighbours
  })
  return 'value' in decoded ? decoded.value : undefined
}

/** Whether an address means this very machine, wherever it is read. */
export const isLoopback = (address: string): boolean => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address)

function readAddress(reader: Reader): string {
  const address = reader.text(addressBytesMax)
  const names = componentNames(address)?.join('/')
  if (names === undefined || !/^(ip4|ip6)\/tcp$/.test(names)) throw new Malformed('no address to dial')
  return address
}
