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
export const hashText = (bytes: Uint8Array): Hash => hashTextAt(bytes, 0, bytes.length)

/** The same of the `count` bytes from `at` on. */
export function hashTextAt(bytes: Uint8Array, at: number, count: number): Hash {
  const place = (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) % met.length
  const known = met[place]
  if (known !== undefined && isSameAt(known.bytes, bytes, at, count)) return known.text
  const own = bytes.slice(at, at + count)
  const text = hexText(own)
  met[place] = { bytes: own, text }
  return text
}

function isSameAt(known: Uint8Array, bytes: Uint8Array, at: number, count: number): boolean {
  if (known.length !== count) return false
  for (let i = 0; i < count; i++) if (known[i] !== bytes[at + i]) return false
  return true
}

/** By value: the character code of a digit. */
const digitCodes = Array.from({ length: 16 }, (_, value) => value.toString(16).charCodeAt(0))
/** Where the digits of a hash are put before they become its text. */
const hashCodes = Array<number>(64).fill(0)

/** In one piece: a text that was put together of many is taken apart again, slowly, by whoever compares it. */
function hexText(bytes: Uint8Array): string {
  const codes = 2 * bytes.length === hashCodes.length ? hashCodes : Array<number>(2 * bytes.length).fill(0)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    codes[2 * i] = digitCodes[byte >> 4] as number
    codes[2 * i + 1] = digitCodes[byte & 15] as number
  }
  return String.fromCharCode(...codes)
}

/** By character code: the value of a lowercase hex digit, 255 for anything else. */
const values = new Uint8Array(128).fill(255)
for (let value = 0; value < 16; value++) values[value.toString(16).charCodeAt(0)] = value

/** `undefined` where the text is not an even number of lowercase hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length >> 1)
  return putHex(text, bytes, 0) ? bytes : undefined
}

/** Puts the bytes that `text` names into `bytes` from `at` on. False where it is not an even number of lowercase hex digits. */
export function putHex(text: string, bytes: Uint8Array, at: number): boolean {
  const count = text.length >> 1
  let bad = text.length & 1
  for (let i = 0; i < count; i++) {
    const high = values[text.charCodeAt(2 * i)] ?? 255
    const low = values[text.charCodeAt(2 * i + 1)] ?? 255
    bad |= (high | low) & 0xf0
    bytes[at + i] = (high << 4) | low
  }
  return bad === 0
}
