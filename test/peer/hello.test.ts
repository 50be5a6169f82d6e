import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHello } from '../../src/core/hello-head.ts'
import type { Instant, RoomId } from '../../src/core/ids.ts'
import { nameCharsMax, wireVersion } from '../../src/core/limits.ts'
import { decodeHello, encodeHello, type Hello } from '../../src/peer/network.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'

const head = { epoch: { number: 3, initiator: peerNamed('A') }, index: 17, hash: 'ab'.repeat(32) }
const about = { founder: 'Ana', members: 3, founded: 1_700_000_000_000 as Instant }
const hellos: readonly Hello[] = [
  { name: '', roomName: 'classroom', room: undefined },
  { name: 'Ana Conceição', roomName: 'sala 4 é', room: { id: 'cd'.repeat(32) as RoomId, head, holdsFast: true, ...about } },
  { name: 'Bob', roomName: 'classroom', room: { id: '01'.repeat(32) as RoomId, head, holdsFast: false, ...about } },
]

describe('a hello', () => {
  it('comes back as it was', () => {
    for (const hello of hellos) expect(decodeHello(encodeHello(hello))).toEqual({ kind: 'hello', hello })
  })

  it('is never taken for a frame, and no frame for a hello', () => {
    expect(hellos.map((hello) => isHello(encodeHello(hello)))).toEqual([true, true, true])
    expect(isHello(encodeFrame(1, { kind: 'ping', nonce: 1 }))).toBe(false)
  })

  it('of another version is told by its number, whatever follows', () => {
    expect(decodeHello(Uint8Array.of(0, wireVersion + 6, 255, 1, 2))).toEqual({ kind: 'version', version: wireVersion + 6 })
  })

  it('that is cut, or goes on after its end, is malformed', () => {
    for (const bytes of hellos.map(encodeHello)) {
      for (let length = 0; length < bytes.length; length++) expect(decodeHello(bytes.subarray(0, length)).kind).toBe('malformed')
      expect(decodeHello(Uint8Array.of(...bytes, 9)).kind).toBe('malformed')
    }
  })

  it('with a name that is longer than any can be is malformed', () => {
    const named = (length: number) => decodeHello(encodeHello({ ...(hellos[0] as Hello), name: 'a'.repeat(length) })).kind
    expect([named(4 * nameCharsMax), named(4 * nameCharsMax + 1)]).toEqual(['hello', 'malformed'])
  })

  it('of any bytes never throws', () => {
    const hellolike = fc.uint8Array({ maxLength: 120 }).map((rest) => Uint8Array.of(0, wireVersion, ...rest))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), hellolike), (bytes) => {
        const decoded = decodeHello(bytes)
        if (decoded.kind === 'hello') expect(encodeHello(decoded.hello)).toEqual(bytes)
      }),
    )
  })
})
