import { decodeWith, Writer } from '../core/codec.ts'
import type { PeerId } from '../core/ids.ts'
import type { Store, Transport } from './ports.ts'

const valueName = 'peers'
const peersMax = 128
const addressesMax = 8
const addressBytesMax = 256

/** Addresses at which peers of the room could be dialled last time; none where there is no such value. */
export async function readRememberedAddresses(store: Store): Promise<readonly string[]> {
  const bytes = await store.readValue(valueName)
  if (bytes === undefined) return []
  const decoded = decodeWith(bytes, (reader) =>
    reader.list(peersMax, () => {
      reader.text(64)
      return reader.list(addressesMax, () => reader.text(addressBytesMax))
    }),
  )
  return 'value' in decoded ? decoded.value.flat() : []
}

/** Keeps the connected peers for the next start. Those of before stay until others are connected. */
export function createRememberer(store: Store, transport: Transport): () => Promise<void> {
  let written = ''
  return async () => {
    const peers = [...transport.peers].sort((a, b) => (a.peer < b.peer ? -1 : 1)).slice(0, peersMax)
    const text = JSON.stringify(peers)
    if (peers.length === 0 || text === written) return
    written = text
    await store.writeValue(valueName, encode(peers))
  }
}

function encode(peers: readonly { readonly peer: PeerId; readonly addresses: readonly string[] }[]): Uint8Array {
  const writer = new Writer()
  writer.list(peers, ({ peer, addresses }) => {
    writer.text(peer)
    writer.list(addresses.filter((address) => address.length <= addressBytesMax).slice(0, addressesMax), (address) =>
      writer.text(address),
    )
  })
  return writer.finish()
}
