import { putHex } from './crypto.ts'

/**
 * Canonical bytes: fixed field order, LEB128 integers, UTF-8 as given (PROTOCOL, section 6).
 * One value has one encoding: the reader refuses a LEB128 with needless bytes, and text that is not UTF-8.
 */

/**
 * Bytes from outside that do not follow the format. Caught at every door; never leaves a decoder. No `Error`: it names no
 * fault of ours, and whoever sends rubbish is not to cost a stack trace each time.
 */
export class Malformed {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** One after the other, in one array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Writer {
  #bytes: Uint8Array
  #length = 0

  /** `capacity`: a guess, in bytes; it grows. */
  constructor(capacity = 256) {
    const kept = spare.pop()
    this.#bytes = kept !== undefined && kept.length >= capacity ? kept : new Uint8Array(Math.max(capacity, 1024))
  }

  get length(): number {
    return this.#length
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }

  byte(value: number): this {
    this.#room(1)
    this.#bytes[this.#length++] = value
    return this
  }

  flag(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  /** A safe integer from 0 on, unsigned LEB128. */
  unsigned(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`)
    this.#room(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
    return this
  }

  /** A safe integer of either sign: one byte for the sign, then its magnitude. */
  signed(value: number): this {
    return this.flag(value < 0).unsigned(Math.abs(value))
  }

  /** As they are: the reader must know how many. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  bytes(bytes: Uint8Array): this {
    return this.unsigned(bytes.length).raw(bytes)
  }

  text(text: string): this {
    // Short ASCII, as ids are, is far faster by hand than through TextEncoder.
    const count = text.length
    if (count < 128) {
      const start = this.#length
      this.#room(count + 1)
      this.#bytes[this.#length++] = count
      for (let i = 0; i < count; i++) {
        const code = text.charCodeAt(i)
        if (code >= 0x80) {
          this.#length = start
          return this.bytes(encoder.encode(text))
        }
        this.#bytes[this.#length++] = code
      }
      return this
    }
    return this.bytes(encoder.encode(text))
  }

  /** The bytes that a text of hex digits names. */
  hex(text: string): this {
    const count = text.length >> 1
    this.unsigned(count).#room(count)
    if (!putHex(text, this.#bytes, this.#length)) throw new RangeError('not hex digits')
    this.#length += count
    return this
  }

  /** `undefined` as one zero byte. */
  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.flag(value !== undefined)
    if (value !== undefined) write(value)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.unsigned(items.length)
    for (const item of items) write(item)
    return this
  }

  /** What was written: a copy, unless it is so large that its memory is not used again. The writer is empty afterwards. */
  finish(): Uint8Array {
    const isLarge = this.#length > spareBytesMax
    const written = isLarge ? this.#bytes.subarray(0, this.#length) : copyOf(this.#bytes, this.#length)
    if (spare.length < spareMax && this.#bytes.length <= spareBytesMax) spare.push(this.#bytes)
    this.#bytes = nothing
    this.#length = 0
    return written
  }
}

/** Buffers of writers that are done: most writers are short-lived, and a new buffer costs more than what is written to it. */
const spare: Uint8Array[] = []
const spareMax = 4
const spareBytesMax = 64 * 1024
const nothing = new Uint8Array(0)

/**
 * Room for small results, cut off one after the other: a buffer of its own for each costs more than to fill it. Small, since
 * one result that is kept keeps all of it.
 */
let slab = new ArrayBuffer(0)
let slabUsed = 0
const slabBytes = 8 * 1024
/** Smaller ones have no buffer of their own anyway; larger ones are worth one. */
const slicedBytesMin = 64
const slicedBytesMax = 1024

function copyOf(bytes: Uint8Array, length: number): Uint8Array {
  if (length <= slicedBytesMin || length > slicedBytesMax) return bytes.slice(0, length)
  if (slabUsed + length > slab.byteLength) {
    slab = new ArrayBuffer(slabBytes)
    slabUsed = 0
  }
  const copy = new Uint8Array(slab, slabUsed, length)
  slabUsed += length
  copy.set(bytes.subarray(0, length))
  return copy
}

export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) throw new Malformed('ends too early')
    return value
  }

  flag(): boolean {
    const value = this.byte()
    if (value > 1) throw new Malformed('a flag is 0 or 1')
    return value === 1
  }

  unsigned(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw new Malformed('an integer is too large')
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw new Malformed('an integer has needless bytes')
        return value
      }
      scale *= 0x80
      if (scale > 2 ** 49) throw new Malformed('an integer is too long')
    }
  }

  signed(): number {
    const negative = this.flag()
    const value = this.unsigned()
    if (negative && value === 0) throw new Malformed('zero has no sign')
    return negative ? -value : value
  }

  /** A view, not a copy. */
  raw(count: number): Uint8Array {
    if (count > this.left) throw new Malformed('ends too early')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  bytes(max: number): Uint8Array {
    const count = this.unsigned()
    if (count > max) throw new Malformed(`more than ${max} bytes`)
    return this.raw(count)
  }

  /** What `read` makes of at most `max` bytes, where they stand: a view of them would cost more than they do. */
  inPlace<T>(max: number, read: (bytes: Uint8Array, at: number, count: number) => T): T {
    const count = this.unsigned()
    if (count > max) throw new Malformed(`more than ${max} bytes`)
    if (count > this.left) throw new Malformed('ends too early')
    this.#at += count
    return read(this.#bytes, this.#at - count, count)
  }

  /** At most `max` bytes of UTF-8. */
  text(max: number): string {
    const count = this.unsigned()
    if (count > max) throw new Malformed(`more than ${max} bytes`)
    if (count > metBytesMax) return textOf(this.raw(count))
    if (count > this.left) throw new Malformed('ends too early')
    this.#at += count
    return metText(this.#bytes, this.#at - count, count)
  }

  /** The same of one that hardly comes a second time, so that it is not remembered in the place of others. */
  textOnce(max: number): string {
    return this.inPlace(max, textAt)
  }

  optional<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined
  }

  list<T>(max: number, read: () => T): T[] {
    const items: T[] = []
    for (let left = this.count(max); left > 0; left--) items.push(read())
    return items
  }

  /** How many entries follow. */
  count(max: number): number {
    const count = this.unsigned()
    if (count > max) throw new Malformed(`more than ${max} entries`)
    return count
  }

  /** Throws unless every byte was read. */
  end(): void {
    if (this.left > 0) throw new Malformed('has bytes after its end')
  }
}

/** Short texts that were read lately, by their bytes: accounts and names come again and again, and are made once. */
const met: (string | undefined)[] = Array(4_096)
const metBytesMax = 32

function metText(bytes: Uint8Array, from: number, count: number): string {
  let place = count
  for (let i = from; i < from + count; i++) place = (Math.imul(place, 31) + (bytes[i] as number)) & (met.length - 1)
  const known = met[place]
  if (known !== undefined && isText(known, bytes, from, count)) return known
  const text = textAt(bytes, from, count)
  met[place] = text
  return text
}

/** Whether these bytes are that text; only ASCII is recognised. */
export function isText(text: string, bytes: Uint8Array, from: number, count: number): boolean {
  if (count !== text.length) return false
  for (let i = 0; i < count; i++) {
    const byte = bytes[from + i] as number
    if (byte >= 0x80 || byte !== text.charCodeAt(i)) return false
  }
  return true
}

/** Throws `Malformed` where it is not UTF-8. */
export const textOf = (bytes: Uint8Array): string => textAt(bytes, 0, bytes.length)

/** By length: where the codes of a short text are put before they become one. */
const shortCodes = Array.from({ length: 33 }, (_, length) => Array<number>(length).fill(0))

export function textAt(bytes: Uint8Array, from: number, count: number): string {
  const codes = shortCodes[count]
  // A few characters are put together faster than a decoder is called, and without a view of their bytes.
  if (codes === undefined) return decode(bytes.subarray(from, from + count))
  for (let i = 0; i < count; i++) {
    const code = bytes[from + i] as number
    if (code >= 0x80) return decode(bytes.subarray(from, from + count))
    codes[i] = code
  }
  return String.fromCharCode(...codes)
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Malformed('text is not UTF-8')
  }
}

/** Runs a decoder over unknown bytes: the value, or the reason why there is none. Other errors are bugs and go on. */
export function decodeWith<T>(
  bytes: Uint8Array,
  read: (reader: Reader) => T,
): { readonly value: T } | { readonly malformed: string } {
  try {
    const reader = new Reader(bytes)
    const value = read(reader)
    reader.end()
    return { value }
  } catch (error) {
    if (error instanceof Malformed) return { malformed: error.message }
    throw error
  }
}
