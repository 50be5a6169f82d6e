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
})

it('hex goes there and back, and what is none is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes)
    }),
  )
  for (const text of ['0', 'zz', 'AB', '0g', 'é0', '0x']) expect(fromHex(text)).toBeUndefined()
})
