import { createHash, createHmac } from 'node:crypto'
import { assert } from '../../src/core/assert.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { type PeerId, parsePeerId } from '../../src/core/ids.ts'

/** A signature is a keyed hash with the author's id as its key: fast, and wrong for anybody else. */
export function createKeyedCrypto(self: PeerId): Crypto {
  return {
    hash: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    sign: (bytes) => signature(self, bytes),
    verify: (author, bytes, given) => Buffer.compare(signature(author, bytes), given) === 0,
  }
}

/** A well-formed peer id for a one-letter name from the alphabet of base58. */
export function peerNamed(letter: string): PeerId {
  const parsed = parsePeerId(`12D3KooW${letter.repeat(44)}`)
  assert(parsed.ok, `not a letter of base58: ${letter}`)
  return parsed.value
}

function signature(author: PeerId, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha512', author).update(bytes).digest())
}
