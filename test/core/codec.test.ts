import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, decodeWith, Reader, Writer } from '../../src/core/codec.ts'
import { fromHex, toHex } from '../../src/core/crypto.ts'

const unsigned = (bytes: readonly number[]) => decodeWith(Uint8Array.from(bytes), (reader) => reader.unsigned())

describe('canonical bytes', () => {
  it('hold integers, text, bytes, flags, options and lists', () => {
    const values = fc.record({
      whole: fc.maxSafeNat(),
      signed: fc.maxSafeInteger(),
      text: fc.string({ unit: 'grapheme', maxLength: 300 }),
      bytes: fc.uint8Array({ maxLength: 300 }),
      flag: fc.boolean(),
      option: fc.option(fc.nat(), { nil: undefined }),
      list: fc.array(fc.nat(), { maxLength: 20 }),
    })
    fc.assert(
      fc.property(values, (value) => {
        const writer = new Writer(1)
        writer.unsigned(value.whole).signed(value.signed).text(value.text).bytes(value.bytes).flag(value.flag)
        writer.optional(value.option, (option) => writer.unsigned(option)).list(value.list, (item) => writer.unsigned(item))
        const decoded = decodeWith(writer.finish(), (reader) => ({
          whole: reader.unsigned(),
          signed: reader.signed(),
          text: reader.text(10_000),
          bytes: reader.bytes(300),
          flag: reader.flag(),
          option: reader.optional(() => reader.unsigned()),
          list: reader.list(20, () => reader.unsigned()),
        }))
        expect(decoded).toEqual({ value })
      }),
    )
  })

  it.each([
    ['ends in the middle', [0x80]],
    ['needless bytes', [0x81, 0x00]],
    ['above 2^53', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['endless', new Array(20).fill(0x80)],
    ['bytes after its end', [1, 1]],
    ['nothing', []],
  ])('refuse an integer with %s', (_story, bytes) => {
    expect(unsigned(bytes)).toHaveProperty('malformed')
  })

  it('have one form: zero has no sign, a flag is 0 or 1, text is UTF-8', () => {
    expect(decodeWith(Uint8Array.of(1, 0), (reader) => reader.signed())).toHaveProperty('malformed')
    expect(decodeWith(Uint8Array.of(2), (reader) => reader.flag())).toHaveProperty('malformed')
    expect(decodeWith(Uint8Array.of(2, 0xc3, 0x28), (reader) => reader.text(9))).toHaveProperty('malformed')
    expect(decodeWith(Uint8Array.of(3, 65, 66, 67), (reader) => reader.text(2))).toHaveProperty('malformed')
    expect(decodeWith(Uint8Array.of(200, 1), (reader) => reader.list(100, () => 0))).toHaveProperty('malformed')
  })

  const integers: [number, readonly number[]][] = [
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 0x01]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [2 ** 31, [0x80, 0x80, 0x80, 0x80, 0x08]],
    [2 ** 49, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    [2 ** 53 - 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ]
  it.each(integers)('hold %i as they do everywhere', (value, bytes) => {
    expect([...new Writer().unsigned(value).finish()]).toEqual(bytes)
    expect(unsigned(bytes)).toEqual({ value })
  })

  it('hold no integer below 0, over 2^53 or with a part', () => {
    for (const value of [-1, 2 ** 53, 0.5, Number.NaN]) expect(() => new Writer().unsigned(value)).toThrow(RangeError)
    expect([...new Writer().signed(-1).signed(1).signed(0).finish()]).toEqual([1, 1, 0, 1, 0, 0])
  })

  it.each([0, 1, 79, 80, 81, 126, 127, 128, 129, 1_023, 1_024, 5_000])('hold a text of %i characters, ASCII or not', (length) => {
    for (const text of ['x'.repeat(length), `${'x'.repeat(Math.max(0, length - 1))}é`, `\u007f${'\u0080'.repeat(length)}`]) {
      const bytes = new Writer(1).text('before').text(text).text('after').finish()
      const read = decodeWith(bytes, (reader) => [reader.text(99), reader.text(20_000), reader.text(99)])
      expect(read).toEqual({ value: ['before', text, 'after'] })
    }
  })

  it('hold a text as it is, a mark of its byte order included', () => {
    for (const text of ['\ufeffx', `\ufeff${'x'.repeat(200)}`]) {
      expect(decodeWith(new Writer().text(text).finish(), (reader) => reader.text(999))).toEqual({ value: text })
    }
  })

  it('hold the text that they are, whatever texts were read before', () => {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const expected = (bytes: Uint8Array): unknown => {
      try {
        return { value: utf8.decode(bytes) }
      } catch {
        return { malformed: 'text is not UTF-8' }
      }
    }
    // Few different bytes, so that texts come again; some are the character codes of others.
    const parts = fc.constantFrom([0x61], [0x62], [0x7f], [0xe9], [0xc3, 0xa9], [0xc3], [0xe2, 0x82, 0xac])
    const texts = fc.array(fc.array(parts, { maxLength: 3 }), { minLength: 1, maxLength: 60 })
    const long = fc.array(parts, { minLength: 20, maxLength: 40 })
    fc.assert(
      fc.property(texts, long, (short, last) => {
        for (const text of [...short, last, last]) {
          const bytes = Uint8Array.from(text.flat())
          expect(decodeWith(new Writer().bytes(bytes).finish(), (reader) => reader.text(200))).toEqual(expected(bytes))
          expect(decodeWith(new Writer().bytes(bytes).finish(), (reader) => reader.textOnce(200))).toEqual(expected(bytes))
        }
      }),
    )
    // One that does not fit stops short even where it was read before.
    expect(decodeWith(Uint8Array.of(2, 0x61), (reader) => reader.text(9))).toEqual({ malformed: 'ends too early' })
    expect(decodeWith(Uint8Array.of(2, 0x61), (reader) => reader.textOnce(9))).toEqual({ malformed: 'ends too early' })
    expect(decodeWith(Uint8Array.of(2, 0x61, 0x61), (reader) => reader.textOnce(1))).toEqual({ malformed: 'more than 1 bytes' })
  })

  it.each([10, 65_536, 65_537, 300_000])('of %i in all stay as they are, whatever is written after them', (count) => {
    const write = (byte: number): Uint8Array => {
      const writer = new Writer(count)
      for (let left = count; left > 0; left--) writer.byte(byte)
      const written = writer.finish()
      // A writer is empty once it has ended.
      writer.byte(99)
      expect(writer.finish()).toEqual(Uint8Array.of(99))
      return written
    }
    const [first, second] = [write(1), write(2)]
    expect([first.length, second.length]).toEqual([count, count])
    expect(first.every((byte) => byte === 1) && second.every((byte) => byte === 2)).toBe(true)
  })

  it('hold as much as there is, however small the guess', () => {
    const writer = new Writer(1)
    const many = Array.from({ length: 3_000 }, (_, i) => i % 256)
    for (const byte of many) writer.byte(byte)
    expect(writer.length).toBe(3_000)
    expect([...writer.raw(Uint8Array.from(many)).finish()]).toEqual([...many, ...many])
    expect(writer.length).toBe(0)
  })

  it('end where they end', () => {
    expect(decodeWith(Uint8Array.of(1, 2), (reader) => [reader.left, reader.byte(), reader.left, reader.byte()])).toEqual({
      value: [2, 1, 1, 2],
    })
    expect(decodeWith(Uint8Array.of(1), (reader) => reader.raw(2))).toEqual({ malformed: 'ends too early' })
    expect(decodeWith(Uint8Array.of(1, 2), (reader) => reader.raw(2))).toEqual({ value: Uint8Array.of(1, 2) })
    expect(decodeWith(Uint8Array.of(2, 1, 2), (reader) => reader.bytes(2))).toEqual({ value: Uint8Array.of(1, 2) })
    expect(decodeWith(Uint8Array.of(2, 1, 1), (reader) => reader.list(2, () => reader.byte()))).toEqual({ value: [1, 1] })
    expect(() => decodeWith(Uint8Array.of(1), () => Number.NaN.toFixed(101))).toThrow(RangeError)
  })

  it('random bytes are read or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        decodeWith(bytes, (reader) => [reader.text(32), reader.list(8, () => reader.signed()), reader.bytes(16)])
      }),
    )
  })

  it('a writer’s buffer serves the next one, and what was written stays as it was', () => {
    const first = new Writer().text('first').finish()
    const second = new Writer().text('other').finish()
    expect([first, second].map((bytes) => new Reader(bytes).text(9))).toEqual(['first', 'other'])
    const nested = new Writer().unsigned(1)
    const inner = new Writer().unsigned(2).finish()
    expect(concat(nested.finish(), inner)).toEqual(Uint8Array.of(1, 2))
  })

  it('of any size lie apart: to change some changes no others', () => {
    const sizes = [0, 1, 63, 64, 65, 700, 1_023, 1_024, 1_025, 5_000]
    const all = Array.from({ length: 60 }, (_, i) => {
      const size = sizes[i % sizes.length] as number
      return { value: i, bytes: new Writer().raw(new Uint8Array(size).fill(i)).finish(), size }
    })
    for (const { bytes } of all.filter(({ value }) => value % 2 === 1)) bytes.fill(255)
    for (const { value, bytes, size } of all) {
      expect(bytes).toEqual(new Uint8Array(size).fill(value % 2 === 1 ? 255 : value))
    }
  })
})

it('hex goes there and back, and what is none is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes)
    }),
  )
  for (const text of ['0', 'zz', 'AB', '0g', 'é0', '0é', '0漢', '0x']) expect(fromHex(text)).toBeUndefined()
})
