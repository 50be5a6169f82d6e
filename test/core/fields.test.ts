import { describe, expect, it } from 'vitest'
import { decodeWith, Writer } from '../../src/core/codec.ts'
import { bytes, count, type Field, flag, hash, list, oneOf, optional, struct, text } from '../../src/core/fields.ts'

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

  it('of a number holds 0 to 2^48', () => {
    for (const value of [0, 1, 2 ** 48 - 1, 2 ** 48]) expect(read(count, written(count, value))).toEqual({ value })
    expect(read(count, written(count, 2 ** 48 + 1))).toEqual({ malformed: 'a number is over 2^48' })
  })
})
