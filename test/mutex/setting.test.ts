import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { labLimits, roomMembersMax } from '../../src/core/limits.ts'
import { decodeSetting, type ExperimentSetting, encodeSetting } from '../../src/mutex/setting.ts'
import { plainSetting } from '../support/lab-setting.ts'

const peerOf = (letter: string): PeerId => `12D3KooW${letter.repeat(44)}` as PeerId
const [ana, bob] = [peerOf('a'), peerOf('b')]
const full: ExperimentSetting = {
  ...plainSetting,
  sha256: '0123456789abcdef'.repeat(4),
  entries: labLimits.entries,
  think: { least: 0, most: labLimits.millis },
  stay: { least: 3, most: 3 },
  seed: labLimits.seed,
  lostShare: labLimits.lostShare,
  faults: [
    { kind: 'kill', peer: ana, at: 0 },
    { kind: 'pause', peer: ana, at: 5, millis: 0 },
    { kind: 'cut', peer: ana, to: bob, at: labLimits.faultMillis, millis: labLimits.faultMillis },
  ],
  step: true,
  peers: [bob, ana],
}
const read = (value: unknown) => decodeSetting(new TextEncoder().encode(JSON.stringify(value)))

describe('a set-up in the log', () => {
  it.each([plainSetting, full])('says what was asked for', (setting) => {
    expect(decodeSetting(encodeSetting(setting))).toEqual({ value: setting })
  })

  it('is the same bytes, in whatever order its fields were given', () => {
    const turned = Object.fromEntries(Object.entries(full).reverse()) as unknown as ExperimentSetting
    expect(encodeSetting(turned)).toEqual(encodeSetting(full))
  })

  it.each<[string, object]>([
    ['a name of no length', { algorithm: '' }],
    ['a name that is too long', { algorithm: 'x'.repeat(65) }],
    ['a name with a line in it', { algorithm: 'a\nb' }],
    ['a hash that is none', { sha256: 'ABC' }],
    ['a section with a space', { section: 'a b' }],
    ['no entries', { entries: 0 }],
    ['more entries than there may be', { entries: labLimits.entries + 1 }],
    ['half an entry', { entries: 1.5 }],
    ['entries as text', { entries: '3' }],
    ['a span that is reversed', { think: { least: 5, most: 4 } }],
    ['a span below nothing', { stay: { least: -1, most: 4 } }],
    ['a span that is too long', { stay: { least: 0, most: labLimits.millis + 1 } }],
    ['a span that is a list', { stay: [] }],
    ['no span', { stay: null }],
    ['a seed below nothing', { seed: -1 }],
    ['a seed beyond the last', { seed: labLimits.seed + 1 }],
    ['all lost', { lostShare: 1 }],
    ['a share that is no number', { lostShare: null }],
    ['a fault of no kind', { faults: [{ kind: 'burn', peer: ana, at: 1 }] }],
    ['a fault of nobody', { faults: [{ kind: 'kill', at: 1 }] }],
    ['a fault before the beginning', { faults: [{ kind: 'kill', peer: ana, at: -1 }] }],
    ['a fault that is too late', { faults: [{ kind: 'kill', peer: ana, at: labLimits.faultMillis + 1 }] }],
    ['a pause without a length', { faults: [{ kind: 'pause', peer: ana, at: 1 }] }],
    ['a cut from nobody', { faults: [{ kind: 'cut', peer: ana, to: 'bob', at: 1, millis: 1 }] }],
    [
      'more faults than there may be',
      { faults: Array.from({ length: labLimits.faults + 1 }, () => ({ kind: 'kill', peer: ana, at: 1 })) },
    ],
    ['faults that are no list', { faults: {} }],
    ['step mode by a number', { step: 1 }],
    ['recording by nothing', { record: undefined }],
    ['a peer that can be none', { peers: ['ana'] }],
    ['more peers than a room has', { peers: Array.from({ length: roomMembersMax + 1 }, () => ana) }],
  ])('with %s is none', (_what, changes) => {
    expect(read({ ...full, ...changes })).toEqual({ malformed: expect.any(String) })
  })

  it.each([null, 7, 'x', []])('that is %j is none', (value) => {
    expect(read(value)).toEqual({ malformed: expect.any(String) })
  })

  it('that is no JSON, or no text, is none', () => {
    for (const bytes of [[0x7b], [0xff, 0xfe], []])
      expect(decodeSetting(Uint8Array.from(bytes))).toEqual({ malformed: expect.any(String) })
  })
})
