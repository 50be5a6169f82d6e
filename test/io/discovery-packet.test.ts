import { type Answer, encode } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { decodePacket, encodeFacts, encodeGoodbye, encodeQuestion, type Facts } from '../../src/io/discovery/packet.ts'

const peer = `12D3KooW${'a'.repeat(44)}` as PeerId
const service = '_gavelring._udp.local'
const facts: Facts = {
  peer,
  version: 2,
  name: 'Ana',
  roomName: 'evening',
  hasCode: true,
  room: { id: '0123456789abcdef', founder: 'Bruno', members: 3, founded: 1_790_000_000_000 },
  places: [
    { ip: '192.168.1.20', port: 4001 },
    { ip: 'fe80::1', port: 4002 },
  ],
  clock: 1_790_000_123,
}

/** A packet with one text record, as anybody can send it. */
const withTexts = (texts: readonly string[], more: Partial<Answer> = {}): Buffer =>
  encode({
    type: 'response',
    answers: [{ name: `${peer}.${service}`, type: 'TXT', ttl: 75, data: [...texts], ...more } as Answer],
  })

const heard = (...texts: string[]): Facts | undefined => decodePacket(withTexts(['v=2', 'r=evening', ...texts]))?.facts[0]

describe('a packet of discovery', () => {
  it('says again what was put into it', () => {
    expect(decodePacket(encodeFacts(facts))).toEqual({ asks: false, facts: [facts], gone: [] })
    const looking = { ...facts, room: undefined, clock: undefined, hasCode: false, name: '' }
    expect(decodePacket(encodeFacts(looking))?.facts).toEqual([looking])
    expect(decodePacket(encodeQuestion())).toEqual({ asks: true, facts: [], gone: [] })
    expect(decodePacket(encodeGoodbye(facts))).toEqual({ asks: false, facts: [], gone: [peer] })
  })

  it('fits into one piece on every network, with the longest names and as many places as there is room for', () => {
    const long = '漢'.repeat(64)
    const places = Array.from({ length: 40 }, (_, i) => ({
      ip: `2001:db8:1111:2222:3333:4444:5555:${(i + 16).toString(16)}`,
      port: 40_001,
    }))
    const room = { id: '0123456789abcdef', founder: long, members: 128, founded: 1_790_000_000_000 }
    const packet = encodeFacts({ ...facts, name: long, roomName: long, room, places })
    expect(packet.length).toBeLessThanOrEqual(1_400)
    const [read] = decodePacket(packet)?.facts ?? []
    expect(read).toMatchObject({ name: long, roomName: long, room: { founder: long } })
    expect(read?.places.length).toBeGreaterThan(1)
    expect(read?.places).toEqual(places.slice(0, read?.places.length))
  })

  it('is nobody’s who has no peer id, no version or no room', () => {
    const of = (texts: string[], name: string) => decodePacket(withTexts(texts, { name }))
    expect(of(['v=2', 'r=evening'], `${peer}.${service}`)?.facts).toHaveLength(1)
    expect(of(['v=2', 'r=evening'], `${peer}.${service.toUpperCase()}`)).toBeUndefined()
    expect(of(['v=2', 'r=evening'], `${peer}._Gavelring._udp.local`)).toBeUndefined()
    expect(of(['v=2', 'r=evening'], `somebody.${service}`)).toBeUndefined()
    expect(of(['v=2', 'r=evening'], service)).toBeUndefined()
    expect(of(['r=evening'], `${peer}.${service}`)).toBeUndefined()
    expect(of(['v=-2', 'r=evening'], `${peer}.${service}`)).toBeUndefined()
    expect(of(['v=123456', 'r=evening'], `${peer}.${service}`)).toBeUndefined()
    expect(of(['v=2', 'r= '], `${peer}.${service}`)).toBeUndefined()
    expect(of(['v=2'], `${peer}.${service}`)).toBeUndefined()
  })

  it('of another version is read as far as it can be', () => {
    expect(decodePacket(withTexts(['v=77', 'r=evening', 'zz=what', 'no sign', '=', 'at=somewhere']))?.facts).toEqual([
      { peer, version: 77, name: '', roomName: 'evening', hasCode: false, room: undefined, places: [], clock: undefined },
    ])
  })

  it.each([
    ['n=a\u001b[2Jb', 'a�[2Jb'],
    ['n=a\u009bb', 'a�b'],
    ['n=a\u202eb', 'a�b'],
    ['n=a\u200bb', 'a�b'],
    ['n=a\nb', 'a�b'],
    ['n= a ', 'a'],
    [`n=${'x'.repeat(200)}`, 'x'.repeat(64)],
    [`n=${'🙂'.repeat(50)}`, '🙂'.repeat(32)],
    [`n=x${'🙂'.repeat(50)}`, `x${'🙂'.repeat(31)}�`],
  ])('with %j names somebody %j', (text, name) => {
    expect(heard(text)?.name).toBe(name)
  })

  it.each([
    ['at=192.168.1.20:4001', { ip: '192.168.1.20', port: 4001 }],
    ['at=[FE80::0:1]:4001', { ip: 'fe80::1', port: 4001 }],
    ['at=192.168.1.20:0', undefined],
    ['at=192.168.1.20:65536', undefined],
    ['at=192.168.1.20:080', undefined],
    ['at=192.168.1.256:80', undefined],
    ['at=0.0.0.0:80', undefined],
    ['at=224.0.0.251:80', undefined],
    ['at=255.255.255.255:80', undefined],
    ['at=[::]:80', undefined],
    ['at=[ff02::fb]:80', undefined],
    ['at=[fe80::1%eth0]:80', undefined],
    ['at=name.local:80', undefined],
    ['at=/ip4/1.2.3.4/tcp/80', undefined],
  ])('with %s tells of %j', (text, place) => {
    expect(heard(text)?.places).toEqual(place === undefined ? [] : [place])
  })

  it('has a room only with a proper id, members and age', () => {
    const room = ['i=0123456789abcdef', 'f=Bruno', 'm=3', 't=1790000000']
    expect(heard(...room)?.room).toEqual(facts.room)
    for (const bad of ['i=0123456789ABCDEF', 'i=0123', 'm=-1', 'm=1e3', 'm=', 't=123456789012', 't=x']) {
      const key = bad.slice(0, 2)
      expect(heard(...room.filter((text) => !text.startsWith(key)), bad)?.room, bad).toBeUndefined()
    }
    // The first of two counts: whoever passes it on cannot add another.
    expect(heard(...room, 'm=99')?.room?.members).toBe(3)
  })

  it('has a bounded number of places and peers', () => {
    expect(heard(...Array.from({ length: 50 }, (_, i) => `at=10.0.0.${i + 1}:80`))?.places).toHaveLength(16)
    expect(heard(...Array.from({ length: 80 }, (_, i) => `at=10.0.0.${i + 1}:80`))).toBeUndefined()
    const many = Array.from({ length: 20 }, (_, i): Answer => {
      const id = `12D3KooW${'a'.repeat(42)}${'bcdefghijkmnopqrstuv'.charAt(i)}a`
      return { name: `${id}.${service}`, type: 'TXT', ttl: 75, data: ['v=2', 'r=evening'] }
    })
    expect(decodePacket(encode({ type: 'response', answers: many }))?.facts).toHaveLength(4)
  })

  it('that claims more records than a packet of ours has is not taken apart', () => {
    const packet = encodeFacts(facts)
    for (const at of [4, 6, 8, 10]) {
      const claim = Buffer.from(packet)
      claim.writeUInt16BE(65_535, at)
      expect(decodePacket(claim)).toBeUndefined()
    }
  })

  it('may be any bytes: nothing is thrown', () => {
    const whole = [encodeFacts(facts), encodeQuestion(), encodeGoodbye(facts)]
    const changed = fc
      .record({
        packet: fc.constantFrom(...whole),
        changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 20 }),
        length: fc.nat(),
      })
      .map(({ packet, changes, length }) => {
        const bytes = Buffer.from(packet)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        return bytes.subarray(0, length % 3 === 0 ? length % bytes.length : bytes.length)
      })
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([bytes, Buffer.from('_gavelring')]))
    fc.assert(
      fc.property(fc.oneof(changed, random), (bytes) => {
        const result = decodePacket(bytes)
        for (const one of result?.facts ?? []) {
          expect(one.roomName.length).toBeLessThanOrEqual(64)
          expect(one.name).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        }
      }),
      { numRuns: 3_000 },
    )
  })
})
