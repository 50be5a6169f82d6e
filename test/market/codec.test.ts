import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import { operationBytesMax } from '../../src/core/limits.ts'
import { decodeSubmission, encodeSubmission, faultOfSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import { anySubmission } from './arbitrary.ts'
import { ana, bid, bob, cancel, createRoom, deposit, encode, open, rejectionOf, start, transfer } from './room.ts'

const lamp = 'BBBBBB-1-3'

describe('an operation as bytes', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anySubmission, (submission) => {
        expect(decodeSubmission(encodeSubmission(submission))).toMatchObject({ value: submission })
      }),
    )
  })

  it('has one encoding: whatever bytes can be read are those that would be written', () => {
    fc.assert(
      fc.property(anySubmission, fc.nat(), fc.nat(255), (submission, at, byte) => {
        const bytes = encodeSubmission(submission)
        bytes[at % bytes.length] = byte
        const decoded = decodeSubmission(bytes)
        if ('value' in decoded) expect(encodeSubmission(decoded.value)).toEqual(bytes)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is malformed at every length but its own', () => {
    fc.assert(
      fc.property(anySubmission, fc.nat(), (submission, cut) => {
        const bytes = encodeSubmission(submission)
        expect(decodeSubmission(bytes.subarray(0, cut % bytes.length))).toHaveProperty('malformed')
        expect(decodeSubmission(new Uint8Array([...bytes, 0]))).toHaveProperty('malformed')
      }),
    )
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const decoded = decodeSubmission(bytes)
        expect('value' in decoded || 'malformed' in decoded).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  it('has a body that does not depend on the request id', () => {
    fc.assert(
      fc.property(anySubmission, ({ operation }) => {
        const bodies = [undefined, 'r1', 'a-longer-one'].map((request) => {
          const bytes = encode(operation, request)
          const decoded = decodeSubmission(bytes)
          return 'bodyAt' in decoded ? bytes.subarray(decoded.bodyAt) : undefined
        })
        expect(bodies[0]).toBeDefined()
        expect(bodies[1]).toEqual(bodies[0])
        expect(bodies[2]).toEqual(bodies[0])
      }),
    )
  })
})

describe('an operation out of its limits is malformed', () => {
  const rows: readonly (readonly [string, Operation])[] = [
    ['an amount of 0', deposit('a', 0)],
    ['an amount over 10^13', deposit('a', 1e13 + 1)],
    ['an empty account id', deposit('', 1)],
    ['an account id of 33 characters', deposit('a'.repeat(33), 1)],
    ['an account id with a space', deposit('a b', 1)],
    ['an account id that is not ASCII', deposit('café', 1)],
    ['a holder without a name', open('a', '')],
    ['a holder’s name of 65 characters', open('a', 'n'.repeat(65))],
    ['a holder’s name with a line break', open('a', 'A\nB')],
    ['a memo of 141 characters', transfer('a', 'b', 1, 'm'.repeat(141))],
    ['a transfer within one account', transfer('a', 'a', 1)],
    ['an auction id that is none', bid('lamp', 'a', 1)],
    ['a reason of 141 characters', cancel(lamp, 'r'.repeat(141))],
    ['an item without a name', start('a', { item: '' })],
    ['a description of 1,001 characters', start('a', { description: 'd'.repeat(1_001) })],
    ['a starting price of 0', start('a', { startingPrice: 0 })],
    ['an increment of 0', start('a', { increment: 0 })],
    ['a reserve below the starting price', start('a', { reserve: 99 })],
    ['buy-now below the starting price', start('a', { buyNow: 99 })],
    ['buy-now below the reserve', start('a', { reserve: 200, buyNow: 199 })],
    ['a duration of 0', start('a', { durationMillis: 0 })],
    ['a duration over 30 days', start('a', { durationMillis: 30 * 86_400_000 + 1 })],
    ['a soft close without a window', start('a', { softClose: { window: 0, extension: 1, cap: 1 } })],
    ['a soft close without an extension', start('a', { softClose: { window: 1, extension: 0, cap: 1 } })],
    ['a cap over 30 days', start('a', { softClose: { window: 1, extension: 1, cap: 30 * 86_400_000 + 1 } })],
    ['a picture that makes it larger than 96 KiB', start('a', { picture: new Uint8Array(96 * 1024) })],
  ]

  it.each(rows)('%s', (_name, operation) => {
    expect(faultOfSubmission({ request: undefined, operation })).toBeTypeOf('string')
    const room = createRoom()
    expect(room.codeOf(bob, operation)).toBe('malformed')
  })

  it.each([
    ['an unknown kind', new Uint8Array([0, 99])],
    ['no bytes at all', new Uint8Array()],
    ['a request id with a space', encode({ kind: 'void' }, 'a b')],
    ['a request id of 65 characters', encode({ kind: 'void' }, 'r'.repeat(65))],
    ['an empty request id', encode({ kind: 'void' }, '')],
    [
      'text that is not UTF-8',
      new Writer()
        .flag(false)
        .byte(1)
        .text('a')
        .bytes(new Uint8Array([0xff]))
        .finish(),
    ],
    ['more than 4 KiB', new Uint8Array([...encode(deposit('a', 1)), ...new Uint8Array(operationBytesMax)])],
  ])('%s', (_name, bytes) => {
    expect(decodeSubmission(bytes)).toHaveProperty('malformed')
  })

  it('at the limits all is well', () => {
    const fits: readonly Operation[] = [
      deposit('a'.repeat(32), 1e13),
      open('a', 'ñ'.repeat(64)),
      transfer('a', 'b', 1, '漢'.repeat(140)),
      start('a', { description: '漢'.repeat(1_000), reserve: 100, buyNow: 100, durationMillis: 30 * 86_400_000 }),
      start('a', { picture: new Uint8Array(95 * 1024), durationMillis: 1, softClose: { window: 1, extension: 1, cap: 0 } }),
    ]
    for (const operation of fits) expect(faultOfSubmission({ request: undefined, operation })).toBeUndefined()
  })

  it('an auction may be as large as 96 KiB, to the byte', () => {
    const withPicture = (bytes: number): Operation => start('a', { picture: new Uint8Array(bytes) })
    const rest = encode(withPicture(90_000)).length - 90_000
    expect(encode(withPicture(96 * 1024 - rest)).length).toBe(96 * 1024)
    expect(faultOfSubmission({ request: undefined, operation: withPicture(96 * 1024 - rest) })).toBeUndefined()
    expect(faultOfSubmission({ request: undefined, operation: withPicture(96 * 1024 - rest + 1) })).toMatch(/98304 bytes/)
  })

  it('a malformed operation uses its sequence, so that the next one counts', () => {
    const room = createRoom()
    expect(rejectionOf(room.submitBytes(ana, new Uint8Array([1, 2, 3])).outcome)?.code).toBe('malformed')
    room.accept(ana, open('ana'))
  })
})
