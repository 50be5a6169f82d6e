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

/** `undefined` where the text is not an even number of hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
