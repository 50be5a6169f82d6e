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

/** Texts of hashes that were met lately, by their first bytes: the same few come in every frame. */
const met: ({ readonly bytes: Uint8Array; readonly text: Hash } | undefined)[] = Array(1_024)

/** The text of a hash. The same hash mostly gives the very same text, which makes comparing it cheap. */
export function hashText(bytes: Uint8Array): Hash {
  const place = (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % met.length
  const known = met[place]
  if (known !== undefined && isSame(known.bytes, bytes)) return known.text
  const text = hexText(bytes)
  met[place] = { bytes: bytes.slice(), text }
  return text
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** In one piece: a text that was put together of many is taken apart again, slowly, by whoever compares it. */
function hexText(bytes: Uint8Array): string {
  const codes: number[] = []
  for (const byte of bytes) {
    const pair = digits[byte] as string
    codes.push(pair.charCodeAt(0), pair.charCodeAt(1))
  }
  return String.fromCharCode(...codes)
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
