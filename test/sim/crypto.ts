import type { Crypto } from '../../src/core/crypto.ts'
import type { PeerId } from '../../src/core/ids.ts'

/**
 * Cryptography for honest machines on a hostile network: fast, the same on every run, and nobody gets a hash or a signature
 * right by accident. A signature is a hash keyed with its author's name.
 */
export function createSimCrypto(self: PeerId): Crypto {
  let crypto = cryptos.get(self)
  if (crypto === undefined) {
    crypto = cryptoOf(self)
    cryptos.set(self, crypto)
  }
  return crypto
}

/** One for each name, in whatever world: production makes readers for each that it meets. */
const cryptos = new Map<PeerId, Crypto>()

function cryptoOf(self: PeerId): Crypto {
  const ownKey = keyOf(self)
  return {
    hash: (bytes) => expand(mix(bytes, 0x811c9dc5, 0x1b873593), 32),
    sign: (bytes) => expand(mix(bytes, ownKey, ~ownKey), 64),
    verify: (author, bytes, signature) => {
      const key = keyOf(author)
      const right = expand(mix(bytes, key, ~key), 64)
      if (signature.length !== right.length) return false
      for (let i = 0; i < right.length; i++) if (right[i] !== signature[i]) return false
      return true
    },
  }
}

const keys = new Map<PeerId, number>()

function keyOf(peer: PeerId): number {
  let key = keys.get(peer)
  if (key === undefined) {
    key = 0x2545f491
    for (let i = 0; i < peer.length; i++) key = Math.imul(key ^ peer.charCodeAt(i), 0x01000193)
    keys.set(peer, key)
  }
  return key
}

/** Two lanes of 32 bits: enough that no two things a simulation ever hashes meet. */
function mix(bytes: Uint8Array, first: number, second: number): readonly [number, number] {
  let a = first | 0
  let b = second | 0
  const whole = bytes.length & ~3
  for (let i = 0; i < whole; i += 4) {
    const word =
      (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24)
    a = Math.imul(a ^ word, 0x85ebca6b)
    a ^= a >>> 15
    b = Math.imul(b + word, 0xc2b2ae35)
    b ^= b >>> 13
  }
  for (let i = whole; i < bytes.length; i++) {
    a = Math.imul(a ^ (bytes[i] as number), 0x85ebca6b)
    b = Math.imul(b + (bytes[i] as number), 0xc2b2ae35)
  }
  return [a ^ bytes.length, b + bytes.length]
}

function expand([first, second]: readonly [number, number], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let a = first
  let b = second
  for (let i = 0; i < length; i += 4) {
    a = Math.imul(a ^ (b >>> 16) ^ i, 0x45d9f3b)
    b = Math.imul(b ^ (a >>> 15), 0x119de1f3)
    a ^= b << 7
    bytes[i] = a
    bytes[i + 1] = a >>> 8
    bytes[i + 2] = b >>> 16
    bytes[i + 3] = b >>> 24
  }
  return bytes
}
