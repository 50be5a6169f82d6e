/** What the checks read bytes with: none of it is production's. Throws a `RangeError` for what cannot be read. */
export class Bytes {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new RangeError('ends too early')
    return this.#bytes[this.#at++] as number
  }

  /** Unsigned LEB128 in its shortest form. */
  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte % 128) * scale
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 49) throw new RangeError('too large a number')
      if (byte >= 128) continue
      if (byte === 0 && scale > 1) throw new RangeError('a number in a longer form than it needs')
      return value
    }
  }

  raw(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new RangeError('ends too early')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  block(most = Number.POSITIVE_INFINITY): Uint8Array {
    const count = this.number()
    if (count > most) throw new RangeError('too many bytes')
    return this.raw(count)
  }

  text(most = Number.POSITIVE_INFINITY): string {
    const bytes = this.block(most)
    // More than a few characters are decoded faster than put together.
    if (bytes.length > 12) return utf8.decode(bytes)
    let text = ''
    for (const byte of bytes) {
      if (byte >= 128) return utf8.decode(bytes)
      text += String.fromCharCode(byte)
    }
    return text
  }

  flag(): boolean {
    const byte = this.byte()
    if (byte > 1) throw new RangeError('neither yes nor no')
    return byte === 1
  }

  maybe<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined
  }

  list<T>(most: number, read: () => T): T[] {
    const count = this.number()
    if (count > most) throw new RangeError('too many')
    const items: T[] = []
    for (let left = count; left > 0; left--) items.push(read())
    return items
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a === b || (a.length === b.length && Buffer.compare(a, b) === 0)

/** Whether a hash is the one that a text names. */
export function isHash(bytes: Uint8Array, text: string): boolean {
  if (text.length !== 2 * bytes.length) return false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (text.charCodeAt(2 * i) !== digits.charCodeAt(byte >> 4) || text.charCodeAt(2 * i + 1) !== digits.charCodeAt(byte & 15))
      return false
  }
  return true
}

const digits = '0123456789abcdef'

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
