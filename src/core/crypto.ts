import type { PeerId } from './ids.ts'

/**
 * What ring and market may know of cryptography: one synchronous port (ARCHITECTURE, Hashes and signatures).
 * Production: SHA-256 and Ed25519. In the simulator a signature is a keyed hash.
 */
export interface Crypto {
  /** 32 bytes. */
  hash(bytes: Uint8Array): Uint8Array
  /** This peer's signature, 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
  verify(author: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean
}

/** Hashes travel as bytes and are compared and kept as text. */
export type Hash = string

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += digits[bytes[i] as number]
  return text
}

/** By character code: the value of a lowercase hex digit, 255 for anything else. */
const values = new Uint8Array(128).fill(255)
for (let value = 0; value < 16; value++) values[value.toString(16).charCodeAt(0)] = value

/** `undefined` where the text is not an even number of lowercase hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length >> 1)
  let bad = text.length & 1
  for (let i = 0; i < bytes.length; i++) {
    const high = values[text.charCodeAt(2 * i)] ?? 255
    const low = values[text.charCodeAt(2 * i + 1)] ?? 255
    bad |= (high | low) & 0xf0
    bytes[i] = (high << 4) | low
  }
  return bad === 0 ? bytes : undefined
}
