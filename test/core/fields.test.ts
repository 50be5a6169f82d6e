import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeWith, Writer } from '../../src/core/codec.ts'
import { bytes, count, type Field, flag, hash, list, oneOf, optional, peerId, struct, text } from '../../src/core/fields.ts'

function written<T>(field: Field<T>, value: T): Uint8Array {
  const writer = new Writer()
  field.write(writer, value)
  return writer.finish()
}
const read = <T>(field: Field<T>, from: Uint8Array) => decodeWith(from, (reader) => field.read(reader))
const both = struct<{ readonly a: number; readonly b: boolean }>({ a: count, b: flag })

describe('a field', () => {
  const rows: [string, Field<never>, unknown, readonly number[]][] = [
    ['a number', count as Field<never>, 300, [0xac, 0x02]],
    ['a flag', flag as Field<never>, true, [1]],
    ['a text', text(2) as Field<never>, 'hi', [2, 104, 105]],
    ['bytes', bytes(2) as Field<never>, Uint8Array.of(7, 8), [2, 7, 8]],
    ['no hash', hash as Field<never>, '', [0]],
    ['a hash', hash as Field<never>, 'ab'.repeat(32), [32, ...new Array(32).fill(0xab)]],
    ['one of several', oneOf('x', 'y') as Field<never>, 'y', [1]],
    ['nothing', optional(count) as Field<never>, undefined, [0]],
    ['something', optional(count) as Field<never>, 5, [1, 5]],
    ['several', list(count, 2) as Field<never>, [1, 2], [2, 1, 2]],
    ['fields in their order', both as Field<never>, { a: 1, b: false }, [1, 0]],
  ]
  it.each(rows)('that holds %s is written as it is read', (_what, field, value, expected) => {
    expect([...written(field, value as never)]).toEqual(expected)
    expect(read(field, Uint8Array.from(expected))).toEqual({ value })
  })

  const refusals: [string, Field<never>, readonly number[]][] = [
    ['a longer text than it may hold', text(2) as Field<never>, [3, 104, 105, 105]],
    ['more bytes than it may hold', bytes(2) as Field<never>, [3, 1, 2, 3]],
    ['a hash of 31 bytes', hash as Field<never>, [31, ...new Array(31).fill(1)]],
    ['a hash of one byte', hash as Field<never>, [1, 1]],
    ['none of its values', oneOf('x', 'y') as Field<never>, [2]],
    ['more entries than it may hold', list(count, 2) as Field<never>, [3, 1, 2, 3]],
    ['a flag that is none', flag as Field<never>, [2]],
  ]
  it.each(refusals)('refuses %s', (_what, field, given) => {
    expect(read(field, Uint8Array.from(given))).toHaveProperty('malformed')
  })

  it('that holds a hash or a peer id is read where it stands, whatever stands around it', () => {
    const pair = struct<{ readonly before: number; readonly hash: string; readonly id: string }>({
      before: count,
      hash,
      id: peerId as Field<string>,
    })
    for (const before of [1, 300]) {
      for (const one of ['ab'.repeat(32), '']) {
        const value = { before, hash: one, id: 'x' }
        const encoded = written(pair, value)
        expect(read(pair, encoded)).toEqual({ value })
        for (let end = 0; end < encoded.length; end++) expect(read(pair, encoded.subarray(0, end))).toHaveProperty('malformed')
        const within = Uint8Array.of(9, ...encoded, 9).subarray(1, 1 + encoded.length)
        expect(read(pair, within.subarray(0, -1))).toHaveProperty('malformed')
      }
    }
  })

  it('of a hash is not written where the text is none', () => {
    for (const none of ['abc', 'zz', 'AB', 'é0']) expect(() => written(hash, none)).toThrow(RangeError)
  })

  it('of a number holds 0 to 2^48', () => {
    for (const value of [0, 1, 2 ** 48 - 1, 2 ** 48]) expect(read(count, written(count, value))).toEqual({ value })
    expect(read(count, written(count, 2 ** 48 + 1))).toEqual({ malformed: 'a number is over 2^48' })
  })
})

describe('a field that remembers what it read lately', () => {
  // Few different ends and beginnings: many of them share a place.
  const ends = fc.constantFrom('', 'a', 'zz', '__proto__', '123', 'é', 'Pr\u00e9A', 'x'.repeat(40))
  const id = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 4 }), ends).map(([start, end]) => `${start}${end}`)
  // A grapheme can be long.
  const ids = fc.array(id.filter((text) => Buffer.byteLength(text) <= 64))

  it('gives each peer id as it was written, whichever came before', () => {
    fc.assert(
      fc.property(ids, (texts) => {
        for (const id of [...texts, ...texts]) expect(read(peerId, written(peerId, id as never))).toEqual({ value: id })
      }),
    )
  })

  it('gives a peer id that another one begins and ends with', () => {
    for (const id of ['abab', 'ab', 'abab']) expect(read(peerId, written(peerId, id as never))).toEqual({ value: id })
  })

  it('refuses a peer id that is not UTF-8, also after one that is the same letter by letter', () => {
    // Both have one place among those that are remembered.
    expect(read(peerId, Uint8Array.of(3, 0x6b, 0xc3, 0xa9))).toEqual({ value: 'ké' })
    expect(read(peerId, Uint8Array.of(2, 0x6b, 0xe9))).toEqual({ malformed: 'text is not UTF-8' })
    expect(read(peerId, Uint8Array.of(65, ...new Array(65).fill(0x61)))).toHaveProperty('malformed')
  })

  it('gives each hash as it was written, whichever came before, and does not hold on to the bytes that it came in', () => {
    const hashes = fc.array(fc.tuple(fc.nat(3), fc.nat(3)).map(([first, last]) => `0${first}${'00'.repeat(30)}0${last}`))
    fc.assert(
      fc.property(hashes, (texts) => {
        for (const one of [...texts, ...texts]) {
          const frame = written(hash, one)
          expect(read(hash, frame)).toEqual({ value: one })
          frame.fill(0x11)
        }
      }),
    )
  })
})
