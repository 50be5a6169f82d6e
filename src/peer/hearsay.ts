import { parseAddress } from '../core/address.ts'
import { decodeWith, Writer } from '../core/codec.ts'
import type { PeerId } from '../core/ids.ts'
import type { Store, Transport, TransportTrouble } from './ports.ts'
import type { Scene } from './search.ts'

/** What went wrong with whom, for people who wonder why nobody is here. */
export interface Hearsay {
  greeted(peer: PeerId): void
  trouble(trouble: TransportTrouble): void
  /** What it offered as its room was not taken. */
  refuse(peer: PeerId, reason: string): void
  facts(): Pick<Scene, 'otherCodes' | 'otherVersions' | 'strangers' | 'deadEnds' | 'refused'>
}

/** Of each kind so many are remembered: the world can invent more. */
const hearsayMax = 64

export function createHearsay(transport: Pick<Transport, 'peers'>): Hearsay {
  const otherCodes = new Map<PeerId, string>()
  const otherVersions = new Map<PeerId, number>()
  const strangers = new Set<string>()
  const deadEnds = new Map<string, string>()
  const refused = new Map<PeerId, string>()
  return {
    greeted(peer) {
      otherCodes.delete(peer)
      otherVersions.delete(peer)
    },
    trouble(trouble) {
      switch (trouble.kind) {
        case 'wrong-code':
          if (trouble.peer === undefined) strangers.add(trouble.address)
          else otherCodes.set(trouble.peer, trouble.address)
          break
        case 'version':
          otherVersions.set(trouble.peer, trouble.version)
          break
        case 'unreachable':
          deadEnds.set(trouble.address, trouble.reason)
          break
        case 'bad-frame':
        case 'copy':
          break
      }
      for (const kind of [otherCodes, otherVersions, strangers, deadEnds]) if (kind.size > hearsayMax) kind.clear()
    },
    refuse(peer, reason) {
      if (refused.size >= hearsayMax) refused.clear()
      refused.set(peer, reason)
    },
    facts() {
      // Somebody may have come to where nobody was, or a stranger.
      const reached = new Set(transport.peers.flatMap(({ addresses }) => addresses))
      return {
        otherCodes,
        otherVersions,
        strangers: [...strangers].filter((address) => !reached.has(address)),
        deadEnds: new Map([...deadEnds].filter(([address]) => !reached.has(address))),
        refused,
      }
    },
  }
}

const addressesName = 'peers'
const peersMax = 128
const addressesMax = 8
const addressBytesMax = 256

/** Addresses at which peers of the room could be dialled last time; none where there is no such value. */
export async function readRememberedAddresses(store: Store): Promise<readonly string[]> {
  const bytes = await store.readValue(addressesName)
  if (bytes === undefined) return []
  const decoded = decodeWith(bytes, (reader) =>
    reader.list(peersMax, () => {
      reader.text(64)
      return reader.list(addressesMax, () => reader.text(addressBytesMax))
    }),
  )
  if (!('value' in decoded)) return []
  // What another version wrote may be no address here.
  return decoded.value.flat().filter((address) => parseAddress(address, 'dial').ok)
}

/** Keeps the connected peers for the next start. Those of before stay until others are connected. */
export function createRememberer(store: Store, transport: Transport): () => Promise<void> {
  let written = ''
  return async () => {
    const peers = [...transport.peers].sort((a, b) => (a.peer < b.peer ? -1 : 1)).slice(0, peersMax)
    const text = JSON.stringify(peers)
    if (peers.length === 0 || text === written) return
    written = text
    await store.writeValue(addressesName, encodePeers(peers))
  }
}

function encodePeers(peers: Transport['peers']): Uint8Array {
  const writer = new Writer()
  writer.list(peers, ({ peer, addresses }) => {
    writer.text(peer)
    writer.list(addresses.filter((address) => address.length <= addressBytesMax).slice(0, addressesMax), (address) =>
      writer.text(address),
    )
  })
  return writer.finish()
}
