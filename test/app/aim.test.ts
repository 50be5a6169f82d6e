import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RoomInSight } from '../../src/api/rooms.ts'
import { type Aim, aimAt, type Surroundings } from '../../src/app/aim.ts'
import { Failure } from '../../src/core/failure.ts'
import { wireVersion } from '../../src/core/limits.ts'
import type { JoinTarget } from '../../src/peer/peer.ts'

const nothing: JoinTarget = { name: undefined, code: undefined, room: undefined, addresses: [] }
const nowhere: Surroundings = { inSight: [], known: [], here: undefined }
const address = '/ip4/10.0.0.2/tcp/4001'
const idOf = (digit: string): string => digit.repeat(64)

const room = (digit: string, facts: Partial<RoomInSight> = {}): RoomInSight => ({
  ...{ name: 'evening', id: digit.repeat(16), founder: 'Ana', size: 3, founded: 0, hasCode: false, version: wireVersion },
  ...{ speaksOurs: true, people: ['Ana'], addresses: [address], isHere: false, ...facts },
})

/** What is aimed at, or the refusal. */
function aim(target: Partial<JoinTarget>, around: Partial<Surroundings>): Partial<Aim> | string | undefined {
  try {
    const found = aimAt({ ...nothing, ...target }, { ...nowhere, ...around })
    if (found === undefined) return undefined
    const { name, code, room } = found
    return { name, code, room }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('a room is meant', () => {
  const known = [{ id: idOf('a'), name: 'evening', code: 'lamp' }]
  const coded = room('a', { hasCode: true })
  const rows: [string, Partial<JoinTarget>, Partial<Surroundings>, object | undefined][] = [
    ['by its name, in sight', { name: 'evening' }, { inSight: [room('a')] }, { name: 'evening', code: '', room: 'a'.repeat(16) }],
    ['by its name, not in sight', { name: 'evening' }, {}, { name: 'evening', code: '', room: undefined }],
    ['by its name, with a code', { name: 'evening', code: 'x' }, {}, { name: 'evening', code: 'x', room: undefined }],
    ['by its name, known from before', { name: 'evening' }, { known }, { name: 'evening', code: 'lamp', room: undefined }],
    [
      'by digits, in sight',
      { room: 'aaaaaaaa' },
      { inSight: [room('a'), room('b')] },
      { name: 'evening', code: '', room: 'a'.repeat(16) },
    ],
    ['by digits, known from before', { room: 'aaaaaaaa' }, { known }, { name: 'evening', code: 'lamp', room: idOf('a') }],
    ['by digits of which nothing is known', { room: 'aaaaaaaa' }, { inSight: [room('b')] }, undefined],
    ['by the whole id', { room: idOf('a') }, { inSight: [room('a')] }, { name: 'evening', code: '', room: idOf('a') }],
    [
      'by an address in sight',
      { addresses: [address] },
      { inSight: [room('a')] },
      { name: 'evening', code: '', room: 'a'.repeat(16) },
    ],
    ['by an address, in no room', { addresses: [address] }, {}, { name: 'classroom', code: '', room: undefined }],
    [
      'by an address, from another room of this name',
      { addresses: [address] },
      { here: { id: idOf('b'), name: 'noon', code: 'x' } },
      { name: 'noon', code: 'x', room: undefined },
    ],
    [
      'by the code that is known',
      { name: 'evening' },
      { inSight: [coded], known },
      { name: 'evening', code: 'lamp', room: 'a'.repeat(16) },
    ],
    [
      'by the code of the room of this name that is here',
      { room: 'aaaaaaaa' },
      { inSight: [coded], here: { id: idOf('b'), name: 'evening', code: 'ours' } },
      { name: 'evening', code: 'ours', room: 'a'.repeat(16) },
    ],
    [
      'by a code, where only one of two has any',
      { name: 'evening', code: 'lamp' },
      { inSight: [coded, room('b')] },
      { name: 'evening', code: 'lamp', room: 'a'.repeat(16) },
    ],
    [
      'by name, where the other of this name is the own one',
      { name: 'evening' },
      { inSight: [room('a'), room('b', { isHere: true })], here: { id: idOf('b'), name: 'evening', code: '' } },
      { name: 'evening', code: '', room: 'a'.repeat(16) },
    ],
    [
      'by a link, whatever others claim to be it',
      { name: 'evening', room: idOf('a'), code: 'lamp', addresses: ['/ip4/10.0.0.9/tcp/1'] },
      { inSight: [room('a'), coded, room('a', { name: 'Evening' }), room('a', { version: wireVersion + 1 })] },
      { name: 'evening', code: 'lamp', room: idOf('a') },
    ],
  ]
  test.each(rows)('%s', (_how, target, around, meant) => expect(aim(target, around)).toEqual(meant))

  test('at all addresses that are known of it, those of the link first', () => {
    const link = { name: 'evening', room: idOf('a'), code: '', addresses: ['/ip4/10.0.0.9/tcp/1'] }
    expect(aimAt({ ...nothing, ...link }, { ...nowhere, inSight: [room('a')] })?.addresses).toEqual([
      '/ip4/10.0.0.9/tcp/1',
      address,
    ])
  })
})

describe('it is said why not', () => {
  const rows: [string, Partial<JoinTarget>, Partial<Surroundings>, RegExp][] = [
    [
      'where two have the name',
      { name: 'evening' },
      { inSight: [room('a'), room('b', { founder: 'Bob', size: 1 })] },
      /^room-ambiguous: Several rooms fit: “evening” \(aaaaaaaa\) of Ana, 3 members; “evening” \(bbbbbbbb\) of Bob, 1 member\. Name one/,
    ],
    [
      'where one claims the id of another',
      { room: 'aaaaaaaa' },
      { inSight: [room('a'), room('a', { name: 'evil', founder: 'Eve' })] },
      /^room-ambiguous: .*“evil” \(aaaaaaaa\) of Eve/,
    ],
    [
      'where there is a code',
      { name: 'evening' },
      { inSight: [room('a', { hasCode: true })] },
      /^other-code: The room “evening” of Ana has a code/,
    ],
    [
      'where it was left out',
      { name: 'evening', code: '' },
      { inSight: [room('a', { hasCode: true })] },
      /^other-code: .* has a code/,
    ],
    [
      'where there is none',
      { name: 'evening', code: 'x' },
      { inSight: [room('a')] },
      /^other-code: The room “evening” of Ana has no code/,
    ],
    [
      'where a newer version is spoken',
      { name: 'evening' },
      { inSight: [room('a', { version: wireVersion + 1, speaksOurs: false })] },
      /^peer-version: .*use a newer gavelring here\.$/,
    ],
    [
      'where an older version is spoken',
      { room: 'aaaaaaaa' },
      { inSight: [room('a', { version: wireVersion - 1, speaksOurs: false })] },
      /^peer-version: .*it needs a newer gavelring\.$/,
    ],
  ]
  test.each(rows)('%s', (_where, target, around, words) => expect(aim(target, around)).toMatch(words))

  test('of very many at once no more than can be read', () => {
    const many = Array.from({ length: 64 }, (_, i) =>
      room(String(i % 10), { id: String(i).padStart(16, '0'), founder: 'x'.repeat(64) }),
    )
    const told = String(aim({ name: 'evening' }, { inSight: many }))
    expect(told).toMatch(/; and 56 more\. Name one/)
    expect(told.length).toBeLessThan(1_500)
  })
})

test('whatever is in sight, a room that is entered has the name, and begins with the digits, that the person said', () => {
  const digit = fc.constantFrom('a', 'b')
  const name = fc.constantFrom('evening', 'noon')
  const seen = fc
    .record({ digit, name, hasCode: fc.boolean(), isHere: fc.boolean() })
    .map(({ digit, ...facts }) => room(digit, facts))
  const known = fc.record({ id: digit.map(idOf), name, code: fc.constantFrom('', 'lamp') })
  const code = fc.option(fc.constantFrom('', 'lamp', 'lamb'), { nil: undefined })
  const target = fc.record({
    name: fc.option(name, { nil: undefined }),
    code,
    room: fc.option(digit.map(idOf), { nil: undefined }),
  })
  fc.assert(
    fc.property(target, fc.array(seen), fc.array(known), (target, inSight, known) => {
      if (target.name === undefined && target.room === undefined) return
      const found = aim(target, { inSight, known })
      if (typeof found !== 'object') return
      if (target.name !== undefined) expect(found.name).toBe(target.name)
      if (target.room !== undefined) expect(target.room.startsWith(found.room ?? 'none')).toBe(true)
      if (target.code !== undefined) expect(found.code).toBe(target.code)
    }),
  )
})
