import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { wireVersion } from '../../src/core/limits.ts'
import {
  type ExperimentFrame,
  experimentKinds,
  inFrames,
  isSendable,
  partBytes,
  type TalkPart,
  talkPartsMax,
} from '../../src/peer/experiment-frame.ts'
import { decodeLabFrame, encodeLabFrame, isOfExperiment, labFrameBytesMax } from '../../src/peer/lab-frame.ts'
import { peerNamed } from './keyed-crypto.ts'

const peers = ['A', 'B', 'C', 'D', 'E'].map(peerNamed)
const peer = fc.constantFrom(...peers)
const count = fc.oneof(fc.nat(300), fc.nat(2 ** 30), fc.constant(2 ** 48))
const small = fc.integer({ min: 1, max: 2 ** 40 })
const datum = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(0.5))
const message = fc
  .dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== 'kind' && name !== '__proto__'),
    fc.oneof(datum, fc.array(datum)),
    { maxKeys: 4 },
  )
  .chain((fields) => fc.string().map((kind) => ({ ...fields, kind })))
  .map((one) => JSON.parse(JSON.stringify(one)))
const vector = fc.dictionary(peer, count, { maxKeys: 5 })
const payload = fc.record({ message, lamport: count, vector })
const part = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), number: count, payload }),
  fc.record({ kind: fc.constant('ack' as const), through: count, beyond: fc.array(count, { maxLength: 5 }) }),
)
const event = fc.record({
  number: count,
  at: fc.tuple(fc.nat(2 ** 40), fc.nat(999)).map(([millis, micros]) => millis + micros / 1_000),
  event: fc.record({
    what: fc.constantFrom('began', 'wished', 'entered', 'released', 'left', 'sent', 'received'),
    epoch: count,
    peer: fc.option(peer, { nil: undefined }),
    message: fc.option(message, { nil: undefined }),
    purpose: fc.constantFrom('entry', 'overhead', undefined),
    lamport: count,
    vector,
  }),
})
const held = fc.record({ event: count, to: peer, message, lamport: count, attempt: count, rank: count })

/** One arbitrary for each kind: a new one does not compile without. */
const byKind: { readonly [Kind in ExperimentFrame['kind']]: fc.Arbitrary<object> } = {
  talk: fc.record({
    experiment: small,
    parts: fc.array(fc.record({ to: peer, frame: fc.record({ epoch: count, part }) }), { maxLength: 6 }),
  }),
  tell: fc.record({
    experiment: small,
    part: fc.constantFrom('begins', 'out', 'waiting', 'inside', 'done', 'paused', 'dead', 'failed'),
    why: fc.string({ maxLength: 60 }),
    entries: count,
    sent: fc.record({ entry: count, overhead: count }),
    number: count,
    after: count,
    through: count,
    events: fc.array(event, { maxLength: 4 }),
    messages: fc.option(fc.record({ after: count, events: fc.array(event, { maxLength: 4 }), through: count }), {
      nil: undefined,
    }),
    aside: count,
    held: fc.option(fc.array(held, { maxLength: 3 }), { nil: undefined }),
  }),
  step: fc.record({
    experiment: small,
    round: count,
    tally: fc.array(fc.record({ peer, votes: count }), { maxLength: 3 }),
    act: fc.constantFrom('release', 'drop', 'delay'),
    sender: peer,
    event: count,
  }),
  vote: fc.record({ experiment: small, round: count, choice: peer }),
  'ask-own': fc.constant({}),
  own: fc.record({
    algorithms: fc.array(fc.record({ name: fc.constantFrom('mine', 'Größe 1'), sha256: fc.constant('ab'.repeat(32)) }), {
      maxLength: 3,
    }),
  }),
}
const anyFrame = fc.oneof(
  ...Object.entries(byKind).map(([kind, fields]) => fields.map((rest) => ({ kind, ...rest }) as unknown as ExperimentFrame)),
)

describe('a frame of an experiment', () => {
  it.each(experimentKinds)('of kind %s is read as it was written', (kind) => {
    fc.assert(
      fc.property(byKind[kind], (rest) => {
        const frame = { kind, ...rest } as unknown as ExperimentFrame
        const bytes = encodeLabFrame(frame)
        expect(decodeLabFrame(bytes)).toEqual({ kind: 'frame', frame })
        expect(isOfExperiment(bytes)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('is malformed at each shorter length, and with more behind it', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), (frame, cut) => {
        const bytes = encodeLabFrame(frame)
        expect(decodeLabFrame(bytes.subarray(0, cut % bytes.length)).kind).toBe('malformed')
        expect(decodeLabFrame(new Uint8Array([...bytes, 0])).kind).toBe('malformed')
      }),
      { numRuns: 300 },
    )
  })

  it('never throws, whatever the bytes, and what it gives can be written again', () => {
    const look = (bytes: Uint8Array): void => {
      const decoded = decodeLabFrame(bytes)
      if (decoded.kind === 'frame') expect(decodeLabFrame(encodeLabFrame(decoded.frame))).toEqual(decoded)
    }
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.nat(255), (frame, at, value) => {
        const bytes = encodeLabFrame(frame)
        bytes[at % bytes.length] = value
        look(bytes)
      }),
      { numRuns: 1_500 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(8), (rest, kind) =>
        look(new Uint8Array([0x4c, wireVersion, kind, ...rest])),
      ),
      { numRuns: 1_500 },
    )
  })

  const raw = (kind: number, write: (writer: Writer) => unknown): Uint8Array => {
    const writer = new Writer().byte(0x4c).unsigned(wireVersion).byte(kind)
    write(writer)
    return writer.finish()
  }
  const voteOf = (table: readonly string[], place: number, experiment = 1) =>
    raw(5, (writer) =>
      writer
        .list(table, (id) => writer.text(id))
        .unsigned(experiment)
        .unsigned(1)
        .unsigned(place),
    )
  const talkOf = (json: string) =>
    raw(2, (writer) => {
      writer
        .list([peers[0] as string], (id) => writer.text(id))
        .unsigned(1)
        .unsigned(1)
      writer.unsigned(0).unsigned(1).byte(0).unsigned(1).text(json).unsigned(1).unsigned(0)
    })

  it.each([
    ['a peer beside the table', voteOf([peers[0] as string], 1)],
    ['a peer that stands in it twice', voteOf([peers[0] as string, peers[0] as string], 1)],
    ['what is no peer', voteOf(['nobody'], 0)],
    ['experiment 0', voteOf([peers[0] as string], 0, 0)],
    ['a message that is no JSON', talkOf('{')],
    ['a message that is a list', talkOf('[]')],
    ['a message without a kind', talkOf('{"time":1}')],
    ['a message with data inside data', talkOf('{"kind":"x","a":{"b":1}}')],
    ['a message with a list of lists', talkOf('{"kind":"x","a":[[1]]}')],
    ['a message with nothing in it', talkOf('{"kind":"x","a":null}')],
    ['a message that would be its own parent', talkOf('{"kind":"x","__proto__":1}')],
    ['a message that is too long', talkOf(`{"kind":"${'x'.repeat(4 * 1024)}"}`)],
    [
      'more peers than a room has',
      voteOf(
        Array.from({ length: 513 }, () => peers[0] as string),
        0,
      ),
    ],
    ['an unknown kind', raw(8, () => {})],
    ['more bytes than there may be', new Uint8Array(labFrameBytesMax + 1)],
  ])('is none with %s', (_what, bytes) => {
    expect(decodeLabFrame(bytes).kind).toBe('malformed')
  })

  it('is one with a message of plain data', () => {
    expect(decodeLabFrame(talkOf('{"kind":"x","a":[1,"b",true],"time":-1}')).kind).toBe('frame')
  })

  it('of another version is told apart from one that is none', () => {
    expect(decodeLabFrame(new Uint8Array([0x4c, wireVersion + 1, 2, 7]))).toEqual({ kind: 'version', version: wireVersion + 1 })
  })
})

describe('what the ring’s frames are watched with', () => {
  it('is none of an experiment', () => {
    expect(isOfExperiment(encodeLabFrame({ kind: 'watch' }))).toBe(false)
    expect(isOfExperiment(encodeLabFrame({ kind: 'records', missed: 0, records: [] }))).toBe(false)
    expect([[], [0x4c], [1, 2, 3]].map((bytes) => isOfExperiment(new Uint8Array(bytes)))).toEqual([false, false, false])
  })
})

describe('what is said at once', () => {
  const partOf = (text: string): TalkPart => ({
    to: peers[0] as PeerId,
    frame: {
      epoch: 1,
      part: {
        kind: 'data',
        number: 1,
        payload: { message: { kind: text }, lamport: 1, vector: { [peers[1] as PeerId]: 2 ** 47 } },
      },
    },
  })

  it('goes into frames that are none too large, nothing of it lost', () => {
    const long = Array.from({ length: 200 }, (_, at) => partOf(String(at) + 'ü'.repeat(1_900)))
    for (const parts of [long, Array.from({ length: 2_000 }, (_, at) => partOf(String(at)))]) {
      const frames = inFrames(parts, talkPartsMax, partBytes)
      expect(frames.flat()).toEqual(parts)
      expect(frames.length).toBeGreaterThan(1)
      for (const some of frames)
        expect(decodeLabFrame(encodeLabFrame({ kind: 'talk', experiment: 1, parts: some })).kind).toBe('frame')
    }
    expect(inFrames([], 5, () => 1)).toEqual([])
  })

  it('is no more than what can travel', () => {
    expect(isSendable({ kind: 'x', list: [1, 'a', true] })).toBe(true)
    expect(isSendable({ kind: 'x'.repeat(5_000) })).toBe(false)
    for (const wrong of [{ kind: 'x', a: { b: 1 } }, { kind: 'x', a: Number.NaN }, { kind: 1 }, { a: 1 }])
      expect(isSendable(wrong as never)).toBe(false)
  })
})
