import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import { frameBytesMax, numberMax, roomMembersMax, wireVersion } from '../../src/core/limits.ts'
import { decodeLabFrame, encodeLabFrame, type FrameFacts, type FrameRecord, recordsMax } from '../../src/peer/lab-frame.ts'
import { decodeFrame } from '../../src/ring/message.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'

const base = 1_700_000_000_000
const peers = ['A', 'B', 'C', 'D'].map(peerNamed)
const peer = fc.constantFrom(...peers)
const topic = fc.constantFrom('log', 'bank', 'auction', 'ring' as const)
const number = fc.integer({ min: 0, max: numberMax })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const facts: fc.Arbitrary<FrameFacts> = fc.record({
  message: fc.constantFrom('token', 'blocks', 'durable', 'status', 'evidence', 'announce' as const),
  lamport: number,
  at: fc.integer({ min: 0, max: 60_000_000 }).map((micros) => base + micros / 1_000),
  epoch: maybe(fc.record({ number, initiator: peer })),
  turn: maybe(number),
  block: maybe(number),
  bytes: fc.integer({ min: 0, max: frameBytesMax }),
  wanting: fc.array(peer, { maxLength: 4 }),
})

const record: fc.Arbitrary<FrameRecord> = fc.oneof(
  fc.tuple(facts, peer).map(([one, to]) => ({ ...one, way: 'sent' as const, to, topic: undefined })),
  fc.tuple(facts, topic).map(([one, on]) => ({ ...one, way: 'sent' as const, to: undefined, topic: on })),
  fc
    .tuple(facts, peer, maybe(topic), maybe(number))
    .map(([one, from, on, arrivedLamport]) => ({ ...one, way: 'received' as const, from, topic: on, arrivedLamport })),
)

describe('frames of the lab', () => {
  it('read back as they were written', () => {
    const records = fc.array(record, { maxLength: recordsMax })
    fc.assert(
      fc.property(fc.tuple(number, records), ([missed, seen]) => {
        const frame = { kind: 'records', missed, records: seen } as const
        expect(decodeLabFrame(encodeLabFrame(frame))).toEqual({ kind: 'frame', frame })
      }),
    )
    expect(decodeLabFrame(encodeLabFrame({ kind: 'watch' }))).toEqual({ kind: 'frame', frame: { kind: 'watch' } })
  })

  it('never throw, whatever the bytes, and are no frames of the ring', () => {
    const crypto = createKeyedCrypto(peerNamed('A'))
    const cut = fc.tuple(fc.array(record, { maxLength: 5 }), fc.nat(), fc.nat(255)).map(([records, place, byte]) => {
      const bytes = encodeLabFrame({ kind: 'records', missed: 0, records })
      bytes[place % bytes.length] = byte
      return bytes.subarray(0, place % 3 === 0 ? place % bytes.length : bytes.length)
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), cut), (bytes) => {
        expect(['frame', 'malformed', 'version']).toContain(decodeLabFrame(bytes).kind)
      }),
      { numRuns: 1_000 },
    )
    fc.assert(
      fc.property(record, (one) => {
        const bytes = encodeLabFrame({ kind: 'records', missed: 1, records: [one] })
        expect(decodeFrame(bytes, crypto).kind).toBe('version')
      }),
    )
  })

  it('of another version are told by it', () => {
    const bytes = new Writer()
      .byte(0x4c)
      .unsigned(wireVersion + 1)
      .raw(Uint8Array.of(9, 9, 9))
      .finish()
    expect(decodeLabFrame(bytes)).toEqual({ kind: 'version', version: wireVersion + 1 })
  })

  const good = {
    message: 'want',
    lamport: 1,
    at: base,
    epoch: undefined,
    turn: undefined,
    block: undefined,
    bytes: 9,
    wanting: [],
  } as const
  const sent = { ...good, way: 'sent', to: peerNamed('B'), topic: undefined } as const
  const rows: [string, readonly FrameRecord[]][] = [
    ['a time more than a minute after the first', [sent, { ...sent, at: base + 60_001 }]],
    ['a frame larger than any', [{ ...sent, bytes: frameBytesMax + 1 }]],
    ['a number over 2^48', [{ ...sent, lamport: numberMax + 1 }]],
    ['a peer that is none', [{ ...sent, to: 'somebody' as typeof sent.to }]],
    ['an epoch of nobody', [{ ...sent, epoch: { number: 1, initiator: '\u202egnp' as typeof sent.to } }]],
    ['more than a batch', Array(recordsMax + 1).fill(sent)],
  ]
  it('hold what is just within those bounds', () => {
    const most = (records: readonly FrameRecord[]) => decodeLabFrame(encodeLabFrame({ kind: 'records', missed: 0, records })).kind
    expect(most([sent, { ...sent, at: base + 60_000 }])).toBe('frame')
    expect(most([{ ...sent, bytes: frameBytesMax }])).toBe('frame')
    expect(most(Array(recordsMax).fill(sent))).toBe('frame')
    expect(most([{ ...sent, wanting: Array(roomMembersMax).fill(sent.to) }])).toBe('frame')
    expect(most([{ ...sent, wanting: Array(roomMembersMax + 1).fill(sent.to) }])).toBe('malformed')
  })

  it('hold as many peers as four full rooms have, and no more', () => {
    const letters = [...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz']
    const crowd = letters.flatMap((one) => letters.map((two) => `12D3KooW${one}${two}${'A'.repeat(42)}` as typeof sent.to))
    const most = (count: number): string => {
      const records = Array.from({ length: Math.ceil(count / roomMembersMax) }, (_, at) => {
        const wanting = crowd.slice(roomMembersMax * at, Math.min(count, roomMembersMax * (at + 1)))
        return { ...sent, to: wanting[0] as typeof sent.to, wanting }
      })
      return decodeLabFrame(encodeLabFrame({ kind: 'records', missed: 0, records })).kind
    }
    expect([most(4 * roomMembersMax), most(4 * roomMembersMax + 1)]).toEqual(['frame', 'malformed'])
  })

  it('name each peer and each epoch once: a second record of the same takes little', () => {
    const one = { ...sent, epoch: { number: 7, initiator: peerNamed('A') }, wanting: [peerNamed('C')] }
    const bytesOf = (count: number) => encodeLabFrame({ kind: 'records', missed: 0, records: Array(count).fill(one) }).length
    expect(bytesOf(100) - bytesOf(1)).toBe(99 * (bytesOf(2) - bytesOf(1)))
    expect(bytesOf(2) - bytesOf(1)).toBeLessThan(20)
  })

  it.each(rows)('are refused with %s', (_story, records) => {
    expect(decodeLabFrame(encodeLabFrame({ kind: 'records', missed: 0, records }))).toHaveProperty('kind', 'malformed')
  })

  it('are refused where they are larger than any batch, before anything is read', () => {
    expect(decodeLabFrame(new Uint8Array(140_000).fill(0x4c))).toMatchObject({
      kind: 'malformed',
      reason: expect.stringMatching('bytes'),
    })
    const sized = (bytes: number) => decodeLabFrame(new Uint8Array(bytes).fill(0x4c)).kind
    expect([sized(128 * 1024), sized(128 * 1024 + 1)]).toEqual(['version', 'malformed'])
  })
})
