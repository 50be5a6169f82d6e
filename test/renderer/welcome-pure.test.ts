import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inText, shortName } from '../../renderer/parts/names.ts'
import type { RoomInSight } from '../../renderer/room/rooms.ts'
import { orderRooms, twinNames, unseenRooms } from '../../renderer/welcome/sight-order.ts'

const room = (name: string, id: string, more: Partial<RoomInSight> = {}): RoomInSight => ({
  name,
  id,
  founder: 'Ana',
  size: 1,
  founded: 0,
  hasCode: false,
  version: 1,
  speaksOurs: true,
  people: [],
  addresses: [],
  isHere: false,
  ...more,
})

test('rooms of one name stand together and know of each other, however the name is written', () => {
  const inSight = [room('evening', '1'), room('chess', '2'), room('Evening', '3', { founded: -1 })]
  const seen = orderRooms({ inSight, known: [] })
  expect(seen.map((each) => [each.room.id, each.hasTwin])).toEqual([
    ['2', false],
    ['3', true],
    ['1', true],
  ])
})

test('a name that several rooms have is told once, as the first of them writes it', () => {
  const names = ['evening', 'chess', 'Evening', 'noon', 'NOON', 'noon']
  const inSight = names.map((name, at) => room(name, String(at), { founded: at }))
  expect(twinNames(orderRooms({ inSight, known: [] }))).toEqual(['evening', 'noon'])
  expect(twinNames(orderRooms({ inSight: [room('a', '1'), room('b', '2')], known: [] }))).toEqual([])
})

test('the room that one is in is first, then those that one knows, and their order does not hang on who was heard last', () => {
  const inSight = [room('a', '1'), room('b', '2'), room('c', '3', { isHere: true }), room('d', '4')]
  const known = [{ id: `4${'0'.repeat(63)}`, name: 'd' }]
  const withLongId = inSight.map((each) => (each.id === '4' ? { ...each, id: `4${'0'.repeat(15)}` } : each))
  const ids = (rooms: readonly RoomInSight[]) => orderRooms({ inSight: [...rooms], known }).map((each) => each.room.id)
  expect(ids(withLongId)).toEqual(['3', `4${'0'.repeat(15)}`, '1', '2'])
  expect(ids([...withLongId].reverse())).toEqual(ids(withLongId))
})

test('a room that one was in is told apart from those in sight, and from the one that one is in', () => {
  const known = ['a', 'b', 'c'].map((letter) => ({ id: letter.repeat(64), name: letter }))
  const inSight = [room('a', 'a'.repeat(16))]
  expect(unseenRooms({ inSight, known, room: { name: 'b', id: 'b'.repeat(64) } })).toEqual([known[2]])
})

test('a name is cut, and nothing in it turns the writing around or is longer than a line', () => {
  expect(shortName('Ana')).toBe('Ana')
  expect(shortName('x'.repeat(10_000))).toBe(`${'x'.repeat(63)}…`)
  expect(shortName('a\u202eb')).toBe('a\ufffdb')
  expect(shortName('e\u0301\u0302\u0303\u0304\u0305')).toBe('e\u0301\u0302\u0303')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const shown = shortName(text)
      expect([...shown].length).toBeLessThanOrEqual(64)
      expect(shown).not.toMatch(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/)
    }),
  )
})

test('in a sentence a name that is written from right to left is kept to itself', () => {
  expect(['Ana', 'דוד', 'نادية', 'Bob דוד'].map(inText)).toEqual([
    'Ana',
    '\u2068דוד\u2069',
    '\u2068نادية\u2069',
    '\u2068Bob דוד\u2069',
  ])
  // What turns without being a letter is not shown at all.
  expect(['A\u202ena', '\u2069\u2066Bob'].map(inText)).toEqual(['A\ufffdna', '\ufffd\ufffdBob'])
})
