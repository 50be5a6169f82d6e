import type { PeerId } from '../../core/ids.ts'
import { peerIdOf, publicKeyIn } from '../peer-id.ts'

/**
 * Peers tell each other whom they are linked with. What a peer publishes goes to all its links at once, so whoever knows
 * that all others are linked with it need not pass it on: in a whole room each message then travels once to each, not
 * once over each link. Nobody passes on too little for long: a link that falls silent is told about within a few seconds.
 */

const keyBytes = 32

/** As control frames carry it: the public keys, one after the other. */
export function encodeNeighbours(peers: Iterable<PeerId>): Uint8Array {
  return Buffer.concat([...peers].flatMap((peer) => publicKeyIn(peer) ?? []))
}

/** `undefined` where the bytes are no such list. */
export function decodeNeighbours(bytes: Uint8Array): ReadonlySet<PeerId> | undefined {
  if (bytes.length % keyBytes !== 0 || bytes.length > neighboursMax * keyBytes) return undefined
  const peers = new Set<PeerId>()
  for (let at = 0; at < bytes.length; at += keyBytes) peers.add(peerIdOf(bytes.subarray(at, at + keyBytes)))
  return peers
}

/** As many connections as a node admits, see node.ts. */
const neighboursMax = 512
