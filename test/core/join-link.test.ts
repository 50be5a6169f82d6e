import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RoomId } from '../../src/core/ids.ts'
import { formatJoinLink, isJoinLink, type JoinLink, linkAddressesMax, parseJoinLink } from '../../src/core/join-link.ts'

const room = 'ab'.repeat(32) as RoomId

describe('a join link', () => {
  it('says the room, its code and id, and where to dial', () => {
    const text = `gavelring://join?room=evening&code=old%20lamp&id=${room}&at=192.168.1.20:4001&at=[fe80::1%25eth0]:4001`
    const addresses = ['/ip4/192.168.1.20/tcp/4001', '/ip6zone/eth0/ip6/fe80::1/tcp/4001']
    expect(parseJoinLink(text)).toEqual({ ok: true, value: { room: 'evening', code: 'old lamp', roomId: room, addresses } })
  })

  it.each([
    'gavelring:join?room=evening',
    'GAVELRING://JOIN?room=evening',
    'gavelring://join/?room=evening',
    'gavelring://join?room=evening&later=thing&later=thing&=&flag',
    'gavelring://join?room=evening&code=',
    'gavelring://join?&room=evening&',
  ])('%s leads to room evening', (text) => {
    expect(parseJoinLink(text)).toEqual({
      ok: true,
      value: { room: 'evening', code: undefined, roomId: undefined, addresses: [] },
    })
  })

  it('keeps a plus sign that is escaped, an equals sign, and emoji', () => {
    expect(parseJoinLink('gavelring://join?room=C%2B%2B+class&code=a=b')).toMatchObject({
      value: { room: 'C++ class', code: 'a=b' },
    })
    const team = '🧑‍🚀 ❤️'
    expect(parseJoinLink(formatJoinLink({ room: team, code: undefined, roomId: undefined, addresses: [] }))).toMatchObject({
      value: { room: team },
    })
  })

  it.each([
    ['', 'link-invalid'],
    ['gavelring://join', 'link-invalid'],
    ['gavelring://join?', 'link-invalid'],
    ['gavelring://leave?room=evening', 'link-invalid'],
    ['gavelring://join.example?room=evening', 'link-invalid'],
    ['gavelring://user@join?room=evening', 'link-invalid'],
    ['https://join?room=evening', 'link-invalid'],
    [' gavelring://join?room=evening', 'link-invalid'],
    ['gavelring://join?room=evening\n', 'link-invalid'],
    ['gavelring://join?room=evening#code', 'link-invalid'],
    ['gavelring://join?room=é', 'link-invalid'],
    ['gavelring://join?code=a', 'link-invalid'],
    ['gavelring://join?room=a&room=b', 'link-invalid'],
    ['gavelring://join?room=a&code=&code=b', 'link-invalid'],
    [`gavelring://join?room=a&id=${room}&id=${room}`, 'link-invalid'],
    ['gavelring://join?room=%', 'link-invalid'],
    ['gavelring://join?room=%zz', 'link-invalid'],
    ['gavelring://join?room=%ff', 'link-invalid'],
    ['gavelring://join?room=%ed%a0%80', 'link-invalid'],
    ['gavelring://join?room=evening%00', 'link-invalid'],
    ['gavelring://join?room=evening%1b[2J', 'link-invalid'],
    ['gavelring://join?room=%c2%9bevening', 'link-invalid'],
    ['gavelring://join?room=a%E2%80%AEb', 'link-invalid'],
    ['gavelring://join?room=a%E2%81%A6b', 'link-invalid'],
    ['gavelring://join?room=evening%E2%80%8B', 'link-invalid'],
    ['gavelring://join?room=evening%E2%80%8D', 'link-invalid'],
    ['gavelring://join?room=evening%EF%B8%8F', 'link-invalid'],
    ['gavelring://join?room=a&code=b%E2%80%8F', 'link-invalid'],
    ['gavelring://join?room=a&code=b%0Ac', 'link-invalid'],
    ['gavelring://join?room=', 'name-invalid'],
    ['gavelring://join?room=+evening', 'name-invalid'],
    [`gavelring://join?room=${'x'.repeat(65)}`, 'name-invalid'],
    [`gavelring://join?room=a&code=${'x'.repeat(129)}`, 'code-invalid'],
    ['gavelring://join?room=a&id=12', 'room-id-invalid'],
    ['gavelring://join?room=a&id=', 'room-id-invalid'],
    ['gavelring://join?room=a&at=', 'address-invalid'],
    ['gavelring://join?room=a&at=192.168.1.20', 'address-invalid'],
    ['gavelring://join?room=a&at=192.168.1.20:0', 'address-port'],
    ['gavelring://join?room=a&at=gavelring://join?room=a', 'address-port'],
    [`gavelring://join?room=a${'&at=10.0.0.1:80'.repeat(linkAddressesMax + 1)}`, 'link-invalid'],
    [`gavelring://join?room=a&x=${'x'.repeat(8_192)}`, 'link-invalid'],
  ])('%j is refused with %s', (text, code) => {
    const result = parseJoinLink(text)
    expect(result.ok ? result.value : result.error.code).toBe(code)
  })

  it('is read back as it was written', () => {
    const word = (max: number) =>
      fc
        .array(
          fc.oneof(
            fc.string({ unit: 'grapheme-ascii', maxLength: 1 }),
            fc.constantFrom('é', '漢', '🙂', '+', '%', '&', '=', '#', '?'),
          ),
        )
        .map((parts) => parts.join('').trim().slice(0, max).toWellFormed().replaceAll('\uFFFD', ''))
        .filter((text) => text.length > 0 && text.trim() === text)
    const address = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([ip, port]) => `/ip4/${ip}/tcp/${port}`)
    const link: fc.Arbitrary<JoinLink> = fc.record({
      room: word(64),
      code: fc.option(word(128), { nil: undefined }),
      roomId: fc.constantFrom(room, undefined),
      addresses: fc.uniqueArray(
        address.filter((one) => !/^\/ip4\/(?:0|2[2-5]\d)\./.test(one)),
        { maxLength: linkAddressesMax },
      ),
    })
    fc.assert(
      fc.property(link, (one) => {
        const text = formatJoinLink(one)
        expect(isJoinLink(text)).toBe(true)
        expect(text).toMatch(/^[\x21-\x7e]+$/)
        expect(parseJoinLink(text)).toEqual({ ok: true, value: one })
      }),
    )
  })

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', 'gavelring:join?', 'gavelring://join?room='),
        (text, head) => {
          expect(typeof parseJoinLink(head + text).ok).toBe('boolean')
        },
      ),
    )
    expect(formatJoinLink({ room: '\ud800', code: undefined, roomId: undefined, addresses: [] })).toBe(
      'gavelring://join?room=%EF%BF%BD',
    )
  })
})
