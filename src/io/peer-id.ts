import type { PeerId } from '../core/ids.ts'

/**
 * The id of the peer with this Ed25519 public key: base58btc of the identity multihash (00 24) of libp2p's protobuf
 * (08 01 12 20 and the 32 bytes of the key).
 */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  let number = BigInt(`0x${prefix}${Buffer.from(publicKey).toString('hex')}`)
  let text = ''
  while (number > 0n) {
    text = alphabet.charAt(Number(number % 58n)) + text
    number /= 58n
  }
  // The leading zero byte of the multihash is a leading 1.
  return `1${text}` as PeerId
}

/** The public key inside a peer id, 32 bytes; `undefined` if it is no Ed25519 id. */
export function publicKeyIn(peer: PeerId): Uint8Array | undefined {
  if (peer.length !== 52 || !peer.startsWith('1')) return undefined
  let number = 0n
  for (let i = 1; i < peer.length; i++) {
    const digit = alphabet.indexOf(peer.charAt(i))
    if (digit < 0) return undefined
    number = number * 58n + BigInt(digit)
  }
  const hex = number.toString(16)
  const isEd25519 = hex.startsWith(prefix) && hex.length === prefix.length + 64
  return isEd25519 ? new Uint8Array(Buffer.from(hex.slice(prefix.length), 'hex')) : undefined
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Multihash length 36 and the protobuf's head, without the leading zero byte. */
const prefix = '2408011220'
