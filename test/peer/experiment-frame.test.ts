import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { wireVersion } from '../../src/core/limits.ts'
import {
  type ExperimentFrame,
  eventBytes,
  experimentKinds,
  heldBytes,
  inFrames,
  isSendable,
  partBytes,
  type TalkPart,
  talkPartsMax,
} from '../../src/peer/experiment-frame.ts'
import { decodeLabFrame, encodeLabFrame, isOfExperiment, labFrameBytesMax } from '../../src/peer/lab-frame.ts'
import { peerNamed } from './keyed-crypto.ts'
import { batchOf, heldOf, tellOf, toldOf } from './told.ts'

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
  const ownOf = (name: string, sha256: string) => encodeLabFrame({ kind: 'own', algorithms: [{ name, sha256 }] })
  /** `known`: places of peers, each with one event. */
  const talkOf = (json: string, known: readonly number[] = []) =>
    raw(2, (writer) => {
      writer
        .list([peers[0] as string], (id) => writer.text(id))
        .unsigned(1)
        .unsigned(1)
      writer.unsigned(0).unsigned(1).byte(0).unsigned(1).text(json).unsigned(1).unsigned(known.length)
      for (const place of known) writer.unsigned(place).unsigned(1)
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
    ['a peer that stands twice in a vector time', talkOf('{"kind":"x"}', [0, 0])],
    ['an algorithm without a name', ownOf('', 'ab'.repeat(32))],
    ['a sum that is none', ownOf('mine', 'xy'.repeat(32))],
    ['an unknown kind', raw(8, () => {})],
    ['more bytes than there may be', new Uint8Array(labFrameBytesMax + 1)],
  ])('is none with %s', (_what, bytes) => {
    expect(decodeLabFrame(bytes).kind).toBe('malformed')
  })

  const manyPeers = (count: number): readonly PeerId[] =>
    Array.from({ length: count }, (_, at) => {
      const letters = [...at.toString(8).padStart(4, '0')].map((digit) => 'ABCDEFGH'[Number(digit)])
      return `${peerNamed('S').slice(0, -4)}${letters.join('')}` as PeerId
    })
  const one = peers[0] as PeerId
  const ack = (through: number, beyond: readonly number[] = []): TalkPart => ({
    ...{ to: one, frame: { epoch: 1, part: { kind: 'ack', through, beyond } } },
  })
  /** Each part names two of them, but the last may name one. */
  const pairs = (named: readonly PeerId[]): readonly TalkPart[] =>
    named.flatMap((to, at): TalkPart[] => {
      const other = named[at + 1]
      const payload = { message: { kind: 'x' }, lamport: 1, vector: other === undefined ? {} : { [other]: 1 } }
      return at % 2 === 0 ? [{ to, frame: { epoch: 1, part: { kind: 'data', number: 1, payload } } }] : []
    })
  const numbersTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)
  const talkWith = (parts: readonly TalkPart[]) => ({ kind: 'talk', experiment: 1, parts }) as const
  it.each<readonly [string, number, (count: number) => ExperimentFrame]>([
    ['parts of talk', 512, (count) => talkWith(numbersTo(count).map((through) => ack(through)))],
    ['numbers beyond the acknowledged', 1_024, (count) => talkWith([ack(1, numbersTo(count))])],
    ['deeds', 512, (count) => tellOf({ events: numbersTo(count).map((number) => toldOf(one, number, 'wished')) })],
    [
      'messages',
      512,
      (count) =>
        tellOf({
          messages: batchOf(
            0,
            numbersTo(count).map((number) => toldOf(one, number, 'wished')),
            count,
          ),
        }),
    ],
    ['waiting messages', 256, (count) => tellOf({ held: numbersTo(count).map((event) => heldOf(one, event)) })],
    ['bytes of a reason', 512, (count) => tellOf({ why: 'x'.repeat(count) })],
    [
      'algorithms',
      16,
      (count) => ({ kind: 'own', algorithms: numbersTo(count).map((at) => ({ name: `${at}`, sha256: 'ab'.repeat(32) })) }),
    ],
    ['peers', 512, (count) => talkWith(pairs(manyPeers(count)))],
    ['experiments', 2 ** 40, (experiment) => ({ kind: 'vote', experiment, round: 1, choice: one })],
  ])('has so many %s at most: %i', (_what, most, make) => {
    expect(decodeLabFrame(encodeLabFrame(make(most))).kind).toBe('frame')
    expect(decodeLabFrame(encodeLabFrame(make(most + 1))).kind).toBe('malformed')
  })

  it('has times in whole microseconds, of which a millisecond has a thousand', () => {
    const at = (time: number) => encodeLabFrame(tellOf({ events: [{ ...toldOf(one, 1, 'wished'), at: time }] }))
    expect(decodeLabFrame(at(2 ** 20 + 0.9996))).toMatchObject({ frame: { events: [{ at: 2 ** 20 + 1 }] } })
    // 500 as it is written, and 1,001.
    const bytes = at(2 ** 20 + 0.5)
    const place = bytes.findIndex((byte, index) => byte === 0xf4 && bytes[index + 1] === 0x03)
    bytes.set([0xe9, 0x07], place)
    expect(decodeLabFrame(bytes)).toMatchObject({ kind: 'malformed', reason: expect.stringContaining('microseconds') })
  })

  it('is one with a message of plain data', () => {
    expect(decodeLabFrame(talkOf('{"kind":"x","a":[1,"b",true],"time":-1}', [0])).kind).toBe('frame')
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

  it('fills a frame up to its count or to 64 KiB, whichever comes first', () => {
    const sizes = (count: number, countMax: number, bytes: number) =>
      inFrames(Array.from({ length: count }), countMax, () => bytes).map(({ length }) => length)
    expect(sizes(7, 3, 1)).toEqual([3, 3, 1])
    expect(sizes(9, 100, 16 * 1024)).toEqual([4, 4, 1])
    expect(sizes(8, 100, 16 * 1024 + 1)).toEqual([3, 3, 2])
    expect(sizes(2, 100, 80 * 1024)).toEqual([1, 1])
  })

  it('takes no more bytes than was foreseen', () => {
    const [one] = peers as [PeerId]
    const vector = Object.fromEntries(peers.map((known) => [known, 2 ** 47]))
    const long = { kind: 'ü'.repeat(50) }
    const payload = { message: long, lamport: 2 ** 47, vector }
    const talkOf = (parts: readonly TalkPart[]): ExperimentFrame => ({ kind: 'talk', experiment: 1, parts })
    const data: TalkPart = { to: one, frame: { epoch: 2 ** 47, part: { kind: 'data', number: 2 ** 47, payload } } }
    const beyond = Array.from({ length: 100 }, () => 2 ** 47)
    const ack: TalkPart = { to: one, frame: { epoch: 2 ** 47, part: { kind: 'ack', through: 2 ** 47, beyond } } }
    const known = toldOf(one, 2 ** 47, 'sent', vector)
    const event = { ...known, event: { ...known.event, message: long, peer: one } }
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`${one}${at}`, 2 ** 47]))
    const knowing: TalkPart = {
      ...{ to: one, frame: { epoch: 1, part: { kind: 'data', number: 1, payload: { ...payload, vector: wide } } } },
    }
    const held = heldOf(one, 2 ** 47, { message: long, lamport: 2 ** 47, attempt: 2 ** 47, rank: 2 ** 47 })
    const bytesOf = (frame: ExperimentFrame): number => encodeLabFrame(frame).length
    const added = (make: (times: number) => ExperimentFrame): number => bytesOf(make(2)) - bytesOf(make(1))
    for (const part of [data, ack, knowing])
      expect(partBytes(part)).toBeGreaterThanOrEqual(added((times) => talkOf(Array(times).fill(part))))
    for (const some of [known, event, toldOf(one, 1, 'sent', wide)])
      expect(eventBytes(some)).toBeGreaterThanOrEqual(added((times) => tellOf({ events: Array(times).fill(some) })))
    expect(heldBytes(held)).toBeGreaterThanOrEqual(added((times) => tellOf({ held: Array(times).fill(held) })))
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
    const around = JSON.stringify({ kind: '' }).length
    expect([0, 1].map((more) => isSendable({ kind: 'x'.repeat(4 * 1024 - around + more) }))).toEqual([true, false])
    for (const wrong of [{ kind: 'x', a: { b: 1 } }, { kind: 'x', a: Number.NaN }, { kind: 1 }, { a: 1 }])
      expect(isSendable(wrong as never)).toBe(false)
  })
})
